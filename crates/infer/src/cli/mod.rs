//! The command line of `infer`: what was typed becomes configuration; results become text.

mod args;
mod inspect;
mod predict;

use std::process::ExitCode;

use clap::Parser;
use terminal::{Exit, Failure};

use crate::error::InferError;
use crate::write::BatchError;
use args::{Cli, Command};
use dataset::write::WriteError;

impl From<InferError> for Failure {
    fn from(error: InferError) -> Self {
        Self::new(&error, error.exit()).with_remedy(error.remedy())
    }
}

impl From<BatchError> for Failure {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Infer(error) => error.into(),
            BatchError::Io(error) => Self::new(error, Exit::Unexpected),
            BatchError::Table(error) => not_written("the predictions", &error),
        }
    }
}

/// The failure to write a table.
fn not_written(place: &str, error: &WriteError) -> Failure {
    let exit = match error {
        WriteError::NeedsFeature { .. } => Exit::Usage,
        _ => Exit::Unexpected,
    };
    Failure::new(format!("{place}: {error}"), exit).with_remedy(error.remedy())
}

/// Runs the program and says how it ended.
pub fn run() -> ExitCode {
    terminal::guard(dataset::is_decoding, dispatch)
}

fn dispatch() -> Result<ExitCode, Failure> {
    match Cli::parse().command {
        Command::Predict(args) => predict::run(&args),
        Command::Inspect(args) => inspect::run(&args),
    }
}
