//! One pass over a million rows beside one read of the same memory. Run by hand, in release:
//! `cargo test --release -p solver --test numerics -- --ignored --nocapture speed`.

use std::hint::black_box;
use std::time::Instant;

use dataset::{DesignMatrix, Element};
use faer::Mat;
use rayon::prelude::*;
use solver::{
    HostObjective, Lbfgs, LeastSquaresMethod, Newton, Objective, Penalty, Problem, Solver, Status,
    Stop, TargetValues, Verdict, certify_held, dependences, least_squares, minimize, separation,
};

/// The quickest of several runs, in milliseconds.
fn best(runs: usize, mut run: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        run();
        1e3 * start.elapsed().as_secs_f64()
    };
    (0..runs).map(time).fold(f64::INFINITY, f64::min)
}

/// Adds up the bits of every cell: the least that a compiler does not leave out.
fn read(words: &[u64]) -> u64 {
    let chunk = |chunk: &[u64]| {
        let mut sums = [0_u64; 16];
        let (blocks, rest) = chunk.as_chunks::<16>();
        for block in blocks {
            for (sum, word) in sums.iter_mut().zip(block) {
                *sum = sum.wrapping_add(*word);
            }
        }
        sums.iter()
            .chain(rest)
            .fold(0_u64, |a, b| a.wrapping_add(*b))
    };
    let sums: Vec<u64> = words.par_chunks(16_384).map(chunk).collect();
    sums.iter().fold(0, |a, b| a.wrapping_add(*b))
}

fn measure<T: Element>(rows: usize, columns: usize) -> String {
    let cell = |i: usize| T::from_f64(((i as f64) * 0.618_033_988).fract() * 3.4 - 1.7);
    let values: Vec<T> = (0..rows * columns).into_par_iter().map(cell).collect();
    let label = |i: usize| f64::from(u32::from((i * 2_654_435_761) % 1000 < 400));
    let target: Vec<f64> = (0..rows).map(label).collect();
    let bytes = size_of_val(values.as_slice());
    let words: Vec<u64> = (0..bytes as u64 / 8).collect();
    let plain = best(20, || _ = black_box(read(black_box(&words))));
    drop(words);
    let design = DesignMatrix::new(rows, columns, values).unwrap();
    let mut text = format!("{rows} x {columns} {}: read {plain:.2} ms", T::NAME);
    for (name, values) in [
        ("binary", TargetValues::Binary(&target)),
        ("squared", TargetValues::Linear(&target)),
    ] {
        let problem = Problem {
            penalty: Penalty::ridge(1e-6),
            ..Problem::new(&design, values)
        };
        let objective = HostObjective::new(problem).unwrap();
        let theta: Vec<f64> = (0..objective.dimension())
            .map(|i| 0.3 * (i as f64).sin())
            .collect();
        let mut gradient = vec![0.0; theta.len()];
        let value = best(20, || _ = black_box(objective.value(&theta).unwrap()));
        let slope = best(20, || {
            black_box(objective.gradient(&theta, &mut gradient).unwrap());
        });
        let mut curvature = Mat::new();
        let full = best(7, || {
            let value = objective.curvature(&theta, &mut gradient, &mut curvature);
            black_box(value.unwrap());
        });
        let line = format!("{name}: value {value:.2}, gradient {slope:.2}, curvature {full:.2} ms");
        text = format!("{text}\n  {line}");
        if name == "binary" {
            let newton = whole("newton", &Newton::default(), &objective);
            let lbfgs = whole("lbfgs", &Lbfgs::default(), &objective);
            text = format!("{text}\n  {newton}\n  {lbfgs}");
        }
    }
    text
}

/// A fit to a gradient of 1e-8, and its certificate, apart.
fn whole<T: Element, S: Solver>(
    name: &str,
    solver: &S,
    objective: &HostObjective<'_, T>,
) -> String {
    let stop = Stop {
        gradient_tolerance: 1e-8,
        max_iterations: 1000,
        ..Stop::default()
    };
    let start = vec![0.0; objective.dimension()];
    let found = minimize(solver, objective, &start, &stop).unwrap();
    assert_eq!(found.status, Status::Converged);
    let fit = best(3, || {
        black_box(minimize(solver, objective, &start, &stop).unwrap());
    });
    let certify = best(3, || {
        black_box(certify_held(objective, &found.theta, &[]).unwrap());
    });
    format!(
        "{name}: {fit:.1} ms, {} iterations, gradient {:.1e}, certify {certify:.1} ms",
        found.iterations(),
        found.gradient_max
    )
}

#[test]
#[ignore = "a measurement, in release, on an idle machine"]
fn speed() {
    let shapes = std::env::var("SHAPES").unwrap_or("1000000x28,200000x200".into());
    for text in shapes.split(',') {
        let (rows, columns) = text.split_once('x').unwrap();
        let (rows, columns) = (rows.parse().unwrap(), columns.parse().unwrap());
        println!("{}", measure::<f32>(rows, columns));
        println!("{}", measure::<f64>(rows, columns));
    }
}

