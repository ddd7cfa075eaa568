//! What can be typed. Nothing is decided here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::device::{Backend, Precision};

/// Score tables with a model that `train` wrote, and see what is in it.
#[derive(Debug, Parser)]
#[command(name = "infer", version, after_help = EXAMPLES)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  infer predict runs/latest new.csv -o scores.csv
  infer predict runs/latest new.csv --keep id | head
  zcat new.csv.gz | infer predict model.safetensors - > scores.csv
  infer inspect runs/latest
  infer inspect runs/latest --format json | jq '.coefficients[] | .name, .estimate'

A model is a file or a run's folder. Every load checks that the model still scores as it did.
Exit codes: 0 ok; 1 unexpected; 2 usage; 3 bad data or model file; 130 interrupted.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Score each row of a table
    #[command(after_help = "\
Columns are matched by name, whatever their order; others are ignored. The output has the kept
columns, then probability and label (yes/no), label and a probability for each (classes), or
prediction (a number), then flags: cells that were missing, levels that no training row had.

Examples:
  infer predict runs/latest new.csv -o scores.csv --keep id,name
  infer predict runs/latest 'part-*.csv' -o scores.csv
  infer predict runs/latest - < new.csv | head")]
    Predict(PredictArgs),
    /// Show what is in a model file
    Inspect(InspectArgs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON object
    Json,
}

#[derive(Debug, Args)]
pub(super) struct PredictArgs {
    /// A model file or a run's folder
    pub(super) model: PathBuf,
    /// CSV, TSV, JSON lines or svmlight, plain or compressed with gzip or zstd: files, patterns
    /// ('part-*.csv'), `-` for standard input, or the name of a table that comes with the program
    #[arg(value_name = "TABLE", required = true)]
    pub(super) tables: Vec<String>,
    /// The file to write: CSV, or Parquet where it ends in .parquet [default: CSV on standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Columns to hand on as they stand
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(super) keep: Vec<String>,
    /// Make a level that no training row had an error
    #[arg(long)]
    pub(super) strict: bool,
    /// More cells that mean missing, beside those of the training
    #[arg(long, value_name = "TEXT,TEXT", allow_hyphen_values = true)]
    pub(super) na: Option<String>,
    /// What separates cells [default: found out among , ; tab |]
    #[arg(long, value_name = "CHAR", value_parser = terminal::args::delimiter)]
    pub(super) delimiter: Option<u8>,
    /// Where it runs: auto, ndarray, flex or wgpu
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub(super) backend: Backend,
    /// What scores are computed in: f32 or f64 [default: as the model was trained]
    #[arg(long, value_name = "NAME")]
    pub(super) precision: Option<Precision>,
    /// With -o: print the counts as text, or as one JSON object on standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// No progress and no counts
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// A model file or a run's folder
    pub(super) model: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}
