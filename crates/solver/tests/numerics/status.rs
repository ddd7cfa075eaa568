//! Every status and every error of a fit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use faer::Mat;
use solver::minimize::minimize_observed;
use solver::{
    Gauge, HostObjective, Iterate, Newton, Objective, ObjectiveError, Outlook, Penalty, SolveError,
    Solver, Status, Stop, conclude, fit, minimize,
};

use crate::problems::{Example, LOSSES, Loss, Target, challenger, ordinary};

/// `cosh`-like, smooth and convex, and infinite far out.
struct Exponential;

impl Objective for Exponential {
    fn dimension(&self) -> usize {
        1
    }
    fn value(&self, theta: &[f64]) -> Result<f64, ObjectiveError> {
        Ok(theta[0].exp() + (-theta[0]).exp())
    }
    fn gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        gradient[0] = theta[0].exp() - (-theta[0]).exp();
        self.value(theta)
    }
    fn curvature(
        &self,
        theta: &[f64],
        gradient: &mut [f64],
        curvature: &mut Mat<f64>,
    ) -> Result<f64, ObjectiveError> {
        let value = self.gradient(theta, gradient)?;
        *curvature = Mat::from_fn(1, 1, |_, _| value);
        Ok(value)
    }
}

/// Gradient descent with a step far too long.
struct Reckless;

impl Solver for Reckless {
    type State = Iterate;

    fn init(&self, objective: &dyn Objective, initial: &[f64]) -> Result<Iterate, SolveError> {
        let mut gradient = vec![0.0; initial.len()];
        let value = objective.gradient(initial, &mut gradient)?;
        let gradient_max = gradient[0].abs();
        let theta = initial.to_vec();
        Ok(Iterate {
            theta,
            objective: value,
            gradient_max,
            step: 0.0,
            outlook: Outlook::Descending,
        })
    }

    fn step(&self, objective: &dyn Objective, state: Iterate) -> Result<Iterate, SolveError> {
        let mut gradient = vec![0.0];
        objective.gradient(&state.theta, &mut gradient)?;
        let next = self.init(objective, &[state.theta[0] - 30.0 * gradient[0]])?;
        Ok(Iterate { step: 1.0, ..next })
    }

    fn iterate(state: &Iterate) -> &Iterate {
        state
    }
}

fn solve(example: &Example, stop: &Stop<'_>) -> solver::Fit {
    let objective = HostObjective::new(example.problem()).unwrap();
    fit(
        &objective,
        &Newton::default(),
        &vec![0.0; objective.dimension()],
        stop,
    )
    .unwrap()
}

#[test]
fn converged() {
    let found = solve(&challenger(), &Stop::default());
    assert_eq!(found.solution.status, Status::Converged);
    assert!(found.solution.status.is_success() && found.solution.detail.is_none());
}

#[test]
fn iteration_limit() {
    let stop = Stop {
        max_iterations: 2,
        ..Stop::default()
    };
    let found = solve(&challenger(), &stop);
    assert_eq!(found.solution.status, Status::IterationLimit);
    assert_eq!(
        (found.solution.iterations(), found.solution.history.len()),
        (2, 3)
    );
    assert!(
        found
            .solution
            .detail
            .unwrap()
            .starts_with("the gradient is still")
    );
}

#[test]
fn time_limit() {
    let stop = Stop {
        time_limit: Some(Duration::ZERO),
        ..Stop::default()
    };
    let found = solve(&challenger(), &stop);
    assert_eq!(found.solution.status, Status::IterationLimit);
    assert!(found.solution.detail.unwrap().starts_with("out of time"));
}

#[test]
fn interrupted() {
    let flag = AtomicBool::new(false);
    let stop = Stop {
        interrupted: Some(&flag),
        ..Stop::default()
    };
    let example = challenger();
    let objective = HostObjective::new(example.problem()).unwrap();
    let mut seen = 0;
    let solution = minimize_observed(
        &Newton::default(),
        &objective,
        &[0.0; 2],
        &stop,
        &mut |record| {
            seen += 1;
            flag.store(record.iteration == 3, Ordering::Relaxed);
        },
    )
    .unwrap();
    assert_eq!(solution.status, Status::Interrupted);
    assert_eq!((solution.iterations(), seen), (3, 4));
    // an interrupted fit keeps its status, and its certificate says how far it came
    let concluded = conclude(&objective, solution, &stop).unwrap();
    assert_eq!(concluded.solution.status, Status::Interrupted);
    assert!(concluded.certificate.score_error.is_some());
}

