//! One method at rates from far too small to far too large.

use std::sync::atomic::AtomicBool;

use solver::stochastic::verdict::judge;
use solver::stochastic::{Measured, Rule, Settings, State, Verdict, Watch, train};
use solver::{HostObjective, Objective};

use super::Method;
use super::report::{Promise, Run, Sweep, Theory};
use crate::error::FitError;
use crate::rows::Number;

/// Shares of the rate below which descent is sure, and of the one above which it cannot stay.
const OF_SAFE: [f64; 5] = [0.001, 0.01, 0.1, 0.5, 0.99];
const OF_LIMIT: [f64; 3] = [1.2, 4.0, 20.0];

/// Shares of the rate that is sure for mini-batches.
const OF_BATCHES: [f64; 9] = [0.001, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 300.0];

/// Rates of a method whose steps do not depend on the gradient's size.
const ADAPTIVE: [f64; 9] = [1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0];

/// Times the objective at the start above which a run has diverged, and is not waited for.
const AWAY: f64 = 1e6;

impl Method {
    /// The rates to try, rising.
    pub(super) fn rates(&self, theory: &Theory) -> Vec<f64> {
        let times = |rate: f64, shares: &[f64]| -> Vec<f64> {
            shares.iter().map(|share| share * rate).collect()
        };
        let mut rates = match self.rule {
            Rule::Momentum { momentum, .. } => {
                times((1.0 - momentum) * theory.batch_rate, &OF_BATCHES)
            }
            Rule::Sgd if !self.full_batch => times(theory.batch_rate, &OF_BATCHES),
            Rule::Sgd => {
                let limit = theory.limit_at_optimum.unwrap_or(theory.safe_rate);
                let between = (theory.safe_rate * limit).sqrt();
                let mut rates = times(theory.safe_rate, &OF_SAFE);
                rates.extend((between > 1.2 * theory.safe_rate).then_some(between));
                rates.extend(times(limit.max(theory.safe_rate), &OF_LIMIT));
                rates
            }
            _ => ADAPTIVE.to_vec(),
        };
        rates.sort_by(f64::total_cmp);
        rates
    }

    /// What theory says of a rate.
    fn promise(&self, rate: f64, theory: &Theory) -> Option<Promise> {
        if self.rule != Rule::Sgd {
            return None;
        }
        if !self.full_batch {
            return (rate <= theory.batch_rate).then_some(Promise::Approaches);
        }
        if rate < theory.safe_rate {
            return Some(Promise::Descends);
        }
        let limit = theory.limit_at_optimum?;
        (rate > limit).then_some(Promise::Leaves)
    }
}

/// What all sweeps share.
pub(super) struct Trial<'a, T> {
    pub(super) host: HostObjective<'a, T>,
    pub(super) decay: Vec<f64>,
    pub(super) optimum: f64,
    pub(super) start: f64,
    pub(super) theory: Theory,
    pub(super) seed: u64,
    pub(super) interrupted: &'a AtomicBool,
}

impl<T: Number> Trial<'_, T> {
    /// Runs a method at each of its rates.
    pub(super) fn sweep(
        &mut self,
        method: &Method,
        tell: &mut dyn FnMut(),
    ) -> Result<Sweep, FitError> {
        let mut runs = Vec::new();
        for rate in method.rates(&self.theory) {
            tell();
            runs.push(self.run(method, rate)?);
        }
        Ok(Sweep {
            solver: method.solver.to_string(),
            batch_size: method.batch_size,
            full_batch: method.full_batch,
            epochs: method.epochs,
            recommended: recommended(&runs),
            runs,
        })
    }

    fn run(&mut self, method: &Method, rate: f64) -> Result<Run, FitError> {
        let rows = self.host.problem().design.rows();
        let settings = Settings {
            epochs: method.epochs,
            batch_size: method.batch_size,
            learning_rate: rate,
            stopping: None,
            average: 0,
            ..(method.options).settings(method.rule, rows, rate, self.seed)
        };
        let mut curve = Curve {
            rows: self.host.clone(),
            objectives: vec![self.start],
            limit: AWAY * self.start.abs().max(f64::MIN_POSITIVE),
        };
        let state = State::new(vec![0.0; self.decay.len()]);
        let trained = train::<FitError>(
            &mut self.host,
            &settings,
            &self.decay,
            state,
            self.interrupted,
            &mut curve,
        )?;
        let mut objectives = curve.objectives;
        if trained.status == solver::Status::Diverged {
            // parameters that are no numbers are not measured
            let last = objectives.last_mut().filter(|last| !last.is_finite());
            match last {
                Some(last) => *last = f64::INFINITY,
                None => objectives.push(f64::INFINITY),
            }
        }
        let verdict = judge(&objectives, self.optimum);
        let theory = method.promise(rate, &self.theory);
        let rises = || {
            let rounding = self.host.rounding() * self.start.abs();
            objectives
                .windows(2)
                .any(|pair| pair[1] > pair[0] + rounding)
        };
        let agrees = theory.map(|promise| match promise {
            Promise::Descends => !rises(),
            Promise::Approaches => !matches!(verdict, Verdict::Diverges),
            Promise::Leaves => !matches!(verdict, Verdict::Good { .. }),
        });
        let distance = |value: &f64| value.is_finite().then(|| value - self.optimum);
        Ok(Run {
            rate,
            verdict,
            theory,
            agrees,
            distances: objectives.iter().map(distance).collect(),
        })
    }
}

/// Remembers the objective after each epoch.
struct Curve<'a, T> {
    rows: HostObjective<'a, T>,
    objectives: Vec<f64>,
    limit: f64,
}

impl<T: Number> Watch<FitError> for Curve<'_, T> {
    fn measure(&mut self, theta: &[f64]) -> Result<Measured, FitError> {
        let objective = self.rows.value(theta)?;
        let objective = if objective > self.limit {
            f64::INFINITY // ends the run
        } else {
            objective
        };
        self.objectives.push(objective);
        Ok(Measured {
            objective,
            gradient_max: 0.0,
            validation_loss: None,
            watched: None,
        })
    }
}

/// The rate that arrives first; where none arrives, the one that would, by its pace; where none has one, the
/// one that comes nearest.
fn recommended(runs: &[Run]) -> Option<f64> {
    let last = |run: &Run| run.distances.last().copied().flatten();
    let least = |found: Vec<(f64, f64, f64)>| {
        let order = |a: &&(f64, f64, f64), b: &&(f64, f64, f64)| {
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        };
        found.iter().min_by(order).map(|(_, _, rate)| *rate)
    };
    let arrived = runs.iter().filter_map(|run| match run.verdict {
        Verdict::Good { epochs } => Some((epochs as f64, last(run)?, run.rate)),
        _ => None,
    });
    let going = runs.iter().filter_map(|run| match run.verdict {
        Verdict::TooSlow { epochs } => Some((epochs?, last(run)?, run.rate)),
        _ => None,
    });
    let near = runs.iter().filter_map(|run| match run.verdict {
        Verdict::Diverges => None,
        _ => Some((last(run)?, 0.0, run.rate)),
    });
    least(arrived.collect())
        .or_else(|| least(going.collect()))
        .or_else(|| least(near.collect()))
}
