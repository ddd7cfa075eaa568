//! How results, progress and errors reach a person: what both programs share.
//!
//! - [`args`]: values that both command lines take
//! - [`failure`]: an error with its remedy and exit code
//! - [`interrupt`]: what Ctrl-C does
//! - [`progress`]: a line on the terminal for work over a second
//! - [`watch`]: the same for reading, kept up by a thread of its own
//! - [`number`]: numbers with the digits that say something
//! - [`wrap`](mod@wrap): lines of at most 80 columns
//! - [`output`]: standard output, and files that are whole or not there

pub mod args;
pub mod failure;
pub mod interrupt;
pub mod number;
pub mod output;
pub mod progress;
pub mod watch;
pub mod wrap;

pub use failure::{Exit, Failure, guard, notice};
pub use output::{Sink, tell};
pub use progress::Progress;
pub use watch::Watch;
pub use wrap::{MARGIN, line, wrap};
