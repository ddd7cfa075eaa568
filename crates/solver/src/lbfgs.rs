//! L-BFGS: curvature from the last few steps, for many columns.

use faer::Mat;

use crate::factor::Factor;
use crate::line_search::{Trial, inner, strong_wolfe};
use crate::minimize::{Iterate, Outlook, SolveError, Solver, confirmed_change, largest};
use crate::objective::{Gauge, Objective};
use crate::pairs::{Pairs, difference};
use crate::tolerance::{FLOOR_STEPS, LBFGS_STEPS, NEWTON_PARAMETERS, START_ROWS_PER_PARAMETER};

/// Limited-memory BFGS with a line search for the strong Wolfe conditions.
///
/// 1. The direction is `−Hg` with `H` the inverse curvature that the last [`memory`](Self::memory)
///    steps `s` and changes of gradient `y` imply, by the two-loop recursion, from `s·y/y·y` times the
///    identity.
/// 2. The first step has no pairs: it is scaled to move the parameters by the length of the gradient or
///    by one, whichever is less; every later one tries the full step first.
/// 3. After [`curvature_after`](Self::curvature_after) steps, if any, the recursion starts from another matrix:
///    the inverse of the curvature of a sample of the rows, measured once, where it stands. On strongly
///    correlated columns a few steps' memory sees too little, and thousands of steps would crawl; with the
///    sample's, each gains about a factor of `√(m/p)`, for `m` rows and `p` parameters, and the memory more.
/// 4. Where no step lowers the objective, the pairs are dropped and a step without them is tried once. Where
///    that fails too, or where steps promise less than the objective's rounding and the gradient has not
///    halved in the last [`FLOOR_STEPS`] of them, this is a standstill. Without the curvature nobody can
///    tell here how near the optimum is: that is left to the certificate ([`fit`](crate::fit())).
///
/// A gradient within the tolerance is not taken as convergence until the coming step is seen to leave
/// every score nearly as it is, as in [`Newton`](crate::Newton).
///
/// # Examples
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Lbfgs, Problem, Status, Stop, TargetValues, fit};
///
/// let design = DesignMatrix::new(4, 1, vec![0.0, 1.0, 2.0, 3.0])?;
/// let problem = Problem::new(&design, TargetValues::Binary(&[0.0, 1.0, 0.0, 1.0]));
/// let objective = HostObjective::new(problem)?;
/// let found = fit(&objective, &Lbfgs::default(), &[0.0; 2], &Stop::default())?;
/// assert_eq!(found.solution.status, Status::Converged);
/// assert!(found.certificate.probability_error.unwrap() < 1e-8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Nocedal and Wright (2006), algorithms 7.4 and 7.5; Liu and Nocedal (1989).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Lbfgs {
    /// Steps that are remembered, at least one.
    pub memory: usize,
    /// Steps after which the curvature of a sample of the rows is measured; never, without. It takes a matrix
    /// of parameters by parameters.
    pub curvature_after: Option<usize>,
}

impl Default for Lbfgs {
    /// A memory of ten steps, and nothing else.
    fn default() -> Self {
        Self {
            memory: 10,
            curvature_after: None,
        }
    }
}

impl Lbfgs {
    /// For so many parameters: where a matrix of them can be held, the curvature of a sample helps a fit that is
    /// not there after some forty steps.
    pub fn sized(parameters: usize) -> Self {
        Self {
            curvature_after: (parameters <= NEWTON_PARAMETERS).then_some(LBFGS_STEPS),
            ..Self::default()
        }
    }
}

/// What [`Lbfgs`] carries from step to step.
#[derive(Debug, Clone)]
pub struct LbfgsState {
    iterate: Iterate,
    gradient: Vec<f64>,
    pairs: Pairs,
    /// The curvature of a sample, from which on the pairs correct.
    sampled: Option<Factor>,
    /// Steps until that is measured.
    until_sampled: Option<usize>,
    /// The objective's unit of scores.
    scale: f64,
    /// The last gradient that was at most half of the one before, and steps since.
    halved: (f64, usize),
}

impl Solver for Lbfgs {
    type State = LbfgsState;

    fn init(&self, objective: &dyn Objective, initial: &[f64]) -> Result<LbfgsState, SolveError> {
        if objective.l1() > 0.0 {
            return Err(SolveError::NotSmooth { solver: "lbfgs" });
        }
        let mut theta = initial.to_vec();
        if let Some(gauge) = objective.gauge() {
            // gradients sum to zero over classes, so steps from there stay there
            Gauge { from: 0, ..gauge }.project(&mut theta);
        }
        let (iterate, gradient) = Iterate::start(objective, theta)?;
        Ok(LbfgsState {
            halved: (iterate.gradient_max, 0),
            iterate,
            gradient,
            pairs: Pairs::new(self.memory),
            sampled: None,
            until_sampled: self.curvature_after,
            scale: objective.scale(),
        })
    }

