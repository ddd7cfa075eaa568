//! Whole penalty paths: optimality of every point, against single fits, and their ends.

use dataset::DesignMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use solver::{
    HostObjective, Lambdas, Objective, Path, PathOptions, Penalty, Problem, Status, Stop,
    TargetValues, coordinate, path,
};

use crate::coordinate::violation;
use crate::problems::{Example, LOSSES, Loss, Target, normal, ordinary};

fn follow(example: &Example, l1_ratio: f64, count: usize, ratio: Option<f64>) -> Path {
    let objective = HostObjective::new(example.problem()).unwrap();
    let options = PathOptions {
        lambdas: Lambdas::Auto { count, ratio },
        l1_ratio,
        ..PathOptions::default()
    };
    path(&objective, &options).unwrap()
}

#[test]
fn every_point_is_optimal_for_the_whole_problem() {
    for (rows, columns) in [(16_000, 70), (150, 12), (40, 300)] {
        for loss in LOSSES {
            for l1_ratio in [1.0, 0.5] {
                let mut example = ordinary(loss, rows, columns, true, 17);
                let ratio = (columns == 300).then_some(0.1);
                let found = follow(&example, l1_ratio, 20, ratio);
                assert!(found.complete && found.points.len() == 20);
                for point in &found.points {
                    example.penalty = Penalty {
                        lambda: point.lambda,
                        l1_ratio,
                    };
                    let at = format!(
                        "{loss:?} {rows}x{columns} {} {:?}",
                        point.lambda, point.solution
                    );
                    assert_eq!(point.solution.status, Status::Converged, "{at}");
                    let scale = HostObjective::new(example.problem()).unwrap().scale();
                    let worst = violation(&example, &point.solution.theta);
                    assert!(worst < 2e-10 * scale, "{at}");
                }
                // nothing at the first penalty, and something right below it
                assert_eq!(found.points[0].nonzero, 0);
                assert!(found.points[0].deviance_ratio.abs() < 1e-12);
                assert!(found.points[1].nonzero > 0);
                let ratios = found.points.windows(2);
                assert!(
                    ratios
                        .into_iter()
                        .all(|p| p[0].deviance_ratio <= p[1].deviance_ratio + 1e-9)
                );
            }
        }
    }
}

#[test]
fn points_are_single_fits() {
    let example = ordinary(Loss::Binary, 200, 15, true, 23);
    let found = follow(&example, 0.8, 12, None);
    for point in &found.points {
        let objective = HostObjective::new(Problem {
            penalty: Penalty {
                lambda: point.lambda,
                l1_ratio: 0.8,
            },
            ..example.problem()
        })
        .unwrap();
        let single = coordinate(&objective, &[0.0; 16], &Stop::default()).unwrap();
        for (a, b) in single.theta.iter().zip(&point.solution.theta) {
            assert!((a - b).abs() < 1e-7);
        }
        assert!((single.objective - point.solution.objective).abs() < 1e-13);
    }
}

#[test]
fn the_largest_penalty_is_where_the_first_coefficient_appears() {
    for loss in LOSSES {
        for columns in [10, 90] {
            let mut example = ordinary(loss, 60, columns, true, 5);
            let largest = follow(&example, 0.5, 2, None).lambda_max;
            for (factor, none) in [(1.0 + 1e-9, true), (1.0 - 1e-6, false)] {
                example.penalty = Penalty {
                    lambda: factor * largest,
                    l1_ratio: 0.5,
                };
                let found = crate::coordinate::solve(&example);
                let stride = columns + 1;
                let mut penalised = found
                    .theta
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| at % stride < columns);
                assert_eq!(penalised.all(|(_, t)| *t == 0.0), none, "{loss:?} {factor}");
            }
        }
    }
}

#[test]
fn ridge_paths_are_newtons() {
    for columns in [6, 40] {
        let mut example = ordinary(Loss::Binary, 30, columns, false, 5);
        let found = follow(&example, 0.0, 10, None);
        assert!(found.complete);
        for point in &found.points {
            example.penalty = Penalty::ridge(point.lambda);
            assert_eq!(point.solution.status, Status::Converged);
            assert!(violation(&example, &point.solution.theta) < 2e-10);
        }
    }
}

