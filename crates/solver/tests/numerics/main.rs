//! Objectives, solvers, certificates and verdicts, from outside the crate.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod certificate;
mod constructions;
mod coordinate;
mod coordinate_references;
mod cross_validation;
mod evidence;
mod fits;
mod gap;
mod invariances;
mod lbfgs;
mod least_squares;
mod objective;
mod passes;
mod path;
mod path_speed;
mod polynomials;
mod problems;
mod properties;
mod rates;
mod references;
mod sampled;
mod separation;
mod sources;
mod sparse;
mod speed;
mod status;
mod stochastic;
