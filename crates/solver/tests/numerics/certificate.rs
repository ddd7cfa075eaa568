//! The certificate against optima found far more exactly.

use rayon::prelude::*;
use solver::{
    Certificate, HostObjective, Newton, Objective, Solution, Stop, Verdict, certify, dependences,
    minimize, separation,
};

use crate::problems::{Example, LOSSES, Loss, nasty, normal};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Scores of all rows of positive weight, row after row.
pub(crate) fn scores(example: &Example, theta: &[f64]) -> Vec<Vec<f64>> {
    let outputs = example.problem().target.outputs();
    let stride = theta.len() / outputs;
    let p = example.design.columns();
    let counts = |i: usize| example.weights.as_ref().is_none_or(|w| w[i] > 0.0);
    let score = |i: usize, k: usize| {
        let t = &theta[k * stride..(k + 1) * stride];
        let sum: f64 = example
            .design
            .row(i)
            .iter()
            .zip(t)
            .map(|(x, b)| x * b)
            .sum();
        let offset = example.offsets.as_ref().map_or(0.0, |o| o[i * outputs + k]);
        sum + t.get(p).copied().unwrap_or_default() + offset
    };
    (0..example.design.rows())
        .filter(|&i| counts(i))
        .map(|i| (0..outputs).map(|k| score(i, k)).collect())
        .collect()
}

pub(crate) fn probabilities(scores: &[f64]) -> Vec<f64> {
    if let [z] = scores {
        return vec![solver::objective::pointwise::sigmoid(*z)];
    }
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let e: Vec<f64> = scores.iter().map(|z| (z - top).exp()).collect();
    let sum: f64 = e.iter().sum();
    e.iter().map(|e| e / sum).collect()
}

/// Largest errors of scores (spread of their errors within a row) and of probabilities.
fn errors(example: &Example, theta: &[f64], optimum: &[f64]) -> (f64, f64) {
    let (mut score, mut probability) = (0.0_f64, 0.0_f64);
    for (a, b) in scores(example, theta).iter().zip(scores(example, optimum)) {
        let gaps: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        let (low, high) = gaps
            .iter()
            .fold((f64::MAX, f64::MIN), |(l, h), g| (l.min(*g), h.max(*g)));
        score = score.max(if gaps.len() == 1 {
            gaps[0].abs()
        } else {
            high - low
        });
        for (p, q) in probabilities(a).iter().zip(probabilities(&b)) {
            probability = probability.max((p - q).abs());
        }
    }
    (score, probability)
}

/// The optimum, to the rounding floor, and its own certificate.
fn optimum(example: &Example) -> Option<(Solution, Certificate)> {
    let objective = HostObjective::new(example.problem()).unwrap();
    let stop = Stop {
        gradient_tolerance: 0.0,
        ..Stop::default()
    };
    let start = vec![0.0; objective.dimension()];
    let solution = minimize(&Newton::default(), &objective, &start, &stop).unwrap();
    let certificate = certify(&example.problem(), &solution.theta).unwrap();
    certificate.holds().then_some((solution, certificate))
}

/// What the trials of one example showed.
#[derive(Debug, Default, Clone)]
struct Trial {
    checked: usize,
    doubtful: usize,
    tightness: Vec<f64>,
    /// Only for Newton's own iterates.
    iterates: Vec<f64>,
}

/// Checks the certificate on Newton's iterates and on random points around the optimum.
fn try_out(loss: Loss, seed: u64) -> Trial {
    let example = nasty(loss, seed);
    let objective = HostObjective::new(example.problem()).unwrap();
    let mut trial = Trial::default();
    let mut points: Vec<Vec<f64>> = Vec::new();
    let start = vec![0.0; objective.dimension()];
    for max_iterations in [0, 1, 2, 3, 4, 5, 6] {
        let stop = Stop {
            max_iterations,
            ..Stop::default()
        };
        points.push(
            minimize(&Newton::default(), &objective, &start, &stop)
                .unwrap()
                .theta,
        );
    }
    let iterates = points.len();
    let best = optimum(&example);
    if let Some((solution, _)) = &best {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..6 {
            let size = 10.0_f64.powf(random.random_range(-7.0..0.0));
            let move_one = |t: &f64| t + size * t.abs().max(0.1) * normal(&mut random);
            points.push(solution.theta.iter().map(move_one).collect());
        }
    }
    for (at, theta) in points.iter().enumerate() {
        let certificate = certify(&example.problem(), theta).unwrap();
        let Some(bound) = certificate.score_error else {
            continue;
        };
        trial.checked += 1;
        let Some((best, own)) = &best else {
            // it claims that an optimum exists: then the rows must overlap
            trial.doubtful += 1;
            assert_eq!(
                separation(&objective, None).unwrap(),
                Verdict::Overlap,
                "{loss:?} {seed}"
            );
            assert!(example.penalty.lambda > 0.0 || dependences(&objective).unwrap().is_empty());
            continue;
        };
        let (score, probability) = errors(&example, theta, &best.theta);
        let slack = own.score_error.unwrap();
        assert!(
            score <= bound * (1.0 + 1e-9) + slack,
            "{loss:?} {seed}: {score:e} > {bound:e} + {slack:e}"
        );
        if let Some(bound) = certificate.probability_error {
            assert!(
                probability <= bound * (1.0 + 1e-9) + slack,
                "{loss:?} {seed}"
            );
        }
        // far above rounding, how near the truth is the bound?
        if bound > 1e4 * slack {
            trial.tightness.push(score / bound);
            if at < iterates {
                trial.iterates.push(score / bound);
            }
        }
    }
    trial
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Measured on 17,618 certificates of 2,100 problems: never violated. Median of true error over bound
/// 0.67 (binary), 0.53 (multinomial), 0.54 (squared loss); on Newton's own iterates 0.84, 0.75, 0.66.
#[test]
fn never_violated_on_random_problems() {
    for loss in LOSSES {
        let trials: Vec<Trial> = (0..700_u64)
            .into_par_iter()
            .map(|seed| try_out(loss, seed))
            .collect();
        let checked: usize = trials.iter().map(|t| t.checked).sum();
        let doubtful: usize = trials.iter().map(|t| t.doubtful).sum();
        let mut all: Vec<f64> = trials.iter().flat_map(|t| t.tightness.clone()).collect();
        let mut own: Vec<f64> = trials.iter().flat_map(|t| t.iterates.clone()).collect();
        println!(
            "{loss:?}: {checked} checked, {doubtful} doubtful, tightness {:.2} of {}, iterates {:.2} of {}",
            median(&mut all),
            all.len(),
            median(&mut own),
            own.len()
        );
        assert!(checked > 2000, "{loss:?} {checked}");
        assert!(all.iter().all(|t| *t <= 1.0 + 1e-6), "{loss:?}");
    }
}
