//! Value, gradient and curvature on a device are those of the host.

use burn::tensor::Device;
use faer::Mat;
use model::{LinearRegression, LogisticRegression, SoftmaxRegression};
use solver::{HostObjective, Objective, Problem};
use tests::gpu;
use tests::tolerance::{self, assert_near};
use train::method::Gradient;
use train::objective::DeviceObjective;
use train::rows::Number;

use crate::problems::{Made, Task, somewhere};

/// Value, gradient and curvature at once.
struct Measured {
    value: f64,
    gradient: Vec<f64>,
    curvature: Vec<f64>,
}

fn measure(objective: &dyn Objective, theta: &[f64]) -> Measured {
    let mut gradient = vec![0.0; theta.len()];
    let mut curvature = Mat::zeros(theta.len(), theta.len());
    let value = objective
        .curvature(theta, &mut gradient, &mut curvature)
        .unwrap();
    let mut alone = vec![0.0; theta.len()];
    assert!(objective.gradient(theta, &mut alone).unwrap().to_bits() == value.to_bits());
    assert_eq!(alone, gradient, "one gradient, whoever asks");
    let entries = (0..theta.len()).flat_map(|i| (0..theta.len()).map(move |j| (i, j)));
    let curvature = entries.map(|at| curvature[at]).collect();
    Measured {
        value,
        gradient,
        curvature,
    }
}

fn on_device<T: Number>(
    task: Task,
    problem: &Problem<'_, T>,
    gradient: Gradient,
    device: &Device,
) -> Box<dyn Objective> {
    match task {
        Task::Binary => Box::new(
            DeviceObjective::<LogisticRegression, T>::new(problem, gradient, device).unwrap(),
        ),
        Task::Multinomial => Box::new(
            DeviceObjective::<SoftmaxRegression, T>::new(problem, gradient, device).unwrap(),
        ),
        Task::Linear => Box::new(
            DeviceObjective::<LinearRegression, T>::new(problem, gradient, device).unwrap(),
        ),
    }
}

/// Compares every task, with and without extras, and both gradients, with the host's numbers over
/// the same rows.
fn compare<T: Number>(name: &str, device: &Device, allowed: f64) {
    for task in Task::ALL {
        for extras in [false, true] {
            let made = Made::<T>::new(task, extras);
            let problem = made.problem();
            let theta = somewhere(problem.dimension());
            let expected = measure(&HostObjective::new(problem).unwrap(), &theta);
            for gradient in [Gradient::Analytic, Gradient::Autodiff] {
                let what = format!("{name} {} {task:?} extras {extras} {gradient}", T::NAME);
                let objective = on_device(task, &problem, gradient, device);
                assert_eq!(objective.dimension(), theta.len(), "{what}");
                let actual = measure(objective.as_ref(), &theta);
                // Relative to the largest entry: small ones are differences of large sums.
                let size = |numbers: &[f64]| numbers.iter().fold(0.0, |m: f64, n| m.max(n.abs()));
                let value = objective.value(&theta).unwrap();
                let values = [actual.value, value];
                assert_near(&what, &values, &[expected.value; 2], allowed, 0.0);
                let floor = size(&expected.gradient);
                assert_near(&what, &actual.gradient, &expected.gradient, allowed, floor);
                let floor = size(&expected.curvature);
                assert_near(
                    &what,
                    &actual.curvature,
                    &expected.curvature,
                    allowed,
                    floor,
                );
            }
        }
    }
}

#[test]
fn devices_measure_what_the_host_measures() {
    for choice in gpu::every_choice("objective::devices_measure_what_the_host_measures") {
        let name = choice.backend.name();
        compare::<f32>(name, &choice.device, tolerance::DEVICE_F32);
        if choice.require(f64::PRECISION).is_ok() {
            compare::<f64>(name, &choice.device, tolerance::DEVICE_F64);
        }
    }
}

#[test]
fn gradients_are_central_differences() {
    let step = tolerance::DIFFERENCE_STEP;
    for choice in gpu::every_choice("objective::gradients_are_central_differences") {
        if choice.require(f64::PRECISION).is_err() {
            continue;
        }
        for task in Task::ALL {
            for gradient in [Gradient::Analytic, Gradient::Autodiff] {
                let made = Made::<f64>::new(task, true);
                let problem = made.problem();
                let theta = somewhere(problem.dimension());
                let objective = on_device(task, &problem, gradient, &choice.device);
                let actual = measure(objective.as_ref(), &theta);
                let mut slopes = Vec::new();
                let mut bends = Vec::new();
                for at in 0..theta.len() {
                    let moved = |by: f64| {
                        let mut moved = theta.clone();
                        moved[at] += by;
                        let mut gradient = vec![0.0; theta.len()];
                        (objective.gradient(&moved, &mut gradient).unwrap(), gradient)
                    };
                    let ((high, above), (low, below)) = (moved(step), moved(-step));
                    slopes.push((high - low) / (2.0 * step));
                    bends.extend(
                        above
                            .iter()
                            .zip(&below)
                            .map(|(a, b)| (a - b) / (2.0 * step)),
                    );
                }
                let what = format!("{} {task:?} {gradient}", choice.backend);
                let allowed = tolerance::DIFFERENCES;
                assert_near(&what, &actual.gradient, &slopes, allowed, 1.0);
                assert_near(&what, &actual.curvature, &bends, allowed, 1.0);
            }
        }
    }
}

#[test]
fn extreme_scores_stay_finite() {
    for choice in gpu::every_choice("objective::extreme_scores_stay_finite") {
        for task in [Task::Binary, Task::Multinomial] {
            for gradient in [Gradient::Analytic, Gradient::Autodiff] {
                let made = Made::<f32>::new(task, false);
                let problem = made.problem();
                let theta: Vec<f64> = somewhere(problem.dimension())
                    .iter()
                    .map(|value| 1e4 * value)
                    .collect();
                let objective = on_device(task, &problem, gradient, &choice.device);
                let host = HostObjective::new(problem).unwrap();
                let what = format!("{} {task:?} {gradient}", choice.backend);
                let mut slope = vec![0.0; theta.len()];
                let value = objective.gradient(&theta, &mut slope).unwrap();
                assert!(
                    value.is_finite() && slope.iter().all(|g| g.is_finite()),
                    "{what}"
                );
                let expected = [host.value(&theta).unwrap()];
                assert_near(&what, &[value], &expected, tolerance::DEVICE_F32, 0.0);
            }
        }
    }
}
