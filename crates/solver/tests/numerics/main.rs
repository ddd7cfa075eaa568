//! Objectives, solvers, certificates and verdicts, from outside the crate.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod certificate;
mod fits;
mod lbfgs;
mod least_squares;
mod objective;
mod passes;
mod problems;
mod properties;
mod sampled;
mod separation;
mod sources;
mod speed;
mod status;
