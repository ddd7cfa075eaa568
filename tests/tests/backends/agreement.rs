//! Given the same data and seed, backends and gradients walk the same way, step by step.

use std::sync::atomic::AtomicBool;

use model::device::Choice;
use solver::stochastic::{Watch, train};
use solver::{HostObjective, Objective, ObjectiveError, Status};
use tests::gpu;
use tests::tolerance::{self, assert_near};
use train::method::{Gradient, SolverChoice};
use train::rows::Number;
use train::stochastic::{self, BatchSize, Measured, Options, Pace, Schedule, State};

use crate::problems::{Made, ROWS, Task};

/// Objective and parameters after each epoch, and the mean loss over its batches.
struct Walk {
    objectives: Vec<f64>,
    losses: Vec<f64>,
    thetas: Vec<Vec<f64>>,
}

/// Remembers the parameters after each epoch.
struct Record<'a, T> {
    rows: HostObjective<'a, T>,
    thetas: Vec<Vec<f64>>,
}

impl<T: Number> Watch<ObjectiveError> for Record<'_, T> {
    fn measure(&mut self, theta: &[f64]) -> Result<Measured, ObjectiveError> {
        let mut gradient = vec![0.0; theta.len()];
        let objective = self.rows.gradient(theta, &mut gradient)?;
        self.thetas.push(theta.to_vec());
        Ok(Measured {
            objective,
            gradient_max: gradient.iter().fold(0.0, |most, g| g.abs().max(most)),
            validation_loss: None,
            watched: None,
        })
    }
}

fn walk_task<T: Number>(
    made: &Made<T>,
    choice: &Choice,
    solver: SolverChoice,
    gradient: Gradient,
) -> Walk {
    let problem = made.problem();
    let options = Options {
        epochs: 4,
        // Seven does not divide the rows: the last batch of an epoch is shorter.
        batch_size: BatchSize::Rows(ROWS / 7),
        pace: Pace {
            schedule: Schedule::Cosine,
            ..Pace::default()
        },
        ..Options::default()
    };
    let rule = options.rule(solver).unwrap();
    let settings = options.settings(rule, ROWS, 0.05, 3);
    let mut record = Record {
        rows: HostObjective::new(problem).unwrap(),
        thetas: Vec::new(),
    };
    let trained = train(
        stochastic::batches(&problem, gradient, choice)
            .unwrap()
            .as_mut(),
        &settings,
        &stochastic::decay(&problem),
        State::new(vec![0.0; problem.dimension()]),
        &AtomicBool::new(false),
        &mut record,
    )
    .unwrap();
    assert_eq!(trained.status, Status::Completed);
    let history = trained.history;
    assert_eq!(history.len(), settings.epochs);
    Walk {
        objectives: history.iter().map(|line| line.measured.objective).collect(),
        losses: history.iter().map(|line| line.batch_loss).collect(),
        thetas: record.thetas,
    }
}

const GRADIENTS: [Gradient; 3] = [Gradient::Fused, Gradient::Analytic, Gradient::Autodiff];

const SOLVERS: [SolverChoice; 9] = [
    SolverChoice::Sgd,
    SolverChoice::Momentum,
    SolverChoice::Nesterov,
    SolverChoice::Adam,
    SolverChoice::AdamW,
    SolverChoice::RmsProp,
    SolverChoice::AdaGrad,
    SolverChoice::Adan,
    SolverChoice::Lion,
];

fn assert_same_walk(what: &str, actual: &Walk, expected: &Walk, allowed: f64) {
    assert_near(what, &actual.objectives, &expected.objectives, allowed, 0.0);
    assert_near(what, &actual.losses, &expected.losses, allowed, 0.0);
    for (epoch, (actual, expected)) in actual.thetas.iter().zip(&expected.thetas).enumerate() {
        // Parameters start at zero: the largest sets the scale.
        let floor = expected
            .iter()
            .fold(0.0_f64, |largest, value| largest.max(value.abs()));
        assert_near(
            &format!("{what}, epoch {epoch}"),
            actual,
            expected,
            allowed,
            floor,
        );
    }
}

#[test]
fn backends_agree_step_by_step_in_f32() {
    let choices = gpu::every_choice("agreement::backends_agree_step_by_step_in_f32");
    for weighted in [false, true] {
        for task in Task::ALL {
            let made = Made::<f32>::for_training(task, weighted);
            for solver in [SolverChoice::Sgd, SolverChoice::Adam] {
                let expected = walk_task(&made, &choices[0], solver, Gradient::Fused);
                for choice in &choices {
                    for gradient in GRADIENTS {
                        let what = format!(
                            "{task:?} weighted {weighted} {solver} {gradient} {}",
                            choice.backend
                        );
                        let actual = walk_task(&made, choice, solver, gradient);
                        assert_same_walk(&what, &actual, &expected, tolerance::STEPS_F32);
                    }
                }
            }
        }
    }
}

#[test]
fn gradients_agree_step_by_step_in_f64() {
    for choice in gpu::every_choice("agreement::gradients_agree_step_by_step_in_f64") {
        if choice.require(f64::PRECISION).is_err() {
            continue;
        }
        for weighted in [false, true] {
            for task in Task::ALL {
                let made = Made::<f64>::for_training(task, weighted);
                for solver in SOLVERS {
                    let expected = walk_task(&made, &choice, solver, Gradient::Fused);
                    for gradient in [Gradient::Analytic, Gradient::Autodiff] {
                        let what = format!(
                            "{task:?} weighted {weighted} {solver} {gradient} {}",
                            choice.backend
                        );
                        let actual = walk_task(&made, &choice, solver, gradient);
                        assert_same_walk(&what, &actual, &expected, tolerance::STEPS_F64);
                    }
                }
            }
        }
    }
}

#[test]
fn every_optimizer_descends_on_every_backend() {
    for choice in gpu::every_choice("agreement::every_optimizer_descends_on_every_backend") {
        for solver in SOLVERS {
            for task in Task::ALL {
                let made = Made::<f32>::for_training(task, false);
                let walked = walk_task(&made, &choice, solver, Gradient::Autodiff);
                let what = format!("{} {solver} {task:?}", choice.backend);
                let problem = made.problem();
                let host = HostObjective::new(problem).unwrap();
                let start = host.value(&vec![0.0; problem.dimension()]).unwrap();
                let end = walked.objectives[3];
                assert!(
                    end < walked.objectives[0] && end < start,
                    "{what}: {start} to {end}"
                );
            }
        }
    }
}
