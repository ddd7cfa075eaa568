//! What ails a stochastic fit, and the learning rate that would cure it.

use solver::Status;
use solver::stochastic::verdict::{Verdict, judge};
use solver::stochastic::{Settings, Trained};
use terminal::number::{counted, significant};

use crate::stochastic::options::default_rate;

/// Times its epochs within which a run should have come near the optimum, not to be called slow.
const PATIENCE: f64 = 10.0;

/// Where a run came from and where it ended, over all rows.
pub(super) struct Course {
    /// The objective at the start.
    pub(super) start: f64,
    /// And at the end.
    pub(super) objective: f64,
    /// At the optimum, as far as the curvature at the end tells.
    pub(super) optimum: Option<f64>,
}

/// What ails a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Illness {
    /// It is no number any more after so many epochs.
    NotFinite(usize),
    /// It ended above its start.
    Worse,
    /// It goes up and down.
    Oscillates,
    /// It would need about so many epochs; none for more than a million.
    Crawls(Option<f64>),
}

impl Course {
    /// How the run ended: what is worse than no model at all has diverged.
    pub(super) fn status(&self, trained: &Trained) -> Status {
        let worse = !self.objective.is_finite() || self.objective > self.start;
        if trained.status == Status::Completed && worse {
            Status::Diverged
        } else {
            trained.status
        }
    }

    /// What ails it, if anything does.
    pub(super) fn illness(
        &self,
        trained: &Trained,
        status: Status,
        settings: &Settings,
    ) -> Option<Illness> {
        if trained.status == Status::Diverged {
            return Some(Illness::NotFinite(trained.state.epoch));
        }
        if status == Status::Diverged {
            return Some(Illness::Worse);
        }
        // A run that was stopped, early or by hand, is not to be judged by where it would have gone.
        if status != Status::Completed || trained.state.epoch < settings.epochs {
            return None;
        }
        let mut objectives = vec![self.start];
        objectives.extend(trained.history.iter().map(|line| line.measured.objective));
        match judge(&objectives, self.optimum?) {
            Verdict::Oscillates => Some(Illness::Oscillates),
            Verdict::TooSlow { epochs } => {
                let far = PATIENCE * settings.epochs as f64;
                (epochs.is_none_or(|epochs| epochs > far)).then_some(Illness::Crawls(epochs))
            }
            _ => None,
        }
    }
}

impl Illness {
    /// A sentence with the number to use instead; `safe` is the rate at which plain descent by such batches
    /// is sure to approach the optimum.
    pub(super) fn words(self, settings: &Settings, safe: f64) -> String {
        let rate = settings.learning_rate;
        let usual = default_rate(settings.rule, safe);
        let lower = usual.min(0.1 * rate);
        let take = |rate: f64| {
            format!(
                "take --learning-rate {} (train rates shows why)",
                significant(rate, 2)
            )
        };
        let written = significant(rate, 3);
        match self {
            Self::NotFinite(epoch) => format!(
                "the loss is no longer finite after epoch {epoch} at a learning rate of {written}: {}",
                take(lower)
            ),
            Self::Worse => format!(
                "at a learning rate of {written} the objective ended above its start: {}",
                take(lower)
            ),
            Self::Oscillates => format!(
                "at a learning rate of {written} the objective goes up and down: {}, or --schedule \
                 cosine",
                take(lower)
            ),
            Self::Crawls(epochs) => {
                let needed = epochs.map_or_else(
                    || "over a million epochs".to_owned(),
                    |epochs| format!("about {}", counted(rounded(epochs), "epoch")),
                );
                let cure = if usual > rate {
                    take(usual)
                } else {
                    "take --solver newton, or more --epochs".to_owned()
                };
                format!(
                    "at a learning rate of {written} it would take {needed} to come within a \
                     thousandth of the way: {cure}"
                )
            }
        }
    }
}

/// Two digits of a number of epochs.
fn rounded(epochs: f64) -> usize {
    let unit = 10_f64.powf((epochs.log10().floor() - 1.0).max(0.0));
    usize::try_from(((epochs / unit).round() * unit) as i64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use solver::stochastic::{Epoch, Measured, Rule, State};

    use super::*;

    /// A run of descent with these objectives after its epochs.
    fn run(objectives: &[f64], status: Status) -> (Trained, Settings) {
        let line = |(at, &objective): (usize, &f64)| Epoch {
            epoch: at + 1,
            learning_rate: 0.5,
            batch_loss: objective,
            measured: Measured {
                objective,
                gradient_max: 0.0,
                validation_loss: None,
                watched: None,
            },
        };
        let settings = Settings {
            epochs: objectives.len(),
            ..Settings::new(Rule::Sgd, 0.5)
        };
        let trained = Trained {
            theta: vec![0.0],
            status,
            history: objectives.iter().enumerate().map(line).collect(),
            best: None,
            state: State {
                epoch: objectives.len(),
                ..State::new(vec![0.0])
            },
        };
        (trained, settings)
    }

    fn illness(objectives: &[f64], status: Status, safe: f64) -> (Status, Option<String>) {
        let (trained, settings) = run(objectives, status);
        let course = Course {
            start: 1.0,
            objective: objectives.last().copied().unwrap_or(1.0),
            optimum: Some(0.0),
        };
        let status = course.status(&trained);
        let illness = course.illness(&trained, status, &settings);
        (
            status,
            illness.map(|illness| illness.words(&settings, safe)),
        )
    }

    #[test]
    fn a_run_that_arrives_or_is_on_its_way_is_well() {
        assert_eq!(
            illness(&[0.1, 1e-4, 1e-5], Status::Completed, 0.25),
            (Status::Completed, None)
        );
        assert_eq!(
            illness(&[0.7, 0.5, 0.3], Status::Completed, 0.25),
            (Status::Completed, None)
        );
        assert_eq!(
            illness(&[0.999, 0.999], Status::Interrupted, 0.25),
            (Status::Interrupted, None)
        );
    }

    #[test]
    fn every_illness_is_named_with_a_rate_to_take() {
        let cases = [
            (
                vec![0.9, 1.5],
                Status::Completed,
                Status::Diverged,
                "ended above its start",
                "0.05",
            ),
            (
                vec![5.0],
                Status::Diverged,
                Status::Diverged,
                "no longer finite after epoch 1",
                "0.05",
            ),
            (
                vec![0.5, 0.6, 0.5, 0.6, 0.5],
                Status::Completed,
                Status::Completed,
                "goes up and down",
                "0.05",
            ),
            (
                vec![0.9999, 0.9998, 0.9997],
                Status::Completed,
                Status::Completed,
                "about 69,000 epochs",
                "5.0",
            ),
        ];
        for (objectives, status, expected, what, rate) in cases {
            let safe = if what.contains("epochs") { 5.0 } else { 0.25 };
            let (status, words) = illness(&objectives, status, safe);
            let words = words.unwrap();
            assert_eq!(status, expected, "{words}");
            assert!(words.contains(what), "{words}");
            assert!(
                words.contains(&format!("--learning-rate {rate}")),
                "{words}"
            );
            assert!(words.contains("train rates"), "{words}");
        }
    }
}
