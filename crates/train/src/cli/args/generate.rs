//! What can be typed after `train generate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  train generate classification --rows 1000 --columns 10 --informative 4 --out rows.csv
  train generate classification --classes 3 --flip 0.05 --weights 0.7,0.2,0.1 > rows.csv
  train generate regression --rows 500 --columns 20 --noise 2.0 | train fit - --target y")]
pub(in crate::cli) struct GenerateArgs {
    /// What to make
    #[arg(value_enum)]
    pub(in crate::cli) kind: Kind,
    /// Rows
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(in crate::cli) rows: usize,
    /// Columns, the target not counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(in crate::cli) columns: usize,
    /// Columns that the target depends on [default: half of them]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) informative: Option<usize>,
    /// Columns that are sums of informative ones
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "Classification"
    )]
    pub(in crate::cli) redundant: usize,
    /// Columns that repeat others
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "Classification"
    )]
    pub(in crate::cli) repeated: usize,
    /// Classes
    #[arg(
        long,
        value_name = "N",
        default_value_t = 2,
        help_heading = "Classification"
    )]
    pub(in crate::cli) classes: usize,
    /// Clusters of each class
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        help_heading = "Classification"
    )]
    pub(in crate::cli) clusters: usize,
    /// Shares of the classes [default: equal]
    #[arg(
        long,
        value_name = "F,F",
        value_delimiter = ',',
        help_heading = "Classification"
    )]
    pub(in crate::cli) weights: Option<Vec<f64>>,
    /// Share of rows whose class is drawn at random
    #[arg(
        long,
        value_name = "F",
        default_value_t = 0.01,
        help_heading = "Classification",
        allow_negative_numbers = true
    )]
    pub(in crate::cli) flip: f64,
    /// Half the distance between clusters
    #[arg(
        long,
        value_name = "X",
        default_value_t = 1.0,
        help_heading = "Classification",
        allow_negative_numbers = true
    )]
    pub(in crate::cli) separation: f64,
    /// Standard deviation of the noise
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        help_heading = "Regression",
        allow_negative_numbers = true
    )]
    pub(in crate::cli) noise: f64,
    /// Intercept
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        help_heading = "Regression",
        allow_hyphen_values = true
    )]
    pub(in crate::cli) bias: f64,
    /// About how many directions the columns span [default: all]
    #[arg(long, value_name = "N", help_heading = "Regression")]
    pub(in crate::cli) effective_rank: Option<usize>,
    /// Share of the weak directions, with --effective-rank
    #[arg(
        long,
        value_name = "F",
        default_value_t = 0.5,
        help_heading = "Regression",
        allow_negative_numbers = true
    )]
    pub(in crate::cli) tail: f64,
    /// Seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) seed: u64,
    /// The file to write: CSV, or Parquet where it ends in .parquet [default: CSV on standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Kind {
    /// Clusters on the corners of a cube, as `make_classification` of scikit-learn
    Classification,
    /// A linear function with noise, as `make_regression` of scikit-learn
    Regression,
}
