//! The textbook's comparisons: the gradient by hand, by tape and by differences; the log loss by its
//! formula and by one that cannot overflow.

use std::time::Instant;

use model::Parameters;
use model::device::{Backend, Choice, Precision, select_for};
use solver::{HostObjective, Objective, Problem, TargetValues};

use super::report::{Derivative, Formulation, Textbook};
use super::timing::time;
use crate::error::FitError;
use crate::measure;
use crate::method::Gradient;
use crate::objective::objective;
use crate::solve::largest;

/// Components of a gradient by differences: each costs two passes over the rows.
const DIFFERENCED: usize = 64;
/// Evaluations whose median is told; differences are timed once, as they are many.
const REPETITIONS: usize = 5;
/// Step of central differences, relative to a parameter or to one: the cube root of the unit roundoff
/// balances the third derivative's term against rounding.
const CENTRAL_STEP: f64 = 6e-6;
/// Step of forward differences: the square root of the unit roundoff.
const FORWARD_STEP: f64 = 1.5e-8;
/// What textbooks add to a probability before its logarithm.
const EPSILON: f64 = 1e-12;

/// Compares at `point`, and the formulas of the loss at `solution`, too.
pub(super) fn textbook(
    problem: &Problem<'_, f64>,
    point: &[f64],
    solution: &[f64],
) -> Result<Textbook, FitError> {
    Ok(Textbook {
        gradients: gradients(problem, point)?,
        formulations: formulations(problem, solution)?,
    })
}

fn gradients(problem: &Problem<'_, f64>, point: &[f64]) -> Result<Vec<Derivative>, FitError> {
    let host = HostObjective::new(*problem)?;
    let mut by_hand = vec![0.0; point.len()];
    let timing = time(Some(REPETITIONS), || {
        host.gradient(point, &mut by_hand).map(drop)
    })?;
    let mut found = vec![Derivative {
        method: "by hand".to_owned(),
        backend: "host".to_owned(),
        evaluations: 1,
        components: point.len(),
        seconds: timing.median_seconds,
        difference: 0.0,
    }];
    if let Some(choice) = cpu() {
        for (method, gradient) in [
            ("by hand", Gradient::Analytic),
            ("autodiff", Gradient::Autodiff),
        ] {
            found.push(on_device(
                problem, point, &by_hand, &choice, method, gradient,
            )?);
        }
    }
    for kind in [Difference::Forward, Difference::Central] {
        found.push(differences(&host, point, &by_hand, kind)?);
    }
    Ok(found)
}

/// A CPU backend of this build.
fn cpu() -> Option<Choice> {
    [Backend::Flex, Backend::Ndarray]
        .into_iter()
        .find_map(|backend| select_for(backend, Precision::F64).ok())
}

fn on_device(
    problem: &Problem<'_, f64>,
    point: &[f64],
    by_hand: &[f64],
    choice: &Choice,
    method: &str,
    gradient: Gradient,
) -> Result<Derivative, FitError> {
    let objective = objective(problem, gradient, &choice.device)?;
    let mut found = vec![0.0; point.len()];
    let timing = time(Some(REPETITIONS), || {
        objective.gradient(point, &mut found).map(drop)
    })?;
    let differences: Vec<f64> = found.iter().zip(by_hand).map(|(a, b)| a - b).collect();
    Ok(Derivative {
        method: method.to_owned(),
        backend: choice.backend.to_string(),
        evaluations: 1,
        components: point.len(),
        seconds: timing.median_seconds,
        difference: largest(&differences),
    })
}

/// The components to compute: all, or some spread evenly.
fn components(parameters: usize) -> Vec<usize> {
    let count = parameters.min(DIFFERENCED);
    (0..count).map(|k| k * parameters / count).collect()
}

/// How a gradient is taken by differences.
#[derive(Clone, Copy)]
enum Difference {
    Forward,
    Central,
}

/// `point` with one component moved, and by how much it really moved.
fn moved(point: &[f64], at: usize, step: f64) -> (Vec<f64>, f64) {
    let mut moved = point.to_vec();
    moved[at] += step * point[at].abs().max(1.0);
    let by = moved[at] - point[at];
    (moved, by)
}

fn differences(
    host: &HostObjective<'_, f64>,
    point: &[f64],
    by_hand: &[f64],
    kind: Difference,
) -> Result<Derivative, FitError> {
    let components = components(point.len());
    let count = components.len();
    let (method, step, evaluations) = match kind {
        Difference::Forward => ("forward differences", FORWARD_STEP, count + 1),
        Difference::Central => ("central differences", CENTRAL_STEP, 2 * count),
    };
    let started = Instant::now();
    // Forward differences share one end.
    let here = match kind {
        Difference::Forward => Some(host.value(point)?),
        Difference::Central => None,
    };
    let mut differences = Vec::new();
    for &at in &components {
        let (ahead, up) = moved(point, at, step);
        let (behind, down) = if let Some(value) = here {
            (value, 0.0)
        } else {
            let (behind, down) = moved(point, at, -step);
            (host.value(&behind)?, down)
        };
        differences.push((host.value(&ahead)? - behind) / (up - down) - by_hand[at]);
    }
    Ok(Derivative {
        method: method.to_owned(),
        backend: "host".to_owned(),
        evaluations,
        components: count,
        seconds: started.elapsed().as_secs_f64(),
        difference: largest(&differences),
    })
}

