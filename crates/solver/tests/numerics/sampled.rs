//! Newton's method with a sample's curvature: the same optimum, the same bits, the same honesty.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dataset::DesignMatrix;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use solver::{
    Choice, Fit, HostObjective, Lbfgs, Newton, Objective, Penalty, Plan, SampledNewton, Shape,
    SolveError, Status, Stop, fit, minimize,
};

use crate::problems::{Example, LOSSES, Loss, Target, nasty, normal, ordinary};

fn with<S: solver::Solver>(example: &Example, solver: &S) -> Fit {
    let objective = HostObjective::new(example.problem()).unwrap();
    let start = vec![0.0; objective.dimension()];
    fit(&objective, solver, &start, &Stop::default()).unwrap()
}

/// Largest difference of parameters.
fn gap(a: &[f64], b: &[f64]) -> f64 {
    let gaps = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    gaps.fold(0.0, f64::max)
}

/// A tall problem whose labels follow the columns.
fn tall(loss: Loss, rows: usize, columns: usize, full: bool, seed: u64) -> Example {
    let mut example = ordinary(loss, rows, columns, full, seed);
    let mut random = ChaCha8Rng::seed_from_u64(seed + 1000);
    let scores: Vec<f64> = (0..rows)
        .map(|i| example.design.row(i).iter().sum::<f64>() / (columns as f64).sqrt())
        .collect();
    match &mut example.target {
        Target::Binary(y) => {
            for (y, z) in y.iter_mut().zip(&scores) {
                *y = f64::from(random.random_bool(1.0 / (1.0 + (-z).exp())));
            }
        }
        Target::Linear(y) => {
            for (y, z) in y.iter_mut().zip(&scores) {
                *y = z + normal(&mut random);
            }
        }
        Target::Multinomial(codes, _) => {
            for (code, z) in codes.iter_mut().zip(&scores) {
                *code = u32::from(z + normal(&mut random) > 0.0)
                    + u32::from(z + normal(&mut random) > 0.8);
            }
        }
    }
    example.penalty = Penalty::ridge(1e-6);
    example
}

fn agrees(example: &Example, rows: usize) -> Fit {
    let (found, newton) = (
        with(example, &SampledNewton::new(rows)),
        with(example, &Newton::default()),
    );
    assert_eq!(found.solution.status, Status::Converged, "{found:?}");
    assert!(found.solution.gradient_max <= 1e-10);
    let gap = gap(&found.solution.theta, &newton.solution.theta);
    assert!(gap < 1e-8, "{gap}");
    // two points within their own certificates of the same optimum
    let error = found.certificate.score_error.unwrap();
    assert!(error < 1e-7, "{error}");
    found
}

#[test]
fn the_same_optimum_as_with_the_curvature_of_all_rows() {
    for loss in LOSSES {
        for full in [false, true] {
            for penalty in [Penalty::NONE, Penalty::ridge(1e-6), Penalty::ridge(0.1)] {
                let example = Example {
                    penalty,
                    ..tall(loss, 12_000, 5, full, 3)
                };
                let found = agrees(&example, 1_500);
                assert!(found.solution.sample_steps > 0);
                // corrected steps each gain a factor near the root of rows to parameters
                assert!(
                    found.solution.iterations() <= 12,
                    "{loss:?} {}",
                    found.solution.iterations()
                );
                let history = &found.solution.history;
                assert!(history.iter().enumerate().all(|(i, r)| r.iteration == i));
            }
        }
    }
}

#[test]
fn the_optimum_is_the_same_to_ten_digits_at_a_tighter_tolerance() {
    for loss in LOSSES {
        let example = tall(loss, 9_000, 4, true, 5);
        let objective = HostObjective::new(example.problem()).unwrap();
        let start = vec![0.0; objective.dimension()];
        let stop = Stop {
            gradient_tolerance: 1e-13,
            ..Stop::default()
        };
        let sampled = minimize(&SampledNewton::new(2_000), &objective, &start, &stop).unwrap();
        let newton = minimize(&Newton::default(), &objective, &start, &stop).unwrap();
        assert_eq!(sampled.status, Status::Converged);
        assert!(gap(&sampled.theta, &newton.theta) < 1e-10, "{loss:?}");
    }
}

