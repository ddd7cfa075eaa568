//! Which method fits a problem, and why: `auto`.

use dataset::Element;
use serde::{Deserialize, Serialize};

use crate::lbfgs::Lbfgs;
use crate::minimize::{Record, Solution, SolveError, Status, Stop, minimize_observed};
use crate::newton::Newton;
use crate::newton_cg::NewtonCg;
use crate::objective::{Objective, Problem, TargetValues};
use crate::sampled::SampledNewton;
use crate::tolerance::{
    CURVATURE_COLUMNS, CURVATURE_PASSES, LBFGS_PASSES, NEWTON_CELLS, NEWTON_PARAMETERS,
    NEWTON_PASSES, QR_CELLS, QR_WORK, SAMPLE_DIGITS, SAMPLE_PASSES, SAMPLE_ROWS_PER_PARAMETER,
    SAMPLE_SCATTER, SAMPLED_CELLS, SAMPLED_GAIN, SPARSE_CELL, SPARSE_CURVATURE_COLUMNS,
    SPARSE_MATRIX,
};

/// A method with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "method")]
#[non_exhaustive]
pub enum Plan {
    /// [`Newton`] with the curvature of all rows.
    Newton,
    /// [`SampledNewton`].
    SampledNewton {
        /// Rows of the sample.
        rows: usize,
    },
    /// [`Lbfgs`] ([sized](Lbfgs::sized) by the parameters), and [`Newton`] where that crawls.
    Lbfgs {
        /// Steps after which Newton takes over; never, where there are too many parameters for it.
        newton_after: Option<usize>,
    },
    /// [`NewtonCg`].
    NewtonCg,
    /// Proximal Newton with coordinate descent, for penalties with an L1 part.
    Coordinate,
    /// [`least_squares`](crate::least_squares()) by QR.
    LeastSquares,
}

/// What the choice depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Rows of the design matrix.
    pub rows: usize,
    /// Columns of the design matrix.
    pub columns: usize,
    /// Scores per row.
    pub outputs: usize,
    /// Whether the loss is squared.
    pub squared: bool,
    /// Whether the penalty has an L1 part.
    pub l1: bool,
    /// Whether there is an intercept.
    pub intercept: bool,
    /// Numbers that are stored, where the rows are sparse.
    pub stored: Option<usize>,
}

/// A plan with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The plan.
    pub plan: Plan,
    /// Why, in one line for a person.
    pub reason: String,
}

impl Shape {
    /// The shape of a problem.
    pub fn of<T: Element>(problem: &Problem<'_, T>) -> Self {
        Self {
            rows: problem.design.rows(),
            columns: problem.design.columns(),
            outputs: problem.target.outputs(),
            squared: matches!(problem.target, TargetValues::Linear(_)),
            l1: problem.penalty.l1() > 0.0,
            intercept: problem.intercept,
            stored: problem.design.sparse().map(|s| s.matrix().stored()),
        }
    }

    /// Number of parameters, `p`.
    fn parameters(&self) -> usize {
        self.outputs * (self.columns + usize::from(self.intercept))
    }

    /// Cells of the design matrix that are multiplied in one gradient pass; of sparse rows those that are stored,
    /// and a few for each row and column.
    fn cells(&self) -> f64 {
        let cells = self.stored.map_or_else(
            || self.rows as f64 * self.columns.max(1) as f64,
            |stored| SPARSE_CELL * (stored + 4 * self.rows + self.columns) as f64,
        );
        cells * self.outputs as f64
    }

    /// Cells of the rows as QR reads them, dense whatever is stored.
    fn dense_cells(&self) -> f64 {
        self.rows as f64 * self.columns.max(1) as f64 * self.outputs as f64
    }

    /// Cost of a curvature pass: of its sums, one matrix for each pair of outputs, in gradient passes.
    fn curvature(&self) -> f64 {
        let pairs = if self.outputs == 1 {
            1.0
        } else {
            0.5 * (self.outputs - 1) as f64
        };
        let sums = match self.stored {
            None => self.columns as f64 / CURVATURE_COLUMNS,
            // the stored numbers of each row squared, and a matrix that is written whatever is stored
            Some(stored) => {
                let length = stored as f64 / self.rows.max(1) as f64;
                let matrix = (self.columns as f64).powi(2) / self.cells();
                length / SPARSE_CURVATURE_COLUMNS + SPARSE_MATRIX * matrix
            }
        };
        CURVATURE_PASSES + pairs * sums
    }

