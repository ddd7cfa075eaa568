//! The command line of `train`: what was typed becomes configuration; results become text.

mod args;
mod compare;
mod configuration;
mod fit;
mod generate;
mod schema;
mod summary;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use terminal::Failure;

use crate::FitError;

impl From<FitError> for Failure {
    fn from(error: FitError) -> Self {
        Self::new(&error, error.exit()).with_remedy(error.remedy())
    }
}

/// Runs the program and says how it ended.
pub fn run() -> ExitCode {
    terminal::guard(dispatch)
}

fn dispatch() -> Result<ExitCode, Failure> {
    let cli = Cli::parse();
    match cli.command {
        None => fit::run(&cli.fit),
        Some(Command::Fit(args)) => fit::run(&args),
        Some(Command::Compare(args)) => compare::run(&args),
        Some(Command::Generate(args)) => generate::run(&args),
        Some(Command::Schema(args)) => schema::run(&args),
    }
}
