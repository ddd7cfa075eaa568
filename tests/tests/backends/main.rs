//! The backends and gradients, compared with one another and with the host, in this process.

#![allow(clippy::unwrap_used, reason = "where a test unwraps, the test fails")]

mod accuracy;
mod agreement;
mod objective;
mod optimizers;
mod problems;
mod stochastic;
