//! What can be typed. Nothing is decided here.

mod compare;
mod config;
mod generate;
mod problem;
mod rates;
mod replay;
mod runs;
mod schema;
mod search;
mod stochastic;
mod table;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::device::Backend;

pub(super) use compare::CompareArgs;
pub(super) use config::ConfigArgs;
pub(super) use generate::{GenerateArgs, Kind};
pub(super) use problem::{MachineArgs, PenaltyArg, PenaltyArgs};
pub(super) use rates::RatesArgs;
pub(super) use replay::ReplayArgs;
pub(super) use runs::RunsArgs;
pub(super) use schema::SchemaArgs;
pub(super) use search::{RuleArg, SearchArgs};
pub(super) use stochastic::{Rate, StochasticArgs};
pub(super) use table::{ColumnArgs, EncodingArgs, MissingArg, TableArgs, TaskArg};

use crate::method::{Gradient, SolverChoice};

/// Fit a logistic, softmax or linear regression to a table, and prove that the fit is the optimum.
#[derive(Debug, Parser)]
#[command(
    name = "train",
    version,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES,
    after_long_help = EXAMPLES
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) fit: FitArgs,
}

const EXAMPLES: &str = "\
Examples:
  train                                       the table breast_cancer, which comes with the program
  train penguins --target sex                 another of its tables: penguins anes96 iris wine
                                              longley challenger
  train loans.csv --target default            a file of yours; the rest is found out
  train 'part-*.csv' --target default         several files are one table
  zcat loans.csv.gz | train - --target default
                                              from standard input
  train loans.csv --target default --positive yes --drop id,name --na '?'
  train houses.csv --target price --positive '>300000'
                                              a yes/no question about a number
  train houses.csv --target price --encode distance=spline:4
                                              a curve for a number
  train houses.csv --target price --interact rooms:distance
                                              products of two columns
  train schema loans.csv > loans.toml         what the columns are, for --schema
  train fit --penalty elastic-net --lambda 0.02
                                              most coefficients exactly zero
  train longley --solver normal-equations     the textbook's way, with its condition number
  train iris --solver adam --epochs 100 --backend flex --gradient autodiff
                                              mini-batches, by Burn's tape
  train compare                               every backend and gradient on the same rows
  train search --penalty l1                   which penalty predicts best, by cross-validation
  train rates                                 which learning rates are safe, and which to take
  train loans.csv --target default --print-config > fit.toml
  train --config fit.toml --lambda 0.1        settings from a file; what is typed wins
  train runs                                  the fits that were made
  train replay runs/latest                    the newest once more: is it the same?
  train loans.csv --target default --memory 2GiB
                                              a table that is larger than memory
  train --format json | jq .metrics.test      for scripts
  train generate classification --rows 1000000 --out rows.csv

Exit codes: 0 ok; 1 unexpected; 2 usage; 3 bad data; 4 fitted, but not to be trusted as it stands
(the summary says why); 130 interrupted.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fit a model to a table (what `train` alone does, too)
    #[command(after_help = EXAMPLES)]
    Fit(Box<FitArgs>),
    /// Time every compiled backend and gradient on the same rows, and compare their answers
    Compare(Box<CompareArgs>),
    /// Compare penalties and other settings by cross-validation, and fit the best
    Search(Box<SearchArgs>),
    /// Which learning rates are safe on these rows, by the curvature and by trying
    Rates(Box<RatesArgs>),
    /// Make a table with known properties, as CSV
    Generate(GenerateArgs),
    /// Write what the columns of a table are as TOML, to edit and to fit with (--schema)
    Schema(Box<SchemaArgs>),
    /// List the runs that were made: data, status, metrics
    Runs(RunsArgs),
    /// Make a run again, and say: equal to the bit, within the certificate, or different and why
    Replay(ReplayArgs),
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON object
    Json,
}

impl Cli {
    /// Where settings come from, for the commands that have many.
    pub(super) fn config(&self) -> Option<&ConfigArgs> {
        match &self.command {
            None => Some(&self.fit.config),
            Some(Command::Fit(args)) => Some(&args.config),
            Some(Command::Compare(args)) => Some(&args.config),
            Some(Command::Search(args)) => Some(&args.fit.config),
            Some(Command::Rates(args)) => Some(&args.config),
            Some(_) => None,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct FitArgs {
    #[command(flatten)]
    pub(super) table: TableArgs,
    /// Make a level that the training rows do not have an error in held-out rows
    #[arg(long, help_heading = "Reading")]
    pub(super) strict: bool,

    /// Share of rows to look at during the fit
    #[arg(
        long,
        value_name = "F",
        default_value_t = 0.0,
        help_heading = "Rows",
        allow_negative_numbers = true
    )]
    pub(super) validation: f64,
    /// Share of rows to hold out for the test
    #[arg(
        long,
        value_name = "F",
        default_value_t = 0.2,
        help_heading = "Rows",
        allow_negative_numbers = true
    )]
    pub(super) test: f64,
    /// Seed of the split and of every shuffle
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Rows")]
    pub(super) seed: u64,

    /// Where it runs: auto, ndarray, flex or wgpu
    #[arg(
        long,
        value_name = "NAME",
        default_value = "auto",
        help_heading = "Method"
    )]
    pub(super) backend: Backend,
    /// How gradients are computed: auto, fused, analytic or autodiff
    #[arg(
        long,
        value_name = "NAME",
        default_value = "auto",
        help_heading = "Method"
    )]
    pub(super) gradient: Gradient,
    /// auto; newton, lbfgs (all rows); coordinate (L1); least-squares, normal-equations,
    /// simple-regression (numbers); sgd, momentum, nesterov, adam, adamw, rmsprop, adagrad, adan,
    /// lion (mini-batches)
    #[arg(
        long,
        value_name = "NAME",
        default_value = "auto",
        help_heading = "Method"
    )]
    pub(super) solver: SolverChoice,
    #[command(flatten)]
    pub(super) penalty: PenaltyArgs,
    #[command(flatten)]
    pub(super) machine: MachineArgs,
    /// Bytes that the process may hold, such as 2GiB: columns and encoded rows go to the disk, and the
    /// result has the same bits [default: whatever it takes]
    #[arg(long, value_name = "SIZE", value_parser = terminal::args::bytes, help_heading = "Memory")]
    pub(super) memory: Option<u64>,
    /// Where they go; the rows of the last fit stay there for the next [default: runs/cache]
    #[arg(long, value_name = "DIR", help_heading = "Memory", requires = "memory")]
    pub(super) cache: Option<PathBuf>,
    /// newton, lbfgs and coordinate stop when no component of the gradient is larger
    #[arg(
        long,
        value_name = "X",
        help_heading = "Method",
        allow_negative_numbers = true
    )]
    pub(super) tolerance: Option<f64>,
    /// newton, lbfgs and coordinate stop after so many steps [default: 100, lbfgs 1000]
    #[arg(long, value_name = "N", help_heading = "Method")]
    pub(super) max_iterations: Option<usize>,

    #[command(flatten)]
    pub(super) stochastic: StochasticArgs,

    /// Where to write the model and the run's files [default: runs/TABLE-DATE-TIME]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(super) out: Option<PathBuf>,
    /// How to print the results
    #[arg(long, value_enum, default_value_t = Format::Text, help_heading = "Output")]
    pub(super) format: Format,
    /// No progress and no notices
    #[arg(long, short, help_heading = "Output")]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
}