#[test]
fn threads_change_no_bit() {
    for loss in LOSSES {
        let example = tall(loss, 20_000, 6, true, 7);
        let solve = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = pool.build().unwrap();
            pool.install(|| with(&example, &SampledNewton::new(2_500)).solution)
        };
        let one = solve(1);
        assert_eq!(one, solve(2));
        assert_eq!(one, solve(5));
    }
}

#[test]
fn sorted_and_periodic_tables_are_sampled_evenly() {
    let example = tall(Loss::Binary, 16_000, 4, false, 11);
    let Target::Binary(y) = &example.target else {
        unreachable!()
    };
    let mut by_target: Vec<usize> = (0..16_000).collect();
    by_target.sort_by(|&a, &b| y[a].total_cmp(&y[b]));
    let mut by_column: Vec<usize> = (0..16_000).collect();
    by_column.sort_by(|&a, &b| example.design.row(a)[0].total_cmp(&example.design.row(b)[0]));
    // labels that alternate with the period of the sample's strides
    let (ones, zeros): (Vec<usize>, Vec<usize>) = (0..16_000).partition(|&i| y[i] > 0.5);
    let periodic: Vec<usize> = zeros
        .chunks(7)
        .zip(ones.chunks(1))
        .flat_map(|(a, b)| a.iter().chain(b).copied().collect::<Vec<_>>())
        .collect();
    for order in [by_target, by_column, periodic] {
        let found = agrees(&example.select(&order), 2_000);
        assert!(found.solution.iterations() <= 9, "{:?}", found.solution);
    }
}

#[test]
fn levels_that_the_sample_misses() {
    // dummies of one to sixteen rows among sixteen thousand, some with both labels
    for penalty in [Penalty::NONE, Penalty::ridge(1e-6)] {
        let base = tall(Loss::Binary, 16_000, 3, false, 13);
        let levels = 5;
        let values = (0..16_000).flat_map(|i| {
            let dummy =
                move |level: usize| f64::from(i % 1_000 == 17 * level && i / 1_000 < 2 << level);
            let row = base.design.row(i).to_vec();
            row.into_iter().chain((0..levels).map(dummy))
        });
        let mut example = Example {
            design: DesignMatrix::new(16_000, 3 + levels, values.collect()).unwrap(),
            penalty,
            ..base.clone()
        };
        // both labels in every level, so that there is an optimum
        let Target::Binary(y) = &mut example.target else {
            unreachable!()
        };
        for level in 0..levels {
            (y[17 * level], y[1_000 + 17 * level]) = (0.0, 1.0);
        }
        for rows in [500, 2_000, 8_000] {
            let found = with(&example, &SampledNewton::new(rows));
            let newton = with(&example, &Newton::default());
            assert_eq!(found.solution.status, Status::Converged, "{found:?}");
            let error = found.certificate.score_error.unwrap();
            assert!(error < 1e-3, "{error}");
            assert!(gap(&found.solution.theta, &newton.solution.theta) < 1e-3);
        }
    }
}

