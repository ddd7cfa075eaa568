//! Whole paths and single L1 fits, by hand, in release:
//! `cargo test -p solver --release --test numerics -- --ignored path_speed --nocapture`.

use std::hint::black_box;
use std::time::Instant;

use dataset::{DesignMatrix, Element};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use solver::{
    HostObjective, Lambdas, Objective, PathOptions, Penalty, Problem, Stop, TargetValues,
    coordinate, path,
};

use crate::coordinate::violation;
use crate::path::{expression, standardise};
use crate::problems::{Example, Target, normal};

fn best(runs: usize, mut run: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        run();
        1e3 * start.elapsed().as_secs_f64()
    };
    (0..runs).map(time).fold(f64::INFINITY, f64::min)
}

/// 1,000 rows of 48 standardised dummies and numbers, in the shape of German Credit.
fn credit() -> Example {
    let mut random = ChaCha8Rng::seed_from_u64(48);
    let (rows, columns) = (1000, 48);
    let mut values: Vec<f64> = (0..rows * columns)
        .map(|at| match at % columns {
            j if j < 7 => normal(&mut random),
            j => f64::from(random.random_bool(0.03 + 0.012 * j as f64)),
        })
        .collect();
    standardise(&mut values, rows, columns);
    let y = (0..rows)
        .map(|i| {
            let score: f64 = (0..20).map(|j| 0.3 * values[i * columns + 2 * j]).sum();
            f64::from(score + 2.0 * normal(&mut random) > 1.0)
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

/// A table of numbers with the target (0 or 1) last, named by a variable: for sets that are not ours to ship.
fn table(variable: &str) -> Option<Example> {
    let text = std::fs::read_to_string(std::env::var_os(variable)?).unwrap();
    let rows: Vec<Vec<f64>> = (text.lines())
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let columns = rows[0].len() - 1;
    let values = rows
        .iter()
        .flat_map(|row| row[..columns].to_vec())
        .collect();
    Some(Example {
        design: DesignMatrix::new(rows.len(), columns, values).unwrap(),
        target: Target::Binary(rows.iter().map(|row| row[columns]).collect()),
        weights: None,
        offsets: None,
        intercept: true,
        penalty: Penalty::NONE,
    })
}

fn measure(name: &str, example: &Example) -> String {
    let mut text = String::new();
    for (l1_ratio, gradient_tolerance) in [(1.0, 1e-7), (0.5, 1e-7), (1.0, 1e-10), (0.5, 1e-10)] {
        let objective = HostObjective::new(example.problem()).unwrap();
        let options = PathOptions {
            l1_ratio,
            stop: Stop {
                gradient_tolerance,
                ..Stop::default()
            },
            ..PathOptions::default()
        };
        let found = path(&objective, &options).unwrap();
        let time = best(7, || {
            black_box(path(&objective, &options).unwrap());
        });
        let mut fitted = example.clone();
        let worst = found.points.iter().fold(0.0, |most: f64, point| {
            fitted.penalty = Penalty {
                lambda: point.lambda,
                l1_ratio,
            };
            most.max(violation(&fitted, &point.solution.theta))
        });
        let steps: usize = found.points.iter().map(|p| p.solution.iterations()).sum();
        let converged = found
            .points
            .iter()
            .filter(|p| p.solution.status.is_success())
            .count();
        let last = found.points.last().unwrap();
        let line = format!(
            "{name} a={l1_ratio} tol {gradient_tolerance:.0e}: {time:.1} ms, {converged} of {} converged, {steps} \
             looks, {} nonzero at last, deviance {:.4}, violation {worst:.1e}",
            found.points.len(),
            last.nonzero,
            last.deviance_ratio
        );
        text = format!("{text}{line}\n");
    }
    text
}

fn single<T: Element>(rows: usize, columns: usize, factors: &[f64]) -> String {
    let cell = |at: usize| {
        let (i, j) = (at / columns, at % columns);
        T::from_f64(
            ((i * 7919 + j * 104_729) as f64 * 0.618_033_988_749).fract() * 3.4 - 1.7
                + 0.3 * ((i as f64) * 0.01 * (1.0 + (j % 5) as f64)).sin(),
        )
    };
    let design = DesignMatrix::new(rows, columns, (0..rows * columns).map(cell).collect()).unwrap();
    let y: Vec<f64> = (0..rows)
        .map(|i| {
            let x = design.row(i);
            let score: f64 = (0..8).map(|j| (1.0 - 0.2 * j as f64) * x[j].to_f64()).sum();
            f64::from(score + 2.0 * ((i as f64) * 12.345).sin() > 0.0)
        })
        .collect();
    let objective = HostObjective::new(Problem::new(&design, TargetValues::Binary(&y))).unwrap();
    let options = PathOptions {
        lambdas: Lambdas::Given(Vec::new()),
        ..PathOptions::default()
    };
    let largest = path(&objective, &options).unwrap().lambda_max;
    let start = vec![0.0; objective.dimension()];
    let mut gradient = start.clone();
    let pass = best(5, || {
        black_box(objective.gradient(&start, &mut gradient).unwrap());
    });
    let mut curvature = faer::Mat::new();
    let full = best(2, || {
        black_box(
            objective
                .curvature(&start, &mut gradient, &mut curvature)
                .unwrap(),
        );
    });
    let mut text = format!(
        "{rows} x {columns} {}: gradient {pass:.1} ms, curvature {full:.1} ms",
        T::NAME
    );
    for factor in factors {
        let objective = objective
            .with_penalty(Penalty {
                lambda: factor * largest,
                l1_ratio: 1.0,
            })
            .unwrap();
        let stop = Stop {
            gradient_tolerance: 1e-8,
            ..Stop::default()
        };
        let found = coordinate(&objective, &start, &stop).unwrap();
        let time = best(3, || {
            black_box(coordinate(&objective, &start, &stop).unwrap());
        });
        let line = format!(
            "  lambda {factor} of the largest: {time:.1} ms, {} in {} steps, {} nonzero, subgradient {:.1e}",
            found.status,
            found.iterations(),
            found.theta.iter().filter(|t| **t != 0.0).count(),
            found.gradient_max
        );
        text = format!("{text}\n{line}");
    }
    text
}

#[test]
#[ignore = "a measurement, in release, on an idle machine"]
fn path_speed() {
    if let Some(example) = table("CREDIT_TABLE") {
        println!("{}", measure("German Credit 1000 x 48", &example));
    }
    println!("{}", measure("credit-like 1000 x 48", &credit()));
    println!("{}", measure("expression 72 x 7129", &expression(72, 7129)));
}

#[test]
#[ignore = "a measurement, in release, on an idle machine"]
fn path_speed_single() {
    println!("{}", single::<f32>(1_000_000, 28, &[0.1, 1e-3]));
    println!("{}", single::<f32>(200_000, 200, &[0.1, 1e-3]));
    println!("{}", single::<f32>(20_000, 2_000, &[0.1]));
}
