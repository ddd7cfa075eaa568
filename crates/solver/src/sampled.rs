//! Newton's method with the curvature of a sample, corrected as the steps go.

use crate::factor::Factor;
use crate::line_search::{Trial, inner, strong_wolfe};
use crate::minimize::{Iterate, Outlook, SolveError, Solver, confirmed_change, largest};
use crate::newton::{self, Direction, Newton, NewtonState};
use crate::objective::Objective;
use crate::pairs::{Pairs, difference};
use crate::tolerance::{
    LADDER, MAX_SAMPLE_STEPS, SAMPLE_NOISE_SHARE, SAMPLE_ROWS_PER_PARAMETER, SAMPLE_SCORE_CHANGE,
    SLOW_PROGRESS, SLOW_STEPS,
};

/// Newton's method for many rows: a handful of gradient passes, after the optimum of a sample.
///
/// 1. *Sample.* [`Newton`] solves the problem of a small sample, and from there that of one
///    [`LADDER`] times larger, up to [`rows`](Self::rows): each until what is left is small beside what
///    the next sample, or all rows, will change, which for `p` parameters and `m` rows is a squared
///    decrement of about `σ²p/m`.
/// 2. *Corrected steps* on all rows: `h = −Bg`, with `B` the inverse of the sample's curvature at its
///    optimum under the BFGS updates of the last [`memory`](Self::memory) steps. The unit step comes
///    first; its one pass gives value and gradient, which is all that a step costs. The sample's curvature
///    is wrong by about `√(p/m)`, so each step shrinks the gradient by that factor, and the updates make
///    it fall faster.
/// 3. *Full curvature.* Where two steps running gain less than a factor of two (levels that the sample
///    has not seen, rows far out), the curvature is measured on all rows, once; where that does not help
///    either, or is singular, or the sample's problem had no optimum, [`Newton`] takes over.
///
/// An objective that has no [`sample`](Objective::sample) of this size is left to [`Newton`] from the start.
///
/// *Existence.* A sample with a curvature of full rank that is not separated proves that all rows together
/// have a finite, unique optimum: a direction along which no row's loss rises would be one for the sample.
/// Hence a small gradient is confirmed by the coming step's change of the sample's scores, without another
/// pass over all rows.
///
/// Where the starting point is known to be better than the sample's optimum, that is left out.
///
/// # Examples
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Problem, SampledNewton, Status, Stop, TargetValues, minimize};
///
/// let cell = |i: usize| (i as f64 * 0.618_034).fract() - 0.5;
/// let design = DesignMatrix::new(20_000, 2, (0..40_000).map(cell).collect())?;
/// let target: Vec<f64> = (0..20_000).map(|i| f64::from(u8::from(cell(7 * i + 3) < cell(2 * i)))).collect();
/// let objective = HostObjective::new(Problem::new(&design, TargetValues::Binary(&target)))?;
/// let found = minimize(&SampledNewton::new(2_000), &objective, &[0.0; 3], &Stop::default())?;
/// assert_eq!(found.status, Status::Converged);
/// assert!(found.sample_steps > 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Nocedal and Wright (2006), algorithm 7.4; Byrd, Chin, Neveitt and Nocedal (2011) and Roosta-Khorasani and
/// Mahoney (2019) for sampled curvature.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SampledNewton {
    /// Rows of the sample whose curvature is used.
    pub rows: usize,
    /// Steps that are remembered, at least one.
    pub memory: usize,
}

impl SampledNewton {
    /// With the curvature of a sample of at least `rows` rows, and a memory of ten steps.
    pub fn new(rows: usize) -> Self {
        Self { rows, memory: 10 }
    }
}

/// What [`SampledNewton`] carries from step to step.
#[derive(Debug, Clone)]
pub struct SampledNewtonState {
    phase: Phase,
}

#[derive(Debug, Clone)]
enum Phase {
    Sample(Climb),
    Corrected(Corrected),
    Full(NewtonState),
}

