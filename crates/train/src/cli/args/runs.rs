//! What can be typed after `train runs`.

use std::path::PathBuf;

use clap::Args;

use super::Format;
use crate::run::RUNS;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  train runs
  train runs --format json | jq '.runs[] | [.name, .status, .metrics.test.auc]'

Exit codes: 0 ok; 1 the folder cannot be read; 2 usage.")]
pub(in crate::cli) struct RunsArgs {
    /// The folder that holds them
    #[arg(value_name = "FOLDER", default_value = RUNS)]
    pub(in crate::cli) folder: PathBuf,
    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(in crate::cli) format: Format,
}