    /// Cost of a Cholesky factorisation, `p³/3` multiplications and additions beside the four of each
    /// cell in a gradient pass.
    fn factorisation(&self) -> f64 {
        (self.parameters() as f64).powi(3) / (6.0 * self.cells())
    }

    /// Cost of Newton's method on all rows, in gradient passes.
    fn newton(&self) -> f64 {
        NEWTON_PASSES * (self.curvature() + self.factorisation())
    }

    /// The cheapest sample of one row in `2ˢ`, and what Newton's method with its curvature costs, in
    /// gradient passes: a few curvature passes over the sample, then [`SAMPLE_DIGITS`] by steps that each
    /// gain a factor of `√(m/p)`.
    fn sampled(&self) -> Option<(usize, f64)> {
        let parameters = self.parameters();
        let cost = |rows: usize| {
            let share = SAMPLE_SCATTER * rows as f64 / self.rows as f64;
            let sample = SAMPLE_PASSES * (share * self.curvature() + self.factorisation());
            let gain = 0.5 * (rows as f64 / parameters as f64).ln();
            (rows, sample + 1.0 + SAMPLE_DIGITS / gain)
        };
        (1..20)
            .map(|shift| self.rows >> shift)
            .take_while(|&rows| rows >= SAMPLE_ROWS_PER_PARAMETER * parameters)
            .map(cost)
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

impl Choice {
    /// The method that `auto` takes.
    ///
    /// | shape | taken | because |
    /// |---|---|---|
    /// | L1 part | coordinate | exact zeros |
    /// | squared loss, little enough for a QR factorisation | least squares | the most accurate |
    /// | small, or few columns | Newton | robust, and its curvature is cheap |
    /// | many rows for each column | sampled Newton | a handful of gradient passes |
    /// | sparse rows of many columns | Newton by conjugate gradients | a product costs one read of what is stored |
    /// | the rest | L-BFGS | no matrix of columns by columns |
    ///
    /// The bounds between them come from a model of costs in gradient passes ([`tolerance`](crate::tolerance)).
    ///
    /// # Examples
    /// ```
    /// use solver::{Choice, Plan, Shape};
    ///
    /// let shape = Shape {
    ///     rows: 1_000_000,
    ///     columns: 28,
    ///     outputs: 1,
    ///     squared: false,
    ///     l1: false,
    ///     intercept: true,
    ///     stored: None,
    /// };
    /// let choice = Choice::auto(&shape);
    /// assert!(matches!(choice.plan, Plan::SampledNewton { .. }));
    /// assert!(choice.reason.starts_with("28 columns: Newton's step is cheap beside a pass over 1000000 rows"));
    /// ```
    pub fn auto(shape: &Shape) -> Self {
        let Shape { rows, columns, .. } = *shape;
        if shape.l1 {
            let reason = match shape.stored {
                Some(stored) => format!(
                    "an L1 penalty: coordinate descent finds exact zeros, over {stored} numbers stored in columns"
                ),
                None => "an L1 penalty: coordinate descent finds exact zeros".into(),
            };
            return Self {
                plan: Plan::Coordinate,
                reason,
            };
        }
        let parameters = shape.parameters() as f64;
        let work = rows as f64 * parameters * parameters;
        if shape.squared && shape.dense_cells() <= QR_CELLS && work <= QR_WORK {
            return Self {
                plan: Plan::LeastSquares,
                reason: format!("{rows} rows of numbers: few enough for QR, the most accurate way"),
            };
        }
        let newton = shape.newton();
        let small = newton * shape.cells() <= NEWTON_CELLS;
        let sampled = shape.sampled().map_or(f64::INFINITY, |(_, cost)| cost);
        if small || shape.parameters() <= NEWTON_PARAMETERS && newton.min(sampled) <= LBFGS_PASSES {
            return Self::newton(shape);
        }
        if let Some(stored) = shape.stored {
            return Self {
                plan: Plan::NewtonCg,
                reason: format!(
                    "{columns} columns, {stored} numbers stored: Newton's step by conjugate gradients, a product is one read of them"
                ),
            };
        }
        #[expect(clippy::cast_sign_loss, reason = "a cost is positive")]
        let newton_after = (shape.parameters() <= NEWTON_PARAMETERS)
            .then(|| newton.max(2.0 * LBFGS_PASSES) as usize);
        Self {
            plan: Plan::Lbfgs { newton_after },
            reason: format!(
                "{columns} columns: a step of L-BFGS is one pass over {rows} rows, the curvature would take {:.0}",
                shape.curvature() + shape.factorisation()
            ),
        }
    }

    /// Newton's method, with the curvature of all rows or of a sample.
    pub fn newton(shape: &Shape) -> Self {
        let Shape { rows, columns, .. } = *shape;
        let large = shape.cells() >= SAMPLED_CELLS && !shape.l1;
        match shape.sampled().filter(|_| large) {
            Some((sample, cost)) if cost * SAMPLED_GAIN <= shape.newton() => Self {
                plan: Plan::SampledNewton { rows: sample },
                reason: format!(
                    "{columns} columns: Newton's step is cheap beside a pass over {rows} rows; curvature from a sample of {sample} rows"
                ),
            },
            _ => Self {
                plan: Plan::Newton,
                reason: format!("{rows} rows, {columns} columns: Newton's curvature is cheap"),
            },
        }
    }
}

impl Plan {
    /// Carries the plan out on an objective.
    ///
    /// What needs more than an objective, coordinate descent and QR, is left to [`Newton`], which refuses
    /// an L1 penalty.
    ///
    /// # Errors
    /// As [`minimize`](crate::minimize()).
    pub fn minimize(
        self,
        objective: &dyn Objective,
        initial: &[f64],
        stop: &Stop<'_>,
        observe: &mut dyn FnMut(&Record),
    ) -> Result<Solution, SolveError> {
        match self {
            Self::SampledNewton { rows } => {
                minimize_observed(&SampledNewton::new(rows), objective, initial, stop, observe)
            }
            Self::NewtonCg => {
                minimize_observed(&NewtonCg::default(), objective, initial, stop, observe)
            }
            Self::Lbfgs { newton_after } => {
                lbfgs_then_newton(objective, initial, stop, newton_after, observe)
            }
            _ => minimize_observed(&Newton::default(), objective, initial, stop, observe),
        }
    }
}

/// L-BFGS, and Newton from where it stands after so many steps.
fn lbfgs_then_newton(
    objective: &dyn Objective,
    initial: &[f64],
    stop: &Stop<'_>,
    newton_after: Option<usize>,
    observe: &mut dyn FnMut(&Record),
) -> Result<Solution, SolveError> {
    let lbfgs = Lbfgs::sized(objective.dimension());
    let Some(patience) = newton_after.filter(|&steps| steps < stop.max_iterations) else {
        return minimize_observed(&lbfgs, objective, initial, stop, observe);
    };
    // 1. L-BFGS as long as it is patient.
    let start = std::time::Instant::now();
    let few = Stop {
        max_iterations: patience,
        ..*stop
    };
    let first = minimize_observed(&lbfgs, objective, initial, &few, observe)?;
    let done = first.iterations();
    let late = stop
        .time_limit
        .is_some_and(|limit| start.elapsed() >= limit);
    if first.status != Status::IterationLimit || late {
        return Ok(first);
    }
    // 2. Newton from there.
    let rest = Stop {
        max_iterations: stop.max_iterations - done,
        time_limit: stop
            .time_limit
            .map(|limit| limit.saturating_sub(start.elapsed())),
        ..*stop
    };
    let mut more = |record: &Record| {
        if record.iteration > 0 {
            observe(&Record {
                iteration: record.iteration + done,
                ..*record
            });
        }
    };
    let newton = Newton::default();
    let mut solution = minimize_observed(&newton, objective, &first.theta, &rest, &mut more)?;
    let records = solution.history.iter().skip(1).map(|record| Record {
        iteration: record.iteration + done,
        ..*record
    });
    let handed_over = format!(
        "after {done} steps of L-BFGS the gradient was still {:.1e}: Newton's method took over",
        first.gradient_max
    );
    let detail = solution
        .detail
        .map_or(String::new(), |detail| format!("; {detail}"));
    solution.history = first.history.into_iter().chain(records).collect();
    solution.detail = Some(handed_over + &detail);
    Ok(solution)
}
