//! What can be typed after `train schema`.

use std::path::PathBuf;

use clap::Args;

use super::ColumnArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  train schema loans.csv > loans.toml         what the columns are, to read and to edit
  train schema loans.csv --target default --drop name --out loans.toml
  train loans.csv --schema loans.toml --target default
                                              fit with it; other options win over it

In the file, a column is a line:
  opened = { role = \"feature\", kind = \"date\", parts = [\"days\", \"month\"] }

Exit codes: 0 ok; 2 usage; 3 bad data.")]
pub(in crate::cli) struct SchemaArgs {
    #[command(flatten)]
    pub(in crate::cli) columns: ColumnArgs,
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE.toml", help_heading = "Output")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// No progress and no notices
    #[arg(long, short, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}
