//! A line of progress on the terminal, for work over a second.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long work may take without a word.
const PATIENCE: Duration = Duration::from_secs(1);

/// Progress that stays silent for a second, when told to be quiet, and away from a terminal.
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    visible: bool,
}

impl Progress {
    /// Progress on stderr, or none.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self {
            bar,
            started: Instant::now(),
            visible: !quiet && stderr().is_terminal(),
        }
    }

    /// Shows `done` of `total` (0: not known), and what is going on.
    pub fn update(&mut self, done: u64, total: u64, message: String) {
        if !self.visible || self.started.elapsed() < PATIENCE {
            return;
        }
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        let template = if total > 0 {
            "{wide_bar} {pos}/{len} {msg}, {eta} left"
        } else {
            "{spinner} {pos} {msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        if total > 0 {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        self.bar.set_message(message);
    }

    /// Takes the line away.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
