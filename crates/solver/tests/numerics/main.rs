//! Objectives, solvers, certificates and verdicts, from outside the crate.

mod certificate;
mod fits;
mod objective;
mod problems;
mod properties;
mod separation;
mod status;