#[test]
fn separated_and_collinear_rows_are_named_whatever_the_sample_shows() {
    // complete
    let base = tall(Loss::Binary, 12_000, 3, false, 17);
    let sign = |i: usize| f64::from(u8::from(base.design.row(i)[1] > 0.1));
    let separated = Example {
        target: Target::Binary((0..12_000).map(sign).collect()),
        penalty: Penalty::NONE,
        ..base.clone()
    };
    // quasi-complete, by a dummy that is in the sample or not
    let quasi = |every: usize| {
        let cells = (0..12_000).flat_map(|i| {
            let dummy = f64::from(u8::from(i % every == 5));
            base.design
                .row(i)
                .iter()
                .copied()
                .chain([dummy])
                .collect::<Vec<_>>()
        });
        let Target::Binary(y) = &base.target else {
            unreachable!()
        };
        let y = y.iter().enumerate();
        let y = y.map(|(i, &y)| if i % every == 5 { 1.0 } else { y });
        Example {
            design: DesignMatrix::new(12_000, 4, cells.collect()).unwrap(),
            target: Target::Binary(y.collect()),
            penalty: Penalty::NONE,
            ..base.clone()
        }
    };
    for example in [separated, quasi(50), quasi(2_000), quasi(12_000)] {
        for rows in [300, 1_500, 6_000] {
            let found = with(&example, &SampledNewton::new(rows));
            assert_eq!(found.solution.status, Status::Separated, "{rows}");
        }
    }
    // collinear
    let cells = base.design.values().chunks(3);
    let cells = cells.flat_map(|row| [row[0], row[1], row[2], row[0] - 2.0 * row[1]]);
    let collinear = Example {
        design: DesignMatrix::new(12_000, 4, cells.collect()).unwrap(),
        penalty: Penalty::NONE,
        ..base
    };
    let found = with(&collinear, &SampledNewton::new(1_500));
    assert_eq!(found.solution.status, Status::Collinear);
    assert_eq!(found.diagnosis.held, [3]);
}

#[test]
fn heavy_tails_and_correlated_columns() {
    let mut random = ChaCha8Rng::seed_from_u64(19);
    for seed in 0..4 {
        let base = tall(Loss::Binary, 16_000, 6, false, 19 + seed);
        let common: Vec<f64> = (0..16_000).map(|_| normal(&mut random)).collect();
        let cell = |(at, x): (usize, &f64)| match (seed, at % 6) {
            (0, 0) => x.powi(3),
            (1, 0) => (1.5 * x).exp(),
            (2, _) => 0.95 * common[at / 6] + 0.05_f64.sqrt() * x,
            (3, 1) => 1e6 + 1e3 * x,
            (3, 2) => 1e-6 * x,
            _ => *x,
        };
        let values = base.design.values().iter().enumerate().map(cell).collect();
        let example = Example {
            design: DesignMatrix::new(16_000, 6, values).unwrap(),
            ..base
        };
        let (found, newton) = (
            with(&example, &SampledNewton::new(2_000)),
            with(&example, &Newton::default()),
        );
        assert_eq!(found.solution.status, newton.solution.status, "{seed}");
        let scores = |fit: &Fit| fit.solution.objective;
        assert!((scores(&found) / scores(&newton) - 1.0).abs() < 1e-12);
        if found.solution.status == Status::Converged {
            assert!(found.certificate.score_error.unwrap() < 1e-4, "{seed}");
        }
    }
}

#[test]
fn a_warm_start_needs_no_sample_steps_where_it_is_near() {
    let example = tall(Loss::Binary, 20_000, 5, true, 23);
    let objective = HostObjective::new(example.problem()).unwrap();
    let solver = SampledNewton::new(3_000);
    let stop = Stop::default();
    let cold = minimize(&solver, &objective, &[0.0; 6], &stop).unwrap();
    let near: Vec<f64> = cold.theta.iter().map(|t| t + 1e-5).collect();
    let warm = minimize(&solver, &objective, &near, &stop).unwrap();
    assert_eq!((warm.status, warm.sample_steps), (Status::Converged, 0));
    assert!(warm.iterations() < cold.iterations());
    assert!(gap(&warm.theta, &cold.theta) < 1e-8);
    // far away the sample comes first
    let far = minimize(&solver, &objective, &[3.0; 6], &stop).unwrap();
    assert!(far.status == Status::Converged && far.sample_steps > 0);
    assert!(gap(&far.theta, &cold.theta) < 1e-8);
}