/// Newton's method on one sample after another.
#[derive(Debug, Clone)]
struct Climb {
    initial: Vec<f64>,
    /// Rows of the sample at work.
    rows: usize,
    /// Steps taken on it.
    steps: usize,
    /// Whether Newton's method sees no further step.
    stalled: bool,
    newton: NewtonState,
}

/// Steps on all rows with a curvature that stays.
#[derive(Debug, Clone)]
struct Corrected {
    iterate: Iterate,
    gradient: Vec<f64>,
    factor: Factor,
    /// Rows whose curvature that is; none for all.
    rows: Option<usize>,
    pairs: Pairs,
    /// Slow steps running.
    slow: usize,
}

impl Solver for SampledNewton {
    type State = SampledNewtonState;

    fn init(
        &self,
        objective: &dyn Objective,
        initial: &[f64],
    ) -> Result<SampledNewtonState, SolveError> {
        if objective.l1() > 0.0 {
            return Err(SolveError::NotSmooth {
                solver: "sampled newton",
            });
        }
        if objective.sample(self.rows).is_none() {
            return Ok(Phase::Full(Newton::default().init(objective, initial)?).into());
        }
        // A start that is not just zeros may be nearer than the sample's optimum.
        if initial.iter().any(|&t| t != 0.0)
            && let Some(corrected) = self.warm(objective, initial)?
        {
            return Ok(Phase::Corrected(corrected).into());
        }
        let mut rows = self.rows;
        while rows / LADDER >= SAMPLE_ROWS_PER_PARAMETER * initial.len() {
            rows /= LADDER;
        }
        let climb = Climb::start(objective, rows, initial.to_vec(), initial)?;
        Ok(Phase::Sample(climb).into())
    }

    fn step(
        &self,
        objective: &dyn Objective,
        state: SampledNewtonState,
    ) -> Result<SampledNewtonState, SolveError> {
        let phase = match state.phase {
            Phase::Sample(climb) => self.climb(objective, climb)?,
            Phase::Corrected(corrected) => corrected.advance(objective)?,
            Phase::Full(newton) => Phase::Full(Newton::default().step(objective, newton)?),
        };
        Ok(phase.into())
    }

    fn iterate(state: &SampledNewtonState) -> &Iterate {
        match &state.phase {
            Phase::Sample(climb) => &climb.newton.iterate,
            Phase::Corrected(corrected) => &corrected.iterate,
            Phase::Full(newton) => &newton.iterate,
        }
    }

    fn confirm(
        &self,
        objective: &dyn Objective,
        state: &mut SampledNewtonState,
        tolerance: f64,
    ) -> Result<bool, SolveError> {
        match &mut state.phase {
            Phase::Sample(_) => Ok(false),
            Phase::Full(newton) => Newton::default().confirm(objective, newton, tolerance),
            Phase::Corrected(corrected) => {
                let limit = confirmed_change(objective, tolerance);
                corrected.is_near(objective, limit)
            }
        }
    }
}

impl From<Phase> for SampledNewtonState {
    fn from(phase: Phase) -> Self {
        Self { phase }
    }
}

impl SampledNewton {
    /// The corrected steps from `initial` itself, if it is as near the optimum as the sample's would be.
    fn warm(
        &self,
        objective: &dyn Objective,
        initial: &[f64],
    ) -> Result<Option<Corrected>, SolveError> {
        let Some(sample) = objective.sample(self.rows) else {
            return Ok(None);
        };
        let mut newton = Newton::default().init(sample.as_ref(), initial)?;
        let theta = newton.iterate.theta.clone();
        let Some(direction) = newton.take_direction(sample.as_ref()) else {
            return Ok(None);
        };
        let limit = SAMPLE_SCORE_CHANGE * objective.scale();
        if !direction.is_small(sample.as_ref(), limit)? {
            return Ok(None);
        }
        let corrected = self.corrected(objective, theta, direction.factor, Some(self.rows))?;
        let left = corrected.factor.squared_norm(&corrected.gradient);
        let near = left <= noise(&corrected.iterate, self.rows);
        Ok(near.then_some(corrected))
    }

