//! Random problems whose verdict is known by construction: what is said of them must be right.

use dataset::DesignMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use solver::{
    Fit, HostObjective, LeastSquaresError, LeastSquaresMethod, Newton, Objective, Penalty, Status,
    Stop, Verdict, dependences, least_squares, minimize, separation,
};

use crate::evidence::solve;
use crate::problems::{Example, LOSSES, Loss, Target, normal};

/// Problems of each kind: a second's worth without optimisation, thousands with it.
const COUNT: u64 = if cfg!(debug_assertions) { 100 } else { 2000 };

fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn example(rows: usize, values: Vec<f64>, target: Target) -> Example {
    let columns = values.len() / rows;
    Example {
        design: DesignMatrix::new(rows, columns, values).unwrap(),
        target,
        weights: None,
        offsets: None,
        intercept: true,
        penalty: Penalty::NONE,
    }
}

/// Every row with every class: nothing separates, whatever the columns.
fn overlapping(loss: Loss, rows: &[Vec<f64>], random: &mut ChaCha8Rng) -> Example {
    let classes = if loss == Loss::Multinomial { 3 } else { 2 };
    let values: Vec<f64> = rows.iter().flat_map(|row| row.repeat(classes)).collect();
    let codes: Vec<u32> = (0..rows.len()).flat_map(|_| 0..classes as u32).collect();
    let target = match loss {
        Loss::Binary => Target::Binary(codes.iter().map(|&c| f64::from(c)).collect()),
        Loss::Multinomial => Target::Multinomial(codes.clone(), classes),
        Loss::Linear => Target::Linear(codes.iter().map(|_| normal(random)).collect()),
    };
    let weights = codes
        .iter()
        .map(|_| random.random_range(0.1..3.0))
        .collect();
    let count = codes.len();
    Example {
        weights: Some(weights),
        design: DesignMatrix::new(count, rows[0].len(), values).unwrap(),
        ..example(count, vec![], target)
    }
}

fn normals(count: usize, columns: usize, random: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    let row = |random: &mut ChaCha8Rng| (0..columns).map(|_| normal(random)).collect();
    (0..count).map(|_| row(random)).collect()
}

fn each(count: u64, check: impl Fn(u64) + Sync + Send) {
    (0..count).into_par_iter().for_each(check);
}

#[test]
fn completely_separable_rows_are_called_so() {
    each(COUNT, |seed| {
        let mut random = random(seed);
        let (rows, columns) = (random.random_range(4..40), random.random_range(1..6));
        let direction: Vec<f64> = (0..=columns).map(|_| normal(&mut random)).collect();
        let size = direction.iter().map(|d| d * d).sum::<f64>().sqrt();
        let (mut values, mut y) = (Vec::new(), Vec::new());
        while y.len() < rows {
            let row: Vec<f64> = (0..columns).map(|_| normal(&mut random)).collect();
            let z: f64 =
                row.iter().zip(&direction).map(|(x, d)| x * d).sum::<f64>() + direction[columns];
            // a margin of a millionth
            if z.abs() > 1e-6 * size {
                y.push(f64::from(z > 0.0));
                values.extend(row);
            }
        }
        let example = example(rows, values, Target::Binary(y));
        for found in solve(&example, &format!("complete {seed}")) {
            assert_eq!(found.solution.status, Status::Separated, "{seed}");
            let Some(Verdict::Separated(verdict)) = found.diagnosis.separation else {
                panic!("{seed}")
            };
            assert!(verdict.complete && verdict.rows == rows, "{seed}");
        }
    });
}

