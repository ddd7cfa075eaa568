//! What can be typed. Nothing is decided here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::device::{Backend, Precision};

use crate::method::{Gradient, SolverChoice};
use crate::stochastic::Schedule;

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
  train loans.csv --target default --positive yes --drop id,name --na '?'
  train houses.csv --target price --positive '>300000'
                                              a yes/no question about a number
  train iris --solver adam --epochs 100 --backend flex --gradient autodiff
                                              mini-batches, by Burn's tape
  train --format json | jq .metrics.test      for scripts
  train generate classification --rows 1000000 --out rows.csv

Exit codes: 0 ok; 1 unexpected; 2 usage; 3 bad data; 4 fitted, but not to be trusted as it stands
(the summary says why); 130 interrupted.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fit a model to a table (what `train` alone does, too)
    #[command(after_help = EXAMPLES)]
    Fit(Box<FitArgs>),
    /// Make a table with known properties, as CSV
    Generate(GenerateArgs),
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON object
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TaskArg {
    /// From the target: two values are yes/no, several labels are classes, numbers are numbers
    Auto,
    /// Yes or no
    Binary,
    /// One of several classes
    Multinomial,
    /// A number
    Linear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MissingArg {
    /// The median of numbers; a level of its own for categories
    Impute,
    /// Leave out rows with a missing cell
    Drop,
    /// Stop at the first
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PenaltyArg {
    /// Maximum likelihood, or least squares
    None,
    /// Ridge: λ/2 · ‖β‖²
    L2,
}

#[derive(Debug, Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct FitArgs {
    /// A CSV file, `-` for standard input, or the name of a table that comes with the program
    #[arg(default_value = "breast_cancer")]
    pub(super) table: String,

    /// The column to predict
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    pub(super) target: Option<String>,
    /// The label that counts as yes; or a condition on a number, such as '>15'
    #[arg(
        long,
        value_name = "LABEL|'>X'",
        help_heading = "Columns",
        allow_hyphen_values = true
    )]
    pub(super) positive: Option<String>,
    /// What kind of question it is
    #[arg(long, value_enum, default_value_t = TaskArg::Auto, help_heading = "Columns")]
    pub(super) task: TaskArg,
    /// Use these columns alone
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Columns"
    )]
    pub(super) features: Option<Vec<String>>,
    /// Leave these columns out
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Columns"
    )]
    pub(super) drop: Vec<String>,
    /// Read these columns as categories even if they are numbers
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        help_heading = "Columns"
    )]
    pub(super) categorical: Vec<String>,
    /// Column of row weights: 2 is the row twice, 0 is no row
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    pub(super) weight: Option<String>,
    /// Column that is added to the score as it is
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    pub(super) offset: Option<String>,

    /// More cells that mean missing, beside empty, NA, N/A, NULL and null
    #[arg(
        long,
        value_name = "TEXT,TEXT",
        help_heading = "Reading",
        allow_hyphen_values = true
    )]
    pub(super) na: Option<String>,
    /// What separates cells [default: found out among , ; tab |]
    #[arg(long, value_name = "CHAR", value_parser = terminal::args::delimiter, help_heading = "Reading")]
    pub(super) delimiter: Option<u8>,
    /// What to do with missing cells of features
    #[arg(long, value_enum, default_value_t = MissingArg::Impute, help_heading = "Reading")]
    pub(super) missing: MissingArg,
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
    /// auto; newton, lbfgs (all rows); least-squares (numbers); sgd, momentum, adam, adamw, rmsprop,
    /// adagrad (mini-batches)
    #[arg(
        long,
        value_name = "NAME",
        default_value = "auto",
        help_heading = "Method"
    )]
    pub(super) solver: SolverChoice,
    /// Numbers that the rows and the module are kept in: f32 or f64
    #[arg(
        long,
        value_name = "NAME",
        default_value = "f32",
        help_heading = "Method"
    )]
    pub(super) precision: Precision,
    /// What is added to the mean loss [default: l2 for classes, none for numbers]
    #[arg(long, value_enum, help_heading = "Method")]
    pub(super) penalty: Option<PenaltyArg>,
    /// Weight of the penalty beside the mean loss, as in glmnet [default: 1 / sum of weights]
    #[arg(
        long,
        value_name = "X",
        help_heading = "Method",
        conflicts_with = "c",
        allow_negative_numbers = true
    )]
    pub(super) lambda: Option<f64>,
    /// The same as in scikit-learn: C = 1 / (lambda · sum of weights)
    #[arg(
        long,
        value_name = "X",
        help_heading = "Method",
        allow_negative_numbers = true
    )]
    pub(super) c: Option<f64>,
    /// Leave the columns on their own scales
    #[arg(long, help_heading = "Method")]
    pub(super) no_standardize: bool,
    /// Fit without an intercept
    #[arg(long, help_heading = "Method")]
    pub(super) no_intercept: bool,
    /// newton and lbfgs stop when no component of the gradient is larger
    #[arg(
        long,
        value_name = "X",
        help_heading = "Method",
        allow_negative_numbers = true
    )]
    pub(super) tolerance: Option<f64>,
    /// newton and lbfgs stop after so many steps [default: 100, 1000]
    #[arg(long, value_name = "N", help_heading = "Method")]
    pub(super) max_iterations: Option<usize>,
    /// Threads to use [default: one for each core]
    #[arg(long, value_name = "N", help_heading = "Method")]
    pub(super) threads: Option<usize>,

    /// Passes over the rows
    #[arg(
        long,
        value_name = "N",
        default_value_t = 30,
        help_heading = "Mini-batches"
    )]
    pub(super) epochs: usize,
    /// Rows in a step
    #[arg(
        long,
        value_name = "N",
        default_value_t = 256,
        help_heading = "Mini-batches"
    )]
    pub(super) batch_size: usize,
    /// Length of a step [default: from the columns' curvature for sgd and momentum; 0.01 for adam]
    #[arg(
        long,
        value_name = "X",
        help_heading = "Mini-batches",
        allow_negative_numbers = true
    )]
    pub(super) learning_rate: Option<f64>,
    /// How it changes: constant, step, exponential, cosine or linear
    #[arg(
        long,
        value_name = "NAME",
        default_value = "constant",
        help_heading = "Mini-batches"
    )]
    pub(super) schedule: Schedule,

    /// Where to write the model and the run's files [default: runs/TABLE-DATE-TIME]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(super) out: Option<PathBuf>,
    /// How to print the results
    #[arg(long, value_enum, default_value_t = Format::Text, help_heading = "Output")]
    pub(super) format: Format,
    /// No progress
    #[arg(long, short, help_heading = "Output")]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  train generate classification --rows 1000 --columns 10 --informative 4 --out rows.csv
  train generate classification --classes 3 --flip 0.05 --weights 0.7,0.2,0.1 > rows.csv
  train generate regression --rows 500 --columns 20 --noise 2.0 | train fit - --target y")]
