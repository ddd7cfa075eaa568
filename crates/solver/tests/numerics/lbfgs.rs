//! L-BFGS: the same answers and the same honesty as Newton.

use proptest::prelude::*;
use solver::{
    Fit, HostObjective, Lbfgs, Newton, Objective, Penalty, SolveError, Status, Stop, fit, minimize,
};

use crate::problems::{Example, LOSSES, Loss, Target, challenger, nasty, ordinary};

/// Coefficients against reference values, relative (STYLE §2).
const LBFGS: f64 = 5e-5;

fn with<S: solver::Solver>(example: &Example, solver: &S, max_iterations: usize) -> Fit {
    let objective = HostObjective::new(example.problem()).unwrap();
    let stop = Stop {
        max_iterations,
        ..Stop::default()
    };
    fit(&objective, solver, &vec![0.0; objective.dimension()], &stop).unwrap()
}

fn solve(example: &Example) -> Fit {
    with(example, &Lbfgs::default(), 1000)
}

fn gap(a: &[f64], b: &[f64]) -> f64 {
    let size = b.iter().fold(1e-300, |most: f64, x| most.max(x.abs()));
    let gaps = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    gaps.fold(0.0, f64::max) / size
}

#[test]
fn ordinary_problems_end_where_newton_does() {
    for loss in LOSSES {
        for penalty in [Penalty::NONE, Penalty::ridge(0.01)] {
            for seed in 0..5 {
                let example = Example {
                    penalty,
                    ..ordinary(loss, 80, 4, true, seed)
                };
                let (found, newton) = (solve(&example), with(&example, &Newton::default(), 100));
                assert_eq!(
                    found.solution.status,
                    Status::Converged,
                    "{loss:?} {found:?}"
                );
                let objective = HostObjective::new(example.problem()).unwrap();
                assert!(found.solution.gradient_max <= 1e-10 * objective.scale());
                assert!(
                    found.solution.iterations() <= 60,
                    "{}",
                    found.solution.iterations()
                );
                assert!(gap(&found.solution.theta, &newton.solution.theta) < 1e-8);
                assert!(found.certificate.score_error.unwrap() < 1e-7);
            }
        }
    }
}

#[test]
fn many_columns() {
    for loss in LOSSES {
        let example = ordinary(loss, 600, 150, false, 3);
        let (found, newton) = (solve(&example), with(&example, &Newton::default(), 100));
        assert_eq!(found.solution.status, Status::Converged);
        assert!(gap(&found.solution.theta, &newton.solution.theta) < 1e-8);
    }
}

/// Columns that correlate by 0.9999: a memory of ten steps crawls, the curvature of a sample does not.
#[test]
fn the_curvature_of_a_sample_helps_correlated_columns() {
    for loss in LOSSES {
        let (rows, columns) = (4000, 60);
        let mut example = ordinary(loss, rows, columns, false, 5);
        let mut values = example.design.values().to_vec();
        for row in values.chunks_exact_mut(columns) {
            let common = row[0];
            for x in row {
                *x = 1.5 + common + 0.01 * *x;
            }
        }
        example.design = dataset::DesignMatrix::new(rows, columns, values).unwrap();
        example.penalty = Penalty::ridge(1e-5);
        let plain = with(&example, &Lbfgs::default(), 100);
        assert_eq!(plain.solution.status, Status::IterationLimit, "{loss:?}");
        let found = with(&example, &Lbfgs::sized(61 * 3), 100);
        assert_eq!(
            found.solution.status,
            Status::Converged,
            "{loss:?} {found:?}"
        );
        assert!(found.certificate.score_error.unwrap() < 1e-4);
        let newton = with(&example, &Newton::default(), 100);
        assert!(gap(&found.solution.theta, &newton.solution.theta) < 1e-5);
    }
}