#[test]
fn a_level_of_one_class_is_found_among_overlapping_rows() {
    each(COUNT, |seed| {
        let mut random = random(seed);
        let loss = [Loss::Binary, Loss::Multinomial][seed as usize % 2];
        let (count, columns) = (random.random_range(6..30), random.random_range(1..5));
        let base = overlapping(loss, &normals(count, columns, &mut random), &mut random);
        let (rows, level) = (base.design.rows(), random.random_range(1..4));
        let mut values: Vec<f64> = Vec::new();
        for i in 0..rows {
            values.extend(base.design.row(i));
            values.push(0.0);
        }
        for _ in 0..level {
            values.extend((0..columns).map(|_| normal(&mut random)));
            values.push(1.0);
        }
        let target = match base.target {
            Target::Binary(mut y) => {
                y.extend(vec![f64::from(seed % 4 == 0); level]);
                Target::Binary(y)
            }
            Target::Multinomial(mut codes, classes) => {
                codes.extend(vec![seed as u32 % 3; level]);
                Target::Multinomial(codes, classes)
            }
            Target::Linear(_) => panic!("no regression separates"),
        };
        let mut found = example(rows + level, values, target);
        found.weights = base.weights.map(|w| [w, vec![1.0; level]].concat());
        for fit in solve(&found, &format!("level {seed}")) {
            assert_eq!(fit.solution.status, Status::Separated, "{loss:?} {seed}");
            let Some(Verdict::Separated(verdict)) = fit.diagnosis.separation else {
                panic!("{seed}")
            };
            assert!(
                !verdict.complete && verdict.rows == level,
                "{loss:?} {seed} {verdict:?}"
            );
            assert_eq!(verdict.columns, [columns], "{loss:?} {seed}");
            let alone = if loss == Loss::Binary { 1 } else { 3 };
            assert_eq!(verdict.alone.len(), alone, "{loss:?} {seed}");
            assert!(verdict.alone.iter().all(|a| a.column == columns));
        }
        // a penalty makes it finite
        found.penalty = Penalty::ridge(1e-3);
        let [newton, _] = solve(&found, &format!("level {seed}, ridge"));
        let (status, detail) = (newton.solution.status, newton.solution.detail);
        assert_eq!(status, Status::Converged, "{loss:?} {seed} {detail:?}");
    });
}

#[test]
fn overlapping_rows_converge_whatever_the_units() {
    each(COUNT, |seed| {
        let mut random = random(seed);
        let loss = LOSSES[seed as usize % 3];
        let (count, columns) = (random.random_range(8..30), random.random_range(1..6));
        let mut rows = normals(count, columns, &mut random);
        for j in 0..columns {
            let unit = 10.0_f64.powi(random.random_range(-150..150));
            for row in &mut rows {
                row[j] *= unit;
            }
        }
        let example = overlapping(loss, &rows, &mut random);
        let objective = HostObjective::new(example.problem()).unwrap();
        assert_eq!(
            separation(&objective, None).unwrap(),
            Verdict::Overlap,
            "{loss:?} {seed}"
        );
        assert!(
            dependences(&objective).unwrap().is_empty(),
            "{loss:?} {seed}"
        );
        let [newton, _] = solve(&example, &format!("units {seed}"));
        assert_eq!(newton.solution.status, Status::Converged, "{loss:?} {seed}");
        if loss == Loss::Linear {
            let found = least_squares(&example.problem(), LeastSquaresMethod::Qr).unwrap();
            assert!(found.dropped.is_empty() && found.condition < 1e3, "{seed}");
        }
    });
}

