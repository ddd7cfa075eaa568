//! What can be typed after `train rates`.

use std::path::PathBuf;

use clap::Args;

use super::{ConfigArgs, Format, MachineArgs, PenaltyArgs, TableArgs};
use crate::stochastic::BatchSize;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  train rates                                 on breast_cancer: which learning rates are safe
  train rates loans.csv --target default --momentum 0.95 --epochs 50
  train rates iris --picture rates.html       every loss curve, as a page
  train rates --format json | jq .theory.safe_rate

All rows take part, and every run starts at zero. Runs are on the host by the fused gradient: the
rates are the same on every backend.

Exit codes: 0 ok; 2 usage; 3 bad data; 4 the optimum that runs are measured against was not found;
130 interrupted.")]
pub(in crate::cli) struct RatesArgs {
    #[command(flatten)]
    pub(in crate::cli) table: TableArgs,

    #[command(flatten)]
    pub(in crate::cli) penalty: PenaltyArgs,
    #[command(flatten)]
    pub(in crate::cli) machine: MachineArgs,

    /// Steps of a run of full batches
    #[arg(long, value_name = "N", default_value_t = 200, help_heading = "Runs")]
    pub(in crate::cli) steps: usize,
    /// Passes over the rows of a run of mini-batches
    #[arg(long, value_name = "N", default_value_t = 30, help_heading = "Runs")]
    pub(in crate::cli) epochs: usize,
    /// Rows in a mini-batch: a number, or auto: 256, or all where there are fewer
    #[arg(long, value_name = "N", default_value = "auto", help_heading = "Runs")]
    pub(in crate::cli) batch_size: BatchSize,
    /// Share of the velocity that a step of momentum keeps
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.9,
        help_heading = "Runs",
        allow_negative_numbers = true
    )]
    pub(in crate::cli) momentum: f64,
    /// Seed of every shuffle
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Runs")]
    pub(in crate::cli) seed: u64,

    /// Draw the loss curves into this file: a page for .html, otherwise SVG
    #[arg(long, value_name = "FILE", help_heading = "Output")]
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