#[test]
fn diverged() {
    let solution = minimize(&Reckless, &Exponential, &[1.0], &Stop::default()).unwrap();
    assert_eq!(solution.status, Status::Diverged);
    // the last finite point is what remains
    assert!(solution.theta[0].is_finite() && solution.objective.is_finite());
    assert!(!solution.history.last().unwrap().objective.is_finite());
    // Newton's line search keeps away from infinity
    let newton = minimize(&Newton::default(), &Exponential, &[300.0], &Stop::default());
    let newton = newton.unwrap();
    assert!(newton.status == Status::IterationLimit || newton.theta[0].abs() < 1e-5);
    let newton = minimize(
        &Newton::default(),
        &Exponential,
        &[1000.0],
        &Stop::default(),
    )
    .unwrap();
    assert_eq!(newton.status, Status::Diverged);
}

#[test]
fn separated() {
    let example = Example {
        target: Target::Binary((0..23).map(|i| f64::from(i % 2 == 0)).collect()),
        design: dataset::DesignMatrix::new(23, 1, (0..23).map(|i| f64::from(i % 2)).collect())
            .unwrap(),
        ..challenger()
    };
    let found = solve(&example, &Stop::default());
    assert_eq!(found.solution.status, Status::Separated);
    assert!(!found.certificate.holds() && found.certificate.reason.is_some());
    let penalised = Example {
        penalty: Penalty::ridge(1e-3),
        ..example
    };
    let found = solve(&penalised, &Stop::default());
    assert_eq!(found.solution.status, Status::Converged);
}

#[test]
fn one_class_has_no_finite_intercept_even_with_a_penalty() {
    let example = Example {
        target: Target::Binary(vec![1.0; 23]),
        penalty: Penalty::ridge(0.1),
        ..challenger()
    };
    let found = solve(&example, &Stop::default());
    assert_eq!(found.solution.status, Status::Separated);
    let without = Example {
        intercept: false,
        ..example
    };
    assert_eq!(
        solve(&without, &Stop::default()).solution.status,
        Status::Converged
    );
}

#[test]
fn collinear() {
    for loss in [Loss::Binary, Loss::Linear, Loss::Multinomial] {
        // the second column is twice the first, plus one
        let example = Example {
            penalty: Penalty::NONE,
            ..ordinary(loss, 60, 2, true, 1)
        };
        let values = (0..60).flat_map(|i| {
            let x = example.design.row(i)[0];
            [x, 2.0 * x + 1.0]
        });
        let design = dataset::DesignMatrix::new(60, 2, values.collect()).unwrap();
        let single =
            dataset::DesignMatrix::new(60, 1, (0..60).map(|i| example.design.row(i)[0]).collect());
        let found = solve(
            &Example {
                design,
                ..example.clone()
            },
            &Stop::default(),
        );
        assert_eq!(
            found.solution.status,
            Status::Collinear,
            "{loss:?} {found:?}"
        );
        assert_eq!(found.diagnosis.held, [1]);
        assert!((found.diagnosis.dependences[0].terms[0].1 - 2.0).abs() < 1e-12);
        // what is left is the optimum of the problem without the column, certified
        assert!(found.certificate.score_error.unwrap() < 1e-7);
        let reference = solve(
            &Example {
                design: single.unwrap(),
                ..example
            },
            &Stop::default(),
        );
        let kept: Vec<f64> = (found.solution.theta.iter().enumerate())
            .filter_map(|(i, t)| (i % 3 != 1).then_some(*t))
            .collect();
        for (a, b) in kept.iter().zip(&reference.solution.theta) {
            assert!(
                (a - b).abs() < 1e-8,
                "{loss:?} {kept:?} {:?}",
                reference.solution.theta
            );
        }
        assert!(
            found
                .solution
                .theta
                .iter()
                .skip(1)
                .step_by(3)
                .all(|t| t.abs() < 1e-300)
        );
        // with a penalty, it chooses
        let history = &found.solution.history;
        assert!(
            history
                .iter()
                .enumerate()
                .all(|(i, record)| record.iteration == i)
        );
    }
}

