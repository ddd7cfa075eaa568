//! `cargo xtask bench`: the criterion benches.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::{process, tree};

/// Run the benches (package `benches`, criterion, release build).
///
/// Everything after `bench` goes to `cargo bench --package benches` as it is.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask bench                                   every bench
  cargo xtask bench --bench objective                 one file of benches/
  cargo xtask bench gradient                          the benches whose id contains `gradient`
  cargo xtask bench --bench objective -- --save-baseline before
  cargo xtask bench --bench objective -- --baseline before

Timings mean something only on a machine that does nothing else; CI compiles the benches and
never judges their figures.")]
pub(crate) struct Args {
    /// Arguments of `cargo bench`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let status = process::cargo()
        .args(["bench", "--package", "benches"])
        .args(&args.arguments)
        .current_dir(tree::root()?)
        .status()
        .context("could not start `cargo`")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
