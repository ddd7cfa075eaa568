//! Functions of one number, each a column of the design matrix.

use serde::{Deserialize, Serialize};

use super::bins::Bins;
use super::polynomial::Polynomial;
use super::spline::Spline;

/// What a number is expanded to (Hastie, Tibshirani, Friedman 2009, The Elements of Statistical
/// Learning, ch. 5).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The number itself.
    #[default]
    Identity,
    /// The number and polynomials of it.
    Polynomial(Polynomial),
    /// The number and the other functions of a natural cubic spline.
    Spline(Spline),
    /// Whether the number is in an interval, for each but the first.
    Bins(Bins),
}

impl Basis {
    /// Whether a file need not say it.
    pub(super) fn is_identity(&self) -> bool {
        *self == Self::Identity
    }

    /// How many functions there are, the number itself included; those of intervals do not count.
    pub(super) fn functions(&self) -> usize {
        match self {
            Self::Identity => 1,
            Self::Polynomial(polynomial) => polynomial.degree(),
            Self::Spline(spline) => spline.functions(),
            Self::Bins(_) => 0,
        }
    }

    /// The values of the functions, the first being the number itself.
    pub(super) fn evaluate(&self, number: f64, values: &mut Vec<f64>) {
        values.clear();
        match self {
            Self::Identity => values.push(number),
            Self::Polynomial(polynomial) => polynomial.evaluate(number, values),
            Self::Spline(spline) => spline.evaluate(number, values),
            Self::Bins(_) => {}
        }
    }

    /// The name of a function's column; `function` counts from 2, the number itself has the name of
    /// its source.
    pub(super) fn name(&self, source: &str, function: usize) -> String {
        match self {
            Self::Polynomial(_) => format!("{source}^{function}"),
            _ => format!("{source}~{function}"),
        }
    }

    /// Whether a file may say this.
    pub(super) fn is_sound(&self) -> bool {
        match self {
            Self::Identity => true,
            Self::Polynomial(polynomial) => polynomial.is_sound(),
            Self::Spline(spline) => spline.is_sound(),
            Self::Bins(bins) => bins.is_sound(),
        }
    }
}