    fn step(
        &self,
        objective: &dyn Objective,
        mut state: LbfgsState,
    ) -> Result<LbfgsState, SolveError> {
        match state.until_sampled {
            Some(0) => state.measure(objective)?,
            Some(steps) => state.until_sampled = Some(steps - 1),
            None => {}
        }
        let wanted = state.direction();
        if state.halved.1 >= FLOOR_STEPS && state.is_noise(objective, &wanted) {
            state.iterate.outlook = Outlook::Stalled;
            return Ok(state);
        }
        // 1. Along the direction, and where that fails without the pairs.
        let mut found = state.search(objective, &wanted)?;
        if found.is_none() && !state.pairs.is_empty() {
            state.pairs.clear();
            found = state.search(objective, &state.direction())?;
        }
        let Some(trial) = found else {
            state.iterate.outlook = Outlook::Stalled;
            return Ok(state);
        };
        // 2. What the step tells of the curvature.
        state.pairs.push(
            difference(&trial.theta, &state.iterate.theta),
            difference(&trial.gradient, &state.gradient),
        );
        state.iterate = Iterate::new(trial.theta, trial.value, &trial.gradient, trial.length);
        state.gradient = trial.gradient;
        let now = state.iterate.gradient_max;
        state.halved = if now <= 0.5 * state.halved.0 {
            (now, 0)
        } else {
            (state.halved.0, state.halved.1 + 1)
        };
        Ok(state)
    }

    fn iterate(state: &LbfgsState) -> &Iterate {
        &state.iterate
    }

    fn confirm(
        &self,
        objective: &dyn Objective,
        state: &mut LbfgsState,
        tolerance: f64,
    ) -> Result<bool, SolveError> {
        let limit = confirmed_change(objective, tolerance);
        // without any curvature the length of a step is a guess, unless there is nothing to step along
        let measured = !state.pairs.is_empty() || state.sampled.is_some();
        let known = measured || state.iterate.gradient_max == 0.0;
        Ok(known && change(objective, &state.direction())? <= limit)
    }
}

impl LbfgsState {
    /// `−Hg` by the two-loop recursion.
    fn direction(&self) -> Vec<f64> {
        if let Some(factor) = &self.sampled {
            return self.pairs.direction(&self.gradient, |q| factor.solve(&q));
        }
        let first = || {
            let length = inner(&self.gradient, &self.gradient).sqrt();
            self.scale / length.max(self.scale)
        };
        let scale = self.pairs.scale().unwrap_or_else(first);
        let scaled = |mut q: Vec<f64>| {
            for q in &mut q {
                *q *= scale;
            }
            q
        };
        self.pairs.direction(&self.gradient, scaled)
    }

    /// Measures the curvature of a sample here, or of all rows where there are few.
    fn measure(&mut self, objective: &dyn Objective) -> Result<(), SolveError> {
        self.until_sampled = None;
        let parameters = self.gradient.len();
        let sample = objective.sample(START_ROWS_PER_PARAMETER * parameters);
        let (mut gradient, mut curvature) = (vec![0.0; parameters], Mat::new());
        let theta = &self.iterate.theta;
        match &sample {
            Some(sample) => sample.curvature(theta, &mut gradient, &mut curvature)?,
            None => objective.curvature(theta, &mut gradient, &mut curvature)?,
        };
        if let Some(gauge) = objective.gauge() {
            gauge.fix(&mut curvature);
        }
        self.sampled = Factor::damped(&curvature);
        if self.sampled.is_some() {
            self.pairs.clear();
        }
        Ok(())
    }

    fn search(
        &self,
        objective: &dyn Objective,
        direction: &[f64],
    ) -> Result<Option<Trial>, SolveError> {
        if inner(&self.gradient, direction) >= 0.0 {
            return Ok(None);
        }
        let Iterate {
            theta,
            objective: value,
            ..
        } = &self.iterate;
        let start = Trial::start(theta, *value, &self.gradient, direction);
        strong_wolfe(objective, &start, direction, 1.0)
    }

    /// Whether the decrease that a step promises is lost in the objective's rounding.
    fn is_noise(&self, objective: &dyn Objective, direction: &[f64]) -> bool {
        let noise = objective.rounding() * self.iterate.objective.abs();
        -0.5 * inner(&self.gradient, direction) <= noise
    }
}

/// The largest change of a score by a step, or of a parameter where the objective cannot say.
fn change(objective: &dyn Objective, step: &[f64]) -> Result<f64, SolveError> {
    Ok(objective
        .score_change(step)?
        .unwrap_or_else(|| largest(step)))
}
