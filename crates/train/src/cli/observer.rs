//! What a command shows while it works: a line while it reads, what was recognised, a line for its steps.

use dataset::Input;
use terminal::{Progress, Watch};

use super::args::Format;
use super::configuration::{Source, tell_notices};
use crate::fit::Event;

/// Shows the events of a fit, on standard error.
pub(super) struct Observer {
    watch: Option<Watch>,
    progress: Progress,
    told: bool,
}

impl Observer {
    /// For results in this format; with the table's bytes, which are counted as they are read.
    pub(super) fn new(source: &Source, format: Format, quiet: bool) -> (Input, Self) {
        let (input, watch) = source.watched(quiet);
        let observer = Self {
            watch: Some(watch),
            progress: Progress::new(quiet),
            told: format == Format::Text && !quiet,
        };
        (input, observer)
    }

    /// The same, but for what was recognised in the table.
    pub(super) fn without_notices(self) -> Self {
        Self {
            told: false,
            ..self
        }
    }

    /// Shows an event.
    pub(super) fn observe(&mut self, event: &Event<'_>) {
        let mut counted = |(done, total): (usize, usize), what: &str| {
            let what = what.to_owned();
            self.progress.update(done as u64, total as u64, what);
        };
        match *event {
            Event::Read(_) => drop(self.watch.take()),
            Event::Notices(notices) => tell_notices(notices, self.told),
            Event::Iteration(record) => {
                let (objective, gradient) = (record.objective, record.gradient_max);
                let what = format!("iterations, objective {objective:.6}, gradient {gradient:.1e}");
                counted((record.iteration, 0), &what);
            }
            Event::Epoch(epoch, total) => {
                let validation = epoch.measured.validation_loss;
                let validation =
                    validation.map_or_else(String::new, |loss| format!(", validation {loss:.4}"));
                let objective = epoch.measured.objective;
                let what = format!("epochs, objective {objective:.5}{validation}");
                counted((epoch.epoch, total), &what);
            }
            Event::Line(done, total) => counted((done, total), "lines measured"),
            Event::Rate(done, total) => counted((done, total), "rates tried"),
            Event::Fold(done, total) => counted((done, total), "folds fitted"),
        }
    }

    /// Clears the line.
    pub(super) fn finish(self) {
        self.progress.finish();
    }
}