#[test]
fn columns_of_zeros_leave_nothing_to_fit() {
    for loss in [Loss::Binary, Loss::Linear, Loss::Multinomial] {
        let design = dataset::DesignMatrix::new(20, 2, vec![0.0; 40]).unwrap();
        let example = ordinary(loss, 20, 2, true, 1);
        let nothing = Example {
            design,
            intercept: false,
            penalty: Penalty::NONE,
            ..example
        };
        let found = solve(&nothing, &Stop::default());
        assert_eq!(found.solution.status, Status::Collinear);
        assert_eq!(found.diagnosis.held, [0, 1]);
        assert!(found.solution.theta.iter().all(|t| t.abs() < 1e-300));
        assert!(found.certificate.holds());
    }
}

#[test]
fn a_penalty_makes_collinear_columns_unique() {
    let example = ordinary(Loss::Binary, 60, 1, false, 2);
    let values = example
        .design
        .values()
        .iter()
        .flat_map(|&x| [x, x])
        .collect();
    let design = dataset::DesignMatrix::new(60, 2, values).unwrap();
    let found = solve(&Example { design, ..example }, &Stop::default());
    assert_eq!(found.solution.status, Status::Converged);
    assert!((found.solution.theta[0] - found.solution.theta[1]).abs() < 1e-12);
}

#[test]
fn names_of_statuses() {
    let all = [
        (Status::Converged, "converged"),
        (Status::Completed, "completed"),
        (Status::IterationLimit, "iteration limit"),
        (Status::Separated, "separated"),
        (Status::Collinear, "collinear"),
        (Status::Diverged, "diverged"),
        (Status::Interrupted, "interrupted"),
    ];
    for (status, name) in all {
        assert_eq!(status.to_string(), name);
        assert_eq!(
            serde_json::to_string(&status).unwrap(),
            format!("\"{name}\"")
        );
        let back: Status = serde_json::from_str(&format!("\"{name}\"")).unwrap();
        assert_eq!(back, status);
        let trusted = matches!(status, Status::Converged | Status::Completed);
        assert_eq!(status.is_success(), trusted);
    }
}

#[test]
fn every_error_of_a_fit() {
    let example = challenger();
    let objective = HostObjective::new(example.problem()).unwrap();
    let error = |initial: &[f64], stop: &Stop<'_>| {
        minimize(&Newton::default(), &objective, initial, stop).unwrap_err()
    };
    let found = error(&[0.0], &Stop::default());
    assert!(matches!(
        found,
        SolveError::InitialLength {
            expected: 2,
            actual: 1
        }
    ));
    let found = error(&[0.0, f64::NAN], &Stop::default());
    assert_eq!(found.to_string(), "initial parameter 1 is not finite");
    assert!(found.remedy().is_some());
    for tolerance in [-1.0, f64::NAN] {
        let stop = Stop {
            gradient_tolerance: tolerance,
            ..Stop::default()
        };
        assert!(matches!(
            error(&[0.0; 2], &stop),
            SolveError::Tolerance { .. }
        ));
    }
    let lasso = Example {
        penalty: Penalty {
            lambda: 0.1,
            l1_ratio: 1.0,
        },
        ..challenger()
    };
    let objective = HostObjective::new(lasso.problem()).unwrap();
    let found = minimize(&Newton::default(), &objective, &[0.0; 2], &Stop::default());
    assert!(matches!(
        found,
        Err(SolveError::NotSmooth { solver: "newton" })
    ));
    // errors of the objective come through as they are
    let solution = solver::Solution {
        theta: vec![0.0],
        status: Status::Converged,
        history: vec![],
        objective: 0.0,
        gradient_max: 0.0,
        sample_steps: 0,
        detail: None,
    };
    let found = conclude(&objective, solution, &Stop::default()).unwrap_err();
    assert!(matches!(
        found,
        SolveError::Objective(ObjectiveError::Length { .. })
    ));
}

