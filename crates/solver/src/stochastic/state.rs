//! Everything that a run remembers: kept whole, it goes on to the same bits.

use serde::{Deserialize, Serialize};

use super::{Moments, Settings};

/// The state of a run between two batches.
///
/// Together with the settings and the rows it says all that comes after: shuffles follow from the
/// seed and the epoch alone, so that the position among the batches is all there is to keep of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The parameters, in the solvers' flat order.
    pub theta: Vec<f64>,
    /// What the rule remembers.
    pub moments: Moments,
    /// Epochs made.
    pub epoch: usize,
    /// Batches seen of the next one.
    pub batch: usize,
    /// The sum of the losses of those batches, each times its rows.
    pub loss: f64,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// Gradients of batches that wait for their step, added up, and how many.
    pub waiting: Option<(Vec<f64>, usize)>,
    /// What the plateau has seen.
    pub plateau: Plateau,
    /// What early stopping has seen.
    pub stopping: Option<Best>,
    /// The mean of the parameters over the last epochs, and over how many steps.
    pub average: Option<(Vec<f64>, u64)>,
    /// What the run would have answered after its last whole epoch.
    pub measured: Vec<f64>,
}

/// How the rate was reduced by a plateau.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// The share of the rate that is left.
    pub share: f64,
    /// The lowest loss so far; none before the first epoch.
    pub lowest: Option<f64>,
    /// Epochs since.
    pub waited: usize,
}

/// The best epoch so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// What was watched, lower is better.
    pub value: f64,
    /// The epoch, from 1.
    pub epoch: usize,
    /// Its parameters.
    pub theta: Vec<f64>,
    /// The value that the next improvement is measured from, and its epoch: an improvement that is too
    /// small to count is kept, but does not prolong the run.
    pub counted: (f64, usize),
}

impl State {
    /// The state before the first batch.
    pub fn new(theta: Vec<f64>) -> Self {
        Self {
            measured: theta.clone(),
            theta,
            moments: Moments::default(),
            epoch: 0,
            batch: 0,
            loss: 0.0,
            learning_rate: 0.0,
            waiting: None,
            plateau: Plateau {
                share: 1.0,
                lowest: None,
                waited: 0,
            },
            stopping: None,
            average: None,
        }
    }

    /// What the run would answer now: the average where there is one.
    pub fn answer(&self) -> &[f64] {
        self.average.as_ref().map_or(&self.theta, |(mean, _)| mean)
    }

    /// Whether early stopping has ended the run.
    pub(super) fn has_stopped(&self, settings: &Settings) -> bool {
        let best = settings.stopping.zip(self.stopping.as_ref());
        best.is_some_and(|(stopping, best)| self.epoch - best.counted.1 >= stopping.patience)
    }

    /// Takes the parameters into the average.
    pub(super) fn add_to_average(&mut self) {
        let (mean, count) = self
            .average
            .get_or_insert_with(|| (vec![0.0; self.theta.len()], 0));
        *count += 1;
        for (mean, value) in mean.iter_mut().zip(&self.theta) {
            *mean += (value - *mean) / *count as f64;
        }
    }
}

impl Plateau {
    /// Looks at the loss of an epoch, and reduces the rate after `patience` epochs without a lower one.
    pub(super) fn look(&mut self, loss: f64, patience: usize, factor: f64, floor: f64) {
        if self.lowest.is_none_or(|lowest| loss < lowest) {
            self.lowest = Some(loss);
            self.waited = 0;
            return;
        }
        self.waited += 1;
        if self.waited >= patience {
            self.share = (self.share * factor).max(floor);
            self.waited = 0;
        }
    }
}

impl Best {
    /// Looks at an epoch.
    pub(super) fn look(
        best: &mut Option<Self>,
        value: f64,
        epoch: usize,
        theta: &[f64],
        change: f64,
    ) {
        let Some(best) = best else {
            *best = Some(Self {
                value,
                epoch,
                theta: theta.to_vec(),
                counted: (value, epoch),
            });
            return;
        };
        if value < best.value {
            best.value = value;
            best.epoch = epoch;
            best.theta = theta.to_vec();
        }
        if value < best.counted.0 - change {
            best.counted = (value, epoch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Rule, Stopping};
    use super::*;

    #[test]
    fn a_plateau_reduces_after_its_patience_and_not_below_the_floor() {
        let mut plateau = State::new(Vec::new()).plateau;
        let shares: Vec<f64> = [3.0, 2.0, 2.0, 2.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
            .map(|loss| {
                plateau.look(loss, 2, 0.25, 0.1);
                plateau.share
            })
            .to_vec();
        assert_eq!(
            shares,
            [1.0, 1.0, 1.0, 0.25, 0.25, 0.25, 0.1, 0.1, 0.1, 0.1, 0.1]
        );
    }

    #[test]
    fn stopping_waits_for_a_change_that_counts_and_keeps_the_best() {
        let settings = Settings {
            stopping: Some(Stopping {
                patience: 3,
                change: 0.5,
            }),
            ..Settings::new(Rule::Sgd, 0.1)
        };
        let mut state = State::new(vec![0.0]);
        let over = [5.0, 4.0, 3.95, 3.9, 3.99].map(|value| {
            state.epoch += 1;
            Best::look(&mut state.stopping, value, state.epoch, &[value], 0.5);
            state.has_stopped(&settings)
        });
        assert_eq!(over, [false, false, false, false, true]);
        let best = state.stopping.unwrap();
        assert_eq!(
            (best.epoch, best.theta, best.counted),
            (4, vec![3.9], (4.0, 2))
        );
    }

    #[test]
    fn the_average_is_the_mean_of_the_steps() {
        let mut state = State::new(vec![1.0]);
        for value in [1.0, 2.0, 6.0] {
            state.theta[0] = value;
            state.add_to_average();
        }
        assert!((state.answer()[0] - 3.0).abs() < 1e-15);
    }
}
