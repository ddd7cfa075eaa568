//! Proximal Newton with coordinate descent: optimality, known solutions, invariances, statuses.

use dataset::DesignMatrix;
use proptest::prelude::*;
use solver::objective::pointwise::{log_loss, softmax_loss};
use solver::{
    Coordinate, HostObjective, Newton, Objective, Penalty, Problem, Solution, Status, Stop,
    TargetValues, coordinate, minimize,
};

use crate::problems::{Example, LOSSES, Loss, Target, nasty, ordinary};

/// The largest violation of the optimality conditions, by plain loops over the rows.
pub(crate) fn violation(example: &Example, theta: &[f64]) -> f64 {
    let outputs = example.problem().target.outputs();
    let (stride, p) = (theta.len() / outputs, example.design.columns());
    let mut gradient = vec![0.0; theta.len()];
    let mut total = 0.0;
    for i in 0..example.design.rows() {
        let w = example.weights.as_ref().map_or(1.0, |w| w[i]);
        if w == 0.0 {
            continue;
        }
        total += w;
        let row = example.design.row(i);
        let score = |k: usize| {
            let t = &theta[k * stride..(k + 1) * stride];
            let sum: f64 = row.iter().zip(t).map(|(x, b)| x * b).sum();
            sum + t.get(p).copied().unwrap_or_default()
                + example.offsets.as_ref().map_or(0.0, |o| o[i * outputs + k])
        };
        let mut scores: Vec<f64> = (0..outputs).map(score).collect();
        let mut residuals = vec![0.0; outputs];
        match &example.target {
            Target::Binary(y) => residuals[0] = log_loss(scores[0], y[i]).residual,
            Target::Linear(y) => residuals[0] = scores[0] - y[i],
            Target::Multinomial(codes, _) => {
                softmax_loss(&mut scores, codes[i] as usize, &mut residuals);
            }
        }
        for (k, r) in residuals.iter().enumerate() {
            for (j, x) in row.iter().enumerate() {
                gradient[k * stride + j] += w * r * x;
            }
            if stride > p {
                gradient[k * stride + p] += w * r;
            }
        }
    }
    let (l1, l2) = (example.penalty.l1(), example.penalty.l2());
    (gradient.iter().zip(theta).enumerate()).fold(0.0, |most: f64, (at, (g, &t))| {
        let g = g / total;
        let size = if at % stride == p {
            g.abs()
        } else if t == 0.0 {
            (g.abs() - l1).max(0.0)
        } else {
            (g + l2 * t + l1 * t.signum()).abs()
        };
        most.max(size)
    })
}

pub(crate) fn solve(example: &Example) -> Solution {
    let objective = HostObjective::new(example.problem()).unwrap();
    let start = vec![0.0; objective.dimension()];
    coordinate(&objective, &start, &Stop::default()).unwrap()
}

fn whole(example: &Example) -> Solution {
    let objective = HostObjective::new(example.problem()).unwrap();
    let start = vec![0.0; objective.dimension()];
    minimize(&Coordinate::default(), &objective, &start, &Stop::default()).unwrap()
}

fn elastic(lambda: f64, l1_ratio: f64) -> Penalty {
    Penalty { lambda, l1_ratio }
}

fn far(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    (a.iter().zip(b)).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()))
}

