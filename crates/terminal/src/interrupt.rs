//! Ctrl-C: the first ends the work in good order, the second ends the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Exit, Failure};

/// Whether Ctrl-C was pressed.
#[derive(Debug, Clone)]
pub struct Interrupted(Arc<AtomicBool>);

impl Interrupted {
    /// Whether it was.
    pub fn is_set(&self) -> bool {
        self.flag().load(Ordering::Relaxed)
    }

    /// The flag itself, for libraries that watch one.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }
}

/// Watches for Ctrl-C (and for a polite request to end, SIGTERM) from now on; once in a program.
///
/// # Errors
/// A [`Failure`] when it is called a second time, or the system does not let it.
///
/// # Examples
/// ```
/// let interrupted = terminal::interrupt::watch()?;
/// for batch in 0..3 {
///     if interrupted.is_set() {
///         break; // after saving what there is
///     }
/// }
/// # Ok::<(), terminal::Failure>(())
/// ```
pub fn watch() -> Result<Interrupted, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if watched.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted as i32);
        }
    })
    .map_err(|error| Failure::new(error, Exit::Unexpected))?;
    Ok(Interrupted(flag))
}
