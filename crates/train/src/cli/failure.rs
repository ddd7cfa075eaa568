//! How errors reach a person: what, where, and what to do next; and the exit code.

use std::fmt::Display;
use std::panic;
use std::process::ExitCode;

use crate::FitError;
use crate::cli::wrap::wrap;

/// Something unexpected.
pub(super) const UNEXPECTED: u8 = 1;
/// The command line asks for something that is not there.
pub(super) const USAGE: u8 = 2;
/// The fit is not to be trusted as it stands.
pub(super) const DOUBTFUL: u8 = 4;
/// Ctrl-C.
pub(super) const INTERRUPTED: u8 = 130;

/// An error on its way to the terminal.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    pub(super) remedy: Option<String>,
    code: u8,
}

impl Failure {
    pub(super) fn new(error: &impl Display, remedy: Option<String>, code: u8) -> Self {
        Self { message: error.to_string(), remedy, code }
    }

    /// Prints it on stderr.
    pub(super) fn report(self) -> ExitCode {
        eprintln!("{}", wrap("error: ", "       ", &self.message));
        if let Some(remedy) = self.remedy {
            eprintln!("{}", wrap("try    ", "       ", &remedy));
        }
        ExitCode::from(self.code)
    }
}

impl From<FitError> for Failure {
    fn from(error: FitError) -> Self {
        Self::new(&error, error.remedy(), error.exit_code())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(&format!("{error:#}"), None, UNEXPECTED)
    }
}

/// Makes a panic, which is always a mistake in the program, look like one.
pub(super) fn explain_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |place| format!(" ({place})"));
        let message = info.payload_as_str().unwrap_or("no message");
        eprintln!("error: this is a mistake in the program{place}: {message}");
        eprintln!("try    report it with the command that you typed");
    }));
}