#[test]
fn badly_scaled_columns_never_end_as_converged_by_mistake() {
    for seed in 0..5 {
        let mut example = ordinary(Loss::Binary, 400, 30, false, seed);
        let values = example.design.values().iter().enumerate();
        let unit = |j: usize| 10.0_f64.powf((j % 30) as f64 / 10.0 - 1.5);
        let values = values.map(|(i, x)| x * unit(i)).collect();
        example.design = dataset::DesignMatrix::new(400, 30, values).unwrap();
        example.penalty = Penalty::ridge(1e-6);
        let found = with(&example, &Lbfgs::default(), 10_000);
        let converged = found.solution.status == Status::Converged;
        assert!(!converged || found.certificate.score_error.unwrap() <= 1e-6);
        assert!(converged || found.solution.detail.is_some());
        let newton = with(&example, &Newton::default(), 100).solution.objective;
        let gap = found.solution.objective / newton - 1.0;
        assert!(gap < 1e-9, "{gap}"); // measured: 1.4e-10, after 3,000 steps at a condition near 1e9
    }
}

#[test]
fn challenger_as_scikit_learn_and_statsmodels_have_it() {
    // the reference of Newton's test; raw degrees Fahrenheit, a condition near 1e5
    let found = solve(&challenger());
    assert_eq!(found.solution.status, Status::Converged, "{found:?}");
    let expected = [-0.232_162_744_218_598_49, 15.042_901_647_702_44];
    assert!(gap(&found.solution.theta, &expected) < LBFGS);
}

#[test]
fn separation_and_collinearity_are_named() {
    let separated = Example {
        target: Target::Binary((0..23).map(|i| f64::from(i > 11)).collect()),
        design: dataset::DesignMatrix::new(23, 1, (0..23).map(f64::from).collect()).unwrap(),
        ..challenger()
    };
    assert_eq!(solve(&separated).solution.status, Status::Separated);
    let example = ordinary(Loss::Binary, 60, 1, true, 1);
    let twice = example.design.values().iter().flat_map(|&x| [x, 2.0 * x]);
    let collinear = Example {
        design: dataset::DesignMatrix::new(60, 2, twice.collect()).unwrap(),
        penalty: Penalty::NONE,
        ..example
    };
    let found = solve(&collinear);
    assert_eq!(found.solution.status, Status::Collinear);
    assert_eq!(found.diagnosis.held, [1]);
}

#[test]
fn an_l1_penalty_is_refused_and_limits_are_kept() {
    let lasso = Example {
        penalty: Penalty {
            lambda: 0.1,
            l1_ratio: 1.0,
        },
        ..challenger()
    };
    let objective = HostObjective::new(lasso.problem()).unwrap();
    let found = minimize(&Lbfgs::default(), &objective, &[0.0; 2], &Stop::default());
    assert!(matches!(
        found,
        Err(SolveError::NotSmooth { solver: "lbfgs" })
    ));
    let found = with(
        &ordinary(Loss::Binary, 80, 4, true, 1),
        &Lbfgs::default(),
        2,
    );
    assert_eq!(found.solution.status, Status::IterationLimit);
    assert_eq!(found.solution.iterations(), 2);
}

#[test]
fn a_tolerance_of_zero_ends_at_the_rounding_floor() {
    for seed in 0..20 {
        let example = ordinary(Loss::Binary, 100, 4, true, seed);
        let objective = HostObjective::new(example.problem()).unwrap();
        let stop = Stop {
            gradient_tolerance: 0.0,
            max_iterations: 1000,
            ..Stop::default()
        };
        let found = fit(&objective, &Lbfgs::default(), &[0.0; 5], &stop).unwrap();
        assert_eq!(found.solution.status, Status::Converged);
        assert!(
            found.solution.gradient_max < 1e-8,
            "{:?}",
            found.solution.gradient_max
        );
    }
}

#[test]
fn threads_do_not_change_a_fit() {
    let example = ordinary(Loss::Binary, 9000, 3, true, 9);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| solve(&example))
    };
    assert_eq!(with(1), with(3));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nasty_problems_end_with_an_honest_status(seed in any::<u64>(), loss in 0..3_usize) {
        let example = nasty(LOSSES[loss], seed);
        let found = solve(&example);
        let solution = &found.solution;
        prop_assert!(solution.theta.iter().all(|t| t.is_finite()));
        prop_assert!(solution.objective.is_finite() && solution.gradient_max.is_finite());
        match solution.status {
            Status::Converged => prop_assert!(found.certificate.holds()),
            Status::Separated => prop_assert!(!found.certificate.holds()),
            Status::Collinear => prop_assert!(!found.diagnosis.dependences.is_empty()),
            Status::IterationLimit => prop_assert!(solution.detail.is_some()),
            other => prop_assert!(false, "{}", other),
        }
    }
}
