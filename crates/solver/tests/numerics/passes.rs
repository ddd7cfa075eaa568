//! How many passes over the rows a fit takes, and how long, beside one read of the same memory. Run by
//! hand, in release, on an idle machine:
//! `cargo test --release -p solver --test numerics -- --ignored --nocapture passes`.

use std::cell::RefCell;
use std::time::Instant;

use dataset::{DesignMatrix, Element};
use faer::Mat;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use solver::{
    Gauge, HostObjective, Lbfgs, Newton, Objective, ObjectiveError, Penalty, Problem,
    SampledNewton, Solver, Stop, TargetValues, certify_held, minimize,
};

use crate::problems::normal;

/// Evaluations by kind, each with the share of the rows that it visited.
#[derive(Debug, Default, Clone)]
struct Count {
    value: f64,
    gradient: f64,
    curvature: f64,
    change: f64,
}

/// Another objective, counted.
struct Counted<'o> {
    inner: &'o dyn Objective,
    share: f64,
    rows: usize,
    count: &'o RefCell<Count>,
}

/// A sample of a counted objective.
struct Part<'o> {
    inner: Box<dyn Objective + 'o>,
    share: f64,
    count: &'o RefCell<Count>,
}

macro_rules! counted {
    () => {
        fn dimension(&self) -> usize {
            self.inner.dimension()
        }
        fn value(&self, theta: &[f64]) -> Result<f64, ObjectiveError> {
            self.count.borrow_mut().value += self.share;
            self.inner.value(theta)
        }
        fn gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
            self.count.borrow_mut().gradient += self.share;
            self.inner.gradient(theta, gradient)
        }
        fn curvature(
            &self,
            theta: &[f64],
            gradient: &mut [f64],
            curvature: &mut Mat<f64>,
        ) -> Result<f64, ObjectiveError> {
            self.count.borrow_mut().curvature += self.share;
            self.inner.curvature(theta, gradient, curvature)
        }
        fn score_change(&self, direction: &[f64]) -> Result<Option<f64>, ObjectiveError> {
            self.count.borrow_mut().change += self.share;
            self.inner.score_change(direction)
        }
        fn proves_separation(&self, value: f64) -> bool {
            self.inner.proves_separation(value)
        }
        fn gauge(&self) -> Option<Gauge> {
            self.inner.gauge()
        }
    };
}

impl Objective for Counted<'_> {
    counted!();
    fn sample(&self, rows: usize) -> Option<Box<dyn Objective + '_>> {
        let inner = self.inner.sample(rows)?;
        let taken = self.rows >> (self.rows / rows).ilog2();
        let share = taken as f64 / self.rows as f64;
        Some(Box::new(Part {
            inner,
            share,
            count: self.count,
        }))
    }
}

impl Objective for Part<'_> {
    counted!();
}

/// What the columns look like.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Columns {
    Independent,
    /// Neighbours correlate by one half.
    Chain,
    /// All correlate by 0.9.
    Common,
    /// One column's cells are cubes of a normal.
    HeavyTail,
    /// A tenth of the columns are 1 on one row of a thousand.
    Rare,
}

/// Rows with labels drawn from a logistic model with coefficients of a total spread of about 2.
fn generate<T: Element>(rows: usize, columns: usize, kind: Columns) -> (DesignMatrix<T>, Vec<f64>) {
    let mut values = vec![T::from_f64(0.0); rows * columns];
    let mut target = vec![0.0; rows];
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let beta: Vec<f64> = (0..columns).map(|_| normal(&mut random)).collect();
    let length = beta.iter().map(|b| b * b).sum::<f64>().sqrt();
    let fill = |(i, (row, y)): (usize, (&mut [T], &mut f64))| {
        let mut random = ChaCha8Rng::seed_from_u64(1000 + i as u64);
        let common = normal(&mut random);
        let mut last = normal(&mut random);
        let mut score = 0.3;
        for (j, cell) in row.iter_mut().enumerate() {
            let fresh = normal(&mut random);
            let x = match kind {
                Columns::Chain => 0.5 * last + 0.75_f64.sqrt() * fresh,
                Columns::Common => 0.9_f64.sqrt() * common + 0.1_f64.sqrt() * fresh,
                Columns::HeavyTail if j == 0 => fresh * fresh * fresh / 15.0_f64.sqrt(),
                Columns::Rare if j % 10 == 0 => {
                    let one = random.random_bool(1e-3);
                    (f64::from(u8::from(one)) - 1e-3) / 1e-3_f64.sqrt()
                }
                _ => fresh,
            };
            last = x;
            let strength = if kind == Columns::Rare && j % 10 == 0 {
                0.05
            } else {
                1.0
            };
            score += strength * 2.0 * beta[j] / length * x;
            *cell = T::from_f64(x);
        }
        *y = f64::from(random.random_bool(1.0 / (1.0 + (-score).exp())));
    };
    values
        .par_chunks_mut(columns)
        .zip(target.par_iter_mut())
        .enumerate()
        .for_each(fill);
    (DesignMatrix::new(rows, columns, values).unwrap(), target)
}

