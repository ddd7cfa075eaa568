//! The command line of `train`: what was typed becomes configuration; results become text.

mod args;
mod compare;
mod config_file;
mod configuration;
mod fit;
mod generate;
mod observer;
mod rates;
mod replay;
mod runs;
mod schema;
mod search;
mod summary;

use std::path::Path;
use std::process::ExitCode;

use args::{Command, Format};
use serde::Serialize;
use terminal::{Exit, Failure, Sink};

use crate::FitError;

impl From<FitError> for Failure {
    fn from(error: FitError) -> Self {
        Self::new(&error, error.exit()).with_remedy(error.remedy())
    }
}

/// Runs the program and says how it ended.
pub fn run() -> ExitCode {
    terminal::guard(dataset::is_decoding, dispatch)
}

/// Prints results on standard output, as text or as one JSON object.
fn answer(
    format: Format,
    report: &impl Serialize,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    let text = match format {
        Format::Text => text(),
        Format::Json => serde_json::to_string(report).map_err(FitError::from)? + "\n",
    };
    Sink::open(None)?.put(&text)
}

/// A file that is asked for: a place that cannot be written to is known before the work is done.
fn sink(path: Option<&Path>) -> Result<Option<Sink>, Failure> {
    path.map(|path| Sink::open(Some(path))).transpose()
}

fn dispatch() -> Result<ExitCode, Failure> {
    let request = config_file::request()?;
    if let Some(settings) = &request.printed {
        Sink::open(None)?.put(settings)?;
        return Ok(Exit::Ok.into());
    }
    match &request.cli.command {
        None => fit::run(&request.cli.fit),
        Some(Command::Fit(args)) => fit::run(args),
        Some(Command::Compare(args)) => compare::run(args),
        Some(Command::Rates(args)) => rates::run(args),
        Some(Command::Search(args)) => search::run(args, &request),
        Some(Command::Generate(args)) => generate::run(args),
        Some(Command::Schema(args)) => schema::run(args),
        Some(Command::Runs(args)) => runs::run(args),
        Some(Command::Replay(args)) => replay::run(args),
    }
}
