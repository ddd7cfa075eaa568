//! Settings from a file: the same for every command that has many.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct ConfigArgs {
    /// Settings from a file: a line for each, such as lambda = 0.1; what is typed wins
    #[arg(long, value_name = "FILE.toml", help_heading = "Settings")]
    pub(in crate::cli) config: Option<PathBuf>,
    /// Print all settings as such a file, and do nothing else
    #[arg(long, help_heading = "Settings")]
    pub(in crate::cli) print_config: bool,
}
