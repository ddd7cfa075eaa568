//! What can be typed after `train compare`.

use std::path::PathBuf;

use clap::Args;
use model::device::Backend;

use super::{ConfigArgs, Format, MachineArgs, PenaltyArgs, TableArgs};
use crate::method::{Gradient, SolverChoice};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  train compare                               every compiled backend and gradient, on breast_cancer
  train compare iris --precision f64 --solver lbfgs
  train compare --backend flex --gradient analytic,autodiff --repetitions 20
  train compare --picture compare.svg         the table as a picture
  train compare --format json | jq .comparison

All rows take part. Times are medians. A fit here is the backend's own, without the polish on f64
rows that `train fit` ends with, so that its error shows.

Exit codes: 0 ok; 2 usage; 3 bad data; 4 the fit that all are compared with has no certificate; 130
interrupted.")]
pub(in crate::cli) struct CompareArgs {
    #[command(flatten)]
    pub(in crate::cli) table: TableArgs,

    /// These backends alone: ndarray, flex, wgpu [default: every one]
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Method"
    )]
    pub(in crate::cli) backend: Vec<Backend>,
    /// These gradients alone: fused (on the host), analytic, autodiff [default: every one]
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Method"
    )]
    pub(in crate::cli) gradient: Vec<Gradient>,
    /// What each fits with: auto, newton or lbfgs
    #[arg(
        long,
        value_name = "NAME",
        default_value = "auto",
        help_heading = "Method"
    )]
    pub(in crate::cli) solver: SolverChoice,
    #[command(flatten)]
    pub(in crate::cli) penalty: PenaltyArgs,
    #[command(flatten)]
    pub(in crate::cli) machine: MachineArgs,
    /// Evaluations to time for each line [default: a quarter of a second's worth, 3 to 1000]
    #[arg(long, value_name = "N", help_heading = "Method")]
    pub(in crate::cli) repetitions: Option<usize>,

    /// Draw the table into this file
    #[arg(long, value_name = "FILE.svg", help_heading = "Output")]
    pub(in crate::cli) picture: Option<PathBuf>,
    /// How to print the results
    #[arg(long, value_enum, default_value_t = Format::Text, help_heading = "Output")]
    pub(in crate::cli) format: Format,
    /// No progress
    #[arg(long, short, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}
