//! How good are the predictions? Metrics of classification and regression on plain slices.
//!
//! - [`classification`]: two classes: log loss, accuracy, Brier score, confusion, F1
//! - [`multiclass`]: the same for three classes and more, and a one-against-rest AUC
//! - [`regression`]: squared and absolute errors, R²
//! - [`curve`]: ROC and precision-recall points, exact areas, ties included
//! - [`calibration`]: predicted against observed frequencies
//! - [`report`]: all metrics of a task at once, as a plain struct
//! - [`picture`]: results as SVG
//!
//! **Weights.** Every function takes `weights: Option<&[f64]>`, one per row, finite and not
//! negative. A weight of 2 equals the row twice; a row of weight zero does not exist: it is not
//! counted and its other values are not looked at.
//!
//! **Undefined is not a number.** A metric that the data cannot define (an AUC of one class, the
//! precision of a class that is never predicted) is a typed [`EvaluateError`], never NaN; a report
//! carries `None` in its place and says why.
//!
//! **Sums** are compensated, so that the order of rows does not show in any printed digit.
//!
//! ```
//! use evaluate::BinaryReport;
//!
//! let labels = [0.0, 0.0, 1.0, 1.0];
//! let logits = [-2.0, 0.5, 0.1, 3.0];
//! let report = BinaryReport::new(&labels, &logits, 0.5, None)?;
//! assert_eq!(report.auc, Some(0.75)); // three of the four pairs are in the right order
//! assert_eq!(report.correct, 3);
//! # Ok::<(), evaluate::EvaluateError>(())
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::float_cmp,
        reason = "values by hand are exact in binary where `==` is used"
    )
)]

pub mod calibration;
pub mod classification;
mod confusion_matrix;
pub mod curve;
mod error;
pub mod multiclass;
pub mod picture;
pub mod regression;
pub mod report;
mod sample;
mod sum;

pub use error::EvaluateError;
pub use report::{BinaryReport, ClassReport, MulticlassReport, RegressionReport};