/// Numbers that a formula is computed in.
trait Real: Copy + std::ops::Add<Output = Self> + std::ops::Mul<Output = Self> {
    const NAME: &str;
    fn from(value: f64) -> Self;
    fn to(self) -> f64;
    fn exp(self) -> Self;
    fn ln(self) -> Self;
    fn recip(self) -> Self;
}

macro_rules! real {
    ($kind:ident) => {
        impl Real for $kind {
            const NAME: &str = stringify!($kind);
            fn from(value: f64) -> Self {
                value as $kind
            }
            fn to(self) -> f64 {
                self.into()
            }
            fn exp(self) -> Self {
                self.exp()
            }
            fn ln(self) -> Self {
                self.ln()
            }
            fn recip(self) -> Self {
                self.recip()
            }
        }
    };
}

real!(f32);
real!(f64);

/// A row's loss, from its score and its label.
type Loss<'a> = &'a dyn Fn(f64, f64) -> f64;

/// `log(1 + e^z) − y·z`, arranged so that no exponential is above one.
fn stable(z: f64, y: f64) -> f64 {
    z.max(0.0) - y * z + (-z.abs()).exp().ln_1p()
}

/// `−y log(p + ε) − (1 − y) log(1 − p + ε)` with `p = 1/(1 + e^{−z})`, as textbooks have it.
fn textbook_loss<R: Real>(z: f64, y: f64, epsilon: f64) -> f64 {
    let one = R::from(1.0);
    let minus = R::from(-1.0);
    let p = (one + (minus * R::from(z)).exp()).recip();
    let epsilon = R::from(epsilon);
    // The label is 0 or 1: the other term would be 0 times an infinity.
    let right = if y > 0.5 { p } else { one + minus * p };
    -(right + epsilon).ln().to()
}

/// The loss by both formulas at the solution and far out, where the sigmoid saturates.
fn formulations(
    problem: &Problem<'_, f64>,
    solution: &[f64],
) -> Result<Vec<Formulation>, FitError> {
    let TargetValues::Binary(targets) = problem.target else {
        return Ok(Vec::new());
    };
    let columns = problem.design.columns();
    let parameters = Parameters::from_flat(solution, columns, 1, problem.intercept);
    let scores = measure::scores(&parameters, problem.design, None)?;
    let mut found = Vec::new();
    for (point, factor) in [("the solution", 1.0), ("ten times the solution", 10.0)] {
        let mean = |loss: Loss<'_>| {
            let (mut sum, mut total, mut infinite) = (0.0, 0.0, 0);
            for (row, (&score, &y)) in scores.iter().zip(targets).enumerate() {
                let z = factor * score + problem.offsets.map_or(0.0, |offsets| offsets[row]);
                let weight = problem.weights.map_or(1.0, |weights| weights[row]);
                if weight > 0.0 {
                    let loss = loss(z, y);
                    infinite += usize::from(!loss.is_finite());
                    sum += weight * loss;
                    total += weight;
                }
            }
            (sum / total, infinite)
        };
        let (reference, _) = mean(&stable);
        let with = |epsilon| format!("-log(p + {epsilon})");
        let forms: [(String, &str, Loss<'_>); 5] = [
            ("log(1 + e^z) - y·z".to_owned(), "f64", &stable),
            (with("1e-12"), f64::NAME, &|z, y| {
                textbook_loss::<f64>(z, y, EPSILON)
            }),
            (with("1e-12"), f32::NAME, &|z, y| {
                textbook_loss::<f32>(z, y, EPSILON)
            }),
            ("-log p".to_owned(), f64::NAME, &|z, y| {
                textbook_loss::<f64>(z, y, 0.0)
            }),
            ("-log p".to_owned(), f32::NAME, &|z, y| {
                textbook_loss::<f32>(z, y, 0.0)
            }),
        ];
        for (formula, precision, loss) in forms {
            let (mean, infinite_rows) = mean(loss);
            let finite = |value: f64| value.is_finite().then_some(value);
            found.push(Formulation {
                formula,
                precision: precision.to_owned(),
                point: point.to_owned(),
                loss: finite(mean),
                difference: finite(mean - reference),
                infinite_rows,
            });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formulas_agree_where_the_textbooks_holds_and_part_where_it_does_not() {
        for (z, y) in [(0.3, 1.0), (-2.0, 0.0), (4.0, 0.0)] {
            assert!((textbook_loss::<f64>(z, y, EPSILON) - stable(z, y)).abs() < 1e-10);
        }
        // Sure and wrong: the loss is the score; the textbook's stops at −log ε, and without ε there
        // is no end.
        assert!((stable(60.0, 0.0) - 60.0).abs() < 1e-12);
        assert!((textbook_loss::<f64>(60.0, 0.0, EPSILON) - 27.63).abs() < 0.01);
        assert!(textbook_loss::<f64>(60.0, 0.0, 0.0).is_infinite());
        // In f32 that begins at a score of 17.
        assert!(textbook_loss::<f32>(17.5, 0.0, 0.0).is_infinite());
    }

    #[test]
    fn differences_of_many_parameters_are_taken_of_some() {
        assert_eq!(components(3), [0, 1, 2]);
        let some = components(10_000);
        assert_eq!(some.len(), DIFFERENCED);
        assert!(some.windows(2).all(|pair| pair[0] < pair[1]) && some[63] < 10_000);
    }
}
