//! A step that satisfies the strong Wolfe conditions.

use crate::minimize::SolveError;
use crate::objective::Objective;
use crate::tolerance::{ARMIJO, BRACKET_EDGE, MAX_TRIALS, STEP_GROWTH, WOLFE};

/// A point along a direction.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    /// The step's length, in lengths of the direction.
    pub(crate) length: f64,
    pub(crate) theta: Vec<f64>,
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
    /// The derivative along the direction.
    slope: f64,
}

impl Trial {
    /// The start of a search.
    pub(crate) fn start(theta: &[f64], value: f64, gradient: &[f64], direction: &[f64]) -> Self {
        Self {
            length: 0.0,
            theta: theta.to_vec(),
            value,
            gradient: gradient.to_vec(),
            slope: inner(gradient, direction),
        }
    }

    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.slope.is_finite()
    }
}

/// `Σ aᵢbᵢ`.
pub(crate) fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Looks for a step of the strong Wolfe conditions,
///
/// ```text
/// f(θ + ah) ≤ f(θ) + c₁ a g·h      and      |∇f(θ + ah)·h| ≤ c₂ |g·h| ,
/// ```
///
/// with `c₁` [`ARMIJO`] and `c₂` [`WOLFE`], starting from the length `first`.
///
/// 1. *Bracket*: lengthen the step until the objective rises, or its slope does.
/// 2. *Zoom*: within the bracket try the minimum of the cubic through both ends, kept away from them.
///
/// Where differences of the objective are below its rounding, Armijo's condition is judged by the slope,
/// as Hager and Zhang do: for a parabola `f(θ + ah) ≤ f(θ) + c₁ a g·h` is `slope ≤ (2c₁ − 1) g·h`.
///
/// Returns the best trial that lowers the objective where none satisfies both conditions, and none where
/// there is none.
///
/// # References
/// Nocedal and Wright (2006), algorithms 3.5 and 3.6; Hager and Zhang (2005), §4.
pub(crate) fn strong_wolfe(
    objective: &dyn Objective,
    start: &Trial,
    direction: &[f64],
    first: f64,
) -> Result<Option<Trial>, SolveError> {
    let noise = objective.rounding() * start.value.abs();
    let falls = |trial: &Trial| {
        let exact = trial.value <= start.value + ARMIJO * trial.length * start.slope;
        let approximate = (trial.value - start.value).abs() <= noise
            && trial.slope <= (2.0 * ARMIJO - 1.0) * start.slope;
        exact || approximate
    };
    let flat = |trial: &Trial| trial.slope.abs() <= -WOLFE * start.slope;
    // `low` is the best end of the bracket, and the objective falls from it towards `high`.
    let mut low = start.clone();
    let mut high: Option<Trial> = None;
    let mut length = first;
    for _ in 0..MAX_TRIALS {
        let trial = evaluate(objective, start, direction, length)?;
        let rises = !trial.is_finite()
            || !falls(&trial)
            || low.length > 0.0 && trial.value > low.value + noise;
        if rises {
            high = Some(trial);
        } else if flat(&trial) {
            return Ok(Some(trial));
        } else {
            // the minimum is on the side to which the objective falls
            let towards = high.as_ref().map_or(1.0, |high| high.length - low.length);
            if trial.slope * towards >= 0.0 {
                high = Some(std::mem::replace(&mut low, trial));
            } else {
                low = trial;
            }
        }
        length = match &high {
            None => STEP_GROWTH * low.length,
            Some(high) => {
                let edge = BRACKET_EDGE * (high.length - low.length);
                let (a, b) = (low.length + edge, high.length - edge);
                cubic(&low, high).clamp(a.min(b), a.max(b))
            }
        };
        if length.to_bits() == low.length.to_bits() {
            break;
        }
    }
    Ok((low.length > 0.0 && low.value < start.value).then_some(low))
}