pub(super) struct GenerateArgs {
    /// What to make
    #[arg(value_enum)]
    pub(super) kind: Kind,
    /// Rows
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(super) rows: usize,
    /// Columns, the target not counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) columns: usize,
    /// Columns that the target depends on [default: half of them]
    #[arg(long, value_name = "N")]
    pub(super) informative: Option<usize>,
    /// Columns that are sums of informative ones
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "Classification"
    )]
    pub(super) redundant: usize,
    /// Columns that repeat others
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "Classification"
    )]
    pub(super) repeated: usize,
    /// Classes
    #[arg(
        long,
        value_name = "N",
        default_value_t = 2,
        help_heading = "Classification"
    )]
    pub(super) classes: usize,
    /// Clusters of each class
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        help_heading = "Classification"
    )]
    pub(super) clusters: usize,
    /// Shares of the classes [default: equal]
    #[arg(
        long,
        value_name = "F,F",
        value_delimiter = ',',
        help_heading = "Classification"
    )]
    pub(super) weights: Option<Vec<f64>>,
    /// Share of rows whose class is drawn at random
    #[arg(
        long,
        value_name = "F",
        default_value_t = 0.01,
        help_heading = "Classification",
        allow_negative_numbers = true
    )]
    pub(super) flip: f64,
    /// Half the distance between clusters
    #[arg(
        long,
        value_name = "X",
        default_value_t = 1.0,
        help_heading = "Classification",
        allow_negative_numbers = true
    )]
    pub(super) separation: f64,
    /// Standard deviation of the noise
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        help_heading = "Regression",
        allow_negative_numbers = true
    )]
    pub(super) noise: f64,
    /// Intercept
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        help_heading = "Regression",
        allow_hyphen_values = true
    )]
    pub(super) bias: f64,
    /// About how many directions the columns span [default: all]
    #[arg(long, value_name = "N", help_heading = "Regression")]
    pub(super) effective_rank: Option<usize>,
    /// Share of the weak directions, with --effective-rank
    #[arg(
        long,
        value_name = "F",
        default_value_t = 0.5,
        help_heading = "Regression",
        allow_negative_numbers = true
    )]
    pub(super) tail: f64,
    /// Seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Clusters on the corners of a cube, as `make_classification` of scikit-learn
    Classification,
    /// A linear function with noise, as `make_regression` of scikit-learn
    Regression,
}