    /// The point from which corrected steps start: one gradient pass over all rows.
    fn corrected(
        &self,
        objective: &dyn Objective,
        theta: Vec<f64>,
        factor: Factor,
        rows: Option<usize>,
    ) -> Result<Corrected, SolveError> {
        let (iterate, gradient) = Iterate::start(objective, theta)?;
        Ok(Corrected {
            iterate,
            gradient,
            factor,
            rows,
            pairs: Pairs::new(self.memory),
            slow: 0,
        })
    }

    /// One step on a sample, or from its optimum to the next sample, or to all rows.
    fn climb(&self, objective: &dyn Objective, mut climb: Climb) -> Result<Phase, SolveError> {
        let Some(sample) = objective.sample(climb.rows) else {
            return Ok(Phase::Full(
                Newton::default().init(objective, &climb.initial)?,
            ));
        };
        let sample = sample.as_ref();
        let direction = climb.newton.take_direction(sample);
        let optimum = match &direction {
            Some(direction) => climb.optimum(sample, direction)?,
            None => None,
        };
        let stuck = climb.steps >= MAX_SAMPLE_STEPS
            || climb.stalled
            || sample.proves_separation(climb.newton.iterate.objective);
        let last = climb.rows >= self.rows;
        match (direction, optimum) {
            // 1. All rows, from the last sample's optimum and with its curvature.
            (Some(direction), Some(theta)) if last => {
                let rows = Some(self.rows);
                let corrected = self.corrected(objective, theta, direction.factor, rows)?;
                Ok(Phase::Corrected(corrected))
            }
            // 2. The next sample.
            (_, Some(theta)) => self.next(objective, climb, Some(&theta)),
            // 3. A step.
            (Some(direction), None) if !stuck => {
                climb.newton.keep_direction(direction);
                climb.newton = Newton::default().step(sample, climb.newton)?;
                climb.steps += 1;
                Ok(Phase::Sample(climb.prepare()))
            }
            // 4. A sample without an optimum: from the start again, with more rows.
            _ if !last => self.next(objective, climb, None),
            _ => Ok(Phase::Full(
                Newton::default().init(objective, &climb.initial)?,
            )),
        }
    }

    /// The next larger sample, from a point that is good for it or from the start.
    fn next(
        &self,
        objective: &dyn Objective,
        climb: Climb,
        from: Option<&[f64]>,
    ) -> Result<Phase, SolveError> {
        let rows = self.rows.min(climb.rows * LADDER);
        let from = from.unwrap_or(&climb.initial).to_vec();
        let next = Climb::start(objective, rows, climb.initial, &from)?;
        Ok(Phase::Sample(next))
    }
}

/// The squared decrement, on all rows, that the optimum of a sample of so many rows leaves: for `p`
/// parameters `σ²p/m`, as the gradient of a sample of `m` rows scatters with the covariance `σ²H/m`. `σ²` is
/// one for probabilities that fit and the variance of the residuals for squared loss; twice the objective
/// is about both.
fn noise(iterate: &Iterate, rows: usize) -> f64 {
    2.0 * iterate.objective.abs() * iterate.theta.len() as f64 / rows as f64
}

impl Climb {
    fn start(
        objective: &dyn Objective,
        rows: usize,
        initial: Vec<f64>,
        from: &[f64],
    ) -> Result<Self, SolveError> {
        let newton = match objective.sample(rows) {
            Some(sample) => Newton::default().init(sample.as_ref(), from)?,
            None => Newton::default().init(objective, from)?,
        };
        let climb = Self {
            initial,
            rows,
            steps: 0,
            stalled: false,
            newton,
        };
        Ok(climb.prepare())
    }

    /// Where the coming step leads, if that is the sample's optimum as far as it matters to more rows.
    ///
    /// A Newton step that changes no score by more than `t < 1` leaves less than the part `t` of the
    /// decrement `ν` (the curvature changes by the factor `e^{±t}`), and `t` is about `2ν` or more.
    fn optimum(
        &self,
        sample: &dyn Objective,
        direction: &Direction,
    ) -> Result<Option<Vec<f64>>, SolveError> {
        let iterate = &self.newton.iterate;
        let wanted = SAMPLE_NOISE_SHARE * noise(iterate, self.rows);
        let decrement = direction.squared_decrement;
        if direction.factor.damping > 0.0 || decrement * decrement > wanted {
            return Ok(None);
        }
        let change = sample.score_change(&direction.step)?;
        let change = change.unwrap_or_else(|| decrement.sqrt()) / sample.scale();
        let arrived = change <= SAMPLE_SCORE_CHANGE && change * change * decrement <= wanted;
        Ok(arrived.then(|| newton::moved(&iterate.theta, &direction.step, 1.0)))
    }

