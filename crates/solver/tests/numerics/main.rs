//! Objectives, solvers, certificates and verdicts, from outside the crate.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod certificate;
mod coordinate;
mod fits;
mod gap;
mod lbfgs;
mod least_squares;
mod objective;
mod path;
mod path_speed;
mod problems;
mod properties;
mod references;
mod separation;
mod speed;
mod status;
