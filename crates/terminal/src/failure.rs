//! How errors reach a person: what, where, and what to do next; and the exit code.

use std::fmt::Display;
use std::io;
use std::panic::{self, PanicHookInfo, UnwindSafe};
use std::process::ExitCode;

use crate::{tell, wrap};

/// How a program ends, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is well.
    Ok = 0,
    /// Something unexpected: the disk, the system, a mistake in the program.
    Unexpected = 1,
    /// The command line asks for something that is not there.
    Usage = 2,
    /// The data or the model file are at fault.
    Data = 3,
    /// Fitted, but the answer is not to be trusted as it stands.
    Doubtful = 4,
    /// Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error on its way to the terminal.
///
/// # Examples
/// ```
/// use terminal::{Exit, Failure};
///
/// let failure = Failure::new("loans.csv:7: column `age` is not a number", Exit::Data)
///     .with_remedy(Some("correct the cell"));
/// assert_eq!(
///     failure.to_string(),
///     "error: loans.csv:7: column `age` is not a number\ntry    correct the cell"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    message: String,
    remedy: Option<String>,
    exit: Exit,
}

impl Failure {
    /// An error without a next step.
    #[must_use]
    pub fn new(error: impl Display, exit: Exit) -> Self {
        Self {
            message: error.to_string(),
            remedy: None,
            exit,
        }
    }

    /// The error of writing to a file or to standard output.
    #[must_use]
    pub fn writing(place: impl Display, error: &io::Error) -> Self {
        Self::new(format!("{place}: {error}"), Exit::Unexpected)
    }

    /// With the next step, where there is one.
    #[must_use]
    pub fn with_remedy(mut self, remedy: Option<impl Into<String>>) -> Self {
        self.remedy = remedy.map(Into::into);
        self
    }

    /// Prints it on stderr, and says how the program is to end.
    pub fn report(self) -> ExitCode {
        tell(&format!("{self}\n"));
        self.exit.into()
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&beside("error: ", &self.message))?;
        match &self.remedy {
            None => Ok(()),
            Some(remedy) => write!(f, "\n{}", beside("try    ", remedy)),
        }
    }
}

/// Something that may be a mistake, and what to do about it: two lines or more for stderr.
///
/// # Examples
/// ```
/// let text = terminal::notice("`id` looks like an identifier", "--drop id");
/// assert_eq!(text, "notice `id` looks like an identifier\ntry    --drop id\n");
/// ```
pub fn notice(message: &str, remedy: &str) -> String {
    let (message, remedy) = (beside("notice ", message), beside("try    ", remedy));
    format!("{message}\n{remedy}\n")
}

/// A text with its kind in the margin.
fn beside(kind: &str, text: &str) -> String {
    wrap(kind, "       ", text)
}

/// Runs a program: prints its error, and makes a panic, which is always a mistake in the program,
/// an error like any other.
///
/// For `main`: it replaces the panic hook of the process. Nothing is said of a panic while `caught`
/// says that the thread makes an error of it itself.
pub fn guard(
    caught: fn() -> bool,
    program: impl FnOnce() -> Result<ExitCode, Failure> + UnwindSafe,
) -> ExitCode {
    panic::set_hook(Box::new(move |info| {
        if !caught() {
            tell(&format!("{}\n", mistake(info)));
        }
    }));
    match panic::catch_unwind(program) {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => failure.report(),
        Err(_) => Exit::Unexpected.into(),
    }
}

fn mistake(info: &PanicHookInfo<'_>) -> Failure {
    let place = info
        .location()
        .map_or_else(String::new, |place| format!(" ({place})"));
    let message = info.payload_as_str().unwrap_or("no message");
    let message = format!("this is a mistake in the program{place}: {message}");
    Failure::new(message, Exit::Unexpected)
        .with_remedy(Some("report it with the command that you typed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_that_scripts_rely_on() {
        let exits = [
            (Exit::Ok, 0),
            (Exit::Unexpected, 1),
            (Exit::Usage, 2),
            (Exit::Data, 3),
            (Exit::Doubtful, 4),
            (Exit::Interrupted, 130),
        ];
        for (exit, code) in exits {
            assert_eq!(exit as u8, code);
            assert_eq!(ExitCode::from(exit), ExitCode::from(code));
        }
    }

    #[test]
    fn long_messages_are_wrapped_beside_their_margin() {
        let message = "loans.csv: there is no column `incme`; did you mean `income`, which is \
                       the nearest of 20 columns?";
        let failure = Failure::new(message, Exit::Data).with_remedy(Some("--target income"));
        assert_eq!(
            failure.to_string(),
            "error: loans.csv: there is no column `incme`; did you mean `income`, which is\n       \
             the nearest of 20 columns?\ntry    --target income"
        );
    }

    #[test]
    fn an_error_without_a_remedy_is_the_message_alone() {
        let failure = Failure::new("why", Exit::Usage).with_remedy(None::<String>);
        assert_eq!(failure.to_string(), "error: why");
        assert_eq!(failure.report(), ExitCode::from(2));
    }

    #[test]
    fn a_failed_write_says_where() {
        let full = io::Error::new(io::ErrorKind::StorageFull, "no space left");
        let failure = Failure::writing("scores.csv", &full);
        let text = "scores.csv: no space left";
        assert_eq!(failure, Failure::new(text, Exit::Unexpected));
    }
}