/// Wide rows: a pass with the curvature, and the certificate of a ridge fit by L-BFGS.
#[test]
#[ignore = "a measurement, in release, on an idle machine"]
fn speed_of_wide_rows() {
    for (rows, columns) in [(200_000, 200), (20_000, 2_000)] {
        let cell =
            |i: usize| (((i as f64) * 0.618_033_988 + (i as f64).sin()).fract() * 3.4) as f32;
        let values: Vec<f32> = (0..rows * columns).into_par_iter().map(cell).collect();
        let words: Vec<u64> = (0..values.len() as u64 / 2).collect();
        let plain = best(10, || _ = black_box(read(black_box(&words))));
        drop(words);
        let label = |i: usize| f64::from(u32::from((i * 2_654_435_761) % 1000 < 400));
        let target: Vec<f64> = (0..rows).map(label).collect();
        let design = DesignMatrix::new(rows, columns, values).unwrap();
        let problem = Problem {
            penalty: Penalty::ridge(1e-3),
            ..Problem::new(&design, TargetValues::Binary(&target))
        };
        let objective = HostObjective::new(problem).unwrap();
        let mut gradient = vec![0.0; objective.dimension()];
        let theta = gradient.clone();
        let slope = best(5, || {
            black_box(objective.gradient(&theta, &mut gradient).unwrap());
        });
        let mut curvature = Mat::new();
        let full = best(3, || {
            let value = objective.curvature(&theta, &mut gradient, &mut curvature);
            black_box(value.unwrap());
        });
        let work = rows as f64 * (columns as f64).powi(2) / (1e6 * full);
        let stop = Stop {
            gradient_tolerance: 1e-8,
            max_iterations: 1000,
            ..Stop::default()
        };
        let start = Instant::now();
        let crawled = minimize(&Lbfgs::default(), &objective, &theta, &stop).unwrap();
        let without = 1e3 * start.elapsed().as_secs_f64();
        println!(
            "lbfgs, plain: {without:.0} ms, {} after {} steps, gradient {:.1e}",
            crawled.status,
            crawled.iterations(),
            crawled.gradient_max
        );
        let start = Instant::now();
        let lbfgs = Lbfgs::sized(objective.dimension());
        let found = minimize(&lbfgs, &objective, &theta, &stop).unwrap();
        let fit = 1e3 * start.elapsed().as_secs_f64();
        let mut certificate = None;
        let certify = best(2, || {
            certificate = Some(certify_held(&objective, &found.theta, &[]).unwrap());
        });
        let certificate = certificate.unwrap();
        println!(
            "{rows} x {columns} f32: read {plain:.2} ms, gradient {slope:.1} ms, curvature {full:.0} ms \
             ({work:.0} GFlop/s)\n  lbfgs {fit:.0} ms, {} iterations; certify {certify:.0} ms by {:?}, \
             score error {:?}",
            found.iterations(),
            certificate.basis,
            certificate.score_error
        );
    }
}

/// Least squares and the search for separation, whose worst case is a rare level among overlapping rows.
#[test]
#[ignore = "a measurement, in release, on an idle machine"]
fn speed_of_least_squares_and_separation() {
    for (rows, columns) in [(1_000_000, 28), (200_000, 200), (2_000, 28)] {
        let cell = |i: usize| ((i as f64) * 0.618_033_988 + (i as f64).sin()).fract() * 3.4 - 1.7;
        let mut values: Vec<f64> = (0..rows * columns).into_par_iter().map(cell).collect();
        let words: Vec<u64> = values.iter().map(|x| x.to_bits()).collect();
        let plain = best(20, || _ = black_box(read(black_box(&words))));
        drop(words);
        let target: Vec<f64> = (0..rows).map(|i| (i as f64).cos()).collect();
        let label = |i: usize| f64::from(u32::from((i * 2_654_435_761) % 1000 < 400));
        let classes: Vec<f64> = (0..rows).map(label).collect();
        let design = DesignMatrix::new(rows, columns, values.clone()).unwrap();
        println!("{rows} x {columns} f64: read {plain:.2} ms");
        for method in [LeastSquaresMethod::Qr, LeastSquaresMethod::NormalEquations] {
            let problem = Problem::new(&design, TargetValues::Linear(&target));
            let time = best(3, || {
                _ = black_box(least_squares(&problem, method).unwrap());
            });
            println!("  {method:?}: {time:.1} ms");
        }
        let problem = Problem::new(&design, TargetValues::Binary(&classes));
        let objective = HostObjective::new(problem).unwrap();
        let time = best(1, || _ = black_box(separation(&objective, None).unwrap()));
        println!("  separation, overlap: {time:.0} ms");
        let time = best(1, || _ = black_box(dependences(&objective).unwrap()));
        println!("  dependences: {time:.0} ms");
        // a level of a hundred rows, all of one class
        let rare = |i: usize| i % (rows / 100) == 7 && label(i) > 0.5;
        for i in 0..rows {
            values[i * columns] = f64::from(rare(i));
        }
        let design = DesignMatrix::new(rows, columns, values).unwrap();
        let problem = Problem::new(&design, TargetValues::Binary(&classes));
        let objective = HostObjective::new(problem).unwrap();
        let mut verdict = Verdict::Undecided;
        let time = best(1, || verdict = separation(&objective, None).unwrap());
        let Verdict::Separated(found) = verdict else {
            panic!("{verdict:?}")
        };
        println!(
            "  separation, a rare level of {} rows: {time:.0} ms",
            found.rows
        );
        let start = vec![0.0; objective.dimension()];
        let time = best(1, || {
            let found = solver::fit(&objective, &Newton::default(), &start, &Stop::default());
            assert_eq!(found.unwrap().solution.status, Status::Separated);
        });
        println!("  newton with the verdict: {time:.0} ms");
    }
}
