//! The command line of `train`: what was typed becomes configuration; results become text.

mod args;
mod failure;
mod fit;
mod generate;
mod number;
mod progress;
mod summary;
mod wrap;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// Runs the program and says how it ended.
pub fn run() -> ExitCode {
    failure::explain_panics();
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => fit::run(&cli.fit),
        Some(Command::Fit(args)) => fit::run(&args),
        Some(Command::Generate(args)) => generate::run(&args),
    };
    outcome.unwrap_or_else(|failure| failure.report())
}
