use dataset::DesignMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::certificate::certify_held;
use crate::minimize::{Stop, minimize};
use crate::newton::Newton;
use crate::objective::{Penalty, Problem, TargetValues, dot};

const CLASSES: usize = 3;

/// A random table of rows with targets of every kind.
struct Table {
    design: DesignMatrix<f64>,
    labels: Vec<f64>,
    codes: Vec<u32>,
    weights: Vec<f64>,
    random: ChaCha8Rng,
}

impl Table {
    fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let columns = 2 + (seed % 5) as usize;
        let rows = 40 * columns;
        let units: Vec<f64> = (0..columns)
            .map(|_| 10.0_f64.powf(random.random_range(-2.0..2.0)))
            .collect();
        let shared = random.random_range(0.0..0.9);
        let mut values = Vec::new();
        for _ in 0..rows {
            let common: f64 = random.random_range(-1.0..1.0);
            for unit in &units {
                let own: f64 = random.random_range(-1.0..1.0);
                values.push(unit * (shared * common + (1.0 - shared) * own));
            }
        }
        let labels = (0..rows)
            .map(|_| f64::from(random.random_range(0..2_u32)))
            .collect();
        let codes = (0..rows)
            .map(|_| random.random_range(0..CLASSES as u32))
            .collect();
        let weights = (0..rows)
            .map(|_| f64::from(random.random_range(0..4_u32)))
            .collect();
        Self {
            design: DesignMatrix::new(rows, columns, values).unwrap(),
            labels,
            codes,
            weights,
            random,
        }
    }

    fn problem(&self, loss: usize, lambda: f64, flags: u64) -> Problem<'_, f64> {
        let target = match loss {
            0 => TargetValues::Binary(&self.labels),
            1 => TargetValues::Linear(&self.labels),
            _ => TargetValues::Multinomial {
                codes: &self.codes,
                classes: CLASSES,
            },
        };
        Problem {
            penalty: Penalty::ridge(lambda),
            intercept: flags & 1 == 0,
            weights: (flags & 2 != 0).then_some(&self.weights),
            ..Problem::new(&self.design, target)
        }
    }
}

/// The largest difference of a row's scores, or of differences between them.
fn error(problem: &Problem<'_, f64>, theta: &[f64], optimum: &[f64], design: &[f64]) -> f64 {
    let layout = problem.layout();
    let moved: Vec<f64> = theta.iter().zip(optimum).map(|(a, b)| a - b).collect();
    let rows = design.chunks_exact(layout.columns).enumerate();
    let counts = |i: usize| problem.weights.is_none_or(|w| w[i] > 0.0);
    rows.filter(|(i, _)| counts(*i))
        .map(|(_, row)| {
            let moves: Vec<f64> = (0..layout.outputs)
                .map(|k| dot(row, layout.coefficients(&moved, k)) + layout.bias(&moved, k))
                .collect();
            let high = moves.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let low = moves.iter().copied().fold(f64::INFINITY, f64::min);
            if moves.len() == 1 {
                high.abs()
            } else {
                high - low
            }
        })
        .fold(0.0, f64::max)
}

#[test]
fn never_violated_on_random_problems_and_never_tighter_than_the_whole_curvature() {
    let (mut penalty, mut sampled) = (0, 0);
    for seed in 0..150_u64 {
        let mut table = Table::new(seed);
        let shifts: Vec<f64> = (0..64)
            .map(|_| table.random.random_range(-1.0..1.0))
            .collect();
        let size = 10.0_f64.powf(table.random.random_range(-8.0..-1.0));
        let lambda = [1e-3, 0.1, 0.0][(seed / 5 % 3) as usize];
        for loss in 0..3 {
            let problem = table.problem(loss, lambda, seed);
            let objective = HostObjective::new(problem).unwrap();
            let stop = Stop {
                gradient_tolerance: 0.0,
                ..Stop::default()
            };
            let start = vec![0.0; objective.dimension()];
            let optimum = minimize(&Newton::default(), &objective, &start, &stop).unwrap();
            let own = certify_held(&objective, &optimum.theta, &[]).unwrap();
            assert_eq!(own.basis, Basis::Curvature);
            let slack = own.score_error.unwrap();
            let theta: Vec<f64> = (optimum.theta.iter().zip(&shifts))
                .map(|(t, shift)| t + size * shift * t.abs())
                .collect();
            let kept: Vec<usize> = (0..objective.layout().stride()).collect();
            let free: Vec<usize> = (0..theta.len()).collect();
            let whole = certify_held(&objective, &theta, &[]).unwrap();
            let error = error(&problem, &theta, &optimum.theta, table.design.values());
            for (basis, count) in [
                (Basis::Penalty, &mut penalty),
                (Basis::SampledCurvature, &mut sampled),
            ] {
                let sums = objective.sums(&theta, Wanted::Rounding).unwrap();
                let found = bounded(&objective, &theta, &sums, &kept, &free, basis).unwrap();
                assert_eq!(found.basis, basis);
                if basis == Basis::Penalty && (loss == 2 && problem.intercept || lambda == 0.0) {
                    assert!(!found.holds());
                }
                if let (Some(found), Some(whole)) = (found.precondition, whole.precondition) {
                    assert!(
                        found >= 0.999 * whole,
                        "{seed} {loss} {basis:?}: {found:e} {whole:e}"
                    );
                }
                if let Some(bound) = found.score_error {
                    *count += 1;
                    assert!(
                        error <= bound + slack,
                        "{seed} {loss} {basis:?}: {error:e} {bound:e}"
                    );
                }
            }
        }
    }
    assert!(penalty > 100 && sampled > 250, "{penalty} {sampled}");
}

#[test]
fn held_columns_are_left_out() {
    let table = Table::new(3);
    let problem = table.problem(0, 0.05, 0);
    let objective = HostObjective::new(problem).unwrap();
    let theta = vec![0.0; objective.dimension()];
    let kept: Vec<usize> = (0..theta.len()).filter(|&at| at != 1).collect();
    let sums = objective.sums(&theta, Wanted::Rounding).unwrap();
    let found = bounded(
        &objective,
        &theta,
        &sums,
        &kept,
        &kept,
        Basis::SampledCurvature,
    );
    let whole = certify_held(&objective, &theta, &[1]).unwrap();
    let (found, whole) = (found.unwrap().radius.unwrap(), whole.radius.unwrap());
    assert!(found >= whole && found < 100.0 * whole, "{found} {whole}");
}

#[test]
fn only_what_costs_more_than_the_fit_is_wide() {
    let wide = |rows: usize, columns: usize| {
        let design = DesignMatrix::new(rows, columns, vec![0.0_f32; rows * columns]).unwrap();
        let labels: Vec<f64> = (0..rows).map(|i| (i % 2) as f64).collect();
        let problem = Problem::new(&design, TargetValues::Binary(&labels));
        is_wide(&HostObjective::new(problem).unwrap())
    };
    assert!(!wide(100_000, 28) && !wide(100, 3000) && !wide(20_000, 600));
    assert!(wide(6_000, 2000));
}
