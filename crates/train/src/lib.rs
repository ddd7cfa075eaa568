//! Fits a model to a table: from the file to a run's folder, with the proof of the fit.
//!
//! - [`fit()`]: what happens in what order
//! - [`config`]: everything that a person sets; [`method`]: solvers and gradients by name
//! - [`mod@prepare`]: a table becomes parts of rows with targets and a fitted pipeline; `encoded`: their numbers
//! - [`plan`]: which solver, and why; [`solve`]: the solver of choice on the gradient of choice
//! - [`objective`], [`blocks`], [`rows`]: the objective over rows on a Burn device
//! - [`mod@compare`]: every backend and gradient on the same rows
//! - [`mod@search`]: settings compared by their loss on rows held out
//! - [`stochastic`]: mini-batches on the host or a device; [`mod@rates`]: which learning rates are safe
//! - [`measure`]: metrics of a fitted model
//! - [`memory`]: what a bound of memory has room for
//! - [`diagnosis`]: separation and collinearity in the words of the table
//! - `describe`: a solution in words and in a file
//! - [`report`]: what a fit found, as plain data; [`run`]: the folder it is written to
//! - [`mod@replay`]: a run is made again from its manifest
//! - [`cli`]: the program

pub mod blocks;
pub mod cli;
pub mod compare;
pub mod config;
mod describe;
pub mod diagnosis;
mod encoded;
pub mod error;
pub mod fit;
pub mod measure;
pub mod memory;
pub mod method;
pub mod objective;
pub mod plan;
pub mod prepare;
pub mod rates;
pub mod replay;
pub mod report;
pub mod rows;
pub mod run;
pub mod search;
pub mod solve;
pub mod stochastic;

pub use config::FitConfig;
pub use error::FitError;
pub use fit::{Event, Fitted, fit};