fn line<S: Solver>(
    name: &str,
    objective: &dyn Objective,
    rows: usize,
    solver: &S,
    runs: usize,
) -> String {
    let stop = Stop {
        gradient_tolerance: 1e-8,
        max_iterations: 1000,
        ..Stop::default()
    };
    let start = vec![0.0; objective.dimension()];
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let at = Instant::now();
        minimize(solver, objective, &start, &stop).unwrap();
        best = best.min(1e3 * at.elapsed().as_secs_f64());
    }
    let count = RefCell::new(Count::default());
    let counted = Counted {
        inner: objective,
        share: 1.0,
        rows,
        count: &count,
    };
    let found = minimize(solver, &counted, &start, &stop).unwrap();
    let c = count.borrow();
    format!(
        "\n    {name:16} {best:8.1} ms  {:11} {:2} + {:3} steps, {:5.2} gradients {:5.2} curvatures {:4.2} values {:4.2} changes; |g| {:.0e} {}",
        found.status.to_string(),
        found.sample_steps,
        found.iterations(),
        c.gradient,
        c.curvature,
        c.value,
        c.change,
        found.gradient_max,
        found
            .history
            .iter()
            .map(|r| format!("{:.0e}", r.gradient_max))
            .take(12)
            .collect::<Vec<_>>()
            .join(" "),
    )
}

fn best(runs: usize, mut run: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        run();
        1e3 * start.elapsed().as_secs_f64()
    };
    (0..runs).map(time).fold(f64::INFINITY, f64::min)
}

fn read<T: Element>(values: &[T]) -> f64 {
    // four sums keep up with the memory
    let chunk = |chunk: &[T]| {
        let mut sums = [0.0_f64; 16];
        let (blocks, _) = chunk.as_chunks::<16>();
        for block in blocks {
            for (sum, x) in sums.iter_mut().zip(block) {
                *sum += x.to_f64();
            }
        }
        sums.iter().sum::<f64>()
    };
    best(40, || {
        std::hint::black_box(values.par_chunks(16_384).map(chunk).sum::<f64>());
    })
}

fn shape<T: Element>(rows: usize, columns: usize, kind: Columns) -> String {
    let (design, target) = generate::<T>(rows, columns, kind);
    let plain = read(design.values());
    let problem = Problem {
        penalty: Penalty::ridge(1e-6),
        ..Problem::new(&design, TargetValues::Binary(&target))
    };
    let objective = HostObjective::new(problem).unwrap();
    let theta = vec![0.01; objective.dimension()];
    let mut gradient = theta.clone();
    let slope = best(40, || {
        objective.gradient(&theta, &mut gradient).unwrap();
    });
    let certified = best(3, || {
        certify_held(&objective, &theta, &[]).unwrap();
    });
    let mut text = format!(
        "{rows} x {columns} {} {kind:?}: read {plain:.2} ms, gradient {slope:.2} ms, certify {certified:.1} ms",
        T::NAME
    );
    let wanted = std::env::var("SOLVERS").unwrap_or("newton,sampled,lbfgs".into());
    let runs = if rows * columns > 10_000_000 { 3 } else { 10 };
    let sizes = std::env::var("SAMPLES").unwrap_or("8".into());
    if wanted.contains("newton") {
        text += &line("newton", &objective, rows, &Newton::default(), runs);
    }
    if wanted.contains("sampled") {
        for size in sizes.split(',').map(|s| s.parse::<usize>().unwrap()) {
            let solver = SampledNewton::new(rows / size);
            text += &line(
                &format!("sampled 1/{size}"),
                &objective,
                rows,
                &solver,
                runs,
            );
        }
    }
    if wanted.contains("lbfgs") {
        for memory in [10, 20] {
            let mut solver = Lbfgs::default();
            solver.memory = memory;
            text += &line(&format!("lbfgs {memory}"), &objective, rows, &solver, runs);
        }
    }
    text
}

#[test]
#[ignore = "a measurement, in release, on an idle machine"]
fn passes() {
    let shapes = std::env::var("SHAPES").unwrap_or("1000000x28".into());
    let kinds = std::env::var("KINDS").unwrap_or("icohr".into());
    for text in shapes.split(',') {
        let (rows, columns) = text.split_once('x').unwrap();
        let (rows, columns) = (rows.parse().unwrap(), columns.parse().unwrap());
        for (letter, kind) in [
            ('i', Columns::Independent),
            ('c', Columns::Chain),
            ('o', Columns::Common),
            ('h', Columns::HeavyTail),
            ('r', Columns::Rare),
        ] {
            if kinds.contains(letter) {
                println!("{}", shape::<f32>(rows, columns, kind));
            }
        }
    }
}