#[test]
fn combinations_of_columns_are_counted_and_named() {
    each(COUNT, |seed| {
        let mut random = random(seed);
        let loss = LOSSES[seed as usize % 3];
        let (count, free) = (random.random_range(10..40), random.random_range(1..4));
        let dependent = random.random_range(1..4);
        let mut rows: Vec<Vec<f64>> = Vec::new();
        // small integers, so that nothing is rounded
        let combinations: Vec<Vec<f64>> = (0..dependent)
            .map(|_| {
                (0..=free)
                    .map(|_| f64::from(random.random_range(-3..4)))
                    .collect()
            })
            .collect();
        for _ in 0..count {
            let mut row: Vec<f64> = (0..free)
                .map(|_| f64::from(random.random_range(-9..10)))
                .collect();
            for combination in &combinations {
                let terms = row.iter().zip(combination).map(|(x, c)| x * c);
                row.push(terms.take(free).sum::<f64>() + combination[free]);
            }
            rows.push(row);
        }
        let example = overlapping(loss, &rows, &mut random);
        let objective = HostObjective::new(example.problem()).unwrap();
        let found: Vec<usize> = dependences(&objective)
            .unwrap()
            .iter()
            .map(|d| d.column)
            .collect();
        // the free columns are independent, or nearly always
        let expected: Vec<usize> = (free..free + dependent).collect();
        if found != expected {
            assert!(
                found.len() > dependent && found.iter().any(|&j| j < free),
                "{seed} {found:?}"
            );
            return;
        }
        for fit in solve(&example, &format!("rank {seed}")) {
            assert_eq!(fit.solution.status, Status::Collinear, "{loss:?} {seed}");
            assert_eq!(fit.diagnosis.held, expected, "{loss:?} {seed}");
            assert!(
                fit.certificate.score_error.unwrap() < 1e-6,
                "{loss:?} {seed}"
            );
        }
        if loss == Loss::Linear {
            let solved = least_squares(&example.problem(), LeastSquaresMethod::Qr).unwrap();
            assert_eq!(solved.dropped, expected, "{seed}");
            let normal = least_squares(&example.problem(), LeastSquaresMethod::NormalEquations);
            assert!(
                matches!(normal, Err(LeastSquaresError::Singular { .. })),
                "{seed}"
            );
        }
    });
}

/// How far the scores of a fit on two nearly equal columns and an intercept are from the optimum's, found on
/// the first and the difference of both, in which nothing is rounded.
fn against_differences(example: &Example, found: &Fit) -> f64 {
    let rows = example.design.rows();
    let part = |i: usize| {
        let row = example.design.row(i);
        [row[0], row[1] - row[0]]
    };
    let largest = (0..rows).fold(0.0, |most: f64, i| most.max(part(i)[1].abs()));
    let unit = largest.log2().round().exp2();
    let values = (0..rows).flat_map(|i| [part(i)[0], part(i)[1] / unit]);
    let other = Example {
        design: DesignMatrix::new(rows, 2, values.collect()).unwrap(),
        ..example.clone()
    };
    let objective = HostObjective::new(other.problem()).unwrap();
    let stop = Stop {
        gradient_tolerance: 0.0,
        ..Stop::default()
    };
    let start = vec![0.0; objective.dimension()];
    let best = minimize(&Newton::default(), &objective, &start, &stop).unwrap();
    let mut most = 0.0_f64;
    for i in 0..rows {
        let [x, difference] = part(i);
        let pairs = found.solution.theta.chunks(3).zip(best.theta.chunks(3));
        let gaps: Vec<f64> = pairs
            .map(|(ours, theirs)| {
                let z = (ours[0] + ours[1]) * x + ours[1] * difference + ours[2];
                z - (theirs[0] * x + theirs[1] * (difference / unit) + theirs[2])
            })
            .collect();
        let (low, high) = gaps
            .iter()
            .fold((f64::MAX, f64::MIN), |(l, h), g| (l.min(*g), h.max(*g)));
        let error = if gaps.len() > 1 {
            high - low
        } else {
            high.abs()
        };
        most = most.max(error);
    }
    most
}