#[test]
fn a_tolerance_of_zero_ends_at_the_rounding_floor() {
    for seed in 0..20 {
        let example = ordinary(Loss::Binary, 100, 4, true, seed);
        let stop = Stop {
            gradient_tolerance: 0.0,
            ..Stop::default()
        };
        let found = solve(&example, &stop);
        assert_eq!(found.solution.status, Status::Converged);
        assert!(found.solution.iterations() < 15);
        assert!(found.solution.gradient_max < 1e-15);
    }
}

/// Another objective as a device of single precision would evaluate it.
struct Single<'o>(&'o dyn Objective);

fn round(x: f64) -> f64 {
    f64::from(x as f32)
}

impl Objective for Single<'_> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }
    fn value(&self, theta: &[f64]) -> Result<f64, ObjectiveError> {
        let theta: Vec<f64> = theta.iter().copied().map(round).collect();
        Ok(round(self.0.value(&theta)?))
    }
    fn gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        let theta: Vec<f64> = theta.iter().copied().map(round).collect();
        let value = self.0.gradient(&theta, gradient)?;
        // a sum of terms of size one keeps an absolute error
        for g in gradient.iter_mut() {
            *g = round(*g + 1.0) - 1.0;
        }
        Ok(round(value))
    }
    fn curvature(
        &self,
        theta: &[f64],
        gradient: &mut [f64],
        curvature: &mut Mat<f64>,
    ) -> Result<f64, ObjectiveError> {
        self.0.curvature(theta, gradient, curvature)?;
        for j in 0..curvature.ncols() {
            for i in 0..curvature.nrows() {
                curvature[(i, j)] = round(curvature[(i, j)]);
            }
        }
        self.gradient(theta, gradient)
    }
    fn gauge(&self) -> Option<Gauge> {
        self.0.gauge()
    }
    fn rounding(&self) -> f64 {
        1e-6
    }
}

#[test]
fn an_objective_of_single_precision_ends_at_its_own_floor() {
    for loss in LOSSES {
        for seed in 0..20 {
            let example = ordinary(loss, 100, 4, true, seed);
            let objective = HostObjective::new(example.problem()).unwrap();
            let single = Single(&objective);
            let start = vec![0.0; objective.dimension()];
            let stop = Stop::default();
            let rough = minimize(&Newton::default(), &single, &start, &stop).unwrap();
            assert_eq!(rough.status, Status::Converged, "{loss:?} {seed} {rough:?}");
            assert!(rough.iterations() < 12);
            // the polish in double precision has little left to do
            let concluded = conclude(&objective, rough.clone(), &stop).unwrap();
            assert!(concluded.certificate.score_error.unwrap() < 1e-3);
            let fine = minimize(&Newton::default(), &objective, &rough.theta, &stop).unwrap();
            assert!(fine.status == Status::Converged && fine.iterations() <= 2);
        }
    }
}

#[test]
fn the_unit_of_the_target_is_no_matter() {
    let example = Example {
        penalty: Penalty::NONE,
        ..ordinary(Loss::Linear, 60, 3, false, 1)
    };
    let base = solve(&example, &Stop::default()).solution.theta;
    for exponent in [-100, -15, -12, -9, 9, 12, 15, 100] {
        let unit = 10.0_f64.powi(exponent);
        let Target::Linear(y) = &example.target else {
            panic!()
        };
        let scaled = Example {
            target: Target::Linear(y.iter().map(|y| y * unit).collect()),
            ..example.clone()
        };
        let found = solve(&scaled, &Stop::default());
        assert_eq!(found.solution.status, Status::Converged, "{exponent}");
        for (a, b) in found.solution.theta.iter().zip(&base) {
            assert!((a / unit - b).abs() < 1e-9, "{exponent} {a} {b}");
        }
    }
}

#[test]
fn large_offsets_are_no_obstacle() {
    // every other row is told by its offset that it is of the other class
    for size in [1e1, 1e2, 1e3, 1e4, 1e6] {
        let example = ordinary(Loss::Binary, 60, 3, false, 1);
        let offset = |i: usize| if i.is_multiple_of(2) { size } else { -size };
        let moved = Example {
            offsets: Some((0..60).map(offset).collect()),
            ..example
        };
        let found = solve(&moved, &Stop::default());
        assert_eq!(found.solution.status, Status::Converged, "{size}");
    }
}
