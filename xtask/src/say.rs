//! Printing for a reader who may leave early, as in `cargo xtask datasets | head`.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process;

use anyhow::{Context, Result};

/// How the system ends a program that writes to nobody: 128 + SIGPIPE.
const NOBODY_READS: i32 = 141;

/// `println!`, except that it ends the program where `println!` panics because nobody reads.
macro_rules! say {
    ($($argument:tt)*) => {
        $crate::say::line(format_args!($($argument)*))
    };
}
pub(crate) use say;

/// Prints a line; use [`say!`].
pub(crate) fn line(text: fmt::Arguments<'_>) {
    // A standard output that is closed or full leaves nothing to tell it to.
    let _ = bytes(format!("{text}\n").as_bytes());
}

/// Prints text that brings its own line ends.
///
/// # Errors
/// When standard output cannot be written to, unless nobody reads it: then the program ends.
pub(crate) fn bytes(text: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(NOBODY_READS),
        written => written.context("standard output"),
    }
}

/// Prints a line on standard error, if that is open.
pub(crate) fn complain(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
