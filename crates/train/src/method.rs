//! How a fit is made: the solver and the way its gradient is computed, by the names people type.

use std::fmt;
use std::str::FromStr;

use model::device::{Backend, Choice};
use serde::{Deserialize, Serialize};
use solver::LeastSquaresMethod;
use thiserror::Error;

/// A name that is none of those offered.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("there is no {what} `{name}`; one of {}", offered.join(", "))]
pub struct UnknownName {
    /// What the name should have been of.
    pub what: &'static str,
    /// What was typed.
    pub name: String,
    /// The names that exist.
    pub offered: Vec<&'static str>,
}

/// Gives an enumeration the names people type: `name`, `ALL`, `Display` and `FromStr`.
macro_rules! named {
    ($kind:ident, $what:literal, { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $kind {
            /// Every one, in the order of the help text.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name that people type.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $kind {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                Self::ALL.iter().copied().find(|one| one.name() == name).ok_or_else(|| {
                    UnknownName {
                        what: $what,
                        name: name.to_owned(),
                        offered: Self::ALL.iter().map(|one| one.name()).collect(),
                    }
                })
            }
        }
    };
}

pub(crate) use named;

/// Which algorithm looks for the optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SolverChoice {
    /// The best for the problem at hand.
    Auto,
    /// Damped Newton on all rows: the true optimum.
    Newton,
    /// Limited-memory BFGS on all rows: the true optimum, without a matrix of columns by columns.
    Lbfgs,
    /// Proximal Newton with coordinate descent: the optimum under an L1 penalty, with exact zeros.
    Coordinate,
    /// Householder QR: the least squares of a number, in one step.
    LeastSquares,
    /// The textbook's `XᵀXβ = Xᵀy`: least squares with the square of the condition number.
    NormalEquations,
    /// The textbook's formulas for one column.
    SimpleRegression,
    /// Stochastic gradient descent on mini-batches.
    Sgd,
    /// Stochastic gradient descent with momentum.
    Momentum,
    /// The same, looking ahead (Nesterov 1983; Sutskever et al. 2013).
    Nesterov,
    /// Adam (Kingma, Ba 2015).
    Adam,
    /// Adam with decoupled weight decay (Loshchilov, Hutter 2019).
    #[serde(rename = "adamw")]
    AdamW,
    /// `RMSProp` (Tieleman, Hinton 2012).
    #[serde(rename = "rmsprop")]
    RmsProp,
    /// `AdaGrad` (Duchi, Hazan, Singer 2011).
    #[serde(rename = "adagrad")]
    AdaGrad,
    /// Adam with the gradient's change (Xie et al. 2024).
    Adan,
    /// Steps by the sign alone (Chen et al. 2023).
    Lion,
}

named!(SolverChoice, "solver", {
    Auto => "auto", Newton => "newton", Lbfgs => "lbfgs", Coordinate => "coordinate",
    LeastSquares => "least-squares", NormalEquations => "normal-equations",
    SimpleRegression => "simple-regression", Sgd => "sgd", Momentum => "momentum",
    Nesterov => "nesterov", Adam => "adam", AdamW => "adamw", RmsProp => "rmsprop",
    AdaGrad => "adagrad", Adan => "adan", Lion => "lion",
});

impl SolverChoice {
    /// Whether it sees all rows at every step, and so can reach the optimum itself.
    pub fn is_full_batch(self) -> bool {
        matches!(self, Self::Auto | Self::Newton | Self::Lbfgs) || self.is_on_host()
    }

    /// Whether it works on rows in host memory alone, without an objective's gradient.
    pub fn is_on_host(self) -> bool {
        self == Self::Coordinate || self.least_squares().is_some()
    }

    /// How it solves least squares in one step, where that is what it does.
    pub fn least_squares(self) -> Option<LeastSquaresMethod> {
        match self {
            Self::LeastSquares => Some(LeastSquaresMethod::Qr),
            Self::NormalEquations => Some(LeastSquaresMethod::NormalEquations),
            Self::SimpleRegression => Some(LeastSquaresMethod::SimpleRegression),
            _ => None,
        }
    }

    /// How many steps it may take when nothing is said: L-BFGS makes many cheap ones.
    pub fn default_iterations(self) -> usize {
        if self == Self::Lbfgs {
            1000
        } else {
            solver::tolerance::MAX_ITERATIONS
        }
    }
}

/// How gradients are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Gradient {
    /// `fused` on a CPU backend, `analytic` on a GPU.
    Auto,
    /// One pass over rows in host memory.
    Fused,
    /// The textbook's formula, `Xᵀ(p - y)/n`, in Burn's tensor operations.
    Analytic,
    /// Burn's tape over the model's own loss.
    Autodiff,
}

named!(Gradient, "gradient", {
    Auto => "auto", Fused => "fused", Analytic => "analytic", Autodiff => "autodiff",
});

impl Gradient {
    /// What `auto` stands for on a device, for a solver.
    #[must_use]
    pub fn resolve(self, device: &Choice, solver: SolverChoice) -> Self {
        match (self, device.backend) {
            (Self::Auto, Backend::Wgpu) if !solver.is_on_host() => Self::Analytic,
            (Self::Auto, _) => Self::Fused,
            (named, _) => named,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_are_refused_with_the_list() {
        for &solver in SolverChoice::ALL {
            assert_eq!(solver.name().parse(), Ok(solver));
            let written = serde_json::to_string(&solver).unwrap();
            assert_eq!(
                written,
                format!("{:?}", solver.name()),
                "files have the same names"
            );
        }
        let error = "tape".parse::<Gradient>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no gradient `tape`; one of auto, fused, analytic, autodiff"
        );
    }
}
