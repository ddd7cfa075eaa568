//! Scores tables with a fitted model, and shows what is in a model file.
//!
//! - [`predictor`]: a model file becomes something that scores tables
//! - [`write`](mod@write): predictions as CSV
//! - [`inspect`]: what a model file holds, as plain data
//! - [`cli`]: the program

pub mod cli;
pub mod error;
pub mod inspect;
pub mod predictor;
pub mod write;

pub use error::InferError;
pub use predictor::{Prediction, Predictions, Predictor};