#[test]
fn limits_hold_within_the_sample_too() {
    let example = tall(Loss::Binary, 12_000, 5, false, 29);
    let objective = HostObjective::new(example.problem()).unwrap();
    let solver = SampledNewton::new(1_500);
    let run = |stop: &Stop<'_>| minimize(&solver, &objective, &[0.0; 6], stop).unwrap();
    let flag = AtomicBool::new(true);
    let interrupted = run(&Stop {
        interrupted: Some(&flag),
        ..Stop::default()
    });
    assert_eq!(interrupted.status, Status::Interrupted);
    assert_eq!(
        (interrupted.iterations(), interrupted.history.len()),
        (0, 1)
    );
    flag.store(false, Ordering::Relaxed);
    let late = run(&Stop {
        time_limit: Some(Duration::ZERO),
        ..Stop::default()
    });
    assert_eq!(late.status, Status::IterationLimit);
    assert!(late.detail.unwrap().starts_with("out of time"));
    let none = run(&Stop {
        max_iterations: 0,
        ..Stop::default()
    });
    assert_eq!(
        (none.status, none.sample_steps),
        (Status::IterationLimit, 0)
    );
    assert!(none.theta.iter().all(|t| *t == 0.0) && none.gradient_max > 0.0);
    let two = run(&Stop {
        max_iterations: 2,
        ..Stop::default()
    });
    assert_eq!((two.status, two.sample_steps), (Status::IterationLimit, 2));
    assert!(two.objective < none.objective);
}

#[test]
fn without_enough_rows_it_is_newton_and_an_l1_part_is_refused() {
    let example = ordinary(Loss::Binary, 100, 4, true, 31);
    let (found, newton) = (
        with(&example, &SampledNewton::new(80)),
        with(&example, &Newton::default()),
    );
    assert_eq!(found.solution, newton.solution);
    let lasso = Example {
        penalty: Penalty {
            lambda: 0.1,
            l1_ratio: 0.5,
        },
        ..example
    };
    let objective = HostObjective::new(lasso.problem()).unwrap();
    let refused = minimize(
        &SampledNewton::new(8),
        &objective,
        &[0.0; 5],
        &Stop::default(),
    );
    assert!(matches!(refused, Err(SolveError::NotSmooth { .. })));
}

