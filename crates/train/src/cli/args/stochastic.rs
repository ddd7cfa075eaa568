//! The settings of the mini-batch loop.

use std::str::FromStr;

use clap::Args;
use solver::stochastic::Schedule;

use crate::method::UnknownName;
use crate::stochastic::{BatchSize, Watched};

/// A learning rate, or `auto`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::cli) enum Rate {
    Auto,
    Is(f64),
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        (text.parse().map(Self::Is)).map_err(|_| "it is a number above 0, or auto".to_owned())
    }
}

/// Reads the name of a schedule.
fn schedule(name: &str) -> Result<Schedule, UnknownName> {
    let mut all = Schedule::ALL.into_iter();
    all.find(|schedule| schedule.name() == name)
        .ok_or_else(|| UnknownName {
            what: "schedule",
            name: name.to_owned(),
            offered: Schedule::ALL.map(Schedule::name).to_vec(),
        })
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Mini-batches")]
pub(in crate::cli) struct StochasticArgs {
    /// Passes over the rows
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(in crate::cli) epochs: usize,
    /// Rows in a batch: a number, all, or auto: 256, or all where there are fewer
    #[arg(long, value_name = "N", default_value = "auto")]
    pub(in crate::cli) batch_size: BatchSize,
    /// Length of a step; auto: from the curvature of the rows for sgd, momentum and nesterov, what is
    /// customary for the others
    #[arg(
        long,
        value_name = "X",
        default_value = "auto",
        allow_negative_numbers = true
    )]
    pub(in crate::cli) learning_rate: Rate,
    /// How it changes: constant, step, exponential, cosine, cosine-restarts, linear or plateau
    #[arg(long, value_name = "NAME", default_value = "constant", value_parser = schedule)]
    pub(in crate::cli) schedule: Schedule,
    /// Epochs in which it climbs from nothing
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) warmup: usize,
    /// Epochs between the steps of step, and of a period of cosine-restarts [default: a third]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) period: Option<usize>,
    /// How much longer each period of cosine-restarts is than the one before
    #[arg(
        long,
        value_name = "X",
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    pub(in crate::cli) period_growth: f64,
    /// What step and plateau multiply the rate with
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.5,
        allow_negative_numbers = true
    )]
    pub(in crate::cli) decay_factor: f64,
    /// The least share of the learning rate [default: 0.01 for exponential, otherwise 0]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(in crate::cli) floor: Option<f64>,
    /// Epochs without improvement that plateau waits
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(in crate::cli) plateau_patience: usize,

    /// Share of the velocity that a step keeps [default: 0.9; 0 for rmsprop]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(in crate::cli) momentum: Option<f64>,
    /// Memory of the gradient [default: adam 0.9, adan 0.98, lion 0.9]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(in crate::cli) beta1: Option<f64>,
    /// Memory of its square [default: adam 0.999, lion 0.99]; of its change for adan [default: 0.92]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(in crate::cli) beta2: Option<f64>,
    /// Memory of the square for adan [default: 0.99]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(in crate::cli) beta3: Option<f64>,
    /// Memory of the square for rmsprop [default: 0.99]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(in crate::cli) smoothing: Option<f64>,
    /// What keeps the division by a vanishing square finite [default: 1e-8]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(in crate::cli) epsilon: Option<f64>,
    /// adam and adamw divide by the largest square so far
    #[arg(long)]
    pub(in crate::cli) amsgrad: bool,
    /// rmsprop divides by the variance of the gradient
    #[arg(long)]
    pub(in crate::cli) centered: bool,
    /// Shorten a gradient that is longer, over all parameters together
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(in crate::cli) clip_norm: Option<f64>,
    /// Batches whose mean gradient makes one step
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(in crate::cli) accumulate: usize,
    /// Average the parameters over the steps of the last epochs
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) average: usize,

    /// Stop after so many epochs without improvement on the validation rows, and keep the best
    #[arg(long, value_name = "N")]
    pub(in crate::cli) patience: Option<usize>,
    /// What an improvement must be more than
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub(in crate::cli) min_change: f64,
    /// What is to improve: loss, accuracy, auc, f1, brier, mae or r2
    #[arg(long, value_name = "NAME", default_value = "loss")]
    pub(in crate::cli) watch: Watched,
}