fn evaluate(
    objective: &dyn Objective,
    start: &Trial,
    direction: &[f64],
    length: f64,
) -> Result<Trial, SolveError> {
    let pairs = start.theta.iter().zip(direction);
    let theta: Vec<f64> = pairs.map(|(t, h)| t + length * h).collect();
    let mut gradient = vec![0.0; theta.len()];
    let value = objective.gradient(&theta, &mut gradient)?;
    let slope = inner(&gradient, direction);
    Ok(Trial {
        length,
        theta,
        value,
        gradient,
        slope,
    })
}

/// The minimum of the cubic with the values and slopes of two trials (Nocedal and Wright 2006, equation
/// 3.59); half way where there is none.
fn cubic(low: &Trial, high: &Trial) -> f64 {
    let width = high.length - low.length;
    let first = low.slope + high.slope - 3.0 * (high.value - low.value) / width;
    let second = (first * first - low.slope * high.slope)
        .sqrt()
        .copysign(width);
    let share = (high.slope + second - first) / (high.slope - low.slope + 2.0 * second);
    let length = high.length - width * share;
    if length.is_finite() {
        length
    } else {
        low.length + 0.5 * width
    }
}

#[cfg(test)]
mod tests {
    use faer::Mat;

    use super::*;
    use crate::objective::ObjectiveError;

    /// A function of one parameter with its derivative.
    struct Curve(fn(f64) -> (f64, f64));

    impl Objective for Curve {
        fn dimension(&self) -> usize {
            1
        }
        fn value(&self, theta: &[f64]) -> Result<f64, ObjectiveError> {
            Ok((self.0)(theta[0]).0)
        }
        fn gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
            let (value, slope) = (self.0)(theta[0]);
            gradient[0] = slope;
            Ok(value)
        }
        fn curvature(
            &self,
            theta: &[f64],
            gradient: &mut [f64],
            _: &mut Mat<f64>,
        ) -> Result<f64, ObjectiveError> {
            self.gradient(theta, gradient)
        }
    }

    fn search(curve: &Curve, at: f64, first: f64) -> Option<Trial> {
        let (value, slope) = (curve.0)(at);
        let direction = [-slope.signum()];
        let start = Trial::start(&[at], value, &[slope], &direction);
        let found = strong_wolfe(curve, &start, &direction, first).unwrap();
        if let Some(trial) = &found {
            assert!(trial.value <= start.value + ARMIJO * trial.length * start.slope);
            assert!(trial.slope.abs() <= WOLFE * start.slope.abs());
        }
        found
    }

    #[test]
    fn both_conditions_hold_from_any_first_length() {
        let curves = [
            Curve(|x| (x * x, 2.0 * x)),
            Curve(|x| (x.exp() + (-x).exp(), x.exp() - (-x).exp())),
            // Moré and Thuente (1994), function 1, mirrored to start from the left
            Curve(|x| (-x / (x * x + 2.0), (x * x - 2.0) / (x * x + 2.0).powi(2))),
        ];
        for (curve, at) in curves.iter().zip([-3.0, 5.0, 0.0]) {
            for first in [1e-6, 1e-2, 1.0, 30.0, 1e3] {
                assert!(search(curve, at, first).is_some(), "{at} {first}");
            }
        }
    }

    #[test]
    fn infinity_is_a_rise_and_a_fall_without_end_has_no_step() {
        let wall = Curve(|x| {
            if x < 1.0 {
                (-x, -1.0)
            } else {
                (f64::NAN, f64::NAN)
            }
        });
        let start = Trial::start(&[0.0], 0.0, &[-1.0], &[1.0]);
        let found = strong_wolfe(&wall, &start, &[1.0], 8.0).unwrap().unwrap();
        assert!(found.value < 0.0 && found.theta[0] < 1.0);
        // rises at once, although its gradient says otherwise
        let liar = Curve(|x| (x, -1.0));
        assert!(strong_wolfe(&liar, &start, &[1.0], 1.0).unwrap().is_none());
    }
}
