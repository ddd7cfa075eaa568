//! Learning-rate schedules.
//!
//! Each is a pure function of the step, but for the plateau, which remembers what it saw. (Burn's own
//! schedulers refuse rates above 1, which full-batch descent on standardised columns often wants, and
//! its cosine climbs again after its last step.)

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::SettingError;

/// How the learning rate changes over a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Schedule {
    /// It does not.
    Constant,
    /// Less by a factor after each period.
    Step,
    /// By the same factor every step, down to the floor.
    Exponential,
    /// Half a cosine, from the full rate down to the floor.
    Cosine,
    /// The same in each period, from the full rate again (Loshchilov, Hutter 2017).
    CosineRestarts,
    /// A straight line down to the floor.
    Linear,
    /// Less by a factor whenever the loss has not improved for some epochs.
    Plateau,
}

impl Schedule {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Constant,
        Self::Step,
        Self::Exponential,
        Self::Cosine,
        Self::CosineRestarts,
        Self::Linear,
        Self::Plateau,
    ];

    /// The name that people type, and that files have.
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Step => "step",
            Self::Exponential => "exponential",
            Self::Cosine => "cosine",
            Self::CosineRestarts => "cosine-restarts",
            Self::Linear => "linear",
            Self::Plateau => "plateau",
        }
    }
}

/// A schedule with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pace {
    /// How the rate changes.
    pub schedule: Schedule,
    /// Epochs in which the rate climbs from nothing, in a straight line; the schedule has the rest.
    pub warmup: usize,
    /// Epochs of a period of `step` and `cosine-restarts`; none for a third of the run.
    pub period: Option<usize>,
    /// How much longer each period of `cosine-restarts` is than the one before.
    pub period_growth: f64,
    /// What `step` and `plateau` multiply the rate with.
    pub decay_factor: f64,
    /// The least share of the initial rate; none for 0.01 of `exponential` and 0 of the others.
    pub floor: Option<f64>,
    /// Epochs without improvement that `plateau` waits.
    pub plateau_patience: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            schedule: Schedule::Constant,
            warmup: 0,
            period: None,
            period_growth: 1.0,
            decay_factor: 0.5,
            floor: None,
            plateau_patience: 5,
        }
    }
}

/// Where a run is: what a schedule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The step, from 0.
    pub step: u64,
    /// Steps of an epoch.
    pub per_epoch: u64,
    /// Epochs of the run.
    pub epochs: u64,
}

/// Periods of a run where none are named.
const PERIODS: f64 = 3.0;

impl Pace {
    /// The share of the initial learning rate at a step.
    ///
    /// # Examples
    /// ```
    /// use solver::stochastic::{Pace, Position, Schedule};
    ///
    /// let pace = Pace { schedule: Schedule::Cosine, warmup: 1, ..Pace::default() };
    /// let share = |step| pace.share(Position { step, per_epoch: 10, epochs: 5 });
    /// assert_eq!([share(0), share(9), share(10)], [0.1, 1.0, 1.0]);
    /// assert!((share(30) - 0.5).abs() < 1e-15);
    /// ```
    pub fn share(&self, at: Position) -> f64 {
        let warmup = self.warmup as u64 * at.per_epoch;
        if at.step < warmup {
            return (at.step + 1) as f64 / warmup as f64;
        }
        let steps = (at.epochs * at.per_epoch).saturating_sub(warmup).max(1) as f64;
        let step = (at.step - warmup) as f64;
        let progress = (step / steps).min(1.0);
        let period = (self.period).map_or(steps / PERIODS, |epochs| {
            (epochs as u64 * at.per_epoch) as f64
        });
        let floor = self.floor();
        let above = |share: f64| floor + (1.0 - floor) * share;
        match self.schedule {
            Schedule::Constant | Schedule::Plateau => 1.0,
            Schedule::Step => {
                let mut periods = (step / period).floor();
                if self.period.is_none() {
                    periods = periods.min(PERIODS - 1.0);
                }
                self.decay_factor.powf(periods).max(floor)
            }
            Schedule::Exponential => floor.powf(progress),
            Schedule::Cosine => above(0.5 * (1.0 + (PI * progress).cos())),
            Schedule::CosineRestarts => {
                let (mut start, mut length) = (0.0, period.max(1.0));
                while step >= start + length {
                    start += length;
                    length *= self.period_growth;
                }
                above(0.5 * (1.0 + (PI * (step - start) / length).cos()))
            }
            Schedule::Linear => above(1.0 - progress),
        }
    }

