//! Burn modules for the models that are linear in their coefficients, and the file they travel in.
//!
//! - [`logistic`], [`softmax`], [`linear`]: the modules, each with its `Config`
//! - [`supervised`]: what they share: scores, predictions, loss per row
//! - [`loss`]: the losses, finite for every finite score
//! - [`parameters`]: a module's numbers on the host, and back
//! - [`device`]: the one place that names backends
//! - [`file`](mod@file): `model.safetensors`, written whole and verified at every load
//!
//! # Features
//! - `ndarray`, `flex`, `wgpu`: backends. The crate compiles without any; then
//!   [`device::select`] says which feature to add.

#![cfg_attr(
    test,
    allow(clippy::float_cmp, reason = "tests compare numbers that are exact")
)]

pub mod device;
pub mod file;
pub mod linear;
pub mod logistic;
pub mod loss;
pub mod parameters;
pub mod softmax;
pub mod supervised;

pub use file::{FileError, ModelFile};
pub use linear::{LinearRegression, LinearRegressionConfig};
pub use logistic::{LogisticRegression, LogisticRegressionConfig};
pub use parameters::Parameters;
pub use softmax::{SoftmaxRegression, SoftmaxRegressionConfig};
pub use supervised::{Regression, Supervised, Task};
