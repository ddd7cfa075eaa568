//! What can be typed after `train replay`.

use std::path::PathBuf;

use clap::Args;
use model::device::Backend;

use super::Format;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  train replay runs/latest
  train replay runs/latest --backend flex     on another backend: is it the same optimum?
  train replay runs/latest new.csv            on another table of the same columns

Exit codes: 0 equal to the bit, or within the certificate; 2 usage; 3 bad data, or a run that cannot
be read; 4 different; 130 interrupted.")]
pub(in crate::cli) struct ReplayArgs {
    /// The folder of a run
    #[arg(value_name = "RUN")]
    pub(in crate::cli) run: PathBuf,
    /// The table, where it is no longer at its place
    #[arg(value_name = "TABLE")]
    pub(in crate::cli) tables: Vec<String>,
    /// Where to run it [default: where it ran]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) backend: Option<Backend>,
    /// Threads to use [default: one for each core]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) threads: Option<usize>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(in crate::cli) format: Format,
    /// No progress
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
}
