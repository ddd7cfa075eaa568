//! Objectives, solvers, certificates and verdicts, from outside the crate.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod certificate;
mod constructions;
mod evidence;
mod fits;
mod invariances;
mod lbfgs;
mod least_squares;
mod objective;
mod passes;
mod polynomials;
mod problems;
mod properties;
mod references;
mod sampled;
mod separation;
mod sources;
mod speed;
mod status;
