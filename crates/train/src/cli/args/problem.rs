//! What is minimised, and with which numbers: the same for every command that fits.

use clap::{Args, ValueEnum};
use model::device::Precision;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PenaltyArg {
    /// Maximum likelihood, or least squares
    None,
    /// Ridge: λ/2 · ‖β‖²
    L2,
    /// Lasso: λ · ‖β‖₁, which makes coefficients exactly zero
    L1,
    /// Both: λ[(1−α)/2 · ‖β‖² + α · ‖β‖₁], with α from --l1-ratio
    ElasticNet,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PenaltyArgs {
    /// What is added to the mean loss [default: l2 for classes, none for numbers]
    #[arg(long, value_enum, help_heading = "Method")]
    pub(in crate::cli) penalty: Option<PenaltyArg>,
    /// Weight of the penalty beside the mean loss, as in glmnet [default: 1 / sum of weights]
    #[arg(
        long,
        value_name = "X",
        help_heading = "Method",
        conflicts_with = "c",
        allow_negative_numbers = true
    )]
    pub(in crate::cli) lambda: Option<f64>,
    /// The same as in scikit-learn: C = 1 / (lambda · sum of weights)
    #[arg(
        long,
        value_name = "X",
        help_heading = "Method",
        allow_negative_numbers = true
    )]
    pub(in crate::cli) c: Option<f64>,
    /// L1's part of --penalty elastic-net: glmnet's alpha [default: 0.5]
    #[arg(
        long,
        value_name = "X",
        help_heading = "Method",
        allow_negative_numbers = true
    )]
    pub(in crate::cli) l1_ratio: Option<f64>,
    /// Leave the columns on their own scales
    #[arg(long, help_heading = "Method")]
    pub(in crate::cli) no_standardize: bool,
    /// Fit without an intercept
    #[arg(long, help_heading = "Method")]
    pub(in crate::cli) no_intercept: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MachineArgs {
    /// Numbers that the rows and the module are kept in: f32 or f64
    #[arg(
        long,
        value_name = "NAME",
        default_value = "f32",
        help_heading = "Method"
    )]
    pub(in crate::cli) precision: Precision,
    /// Seconds that the solver may take: where they run out, it says how far it came
    #[arg(
        long,
        value_name = "SECONDS",
        help_heading = "Method",
        allow_negative_numbers = true
    )]
    pub(in crate::cli) time_limit: Option<f64>,
    /// Threads to use [default: one for each core]
    #[arg(long, value_name = "N", help_heading = "Method")]
    pub(in crate::cli) threads: Option<usize>,
}
