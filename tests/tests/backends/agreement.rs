//! Given the same data and seed, backends and gradients walk the same way, step by step.

use std::cell::RefCell;
use std::sync::atomic::AtomicBool;

use model::device::Choice;
use model::{LinearRegression, LogisticRegression, Parameters, SoftmaxRegression, Supervised};
use solver::{HostObjective, Objective, Problem, Status};
use tests::gpu;
use tests::tolerance::{self, assert_near};
use train::method::{Gradient, SolverChoice};
use train::rows::Number;
use train::stochastic::{self, Measured, Schedule, StochasticConfig};

use crate::problems::{Made, ROWS, Task};

/// Objective and parameters after each epoch, and the mean loss over its batches.
struct Walk {
    objectives: Vec<f64>,
    losses: Vec<f64>,
    thetas: Vec<Vec<f64>>,
}

fn walk<M: Supervised, T: Number>(
    problem: &Problem<'_, T>,
    choice: &Choice,
    solver: SolverChoice,
    gradient: Gradient,
) -> Walk {
    let config = StochasticConfig {
        solver,
        gradient,
        epochs: 4,
        // Seven does not divide the rows: the last batch of an epoch is shorter.
        batch_size: ROWS / 7,
        learning_rate: 0.05,
        schedule: Schedule::Cosine,
        seed: 3,
    };
    let objective = HostObjective::new(*problem).unwrap();
    let thetas = RefCell::new(Vec::new());
    #[expect(
        clippy::result_large_err,
        reason = "the loop says what its measure returns"
    )]
    let measure = |parameters: &Parameters| {
        let theta = parameters.to_flat();
        let mut gradient = vec![0.0; theta.len()];
        let objective = objective.gradient(&theta, &mut gradient)?;
        let gradient_max = gradient
            .iter()
            .fold(0.0_f64, |largest, g| largest.max(g.abs()));
        thetas.borrow_mut().push(theta);
        Ok(Measured {
            objective,
            gradient_max,
            validation_loss: None,
        })
    };
    let outputs = problem.target.outputs();
    let start = Parameters::zeros(problem.design.columns(), outputs, problem.intercept);
    let trained = stochastic::train::<M, T>(
        problem,
        start,
        &config,
        &choice.device,
        &AtomicBool::new(false),
        &measure,
        &mut |_| (),
    )
    .unwrap();
    assert_eq!(trained.status, Status::Completed);
    let history = trained.history;
    assert_eq!(history.len(), config.epochs);
    Walk {
        objectives: history.iter().map(|line| line.measured.objective).collect(),
        losses: history.iter().map(|line| line.batch_loss).collect(),
        thetas: thetas.into_inner(),
    }
}

fn walk_task<T: Number>(
    made: &Made<T>,
    choice: &Choice,
    solver: SolverChoice,
    gradient: Gradient,
) -> Walk {
    let problem = made.problem();
    match made.task {
        Task::Binary => walk::<LogisticRegression, T>(&problem, choice, solver, gradient),
        Task::Multinomial => walk::<SoftmaxRegression, T>(&problem, choice, solver, gradient),
        Task::Linear => walk::<LinearRegression, T>(&problem, choice, solver, gradient),
    }
}

const GRADIENTS: [Gradient; 3] = [Gradient::Fused, Gradient::Analytic, Gradient::Autodiff];

const SOLVERS: [SolverChoice; 6] = [
    SolverChoice::Sgd,
    SolverChoice::Momentum,
    SolverChoice::Adam,
    SolverChoice::AdamW,
    SolverChoice::RmsProp,
    SolverChoice::AdaGrad,
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
