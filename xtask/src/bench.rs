//! `cargo xtask bench`: the criterion benches, and `bench rivals`, the other libraries.

mod rivals;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::{process, tree};

/// Run the benches (package `benches`, criterion, release build), or compare with other libraries.
///
/// Every figure stands beside one read of the same memory. Without `--grid` a few shapes are
/// measured, in minutes; with it 1e3 to 1e7 rows by 5 to 5,000 columns, as far as memory allows.
/// Other arguments go to `cargo bench --package benches` as they are.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  cargo xtask bench                                   a few shapes of every bench
  cargo xtask bench --grid --memory 8 --bench fit     whole fits, every shape up to 8 GiB
  cargo xtask bench --bench objective                 one file of benches/
  cargo xtask bench gradient                          the benches whose id contains `gradient`
  cargo xtask bench --bench objective -- --save-baseline before
  cargo xtask bench --bench objective -- --baseline before
  cargo xtask bench rivals --help                     scikit-learn, PyTorch, glum and others

Timings mean something only on a machine that does nothing else; CI compiles the benches and
never judges their figures.")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Measure the whole grid of shapes: hours
    #[arg(long)]
    grid: bool,
    /// Leave out shapes whose f32 matrix is larger (default: 1)
    #[arg(long, value_name = "GIB", requires = "grid")]
    memory: Option<f64>,
    /// Arguments of `cargo bench`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

#[derive(clap::Subcommand)]
enum Command {
    Rivals(rivals::Args),
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if let Some(Command::Rivals(args)) = &args.command {
        return rivals::run(args);
    }
    let mut command = process::cargo();
    command
        .args(["bench", "--package", "benches"])
        .args(&args.arguments)
        .current_dir(tree::root()?);
    if args.grid {
        command.env("KINDLING_BENCH_GRID", "full");
    }
    if let Some(memory) = args.memory {
        command.env("KINDLING_BENCH_MEMORY", memory.to_string());
    }
    let status = command.status().context("could not start `cargo`")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