#[test]
fn nearly_collinear_columns_never_converge_by_mistake() {
    for exponent in [4, 5, 6, 7, 8, 9, 10, 12] {
        let outcomes: Vec<[Status; 2]> = (0..COUNT / 8)
            .into_par_iter()
            .map(|seed| {
                let mut random = random(seed);
                let loss = LOSSES[seed as usize % 3];
                let distance = 10.0_f64.powi(-exponent);
                let rows: Vec<Vec<f64>> = normals(20, 2, &mut random)
                    .into_iter()
                    .map(|row| vec![row[0], row[0] + distance * row[1]])
                    .collect();
                let example = overlapping(loss, &rows, &mut random);
                let objective = HostObjective::new(example.problem()).unwrap();
                assert_eq!(
                    separation(&objective, None).unwrap(),
                    Verdict::Overlap,
                    "{exponent} {seed}"
                );
                let fits = solve(&example, &format!("near {exponent} {seed} {loss:?}"));
                // Newton converges, by way of the difference of the two columns
                if exponent <= 8 {
                    let (status, detail) = (fits[0].solution.status, &fits[0].solution.detail);
                    assert_eq!(status, Status::Converged, "{exponent} {seed} {detail:?}");
                    let error = against_differences(&example, &fits[0]);
                    let bound = fits[0].certificate.score_error.unwrap();
                    assert!(
                        error <= bound + 1e-12,
                        "{exponent} {seed}: {error:e} > {bound:e}"
                    );
                }
                fits.map(|fit| fit.solution.status)
            })
            .collect();
        for (at, solver) in ["newton", "lbfgs"].iter().enumerate() {
            let count = |status| outcomes.iter().filter(|o| o[at] == status).count();
            println!(
                "1e-{exponent} {solver}: {} converged, {} collinear, {} iteration limit of {}",
                count(Status::Converged),
                count(Status::Collinear),
                count(Status::IterationLimit),
                outcomes.len()
            );
        }
    }
}

