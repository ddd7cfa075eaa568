//! The backends and gradients, compared with one another and with the host, in this process.

mod agreement;
mod objective;
mod problems;
mod stochastic;
