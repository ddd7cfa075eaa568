//! From a table to the numbers that a model sees. No Burn in here.
//!
//! - [`design`]: the design matrix

pub mod design;

pub use design::{DesignError, DesignMatrix, Element};