#[test]
fn the_smallest_problems() {
    for loss in LOSSES {
        for rows in 1..4_usize {
            for columns in 0..3_usize {
                for intercept in [true, false] {
                    for (lambda, class) in [(0.0, 0), (0.1, 0), (0.0, 1), (0.1, 1), (0.1, 2)] {
                        if columns == 0 && !intercept {
                            continue;
                        }
                        let codes: Vec<u32> = (0..rows as u32)
                            .map(|i| if class == 2 { i % 2 } else { class })
                            .collect();
                        let target = match loss {
                            Loss::Binary => {
                                Target::Binary(codes.iter().map(|&c| f64::from(c)).collect())
                            }
                            Loss::Multinomial => Target::Multinomial(codes, 2),
                            Loss::Linear => {
                                Target::Linear(codes.iter().map(|&c| f64::from(c)).collect())
                            }
                        };
                        let values = (0..rows * columns)
                            .map(|i| (i as f64 * 1.7 + 1.0).sin())
                            .collect();
                        let example = Example {
                            design: DesignMatrix::new(rows, columns, values).unwrap(),
                            target,
                            weights: None,
                            offsets: None,
                            intercept,
                            penalty: Penalty::ridge(lambda),
                        };
                        let what =
                            format!("{loss:?} {rows} x {columns} {intercept} {lambda} {class}");
                        for found in solve(&example, &what) {
                            let status = found.solution.status;
                            let one_class = class != 2 || rows == 1;
                            let free = intercept || lambda == 0.0 && rows == 1;
                            if loss != Loss::Linear && one_class && free {
                                assert_eq!(status, Status::Separated, "{what}");
                            } else if lambda > 0.0 {
                                assert_eq!(status, Status::Converged, "{what}");
                            }
                        }
                        if loss == Loss::Linear {
                            let found =
                                least_squares(&example.problem(), LeastSquaresMethod::Qr).unwrap();
                            assert!(found.theta.iter().all(|t| t.is_finite()));
                            let parameters = columns + usize::from(intercept);
                            let dropped = if lambda > 0.0 {
                                0
                            } else {
                                parameters.saturating_sub(rows)
                            };
                            assert_eq!(found.dropped.len(), dropped, "{what}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_level_for_every_row() {
    each(COUNT / 10, |seed| {
        let mut random = random(seed);
        let loss = LOSSES[seed as usize % 3];
        let rows = random.random_range(3..15);
        let values = (0..rows * rows)
            .map(|i| f64::from(i / rows == i % rows))
            .collect();
        let codes: Vec<u32> = (0..rows as u32).map(|i| i % 3).collect();
        let target = match loss {
            Loss::Binary => Target::Binary(codes.iter().map(|&c| f64::from(c.min(1))).collect()),
            Loss::Multinomial => Target::Multinomial(codes, 3),
            Loss::Linear => Target::Linear((0..rows).map(|_| normal(&mut random)).collect()),
        };
        let mut example = example(rows, values, target);
        for found in solve(&example, &format!("levels {seed}")) {
            let expected = if loss == Loss::Linear {
                Status::Collinear
            } else {
                Status::Separated
            };
            assert_eq!(found.solution.status, expected, "{loss:?} {seed}");
        }
        example.penalty = Penalty::ridge(0.01);
        for found in solve(&example, &format!("levels {seed}, ridge")) {
            assert_eq!(found.solution.status, Status::Converged, "{loss:?} {seed}");
        }
    });
}

#[test]
fn extreme_weights_offsets_and_targets() {
    let statuses: Vec<(String, Status)> = (0..COUNT)
        .into_par_iter()
        .flat_map_iter(|seed| {
            let mut random = random(seed);
            let loss = LOSSES[seed as usize % 3];
            let (count, columns) = (random.random_range(4..25), random.random_range(1..5));
            let mut example = overlapping(loss, &normals(count, columns, &mut random), &mut random);
            let rows = example.design.rows();
            let kind = [
                "few rows weigh",
                "offsets",
                "weights",
                "targets",
                "duplicates",
            ][seed as usize / 3 % 5];
            match kind {
                "few rows weigh" => {
                    let heavy = 10.0_f64.powi(random.random_range(0..12));
                    let weight = |i: usize| {
                        if i.is_multiple_of(9) {
                            heavy
                        } else {
                            1.0 / heavy
                        }
                    };
                    example.weights = Some((0..rows).map(weight).collect());
                }
                "offsets" => {
                    let size = 10.0_f64.powi(random.random_range(0..9));
                    let count = rows * example.problem().target.outputs();
                    example.offsets =
                        Some((0..count).map(|_| size * normal(&mut random)).collect());
                }
                "weights" => {
                    let unit = 10.0_f64.powi(random.random_range(-290..290));
                    example
                        .weights
                        .iter_mut()
                        .flatten()
                        .for_each(|w| *w *= unit);
                }
                "targets" => {
                    let unit = 10.0_f64.powi(random.random_range(-140..140));
                    if let Target::Linear(y) = &mut example.target {
                        for y in y {
                            *y *= unit;
                        }
                    }
                }
                _ => {
                    let rows: Vec<usize> = (0..40 * rows).map(|i| i % rows).collect();
                    example = example.select(&rows);
                }
            }
            if random.random_bool(0.5) {
                example.penalty = Penalty::ridge(10.0_f64.powi(random.random_range(-9..3)));
            }
            if loss == Loss::Linear {
                let found = least_squares(&example.problem(), LeastSquaresMethod::Qr).unwrap();
                assert!(found.theta.iter().all(|t| t.is_finite()), "{kind} {seed}");
            }
            let fits = solve(&example, &format!("{kind} {seed}"));
            let name = |solver: &str| format!("{kind}, {solver}, {loss:?}");
            [
                (name("newton"), fits[0].solution.status),
                (name("lbfgs"), fits[1].solution.status),
            ]
        })
        .collect();
    let mut counts = std::collections::BTreeMap::new();
    for (name, status) in statuses {
        *counts.entry((name, status.to_string())).or_insert(0) += 1;
    }
    for ((name, status), count) in counts {
        println!("{name}: {count} {status}");
    }
}