#[test]
fn ends() {
    let example = ordinary(Loss::Binary, 80, 10, false, 31);
    let objective = HostObjective::new(example.problem()).unwrap();
    let flag = std::sync::atomic::AtomicBool::new(true);
    let interrupted = PathOptions {
        stop: Stop {
            interrupted: Some(&flag),
            ..Stop::default()
        },
        ..PathOptions::default()
    };
    let found = path(&objective, &interrupted).unwrap();
    assert!(!found.complete && found.points.len() <= 2);
    let late = PathOptions {
        stop: Stop {
            time_limit: Some(std::time::Duration::ZERO),
            ..Stop::default()
        },
        ..PathOptions::default()
    };
    assert!(!path(&objective, &late).unwrap().complete);
    let saturated = PathOptions {
        saturation: true,
        ..PathOptions::default()
    };
    let found = path(&objective, &saturated).unwrap();
    assert!(!found.complete && found.points.len() > 5 && found.points.len() < 100);
    for ratio in [0.0, 1.0, f64::NAN] {
        let wrong = PathOptions {
            lambdas: Lambdas::Auto {
                count: 5,
                ratio: Some(ratio),
            },
            ..PathOptions::default()
        };
        assert!(path(&objective, &wrong).is_err());
    }
    let wrong = PathOptions {
        lambdas: Lambdas::Given(vec![-1.0]),
        ..PathOptions::default()
    };
    assert!(path(&objective, &wrong).is_err());
    // one class only; nothing but zeros; no column
    let zeros = DesignMatrix::new(4, 2, vec![0.0; 8]).unwrap();
    let one = HostObjective::new(Problem::new(&zeros, TargetValues::Binary(&[1.0; 4]))).unwrap();
    let found = path(&one, &PathOptions::default()).unwrap();
    assert!(!found.complete && found.points.is_empty());
    let none = DesignMatrix::new(4, 0, Vec::<f64>::new()).unwrap();
    for design in [&zeros, &none] {
        let target = TargetValues::Binary(&[1.0, 0.0, 0.0, 0.0]);
        let objective = HostObjective::new(Problem::new(design, target)).unwrap();
        let found = path(&objective, &PathOptions::default()).unwrap();
        assert!(found.complete && found.points.len() == 1, "{found:?}");
        assert_eq!(found.points[0].nonzero, 0);
    }
}

/// Rows like those of gene expression: few, with many correlated columns of which a few decide the class.
pub(crate) fn expression(rows: usize, columns: usize) -> Example {
    let mut random = ChaCha8Rng::seed_from_u64(72);
    let factors: Vec<f64> = (0..rows * 10).map(|_| normal(&mut random)).collect();
    let loadings: Vec<f64> = (0..columns * 10).map(|_| normal(&mut random)).collect();
    let mut values = vec![0.0; rows * columns];
    for i in 0..rows {
        for j in 0..columns {
            let common: f64 = (0..10)
                .map(|f| factors[i * 10 + f] * loadings[j * 10 + f])
                .sum();
            values[i * columns + j] = 0.2 * common + normal(&mut random);
        }
    }
    standardise(&mut values, rows, columns);
    let y = (0..rows)
        .map(|i| {
            let score: f64 = (0..8).map(|j| values[i * columns + 11 * j]).sum();
            f64::from(score + 1.5 * normal(&mut random) > 0.5)
        })
        .collect();
    Example {
        design: DesignMatrix::new(rows, columns, values).unwrap(),
        target: Target::Binary(y),
        weights: None,
        offsets: None,
        intercept: true,
        penalty: Penalty::NONE,
    }
}

pub(crate) fn standardise(values: &mut [f64], rows: usize, columns: usize) {
    for j in 0..columns {
        let column = || (0..rows).map(|i| i * columns + j);
        let mean = column().map(|at| values[at]).sum::<f64>() / rows as f64;
        let square = column().map(|at| (values[at] - mean).powi(2)).sum::<f64>() / rows as f64;
        let scale = if square > 0.0 { square.sqrt() } else { 1.0 };
        for at in column() {
            values[at] = (values[at] - mean) / scale;
        }
    }
}

#[test]
fn gene_expression_paths_are_optimal() {
    let mut example = expression(40, 1500);
    for l1_ratio in [1.0, 0.5] {
        let found = follow(&example, l1_ratio, 50, None);
        assert!(found.complete);
        for point in &found.points {
            example.penalty = Penalty {
                lambda: point.lambda,
                l1_ratio,
            };
            assert_eq!(
                point.solution.status,
                Status::Converged,
                "{:?}",
                point.solution.history
            );
            assert!(violation(&example, &point.solution.theta) < 2e-10);
        }
    }
}
