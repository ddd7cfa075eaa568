//! One fold: its preprocessing, its path, its losses.

use dataset::{DesignMatrix, Pipeline, PreparedRows, Target};

use super::{CrossValidation, CrossValidationError};
use crate::coordinate::{Lambdas, PathOptions, path};
use crate::minimize::{SolveError, Status, Stop};
use crate::objective::{HostObjective, Objective, Penalty, Problem, TargetValues};
use crate::tolerance::HELD_OUT_TOLERANCE;

/// What one fold's path is worth on the rows that it did not see.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldLosses {
    /// Total weight of the rows that were held out.
    pub weight: f64,
    /// Held-out rows with a level that no training row has.
    pub unseen: usize,
    /// For every penalty the loss; none where the solution did not converge.
    pub losses: Vec<Option<f64>>,
    /// How the solution of every penalty ended; none where the path did not come so far.
    pub statuses: Vec<Option<Status>>,
    /// Steps of all solutions.
    pub iterations: usize,
}

impl CrossValidation<'_> {
    /// Fits one fold and judges it.
    pub(super) fn fold(&self, at: usize) -> Result<FoldLosses, CrossValidationError> {
        let fold = at + 1;
        let pipeline_error = |error| CrossValidationError::Pipeline { fold, error };
        let train = self.rows.select(&self.folds[at].train);
        let held_out = self.rows.select(&self.folds[at].held_out);
        if self.intercept
            && let Some(class) = train.target.counts().iter().position(|&rows| rows == 0)
        {
            let class = train.target.labels()[class].clone();
            return Err(CrossValidationError::MissingClass { fold, class });
        }
        let pipeline = Pipeline::fit(
            self.table,
            self.schema,
            &train.rows,
            train.weights.as_deref(),
            self.encoding,
        )
        .map_err(pipeline_error)?;
        let design = |rows: &PreparedRows| pipeline.design::<f64>(self.table, &rows.rows);
        let (numbers, _) = design(&train).map_err(pipeline_error)?;
        let (unknown, flags) = design(&held_out).map_err(pipeline_error)?;
        let losses = self.losses((&numbers, &train), (&unknown, &held_out));
        let mut losses = losses.map_err(|error| CrossValidationError::Solve { fold, error })?;
        losses.unseen = flags.iter().filter(|flags| flags.unseen).count();
        Ok(losses)
    }

    fn losses(
        &self,
        (numbers, train): (&DesignMatrix<f64>, &PreparedRows),
        (unknown, held_out): (&DesignMatrix<f64>, &PreparedRows),
    ) -> Result<FoldLosses, SolveError> {
        let objective = HostObjective::new(problem(numbers, train, self.intercept))?;
        let options = PathOptions {
            lambdas: Lambdas::Given(self.lambdas.to_vec()),
            l1_ratio: self.l1_ratio,
            stop: Stop {
                gradient_tolerance: HELD_OUT_TOLERANCE * self.stop.gradient_tolerance,
                ..self.stop
            },
            saturation: false,
            gaps: false,
        };
        let path = path(&objective, &options)?;
        let judge = HostObjective::new(problem(unknown, held_out, self.intercept))?;
        let scale = loss_scale(&held_out.target);
        let mut found = FoldLosses {
            weight: judge.total_weight(),
            unseen: 0,
            losses: vec![None; self.lambdas.len()],
            statuses: vec![None; self.lambdas.len()],
            iterations: 0,
        };
        for (at, point) in path.points.iter().enumerate() {
            found.statuses[at] = Some(point.solution.status);
            found.iterations += point.solution.iterations();
            if point.solution.status.is_success() {
                let loss = scale * judge.value(&point.solution.theta)?;
                found.losses[at] = loss.is_finite().then_some(loss);
            }
        }
        Ok(found)
    }
}

/// The rows of a part without a penalty.
pub(super) fn problem<'a>(
    design: &'a DesignMatrix<f64>,
    part: &'a PreparedRows,
    intercept: bool,
) -> Problem<'a, f64> {
    Problem {
        design,
        target: match &part.target {
            Target::Binary { values, .. } => TargetValues::Binary(values),
            Target::Linear { values } => TargetValues::Linear(values),
            Target::Multinomial { labels, codes } => TargetValues::Multinomial {
                codes,
                classes: labels.len(),
            },
        },
        weights: part.weights.as_deref(),
        offsets: part.offsets.as_deref(),
        intercept,
        penalty: Penalty::NONE,
    }
}

/// The reported loss over the objective's: people know the squared error, and not half of it.
fn loss_scale(target: &Target) -> f64 {
    match target {
        Target::Linear { .. } => 2.0,
        Target::Binary { .. } | Target::Multinomial { .. } => 1.0,
    }
}