#[test]
fn optimality_holds_for_every_loss_shape_and_penalty() {
    // tall (rows), small (copies) and wide (copies); weights and offsets
    for (rows, columns) in [(30_000, 40), (300, 12), (40, 150), (60, 60)] {
        for loss in LOSSES {
            for (lambda, l1_ratio) in [(0.02, 1.0), (0.05, 0.5), (0.002, 0.9), (0.03, 0.01)] {
                let mut example = ordinary(loss, rows, columns, true, 7);
                example.penalty = elastic(lambda, l1_ratio);
                let found = solve(&example);
                let at = format!("{loss:?} {rows}x{columns} {lambda} {l1_ratio} {found:?}");
                assert_eq!(found.status, Status::Converged, "{at}");
                assert!(violation(&example, &found.theta) < 2e-10, "{at}");
                assert!(found.iterations() < 30, "{at}");
                for pair in found.history.windows(2) {
                    assert!(
                        pair[1].objective <= pair[0].objective * (1.0 + 1e-12),
                        "{at}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_objective_alone_is_enough() {
    for loss in LOSSES {
        for (rows, columns) in [(200, 8), (30, 60)] {
            let mut example = ordinary(loss, rows, columns, true, 11);
            example.penalty = elastic(0.03, 0.7);
            let (one, other) = (whole(&example), solve(&example));
            assert_eq!(one.status, Status::Converged);
            assert!(violation(&example, &one.theta) < 2e-10);
            assert!(far(&one.theta, &other.theta) < 1e-7);
            let zeros = |s: &Solution| s.theta.iter().map(|t| *t == 0.0).collect::<Vec<_>>();
            assert_eq!(zeros(&one), zeros(&other));
        }
    }
}

/// Columns of a Hadamard matrix: orthogonal, of squared length `n`.
fn orthogonal(rows: usize, columns: usize) -> DesignMatrix<f64> {
    let cell = |i: usize, j: usize| {
        if (i & (j + 1)).count_ones().is_multiple_of(2) {
            1.0
        } else {
            -1.0
        }
    };
    let values = (0..rows * columns)
        .map(|at| cell(at / columns, at % columns))
        .collect();
    DesignMatrix::new(rows, columns, values).unwrap()
}

#[test]
fn an_orthogonal_design_is_soft_thresholding() {
    let (n, p) = (64, 20);
    let design = orthogonal(n, p);
    let y: Vec<f64> = (0..n)
        .map(|i| ((i * i) as f64 * 0.37).sin() * 3.0)
        .collect();
    for (lambda, alpha) in [(0.1, 1.0), (0.3, 0.5), (0.2, 0.0)] {
        let objective = HostObjective::new(Problem {
            penalty: elastic(lambda, alpha),
            ..Problem::new(&design, TargetValues::Linear(&y))
        })
        .unwrap();
        let found = coordinate(&objective, &vec![0.0; p + 1], &Stop::default()).unwrap();
        assert_eq!(found.status, Status::Converged);
        for j in 0..p {
            let product: f64 = (0..n).map(|i| design.row(i)[j] * y[i]).sum::<f64>() / n as f64;
            let size = (product.abs() - lambda * alpha).max(0.0);
            let known = product.signum() * size / (1.0 + lambda * (1.0 - alpha));
            assert!((found.theta[j] - known).abs() < 1e-14);
            assert_eq!(found.theta[j] == 0.0, known == 0.0);
        }
    }
}

#[test]
fn without_an_l1_part_it_is_newtons_ridge() {
    for loss in LOSSES {
        for (rows, columns) in [(200, 8), (30, 50), (20_000, 60)] {
            let mut example = ordinary(loss, rows, columns, true, 3);
            for penalty in [Penalty::ridge(0.05), elastic(0.05, 0.0)] {
                example.penalty = penalty;
                let objective = HostObjective::new(example.problem()).unwrap();
                let start = vec![0.0; objective.dimension()];
                let newton =
                    minimize(&Newton::default(), &objective, &start, &Stop::default()).unwrap();
                let found = solve(&example);
                assert_eq!(found.status, Status::Converged);
                assert!(far(&newton.theta, &found.theta) < 1e-9, "{loss:?} {rows}");
            }
        }
    }
}

#[test]
fn without_a_penalty_it_is_newton_or_says_so() {
    for loss in LOSSES {
        let mut example = ordinary(loss, 300, 5, false, 5);
        example.penalty = elastic(0.0, 1.0);
        let objective = HostObjective::new(example.problem()).unwrap();
        let start = vec![0.0; objective.dimension()];
        let newton = minimize(&Newton::default(), &objective, &start, &Stop::default()).unwrap();
        let found = solve(&example);
        assert_eq!(found.status, Status::Converged);
        // the multinomial's coefficients are the same up to a number added to every class
        assert!((newton.objective - found.objective).abs() < 1e-14 * (1.0 + newton.objective));
        assert!(violation(&example, &found.theta) < 2e-10);
    }
    let design = DesignMatrix::new(4, 1, vec![0.0, 1.0, 2.0, 3.0]).unwrap();
    let objective = HostObjective::new(Problem::new(
        &design,
        TargetValues::Binary(&[0.0, 0.0, 1.0, 1.0]),
    ))
    .unwrap();
    let found = coordinate(&objective, &[0.0; 2], &Stop::default()).unwrap();
    assert!(!found.status.is_success(), "{found:?}");
}

#[test]
fn separated_rows_under_a_tiny_penalty() {
    let design = DesignMatrix::new(4, 1, vec![0.0, 1.0, 2.0, 3.0]).unwrap();
    for lambda in [1e-3, 1e-6, 1e-9] {
        let objective = HostObjective::new(Problem {
            penalty: elastic(lambda, 1.0),
            ..Problem::new(&design, TargetValues::Binary(&[0.0, 0.0, 1.0, 1.0]))
        })
        .unwrap();
        let stop = Stop {
            gradient_tolerance: 1e-4 * lambda,
            ..Stop::default()
        };
        for found in [
            coordinate(&objective, &[0.0; 2], &stop).unwrap(),
            minimize(&Coordinate::default(), &objective, &[0.0; 2], &stop).unwrap(),
        ] {
            assert_eq!(found.status, Status::Converged, "{found:?}");
            // by symmetry p = s(b(x - 1.5)); the condition: sum of |x - 1.5| (1 - p) / 4 = lambda
            let b = found.theta[0];
            let wrong = |z: f64| 1.0 / (1.0 + (b * z).exp());
            let slope = 0.5 * (0.5 * wrong(0.5) + 1.5 * wrong(1.5));
            assert!((slope / lambda - 1.0).abs() < 1e-3, "{slope} {lambda}");
        }
    }
}

#[test]
fn a_class_without_rows_has_no_intercept() {
    let design = DesignMatrix::new(3, 1, vec![0.0, 1.0, 2.0]).unwrap();
    let mut problem = Problem {
        penalty: elastic(0.1, 1.0),
        ..Problem::new(&design, TargetValues::Binary(&[1.0; 3]))
    };
    let found = coordinate(
        &HostObjective::new(problem).unwrap(),
        &[0.0; 2],
        &Stop::default(),
    )
    .unwrap();
    assert_eq!(found.status, Status::Separated);
    assert!(found.detail.unwrap().contains("class 0"));
    let objective = HostObjective::new(problem).unwrap();
    let found = minimize(
        &Coordinate::default(),
        &objective,
        &[0.0; 2],
        &Stop::default(),
    )
    .unwrap();
    assert!(!found.status.is_success(), "{found:?}");
    problem.intercept = false;
    let found = coordinate(
        &HostObjective::new(problem).unwrap(),
        &[0.0],
        &Stop::default(),
    )
    .unwrap();
    assert_eq!(found.status, Status::Converged);
    let codes = [0, 2, 2];
    let problem = Problem {
        penalty: elastic(0.1, 1.0),
        ..Problem::new(
            &design,
            TargetValues::Multinomial {
                codes: &codes,
                classes: 3,
            },
        )
    };
    let found = coordinate(
        &HostObjective::new(problem).unwrap(),
        &[0.0; 6],
        &Stop::default(),
    )
    .unwrap();
    assert_eq!(found.status, Status::Separated);
    assert!(found.detail.unwrap().contains("class 1"));
}

#[test]
fn degenerate_shapes() {
    // one row
    let one = DesignMatrix::new(1, 2, vec![1.0, -2.0]).unwrap();
    let objective = HostObjective::new(Problem {
        penalty: elastic(0.1, 1.0),
        intercept: false,
        ..Problem::new(&one, TargetValues::Binary(&[1.0]))
    })
    .unwrap();
    let found = coordinate(&objective, &[0.0; 2], &Stop::default()).unwrap();
    assert_eq!(found.status, Status::Converged);
    // the larger column alone: 2(1 - p) = 0.1
    assert!(found.theta[0].to_bits() == 0);
    assert!((2.0 / (1.0 + (-2.0 * found.theta[1]).exp()) - 0.1).abs() < 1e-9);
    // no column
    let none = DesignMatrix::new(4, 0, Vec::<f64>::new()).unwrap();
    let objective = HostObjective::new(Problem {
        penalty: elastic(0.1, 1.0),
        ..Problem::new(&none, TargetValues::Binary(&[1.0, 0.0, 0.0, 0.0]))
    })
    .unwrap();
    let found = coordinate(&objective, &[0.0], &Stop::default()).unwrap();
    assert_eq!(found.status, Status::Converged);
    assert!((found.theta[0] + 3.0_f64.ln()).abs() < 1e-9);
}

#[test]
fn zero_constant_and_equal_columns() {
    for (rows, copies) in [(100, 1), (12_000, 22)] {
        let base = ordinary(Loss::Binary, rows, 4, false, 9);
        // zeros, ones, and the fourth again, a few times
        let values = (0..rows)
            .flat_map(|i| {
                let row = base.design.row(i);
                (0..copies).flat_map(move |_| [row[0], row[1], row[2], row[3], 0.0, 1.0, row[3]])
            })
            .collect();
        let mut example = base.clone();
        example.design = DesignMatrix::new(rows, 7 * copies, values).unwrap();
        example.penalty = elastic(1e-4, 1.0);
        let found = solve(&example);
        assert_eq!(found.status, Status::Converged, "{found:?}");
        assert!(violation(&example, &found.theta) < 2e-10);
        for c in 0..copies {
            assert!(found.theta[7 * c + 4].to_bits() == 0);
            assert!(found.theta[7 * c + 5].to_bits() == 0);
        }
        // equal columns share what one of them would have
        let mut single = base.clone();
        single.penalty = example.penalty;
        let alone = solve(&single);
        let shared: f64 = (0..copies)
            .map(|c| found.theta[7 * c + 3] + found.theta[7 * c + 6])
            .sum();
        assert!((shared - alone.theta[3]).abs() < 1e-7);
    }
}

#[test]
fn columns_of_wild_units_are_solved_too() {
    for unit in [1e-6, 1e-3, 1e3, 1e6] {
        let mut example = ordinary(Loss::Binary, 400, 6, false, 21);
        example.penalty = elastic(0.01, 1.0);
        let values = (example.design.values().iter().enumerate())
            .map(|(at, x)| if at % 6 == 2 { x * unit } else { *x })
            .collect();
        example.design = DesignMatrix::new(400, 6, values).unwrap();
        let found = solve(&example);
        assert_eq!(found.status, Status::Converged, "{unit} {found:?}");
        assert!(
            violation(&example, &found.theta) < 2e-10 * unit.max(1.0),
            "{unit}"
        );
    }
}

#[test]
fn flipped_labels_flip_signs() {
    for (rows, columns) in [(15_000, 70), (150, 20), (30, 80)] {
        let mut example = ordinary(Loss::Binary, rows, columns, false, 2);
        example.penalty = elastic(0.01, 0.8);
        let one = solve(&example);
        if let Target::Binary(y) = &mut example.target {
            for y in y.iter_mut() {
                *y = 1.0 - *y;
            }
        }
        let other = solve(&example);
        let flipped: Vec<f64> = other.theta.iter().map(|t| -t).collect();
        assert!(far(&one.theta, &flipped) < 1e-13);
    }
}

#[test]
fn a_weight_of_two_is_the_row_twice() {
    for loss in LOSSES {
        for (rows, columns) in [(400, 10), (25, 60), (16_000, 66)] {
            let mut example = ordinary(loss, rows, columns, false, 4);
            example.penalty = elastic(0.02, 0.9);
            example.weights = Some((0..rows).map(|i| [1.0, 2.0, 0.0][i % 3]).collect());
            let weighted = solve(&example);
            let twice: Vec<usize> = (0..rows)
                .flat_map(|i| std::iter::repeat_n(i, [1, 2, 0][i % 3]))
                .collect();
            let mut repeated = example.select(&twice);
            repeated.weights = None;
            let found = solve(&repeated);
            assert_eq!(weighted.status, Status::Converged);
            assert!(far(&weighted.theta, &found.theta) < 1e-8);
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for loss in LOSSES {
        for (rows, columns) in [(20_000, 64), (2000, 30), (50, 400)] {
            let mut example = ordinary(loss, rows, columns, true, 6);
            example.penalty = elastic(0.01, 0.9);
            let run = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                pool.unwrap().install(|| solve(&example))
            };
            let one = run(1);
            assert_eq!(one, run(2));
            assert_eq!(one, run(7));
        }
    }
}

#[test]
fn above_the_largest_penalty_everything_is_zero() {
    for loss in LOSSES {
        for (rows, columns) in [(20_000, 64), (200, 8), (30, 90)] {
            let mut example = ordinary(loss, rows, columns, false, 8);
            example.penalty = elastic(50.0, 0.5);
            let found = solve(&example);
            assert_eq!(found.status, Status::Converged);
            let stride = columns + 1;
            let zero = |(at, t): (usize, &f64)| at % stride == columns || *t == 0.0;
            assert!(found.theta.iter().enumerate().all(zero));
        }
    }
}

#[test]
fn a_warm_start_is_quick_and_bounds_are_kept() {
    let mut example = ordinary(Loss::Binary, 500, 30, false, 12);
    example.penalty = elastic(0.01, 1.0);
    let objective = HostObjective::new(example.problem()).unwrap();
    let found = solve(&example);
    let again = coordinate(&objective, &found.theta, &Stop::default()).unwrap();
    assert_eq!((again.status, again.iterations()), (Status::Converged, 0));
    let start = [0.0; 31];
    let stop = Stop {
        max_iterations: 0,
        ..Stop::default()
    };
    let none = coordinate(&objective, &start, &stop).unwrap();
    assert_eq!(none.status, Status::IterationLimit);
    let flag = std::sync::atomic::AtomicBool::new(true);
    let stop = Stop {
        interrupted: Some(&flag),
        ..Stop::default()
    };
    let none = coordinate(&objective, &start, &stop).unwrap();
    assert_eq!(none.status, Status::Interrupted);
    let stop = Stop {
        time_limit: Some(std::time::Duration::ZERO),
        ..Stop::default()
    };
    let none = coordinate(&objective, &start, &stop).unwrap();
    assert_eq!(none.status, Status::IterationLimit);
    assert!(coordinate(&objective, &[0.0; 3], &Stop::default()).is_err());
}

/// A class that only rows of weight 0.01 among 10,000 have, a column of 1e-6 and one of 1e5. The rounding of
/// the first, in units of its curvature, once hid that the intercept of that class falls for ever.
#[test]
fn a_column_of_hardly_any_curvature_hides_nothing() {
    let mut example = nasty(Loss::Multinomial, 12_027_981_795_706_445_701);
    example.penalty = elastic(10.0_f64.powf(-1.573_259_132_838_171_8), 1.0);
    assert_eq!(solve(&example).status, Status::Separated);
    let found = whole(&example);
    assert_eq!(found.status, Status::IterationLimit, "{found:?}");
    assert!(violation(&example, &found.theta) < 1e-9);
}

/// No panic, no NaN, no "converged" that is not.
fn check(example: &Example) -> Result<(), TestCaseError> {
    for found in [solve(example), whole(example)] {
        prop_assert!(found.theta.iter().all(|t| t.is_finite()));
        prop_assert!(found.objective.is_finite());
        if found.status == Status::Converged {
            let size = example
                .design
                .values()
                .iter()
                .fold(1.0, |most: f64, x| most.max(x.abs()));
            let target = match &example.target {
                Target::Linear(y) => y.iter().fold(1.0, |most: f64, y| most.max(y.abs())),
                _ => 1.0,
            };
            let worst = violation(example, &found.theta);
            prop_assert!(
                worst <= 1e-10 + 1e-9 * size * target,
                "{} {:?}",
                worst,
                found
            );
        } else {
            let said = found.detail.is_some() || found.status == Status::Separated;
            prop_assert!(said, "{:?}", found);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nasty_problems_end_with_an_honest_status(
        seed in any::<u64>(), loss in 0..3_usize, lambda in -8.0..1.0_f64, ratio in 0..4_usize,
    ) {
        let mut example = nasty(LOSSES[loss], seed);
        example.penalty = elastic(10.0_f64.powf(lambda), [1.0, 0.9, 0.5, 0.05][ratio]);
        check(&example)?;
    }

    #[test]
    fn huge_and_tiny_numbers_too(
        seed in any::<u64>(), loss in 0..3_usize, exponent in -150..150_i32, lambda in -6.0..1.0_f64,
    ) {
        let mut example = nasty(LOSSES[loss], seed);
        let unit = 10.0_f64.powi(exponent);
        let values = example.design.values().iter().enumerate();
        let values = values.map(|(i, x)| if i % 2 == 0 { x * unit } else { *x }).collect();
        let (rows, columns) = (example.design.rows(), example.design.columns());
        example.design = DesignMatrix::new(rows, columns, values).unwrap();
        example.penalty = elastic(10.0_f64.powf(lambda), 0.9);
        for found in [solve(&example), whole(&example)] {
            prop_assert!(found.theta.iter().all(|t| t.is_finite()));
        }
    }
}
