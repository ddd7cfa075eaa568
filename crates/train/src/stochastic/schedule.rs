//! Learning-rate schedules.
//!
//! Each is a pure function of the step, so that a resumed run needs no state of it. (Burn's own
//! schedulers refuse rates above 1, which full-batch descent on standardised columns often
//! wants, and its cosine climbs again after its last step.)

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::method::{UnknownName, named};

/// How the learning rate changes over a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Schedule {
    /// It does not.
    Constant,
    /// Half as much after each third of the run.
    Step,
    /// By the same factor every step, down to a hundredth.
    Exponential,
    /// Half a cosine, from the full rate down to 0.
    Cosine,
    /// A straight line down to 0.
    Linear,
}

named!(Schedule, "schedule", {
    Constant => "constant", Step => "step", Exponential => "exponential", Cosine => "cosine",
    Linear => "linear",
});

impl Schedule {
    /// The learning rate of a step, counted from 0, in a run of `steps`.
    ///
    /// # Examples
    /// ```
    /// use train::stochastic::Schedule;
    ///
    /// assert_eq!(Schedule::Cosine.rate(0.4, 0, 100), 0.4);
    /// assert!((Schedule::Cosine.rate(0.4, 50, 100) - 0.2).abs() < 1e-15);
    /// assert_eq!(Schedule::Step.rate(0.4, 99, 100), 0.1);
    /// ```
    pub fn rate(self, initial: f64, step: u64, steps: u64) -> f64 {
        let progress = step as f64 / steps.max(1) as f64;
        match self {
            Self::Constant => initial,
            Self::Step => initial * 0.5_f64.powf((progress * 3.0).floor().min(2.0)),
            Self::Exponential => initial * 0.01_f64.powf(progress),
            Self::Cosine => initial * 0.5 * (1.0 + (PI * progress).cos()),
            Self::Linear => initial * (1.0 - progress),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_starts_at_the_initial_rate_and_never_climbs() {
        for &schedule in Schedule::ALL {
            let rates: Vec<f64> = (0..60).map(|step| schedule.rate(2.0, step, 60)).collect();
            assert!((rates[0] - 2.0).abs() < 1e-15, "{schedule}");
            assert!(
                rates.windows(2).all(|pair| pair[1] <= pair[0]),
                "{schedule}"
            );
            assert!(rates.iter().all(|rate| *rate > 0.0), "{schedule}");
        }
    }

    #[test]
    fn step_halves_twice() {
        let rates: Vec<f64> = (0..9)
            .map(|step| Schedule::Step.rate(1.0, step, 9))
            .collect();
        assert_eq!(rates, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
    }
}
