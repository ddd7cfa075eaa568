//! Every chore of the workspace, as `cargo xtask COMMAND`.
//!
//! This file only dispatches; each command is one file of the same name.

mod bench;
mod catalog;
mod datasets;
mod process;
mod reference;
mod say;
mod test;
mod tidy;
mod tree;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Every chore of the workspace.
#[derive(Parser)]
#[command(
    name = "xtask",
    bin_name = "cargo xtask",
    after_help = "Examples:
  cargo xtask test                      everything that CI runs
  cargo xtask test --only format,tidy   the checks that take a second
  cargo xtask test --no-wgpu            without the long GPU build
  cargo xtask tidy                      the rules of this repository

`cargo xtask COMMAND --help` says more about each."
)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Test(test::Args),
    Tidy(tidy::Args),
    Datasets(datasets::Args),
    Reference(reference::Args),
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Test(args) => test::run(&args),
        Command::Tidy(args) => tidy::run(&args),
        Command::Datasets(args) => datasets::run(&args),
        Command::Reference(args) => reference::run(&args),
        Command::Bench(args) => bench::run(&args),
    };
    result.unwrap_or_else(|error| {
        say::complain(format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}
