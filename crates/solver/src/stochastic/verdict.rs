//! What a curve of losses says about its learning rate.

use serde::{Deserialize, Serialize};

/// The share of the way to the optimum that is left when a run has arrived.
pub const ARRIVED: f64 = 1e-3;

/// An increase that counts, relative to the distance from the optimum at the start: more than rounding.
const RISE: f64 = 1e-9;

/// Epochs beyond which an estimate says no more than "too many".
const FOREVER: f64 = 1e6;

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// It goes down, and would arrive after about so many epochs; none where that is beyond a million.
    TooSlow {
        /// Epochs from the start.
        epochs: Option<f64>,
    },
    /// It has arrived, and stays.
    Good {
        /// The first epoch from which it stays.
        epochs: usize,
    },
    /// It goes up and down without arriving.
    Oscillates,
    /// It ends above its start, or not at a number.
    Diverges,
}

/// Judges the objective after each epoch, from the start on, against the optimum's.
///
/// With `e` the distance from the optimum relative to that of the start:
///
/// - *diverges*: a value is not finite, or the last `e` is above 1
/// - *good*: `e ≤ 10⁻³` from some epoch on
/// - *oscillates*: in the later half of its epochs `e` doubled in one, or the objective rose in at least a
///   quarter of them, or it gained less than a tenth in all while it rose at least once
/// - *too slow* otherwise: `e` shrinks by a steady share an epoch in the later half, from which the
///   epochs to `10⁻³` follow
///
/// # Examples
/// ```
/// use solver::stochastic::verdict::{Verdict, judge};
///
/// let halving: Vec<f64> = (0..=20).map(|k| 2.0 + 0.5_f64.powi(k)).collect();
/// assert_eq!(judge(&halving, 2.0), Verdict::Good { epochs: 10 });
/// assert_eq!(judge(&[1.0, 4.0, 16.0], 0.0), Verdict::Diverges);
/// assert_eq!(judge(&[1.0, 0.5, 0.6, 0.5, 0.6], 0.0), Verdict::Oscillates);
/// // a hundredth an epoch: log(10⁻³) / log(0.99) epochs
/// let crawling: Vec<f64> = (0..=20).map(|k| 0.99_f64.powi(k)).collect();
/// let Verdict::TooSlow { epochs: Some(epochs) } = judge(&crawling, 0.0) else { panic!() };
/// assert_eq!(epochs.round(), 687.0);
/// ```
pub fn judge(objectives: &[f64], optimum: f64) -> Verdict {
    let start = objectives.first().map_or(f64::NAN, |first| first - optimum);
    let distances: Vec<f64> = (objectives.iter())
        .map(|value| (value - optimum) / start)
        .collect();
    let Some((&last, _)) = distances.split_last() else {
        return Verdict::Diverges;
    };
    if start <= 0.0 {
        return Verdict::Good { epochs: 0 };
    }
    if !distances.iter().all(|e| e.is_finite()) || last > 1.0 {
        return Verdict::Diverges;
    }
    if last <= ARRIVED {
        let outside = distances.iter().rposition(|&e| e > ARRIVED);
        return Verdict::Good {
            epochs: outside.map_or(0, |at| at + 1),
        };
    }
    let half = (distances.len() - 1) / 2;
    let later = &distances[half..];
    let steps = later.len() - 1;
    let rises = later.windows(2).filter(|e| e[1] > e[0] + RISE).count();
    let leaps = later.windows(2).any(|e| e[1] > 2.0 * e[0]);
    if leaps || rises > 0 && (4 * rises >= steps || last > 0.9 * later[0]) {
        return Verdict::Oscillates;
    }
    let shrinks = (last.ln() - later[0].ln()) / steps.max(1) as f64;
    let epochs = (distances.len() - 1) as f64 + (ARRIVED / last).ln() / shrinks;
    Verdict::TooSlow {
        epochs: (epochs.is_finite() && shrinks < 0.0 && epochs < FOREVER).then_some(epochs),
    }
}

impl Verdict {
    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooSlow { .. } => "too slow",
            Self::Good { .. } => "good",
            Self::Oscillates => "oscillates",
            Self::Diverges => "diverges",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `½λθ²` by descent from 1: the distance is multiplied by `(1 - ηλ)²` a step.
    fn parabola(product: f64, steps: i32) -> Vec<f64> {
        (0..=steps)
            .map(|k| 0.5 * (1.0 - product).powi(2 * k))
            .collect()
    }

    #[test]
    fn a_parabola_has_the_verdict_of_its_rate() {
        // rate times curvature: 2 is the limit
        assert_eq!(judge(&parabola(2.4, 30), 0.0), Verdict::Diverges);
        assert_eq!(judge(&parabola(1.0, 30), 0.0), Verdict::Good { epochs: 1 });
        // 0.5^(2k) ≤ 1e-3 from k = 5 on
        assert_eq!(judge(&parabola(0.5, 30), 0.0), Verdict::Good { epochs: 5 });
        let Verdict::TooSlow {
            epochs: Some(epochs),
        } = judge(&parabola(0.01, 30), 0.0)
        else {
            panic!("a hundredth is slow");
        };
        assert!((epochs - 1e-3_f64.ln() / (2.0 * 0.99_f64.ln())).abs() < 1e-6);
    }

    #[test]
    fn a_flat_curve_takes_forever_and_nan_diverges() {
        assert_eq!(
            judge(&[1.0, 1.0, 1.0], 0.0),
            Verdict::TooSlow { epochs: None }
        );
        assert_eq!(judge(&[1.0, 0.5, f64::NAN], 0.0), Verdict::Diverges);
        assert_eq!(judge(&[1.0, 0.5, f64::INFINITY], 0.0), Verdict::Diverges);
        assert_eq!(judge(&[], 0.0), Verdict::Diverges);
        assert_eq!(judge(&[1.0, 1.0], 1.0), Verdict::Good { epochs: 0 });
    }

    #[test]
    fn a_leap_is_no_progress() {
        let mut wild: Vec<f64> = (0..40).map(|k| 0.95_f64.powi(k)).collect();
        wild[30] = 9.0;
        assert_eq!(judge(&wild, 0.0), Verdict::Oscillates);
    }

    #[test]
    fn noise_above_the_target_oscillates() {
        let noisy: Vec<f64> = (0..20)
            .map(|k| 0.02 + 0.01 * f64::from(k * 7 % 5) + 0.5_f64.powi(k))
            .collect();
        assert_eq!(judge(&noisy, 0.0), Verdict::Oscillates);
    }
}
