//! A line of progress on the terminal, for work over a second.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long work may take without a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// Progress that stays silent for a second, when told to be quiet, and away from a terminal.
///
/// Dropping it takes the line away, as [`finish`](Self::finish) does.
///
/// # Examples
/// ```
/// let mut progress = terminal::Progress::new(false);
/// for done in 1..=3 {
///     progress.update(done, 3, "folds".to_owned());
/// }
/// progress.finish();
/// ```
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    /// When it may appear; never, where there is no time.
    due: Option<Instant>,
}

impl Progress {
    /// Progress on stderr, or none.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        Self::after(PATIENCE, !quiet && stderr().is_terminal())
    }

    fn after(patience: Duration, visible: bool) -> Self {
        Self {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            due: visible.then(|| Instant::now() + patience),
        }
    }

    /// Shows `done` of `total` (0: not known), and what is going on.
    pub fn update(&mut self, done: u64, total: u64, message: String) {
        let template = if total > 0 {
            "{wide_bar} {pos}/{len} {msg}, {eta} left"
        } else {
            "{spinner} {pos} {msg}"
        };
        self.draw(done, total, message, template);
    }

    /// The same in words alone: `done` and `total` are the length of the bar.
    pub fn share(&mut self, done: u64, total: u64, words: String) {
        let template = if total > 0 {
            "{wide_bar} {msg}"
        } else {
            "{spinner} {msg}"
        };
        self.draw(done, total, words, template);
    }

    /// Whether anybody will see it.
    pub fn is_looked_at(&self) -> bool {
        self.due.is_some()
    }

    fn draw(&self, done: u64, total: u64, message: String, template: &str) {
        if self.due.is_none_or(|due| Instant::now() < due) {
            return;
        }
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        if total > 0 {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        self.bar.set_message(message);
    }

    /// One that is updated and never drawn.
    #[cfg(test)]
    pub(crate) fn hidden() -> Self {
        Self::after(Duration::from_hours(1), true)
    }

    /// Takes the line away.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(patience: Duration, visible: bool) -> bool {
        let mut progress = Progress::after(patience, visible);
        progress.update(1, 2, "rows".to_owned());
        progress.share(2, 0, "2 rows".to_owned());
        progress.bar.position() == 2
    }

    #[test]
    fn it_appears_after_its_patience_and_only_where_somebody_looks() {
        assert!(shown(Duration::ZERO, true));
        assert!(!shown(Duration::from_hours(1), true));
        assert!(!shown(Duration::ZERO, false));
    }

    #[test]
    fn quiet_is_quiet_even_at_a_terminal() {
        assert_eq!(Progress::new(true).due, None);
    }
}