    /// Tells the loop that the point is none of the objective yet.
    fn prepare(mut self) -> Self {
        self.stalled = self.newton.iterate.outlook == Outlook::Stalled;
        self.newton.iterate.outlook = Outlook::Preparing;
        self
    }
}

impl Corrected {
    /// `−Bg`; without the corrections where rounding has made that no descent.
    fn direction(&self) -> Vec<f64> {
        let direction = self
            .pairs
            .direction(&self.gradient, |q| self.factor.solve(&q));
        if inner(&direction, &self.gradient) < 0.0 {
            return direction;
        }
        let plain = self.factor.solve(&self.gradient);
        plain.iter().map(|h| -h).collect()
    }

    /// One step on all rows with a curvature that stays; with another curvature where it does not serve.
    fn advance(mut self, objective: &dyn Objective) -> Result<Phase, SolveError> {
        if self.slow < SLOW_STEPS
            && let Some(next) = self.step(objective)?
        {
            return Ok(Phase::Corrected(next));
        }
        // The curvature of all rows here; once, then Newton's own way.
        let mut newton = newton::evaluate(objective, self.iterate.theta.clone(), 0.0)?;
        if self.rows.is_some()
            && let Some(direction) = newton.take_direction(objective)
        {
            if direction.factor.damping == 0.0 {
                self.factor = direction.factor;
                self.rows = None;
                self.pairs.clear();
                self.slow = 0;
                if let Some(next) = self.step(objective)? {
                    return Ok(Phase::Corrected(next));
                }
            } else {
                newton.keep_direction(direction);
            }
        }
        Ok(Phase::Full(Newton::default().step(objective, newton)?))
    }

    /// One step; none where the objective does not fall.
    fn step(&self, objective: &dyn Objective) -> Result<Option<Self>, SolveError> {
        let direction = self.direction();
        let Iterate {
            theta,
            objective: value,
            ..
        } = &self.iterate;
        let start = Trial::start(theta, *value, &self.gradient, &direction);
        let Some(trial) = strong_wolfe(objective, &start, &direction, 1.0)? else {
            return Ok(None);
        };
        let before = self.factor.squared_norm(&self.gradient);
        let after = self.factor.squared_norm(&trial.gradient);
        let slow = after > SLOW_PROGRESS * SLOW_PROGRESS * before;
        let mut pairs = self.pairs.clone();
        pairs.push(
            difference(&trial.theta, theta),
            difference(&trial.gradient, &self.gradient),
        );
        Ok(Some(Self {
            iterate: Iterate::new(trial.theta, trial.value, &trial.gradient, trial.length),
            gradient: trial.gradient,
            factor: self.factor.clone(),
            rows: self.rows,
            pairs,
            slow: if slow { self.slow + 1 } else { 0 },
        }))
    }

    /// Whether the coming step changes no score by more than `limit`.
    ///
    /// That there is an optimum is known, from the sample or from the full curvature's own step; so rows
    /// outside the sample are asked only where a parameter moves by more than the limit, as one does that
    /// the sample has not seen.
    fn is_near(&self, objective: &dyn Objective, limit: f64) -> Result<bool, SolveError> {
        let direction = self.direction();
        let small = |objective: &dyn Objective| -> Result<bool, SolveError> {
            let change = objective.score_change(&direction)?;
            Ok(change.unwrap_or_else(|| self.factor.squared_norm(&self.gradient).sqrt()) <= limit)
        };
        if largest(&direction) <= limit
            && let Some(sample) = self.rows.and_then(|rows| objective.sample(rows))
        {
            return small(sample.as_ref());
        }
        small(objective)
    }
}
