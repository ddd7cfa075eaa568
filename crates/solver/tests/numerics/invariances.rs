//! What must not change an answer: units, shifts, labels, weights, order, threads.

use dataset::{
    Column, ColumnSchema, DesignMatrix, Kind, Pipeline, PipelineOptions, Role, Schema, Table,
};
use solver::{
    Fit, HostObjective, Lbfgs, LeastSquares, LeastSquaresMethod, Newton, Objective, Penalty,
    Status, Stop, Verdict, dependences, fit, least_squares, separation,
};

use crate::problems::{Example, LOSSES, Loss, Target, ordinary};

/// Scores after another computation of the same optimum: a gradient of 1e-13 over a curvature near 0.1,
/// times a few columns.
const SCORE: f64 = 1e-10;

fn stop() -> Stop<'static> {
    Stop {
        gradient_tolerance: 1e-13,
        max_iterations: 2000,
        ..Stop::default()
    }
}

fn newton(example: &Example) -> Fit {
    let objective = HostObjective::new(example.problem()).unwrap();
    let start = vec![0.0; objective.dimension()];
    fit(&objective, &Newton::default(), &start, &stop()).unwrap()
}

fn lbfgs(example: &Example) -> Fit {
    let objective = HostObjective::new(example.problem()).unwrap();
    let start = vec![0.0; objective.dimension()];
    fit(&objective, &Lbfgs::default(), &start, &stop()).unwrap()
}

fn qr(example: &Example) -> LeastSquares {
    least_squares(&example.problem(), LeastSquaresMethod::Qr).unwrap()
}

/// Scores of every row and class, without offsets.
fn scores(example: &Example, theta: &[f64]) -> Vec<f64> {
    let outputs = example.problem().target.outputs();
    let columns = example.design.columns();
    let mut scores = Vec::new();
    for i in 0..example.design.rows() {
        for theta in theta.chunks(theta.len() / outputs) {
            let row = example.design.row(i).iter().zip(theta);
            let sum: f64 = row.map(|(x, b)| x * b).sum();
            scores.push(sum + theta.get(columns).copied().unwrap_or_default());
        }
    }
    scores
}

