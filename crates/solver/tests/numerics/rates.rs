//! The learning rates that theory calls safe are, and those that it calls too high are.

use std::sync::atomic::AtomicBool;

use dataset::DesignMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use solver::stochastic::steepness::{steepest, steepness_at};
use solver::stochastic::{Measured, Rule, Settings, State, Watch, train};
use solver::{HostObjective, Newton, Objective, ObjectiveError, Penalty, Status, Stop, minimize};

use crate::problems::{Example, LOSSES, normal, ordinary};

/// Runs of full-batch descent.
const STEPS: usize = 60;

/// Objective and distance from a point after each step.
struct Walk<'a, 'b> {
    objective: &'b HostObjective<'a, f64>,
    from: &'b [f64],
    objectives: Vec<f64>,
    distances: Vec<f64>,
}

impl Watch<ObjectiveError> for Walk<'_, '_> {
    fn measure(&mut self, theta: &[f64]) -> Result<Measured, ObjectiveError> {
        let objective = self.objective.value(theta)?;
        let squares = theta.iter().zip(self.from).map(|(a, b)| (a - b).powi(2));
        self.objectives.push(objective);
        self.distances.push(squares.sum::<f64>().sqrt());
        Ok(Measured {
            objective,
            gradient_max: 0.0,
            validation_loss: None,
            watched: None,
        })
    }
}

/// Full-batch descent at a rate, from a start.
fn descend<'b>(
    example: &'b Example,
    objective: &'b HostObjective<'b, f64>,
    rate: f64,
    start: Vec<f64>,
    from: &'b [f64],
) -> Walk<'b, 'b> {
    let problem = example.problem();
    let mut walk = Walk {
        objective,
        from,
        objectives: Vec::new(),
        distances: Vec::new(),
    };
    walk.measure(&start).unwrap();
    let mut decay = vec![problem.penalty.l2(); example.design.columns()];
    decay.extend(problem.intercept.then_some(0.0));
    let settings = Settings {
        epochs: STEPS,
        batch_size: example.design.rows(),
        ..Settings::new(Rule::Sgd, rate)
    };
    let decay = decay.repeat(problem.target.outputs());
    let state = State::new(start);
    let never = AtomicBool::new(false);
    train(
        &mut objective.clone(),
        &settings,
        &decay,
        state,
        &never,
        &mut walk,
    )
    .unwrap();
    walk
}

/// Any loss, with and without weights, offsets, intercept and penalty, columns on scales from 0.01 to
/// 100.
fn example(seed: u64) -> Example {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let rows = random.random_range(15..150);
    let columns = random.random_range(1..9);
    let loss = LOSSES[seed as usize % 3];
    let plain = ordinary(loss, rows, columns, seed.is_multiple_of(2), seed);
    let scales: Vec<f64> = (0..columns)
        .map(|_| 10.0_f64.powf(random.random_range(-2.0..2.0)))
        .collect();
    let shared: Vec<f64> = (0..rows).map(|_| normal(&mut random)).collect();
    let cells = (0..rows * columns).map(|at| {
        let (row, column) = (at / columns, at % columns);
        // correlated columns are what makes some directions steep
        scales[column] * (plain.design.row(row)[column] + 2.0 * shared[row])
    });
    let lambda = [0.0, 0.05, 1.0][seed as usize / 3 % 3];
    Example {
        design: DesignMatrix::new(rows, columns, cells.collect()).unwrap(),
        penalty: Penalty::ridge(lambda),
        intercept: !seed.is_multiple_of(5),
        ..plain
    }
}

#[test]
fn no_step_below_the_safe_rate_increases_the_objective() {
    for seed in 0..200 {
        let example = example(seed);
        let objective = HostObjective::new(example.problem()).unwrap();
        let safe = steepest(&objective).unwrap().safe_rate();
        let zeros = vec![0.0; objective.dimension()];
        for share in [0.999, 0.6, 0.05] {
            let walk = descend(&example, &objective, share * safe, zeros.clone(), &zeros);
            assert_eq!(walk.objectives.len(), STEPS + 1);
            for (step, pair) in walk.objectives.windows(2).enumerate() {
                let rounding = 1e-13 * pair[0].abs();
                assert!(
                    pair[1] <= pair[0] + rounding,
                    "problem {seed}, share {share}, step {step}: {} to {}",
                    pair[0],
                    pair[1]
                );
            }
        }
    }
}

/// `2/λ` with the curvature at the optimum divides the runs that come back from those that do not: a step
/// multiplies the distance along the steepest direction by `1 - ηλ`.
#[test]
fn the_limit_at_the_optimum_divides_those_who_stay_from_those_who_leave() {
    let (mut tried, mut left) = (0, 0);
    for seed in 0..200 {
        let mut example = example(seed);
        if example.penalty.lambda == 0.0 {
            // an optimum that is there, and near enough for Newton's method
            example.penalty = Penalty::ridge(0.05);
        }
        let objective = HostObjective::new(example.problem()).unwrap();
        let zeros = vec![0.0; objective.dimension()];
        let found = minimize(&Newton::default(), &objective, &zeros, &Stop::default()).unwrap();
        if found.status != Status::Converged {
            continue;
        }
        tried += 1;
        let here = steepness_at(&objective, &found.theta).unwrap().unwrap();
        let everywhere = steepest(&objective).unwrap();
        assert!(here.value <= everywhere.upper, "problem {seed}");
        let limit = 2.0 / here.value;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let size = 1e-5
            * found
                .theta
                .iter()
                .fold(1e-3, |most: f64, t| most.max(t.abs()));
        let nearby: Vec<f64> = (found.theta.iter())
            .map(|t| t + size * normal(&mut random))
            .collect();
        let stays = descend(
            &example,
            &objective,
            0.8 * limit,
            nearby.clone(),
            &found.theta,
        );
        let most = stays
            .distances
            .iter()
            .fold(0.0, |most: f64, d| most.max(*d));
        assert!(
            most < 2.0 * stays.distances[0],
            "problem {seed} leaves below the limit"
        );
        let leaves = descend(&example, &objective, 1.2 * limit, nearby, &found.theta);
        let last = leaves.distances.len() - 1;
        let ratio = leaves.distances[last] / leaves.distances[0];
        // |1 - 2.4| = 1.4 a step, until the curvature changes
        if ratio > 10.0 {
            left += 1;
        }
        let highest = leaves
            .objectives
            .iter()
            .fold(f64::NEG_INFINITY, |m, o| m.max(*o));
        assert!(
            highest > leaves.objectives[0],
            "problem {seed} settles above the limit"
        );
        assert!(
            ratio > 10.0,
            "problem {seed} stays above the limit: {ratio}"
        );
    }
    assert!(tried > 150 && left == tried, "{left} of {tried}");
}