    /// The least share of the initial rate.
    pub fn floor(&self) -> f64 {
        let usual = if self.schedule == Schedule::Exponential {
            0.01
        } else {
            0.0
        };
        self.floor.unwrap_or(usual)
    }

    /// Refuses settings that make no sense in a run of `epochs`.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn check(&self, epochs: usize) -> Result<(), SettingError> {
        let refuse = |setting, value: String, reason, remedy| {
            Err(SettingError {
                setting,
                value,
                reason,
                remedy,
            })
        };
        if self.warmup >= epochs && self.warmup > 0 {
            return refuse(
                "warmup",
                self.warmup.to_string(),
                "the warm-up must end before the run does",
                "fewer epochs of warm-up than --epochs, or more --epochs",
            );
        }
        if self.period == Some(0) {
            return refuse(
                "period",
                "0".to_owned(),
                "a period has at least 1 epoch",
                "--period 10, or leave it out for a third of the run",
            );
        }
        if !(self.period_growth.is_finite() && self.period_growth >= 1.0) {
            return refuse(
                "period-growth",
                self.period_growth.to_string(),
                "periods can stay as long as they are or grow: it must be at least 1",
                "--period-growth 2",
            );
        }
        if !(self.decay_factor > 0.0 && self.decay_factor < 1.0) {
            return refuse(
                "decay-factor",
                self.decay_factor.to_string(),
                "the rate is multiplied with it to become smaller: it must be between 0 and 1",
                "--decay-factor 0.5",
            );
        }
        let above_zero = self.schedule == Schedule::Exponential;
        if let Some(floor) = self.floor
            && !((0.0..=1.0).contains(&floor) && (floor > 0.0 || !above_zero))
        {
            return refuse(
                "floor",
                floor.to_string(),
                "it is the least share of the learning rate: from 0 to 1, and above 0 for the \
                 exponential schedule",
                "--floor 0.01",
            );
        }
        if self.schedule == Schedule::Plateau && self.plateau_patience == 0 {
            return refuse(
                "plateau-patience",
                "0".to_owned(),
                "the plateau has to last at least 1 epoch",
                "--plateau-patience 5",
            );
        }
        self.check_use()
    }

    /// Refuses settings that the schedule has no use for.
    fn check_use(&self) -> Result<(), SettingError> {
        use Schedule::{Constant, CosineRestarts, Plateau, Step};
        let usual = Self::default();
        let is = |one: f64, other: f64| one.to_bits() == other.to_bits();
        let periods = matches!(self.schedule, Step | CosineRestarts);
        let factors = matches!(self.schedule, Step | Plateau);
        let waits = self.schedule == Plateau;
        let unused = if let (Some(period), false) = (self.period, periods) {
            Some(("period", period.to_string(), "--schedule step"))
        } else if !is(self.period_growth, usual.period_growth) && self.schedule != CosineRestarts {
            let value = self.period_growth.to_string();
            Some(("period-growth", value, "--schedule cosine-restarts"))
        } else if !is(self.decay_factor, usual.decay_factor) && !factors {
            Some((
                "decay-factor",
                self.decay_factor.to_string(),
                "--schedule step",
            ))
        } else if let (Some(floor), Constant) = (self.floor, self.schedule) {
            Some(("floor", floor.to_string(), "--schedule cosine"))
        } else if self.plateau_patience != usual.plateau_patience && !waits {
            let value = self.plateau_patience.to_string();
            Some(("plateau-patience", value, "--schedule plateau"))
        } else {
            None
        };
        match unused {
            None => Ok(()),
            Some((setting, value, remedy)) => Err(SettingError {
                setting,
                value,
                reason: "the schedule has no use for it",
                remedy,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(pace: Pace, per_epoch: u64, epochs: u64) -> Vec<f64> {
        let at = |step| Position {
            step,
            per_epoch,
            epochs,
        };
        (0..per_epoch * epochs)
            .map(|step| pace.share(at(step)))
            .collect()
    }

    fn of(schedule: Schedule) -> Pace {
        Pace {
            schedule,
            ..Pace::default()
        }
    }

    #[test]
    fn every_schedule_starts_at_the_full_rate_and_climbs_only_to_start_again() {
        for schedule in Schedule::ALL {
            let written = serde_json::to_string(&schedule).unwrap();
            assert_eq!(written, format!("{:?}", schedule.name()));
            let shares = shares(of(schedule), 10, 6);
            assert!((shares[0] - 1.0).abs() < 1e-15, "{schedule:?}");
            assert!(shares.iter().all(|share| *share > 0.0), "{schedule:?}");
            let climbs = shares.windows(2).filter(|pair| pair[1] > pair[0]).count();
            let expected = if schedule == Schedule::CosineRestarts {
                2
            } else {
                0
            };
            assert_eq!(climbs, expected, "{schedule:?}");
        }
    }

    #[test]
    fn step_halves_twice_or_by_its_period() {
        let thirds = [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25];
        assert_eq!(shares(of(Schedule::Step), 1, 9), thirds);
        let pace = Pace {
            period: Some(2),
            decay_factor: 0.1,
            floor: Some(0.05),
            ..of(Schedule::Step)
        };
        assert_eq!(shares(pace, 1, 5), [1.0, 1.0, 0.1, 0.1, 0.05]);
    }

    #[test]
    fn restarts_begin_anew_and_grow() {
        let pace = Pace {
            period: Some(1),
            period_growth: 2.0,
            ..of(Schedule::CosineRestarts)
        };
        let shares = shares(pace, 4, 7);
        for full in [0, 4, 12] {
            assert!((shares[full] - 1.0).abs() < 1e-15);
        }
        for half in [2, 8, 20] {
            assert!((shares[half] - 0.5).abs() < 1e-15);
        }
    }

    #[test]
    fn warmup_climbs_and_leaves_the_rest_to_the_schedule() {
        let pace = Pace {
            warmup: 2,
            ..of(Schedule::Linear)
        };
        assert_eq!(
            shares(pace, 2, 4),
            [0.25, 0.5, 0.75, 1.0, 1.0, 0.75, 0.5, 0.25]
        );
    }

    #[test]
    fn the_floor_is_where_the_run_ends() {
        for schedule in [Schedule::Cosine, Schedule::Linear, Schedule::Exponential] {
            let pace = Pace {
                floor: Some(0.2),
                ..of(schedule)
            };
            let last = *shares(pace, 1000, 1).last().unwrap();
            assert!((0.2..0.202).contains(&last), "{schedule:?}: {last}");
        }
    }

    #[test]
    fn settings_without_sense_are_refused_by_name() {
        let wrong = [
            (
                Pace {
                    warmup: 5,
                    ..Pace::default()
                },
                "warmup 5",
            ),
            (
                Pace {
                    period: Some(0),
                    ..Pace::default()
                },
                "period 0",
            ),
            (
                Pace {
                    period_growth: 0.5,
                    ..Pace::default()
                },
                "period-growth 0.5",
            ),
            (
                Pace {
                    decay_factor: 1.0,
                    ..Pace::default()
                },
                "decay-factor 1",
            ),
            (
                Pace {
                    decay_factor: f64::NAN,
                    ..Pace::default()
                },
                "decay-factor NaN",
            ),
            (
                Pace {
                    floor: Some(-0.1),
                    ..Pace::default()
                },
                "floor -0.1",
            ),
            (
                Pace {
                    floor: Some(0.0),
                    ..of(Schedule::Exponential)
                },
                "floor 0",
            ),
            (
                Pace {
                    plateau_patience: 0,
                    ..of(Schedule::Plateau)
                },
                "plateau-patience 0",
            ),
        ];
        for (pace, named) in wrong {
            let error = pace.check(5).unwrap_err();
            assert!(error.to_string().starts_with(named), "{error}");
            assert!(error.remedy.contains("--"), "{error}");
        }
        assert!(Pace::default().check(1).is_ok());
        for schedule in Schedule::ALL {
            assert!(of(schedule).check(1).is_ok(), "{schedule:?}");
        }
        let unused = [
            Pace {
                period: Some(3),
                ..of(Schedule::Cosine)
            },
            Pace {
                period_growth: 2.0,
                ..of(Schedule::Step)
            },
            Pace {
                decay_factor: 0.1,
                ..of(Schedule::Linear)
            },
            Pace {
                floor: Some(0.1),
                ..Pace::default()
            },
            Pace {
                plateau_patience: 3,
                ..of(Schedule::Step)
            },
        ];
        for pace in unused {
            let error = pace.check(5).unwrap_err();
            assert!(error.to_string().contains("has no use for it"), "{error}");
        }
    }
}