#[test]
fn a_sample_is_an_objective_of_its_own() {
    for loss in LOSSES {
        let example = tall(loss, 1_000, 3, true, 37);
        let objective = HostObjective::new(example.problem()).unwrap();
        // a quarter of the rows have a weight of zero; one of four of the others is taken
        let sample = objective.sample(187).unwrap();
        assert!(objective.sample(400).is_none() && objective.sample(1_000).is_none());
        let theta: Vec<f64> = (0..objective.dimension()).map(|i| 0.1 * i as f64).collect();
        let mut slope = vec![0.0; theta.len()];
        let value = sample.gradient(&theta, &mut slope).unwrap();
        // the same mean of the same rows, chosen anew by the documented rule
        let active: Vec<usize> = (0..1_000).filter(|i| i % 4 != 1).collect();
        let taken: Vec<usize> = (0..active.len() / 4)
            .map(|at| {
                let fraction = (at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 62;
                active[4 * at + fraction as usize]
            })
            .collect();
        let part = example.select(&taken);
        let part = HostObjective::new(part.problem()).unwrap();
        let mut expected = vec![0.0; theta.len()];
        assert_eq!(
            value.to_bits(),
            part.gradient(&theta, &mut expected).unwrap().to_bits()
        );
        assert_eq!(slope, expected);
    }
}

fn check(example: &Example, rows: usize) -> Result<(), TestCaseError> {
    let found = with(example, &SampledNewton::new(rows));
    prop_assert!(found.solution.theta.iter().all(|t| t.is_finite()));
    prop_assert!(found.solution.objective.is_finite());
    let converged = found.solution.status == Status::Converged;
    prop_assert!(!converged || found.certificate.holds());
    let newton = with(example, &Newton::default()).solution.status;
    if newton == Status::Separated || newton == Status::Collinear {
        prop_assert!(!converged, "{:?}", newton);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nasty_problems_with_samples_of_a_few_rows(seed in any::<u64>(), loss in 0..3_usize, rows in 1..20_usize) {
        check(&nasty(LOSSES[loss], seed), rows)?;
    }
}

fn shape(rows: usize, columns: usize) -> Shape {
    Shape {
        rows,
        columns,
        outputs: 1,
        squared: false,
        l1: false,
        intercept: true,
        stored: None,
    }
}

#[test]
fn what_auto_takes() {
    let plan = |shape: Shape| Choice::auto(&shape).plan;
    assert_eq!(plan(shape(455, 30)), Plan::Newton);
    assert_eq!(plan(shape(20_000, 10)), Plan::Newton);
    for (rows, columns) in [
        (1_000_000, 28),
        (200_000, 200),
        (20_000, 200),
        (10_000_000, 5),
    ] {
        let Plan::SampledNewton { rows: sample } = plan(shape(rows, columns)) else {
            panic!("{rows} x {columns}");
        };
        assert!(sample >= 10 * (columns + 1) && sample <= rows / 2);
    }
    for (rows, columns) in [(20_000, 2_000), (1_000, 5_000), (72, 7_129)] {
        assert!(
            matches!(plan(shape(rows, columns)), Plan::Lbfgs { .. }),
            "{rows} x {columns}"
        );
    }
    assert_eq!(plan(shape(72, 7_129)), Plan::Lbfgs { newton_after: None });
    let l1 = Shape {
        l1: true,
        ..shape(1_000, 50)
    };
    assert_eq!(plan(l1), Plan::Coordinate);
    let squared = |rows| Shape {
        squared: true,
        ..shape(rows, 6)
    };
    assert_eq!(plan(squared(1_000)), Plan::LeastSquares);
    assert!(matches!(
        plan(squared(10_000_000)),
        Plan::SampledNewton { .. }
    ));
}

#[test]
fn plans_are_stored_and_carried_out() {
    let example = tall(Loss::Binary, 6_000, 4, false, 41);
    let objective = HostObjective::new(example.problem()).unwrap();
    let optimum = with(&example, &Newton::default()).solution.theta;
    for plan in [
        Plan::Newton,
        Plan::SampledNewton { rows: 750 },
        Plan::Lbfgs { newton_after: None },
        Plan::Lbfgs {
            newton_after: Some(3),
        },
    ] {
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
        let mut seen = Vec::new();
        let found = plan
            .minimize(&objective, &[0.0; 5], &Stop::default(), &mut |r| {
                seen.push(*r);
            })
            .unwrap();
        assert_eq!(found.status, Status::Converged, "{plan:?}");
        assert!(gap(&found.theta, &optimum) < 1e-8);
        assert_eq!(seen, found.history);
        let handed_over = plan
            == Plan::Lbfgs {
                newton_after: Some(3),
            };
        assert_eq!(
            found.detail.is_some_and(|d| d.contains("Newton")),
            handed_over
        );
    }
}

#[test]
fn a_linear_fit_by_lbfgs_that_can_go_no_further_is_judged_by_its_certificate() {
    for seed in 0..5 {
        let mut example = tall(Loss::Linear, 2_000, 6, true, 43 + seed);
        let Target::Linear(y) = &mut example.target else {
            unreachable!()
        };
        // a gradient of 1e-10 is beyond the rounding of targets this large
        for y in y.iter_mut() {
            *y *= 1e9;
        }
        let objective = HostObjective::new(example.problem()).unwrap();
        let stop = Stop {
            max_iterations: 1_000,
            ..Stop::default()
        };
        let start = vec![0.0; objective.dimension()];
        let found = fit(&objective, &Lbfgs::default(), &start, &stop).unwrap();
        assert!(found.solution.gradient_max > 1e-10);
        assert_eq!(found.solution.status, Status::Converged, "{found:?}");
        assert!(found.certificate.score_error.unwrap() < 1e3 && found.solution.detail.is_none());
    }
}