fn gap(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

fn with_values(example: &Example, values: Vec<f64>) -> Example {
    let (rows, columns) = (example.design.rows(), values.len() / example.design.rows());
    Example {
        design: DesignMatrix::new(rows, columns, values).unwrap(),
        ..example.clone()
    }
}

const MOVES: [(f64, f64); 6] = [
    (1e3, 0.0),
    (1e6, 0.0),
    (1e-6, 0.0),
    (1.0, 1e6),
    (1e3, 1e6),
    (1e-3, 1e6),
];

/// Every other column multiplied and shifted.
fn moved(example: &Example, unit: f64, shift: f64) -> Example {
    let columns = example.design.columns();
    let change = |(i, x): (usize, &f64)| {
        if (i % columns).is_multiple_of(2) {
            x * unit + shift
        } else {
            *x
        }
    };
    let values = example.design.values().iter().enumerate().map(change);
    with_values(example, values.collect())
}

/// The design matrix as the pipeline standardises it.
fn standardised(example: &Example) -> Example {
    let (rows, columns) = (example.design.rows(), example.design.columns());
    let column = |j: usize| {
        let cells = (0..rows).map(|i| example.design.row(i)[j]).collect();
        Column::numeric(format!("x{j}"), cells)
    };
    let table = Table::new("test", (0..columns).map(column).collect()).unwrap();
    let feature = |column: &Column| ColumnSchema::new(&*column.name, Kind::Numeric, Role::Feature);
    let schema = Schema {
        columns: table.columns().iter().map(feature).collect(),
    };
    let all: Vec<usize> = (0..rows).collect();
    let weights = example.weights.as_deref();
    let options = PipelineOptions::default();
    let pipeline = Pipeline::fit(&table, &schema, &all, weights, &options).unwrap();
    let design = pipeline.design(&table, &all).unwrap().0;
    Example {
        design,
        ..example.clone()
    }
}

#[test]
fn units_and_shifts_leave_predictions_with_standardised_columns() {
    for loss in LOSSES {
        for penalty in [Penalty::NONE, Penalty::ridge(0.01)] {
            let example = Example {
                penalty,
                ..ordinary(loss, 150, 4, true, 21)
            };
            let plain = standardised(&example);
            let base = scores(&plain, &newton(&plain).solution.theta);
            for (unit, shift) in MOVES {
                let other = standardised(&moved(&example, unit, shift));
                let found = newton(&other);
                assert_eq!(
                    found.solution.status,
                    Status::Converged,
                    "{loss:?} {unit} {shift}"
                );
                // cells of 1e6 hold their spread of `unit` to 1e-10/unit only
                let rounding = 1e-9_f64.max(2e-9 * shift / (1e6 * unit));
                let error = gap(&scores(&other, &found.solution.theta), &base);
                assert!(error < rounding, "{loss:?} {unit} {shift}: {error:e}");
                assert!(found.certificate.score_error.unwrap() < 1e-10);
                if loss == Loss::Linear {
                    let found = qr(&other);
                    assert!(gap(&scores(&other, &found.theta), &base) < rounding);
                }
            }
        }
    }
}

#[test]
fn units_and_shifts_of_raw_columns_leave_predictions_or_are_confessed() {
    let mut confessed = 0;
    for loss in LOSSES {
        let example = Example {
            penalty: Penalty::NONE,
            ..ordinary(loss, 150, 4, true, 22)
        };
        let base = scores(&example, &newton(&example).solution.theta);
        for (unit, shift) in MOVES {
            let other = moved(&example, unit, shift);
            let found = newton(&other);
            let error = gap(&scores(&other, &found.solution.theta), &base);
            println!(
                "{loss:?} x {unit} + {shift}: {}, {:?}, error {error:.1e}",
                found.solution.status, found.certificate.score_error
            );
            if found.solution.status == Status::Converged {
                let bound = found.certificate.score_error.unwrap();
                // the scores here are themselves sums of terms of 1e6/unit times a coefficient
                let rounding = 1e-9_f64.max(2e-8 * shift / (1e6 * unit));
                assert!(
                    error < bound + rounding,
                    "{loss:?} {unit} {shift}: {error:e}"
                );
            } else {
                assert!(shift > 0.0, "{loss:?} {unit}: {}", found.solution.status);
                assert!(found.solution.detail.is_some());
                confessed += 1;
            }
            if loss == Loss::Linear {
                let found = qr(&other);
                let rounding = 1e-9_f64.max(2e-8 * shift / (1e6 * unit));
                let error = gap(&scores(&other, &found.theta), &base);
                assert!(
                    error < rounding && found.dropped.is_empty(),
                    "{unit} {shift}: {error:e}"
                );
            }
        }
    }
    println!("{confessed} of 18 not called converged");
}

#[test]
fn flipped_and_renamed_classes_change_signs_and_places_only() {
    for (solve, exact) in [(newton as fn(&Example) -> Fit, true), (lbfgs, true)] {
        for penalty in [Penalty::NONE, Penalty::ridge(0.1)] {
            let example = Example {
                penalty,
                ..ordinary(Loss::Binary, 90, 4, true, 23)
            };
            let Target::Binary(y) = &example.target else {
                panic!()
            };
            let flipped = Example {
                target: Target::Binary(y.iter().map(|y| 1.0 - y).collect()),
                offsets: example.offsets.iter().flatten().map(|o| Some(-o)).collect(),
                ..example.clone()
            };
            let (a, b) = (solve(&example).solution, solve(&flipped).solution);
            let negative: Vec<f64> = b.theta.iter().map(|t| -t).collect();
            assert!(!exact || a.theta == negative, "{:?} {negative:?}", a.theta);
            assert_eq!((a.status, a.history.len()), (b.status, b.history.len()));
            // three classes, the first and the last exchanged
            let example = Example {
                penalty,
                offsets: None,
                ..ordinary(Loss::Multinomial, 90, 4, true, 24)
            };
            let Target::Multinomial(codes, classes) = &example.target else {
                panic!()
            };
            let renamed = Example {
                target: Target::Multinomial(codes.iter().map(|c| 2 - c).collect(), *classes),
                ..example.clone()
            };
            let (a, b) = (solve(&example).solution, solve(&renamed).solution);
            let turned: Vec<f64> = b.theta.chunks(5).rev().flatten().copied().collect();
            assert!(gap(&a.theta, &turned) < SCORE, "{}", gap(&a.theta, &turned));
        }
    }
}

#[test]
fn weights_rows_and_columns_may_be_repeated_left_out_and_reordered() {
    for loss in LOSSES {
        let example = Example {
            weights: Some((0..120).map(|i| [2.0, 0.0, 1.0, 3.0][i % 4]).collect()),
            ..ordinary(loss, 120, 4, true, 25)
        };
        let theta = newton(&example).solution.theta;
        let base = scores(&example, &theta);
        // 1. A weight of two is the row twice, a weight of zero none.
        let weight = |i: usize| [2, 0, 1, 3][i % 4];
        let repeated: Vec<usize> = (0..120)
            .flat_map(|i| std::iter::repeat_n(i, weight(i)))
            .collect();
        let plain = Example {
            weights: None,
            ..example.select(&repeated)
        };
        let same = |other: &Example, what: &str| {
            let found = newton(other);
            assert_eq!(found.solution.status, Status::Converged, "{loss:?} {what}");
            assert!(
                gap(&scores(&example, &found.solution.theta), &base) < SCORE,
                "{loss:?} {what}"
            );
            if loss == Loss::Linear {
                assert!(gap(&qr(other).theta, &theta) < SCORE, "{what}");
            }
        };
        same(&plain, "repeated");
        let kept: Vec<usize> = (0..120).filter(|&i| weight(i) > 0).collect();
        let kept = example.select(&kept);
        same(&kept, "left out");
        // a row of weight zero leaves no trace at all, whatever is in it
        let mut values = example.design.values().to_vec();
        values[4..8].fill(f64::NAN);
        let broken = with_values(&example, values);
        assert_eq!(newton(&broken).solution, newton(&kept).solution, "{loss:?}");
        if loss == Loss::Linear {
            assert_eq!(qr(&broken), qr(&kept));
        }
        let scaled = example.weights.iter().flatten().map(|w| Some(1e-3 * w));
        let scaled = Example {
            weights: scaled.collect(),
            ..example.clone()
        };
        same(&scaled, "other units of weight");
        // 2. Rows in another order.
        let shuffled: Vec<usize> = (0..120).map(|i| i * 49 % 120).collect();
        same(&example.select(&shuffled), "shuffled");
        // 3. Columns in another order.
        let turned = (0..120).flat_map(|i| example.design.row(i).iter().rev().copied());
        let turned = with_values(&example, turned.collect());
        let found = newton(&turned).solution.theta;
        assert!(gap(&scores(&turned, &found), &base) < SCORE, "{loss:?}");
    }
}

#[test]
fn an_offset_is_a_coefficient_held() {
    for loss in LOSSES {
        let example = Example {
            penalty: Penalty::NONE,
            ..ordinary(loss, 120, 4, true, 26)
        };
        let outputs = example.problem().target.outputs();
        let found = newton(&example).solution.theta;
        // the last column's share of the scores moves into the offsets
        let offsets = example
            .offsets
            .as_ref()
            .unwrap()
            .iter()
            .enumerate()
            .map(|(at, offset)| {
                let (row, class) = (at / outputs, at % outputs);
                offset + example.design.row(row)[3] * found[class * 5 + 3]
            });
        let without = (0..120).flat_map(|i| example.design.row(i)[..3].to_vec());
        let held = Example {
            offsets: Some(offsets.collect()),
            ..with_values(&example, without.collect())
        };
        let rest: Vec<f64> = (0..found.len())
            .filter(|i| i % 5 != 3)
            .map(|i| found[i])
            .collect();
        assert!(
            gap(&newton(&held).solution.theta, &rest) < SCORE,
            "{loss:?}"
        );
        assert!(gap(&lbfgs(&held).solution.theta, &rest) < 1e-8, "{loss:?}");
        if loss == Loss::Linear {
            assert!(gap(&qr(&held).theta, &rest) < SCORE);
        }
    }
}

#[test]
fn threads_change_no_bit_of_anything() {
    for loss in LOSSES {
        // several chunks, the last one short
        let mut example = Example {
            penalty: Penalty::NONE,
            ..ordinary(loss, 9_001, 6, true, 27)
        };
        // a level seen three times and always of the first class, and a combination of two columns
        let values = (0..9_001).flat_map(|i| {
            let row = example.design.row(i);
            let rare = f64::from(i % 3000 == 18);
            [row[0], row[1], row[2], row[0] - 2.0 * row[1], rare, row[5]]
        });
        let values: Vec<f64> = values.collect();
        example = with_values(&example, values);
        match &mut example.target {
            Target::Binary(y) => (0..3).for_each(|i| y[3000 * i + 18] = 0.0),
            Target::Multinomial(codes, _) => (0..3).for_each(|i| codes[3000 * i + 18] = 0),
            Target::Linear(_) => {}
        }
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let objective = HostObjective::new(example.problem()).unwrap();
                let linear = (loss == Loss::Linear).then(|| qr(&example));
                let verdict = separation(&objective, None).unwrap();
                (
                    newton(&example),
                    dependences(&objective).unwrap(),
                    verdict,
                    linear,
                )
            })
        };
        let one = with(1);
        assert_eq!(one.1.len(), 1, "{loss:?}");
        assert_eq!(matches!(one.2, Verdict::Separated(_)), loss != Loss::Linear);
        for threads in [2, 3, 7] {
            assert_eq!(one, with(threads), "{loss:?} {threads}");
        }
    }
}
