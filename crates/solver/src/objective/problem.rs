//! What is fitted: rows, targets, weights, offsets, intercept and penalty.

use dataset::{Element, RowSource};

use super::{Gauge, ObjectiveError, Penalty};
use crate::tolerance::TARGET_SPREAD;

/// The targets of the rows, which also choose the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TargetValues<'a> {
    /// Log loss of two classes; each target is 0 or 1.
    Binary(&'a [f64]),
    /// Softmax log loss.
    Multinomial {
        /// The class of each row, below `classes`.
        codes: &'a [u32],
        /// Number of classes.
        classes: usize,
    },
    /// Squared loss `½(y − z)²`.
    Linear(&'a [f64]),
}

impl TargetValues<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Binary(values) | Self::Linear(values) => values.len(),
            Self::Multinomial { codes, .. } => codes.len(),
        }
    }

    /// Scores per row: one, or one for each class.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Binary(_) | Self::Linear(_) => 1,
            Self::Multinomial { classes, .. } => *classes,
        }
    }
}

/// What is fitted: `(1/W) Σ wᵢ ℓ(yᵢ, zᵢ) + λ[(1−α)/2 ‖β‖² + α‖β‖₁]` with `zᵢ = xᵢ·β + b + offsetᵢ`
/// and `W = Σ wᵢ`.
///
/// Parameters are the coefficients, on the design matrix's own scale, and then the intercept:
/// `[columns (+ 1)]`; for the multinomial one such group per class, `[classes × (columns (+ 1))]`,
/// class after class, whose sum over classes is zero.
///
/// # Examples
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Objective, Penalty, Problem, TargetValues};
///
/// let design = DesignMatrix::new(2, 1, vec![0.0, 1.0])?;
/// let problem = Problem {
///     penalty: Penalty::ridge(0.1),
///     ..Problem::new(&design, TargetValues::Binary(&[0.0, 1.0]))
/// };
/// let objective = HostObjective::new(problem)?;
/// assert_eq!(objective.dimension(), 2);
/// // at zero every row costs log 2
/// assert_eq!(objective.value(&[0.0, 0.0])?, 2.0_f64.ln());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a, T> {
    /// The rows, without a column for the intercept: a design matrix, or another source.
    pub design: &'a dyn RowSource<T>,
    /// The targets, which choose the loss.
    pub target: TargetValues<'a>,
    /// Weights of the rows, from zero upwards; a row of weight zero leaves no trace.
    pub weights: Option<&'a [f64]>,
    /// Numbers added to the scores: one a row; for the multinomial `[rows × classes]`, row after
    /// row.
    pub offsets: Option<&'a [f64]>,
    /// Whether there is an intercept.
    pub intercept: bool,
    /// The penalty.
    pub penalty: Penalty,
}

impl<'a, T: Element> Problem<'a, T> {
    /// A problem with an intercept and without weights, offsets and penalty.
    pub fn new(design: &'a dyn RowSource<T>, target: TargetValues<'a>) -> Self {
        Self {
            design,
            target,
            weights: None,
            offsets: None,
            intercept: true,
            penalty: Penalty::NONE,
        }
    }

    /// Number of parameters.
    pub fn dimension(&self) -> usize {
        self.layout().dimension()
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout {
            columns: self.design.columns(),
            intercept: self.intercept,
            outputs: self.target.outputs(),
        }
    }

    /// The directions along which the objective is flat whatever the data: common shifts of what is
    /// not penalised. Any penalty, L1 alone too, says which of the shifted coefficients are meant.
    pub fn gauge(&self) -> Option<Gauge> {
        let TargetValues::Multinomial { classes, .. } = self.target else {
            return None;
        };
        let layout = self.layout();
        let from = if self.penalty.lambda > 0.0 {
            layout.columns
        } else {
            0
        };
        (from < layout.stride()).then(|| Gauge {
            classes,
            stride: layout.stride(),
            from,
        })
    }

    /// [`Objective::scale`](super::Objective::scale): 1 for classes; for numbers the standard deviation of the
    /// targets less their offsets, or their root mean square where there is no intercept.
    ///
    /// Where that is tiny beside the numbers themselves, or zero, a share of their root mean square takes its
    /// place ([`TARGET_SPREAD`]); 1 where all are zero.
    pub(crate) fn scale(&self) -> f64 {
        let TargetValues::Linear(targets) = self.target else {
            return 1.0;
        };
        let rows = (0..targets.len()).filter(|&row| self.counts(row));
        let rows = rows.map(|row| {
            let weight = self.weights.map_or(1.0, |weights| weights[row]);
            let offset = self.offsets.map_or(0.0, |offsets| offsets[row]);
            (weight, targets[row] - offset)
        });
        let largest = (rows.clone()).fold(0.0, |most: f64, (_, y)| most.max(y.abs()));
        if largest == 0.0 {
            return 1.0;
        }
        // shares of the largest, so that no square overflows
        let total: f64 = rows.clone().map(|(weight, _)| weight).sum();
        let mean = |term: &dyn Fn(f64) -> f64| {
            let sum: f64 = rows.clone().map(|(w, y)| w * term(y / largest)).sum();
            sum / total
        };
        let center = if self.intercept { mean(&|y| y) } else { 0.0 };
        let deviation = mean(&|y| (y - center).powi(2)).sqrt();
        largest * deviation.max(TARGET_SPREAD * mean(&|y| y * y).sqrt())
    }

    /// Checks everything but the cells of the design matrix.
    pub(crate) fn check(&self) -> Result<(), ObjectiveError> {
        let rows = self.design.rows();
        self.penalty.check()?;
        if let TargetValues::Multinomial { classes, .. } = self.target
            && classes < 2
        {
            return Err(ObjectiveError::Classes { classes });
        }
        if self.layout().stride() == 0 {
            return Err(ObjectiveError::NoParameters);
        }
        same_length("targets", rows, self.target.rows())?;
        if let Some(weights) = self.weights {
            same_length("weights", rows, weights.len())?;
            finite("weights", weights, 1, |_| true)?;
            if let Some((row, &weight)) = weights.iter().enumerate().find(|&(_, &w)| w < 0.0) {
                return Err(ObjectiveError::NegativeWeight { row, weight });
            }
        }
        if !(0..rows).any(|row| self.counts(row)) {
            return Err(ObjectiveError::NoRows);
        }
        if let Some(offsets) = self.offsets {
            let outputs = self.target.outputs();
            same_length("offsets", rows * outputs, offsets.len())?;
            finite("offsets", offsets, outputs, |row| self.counts(row))?;
        }
        self.check_targets()
    }

    fn check_targets(&self) -> Result<(), ObjectiveError> {
        match self.target {
            TargetValues::Linear(values) => finite("targets", values, 1, |row| self.counts(row)),
            TargetValues::Binary(values) => {
                let wrong =
                    |&(row, &y): &(usize, &f64)| self.counts(row) && ![0.0, 1.0].contains(&y);
                match values.iter().enumerate().find(wrong) {
                    Some((row, &value)) => Err(ObjectiveError::Label { row, value }),
                    None => Ok(()),
                }
            }
            TargetValues::Multinomial { codes, classes } => {
                let wrong =
                    |&(row, &code): &(usize, &u32)| self.counts(row) && code as usize >= classes;
                match codes.iter().enumerate().find(wrong) {
                    Some((row, &code)) => Err(ObjectiveError::Class { row, code, classes }),
                    None => Ok(()),
                }
            }
        }
    }

    /// Whether a row has a positive weight.
    fn counts(&self, row: usize) -> bool {
        self.weights.is_none_or(|weights| weights[row] > 0.0)
    }
}

/// How parameters are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) columns: usize,
    pub(crate) intercept: bool,
    pub(crate) outputs: usize,
}

impl Layout {
    /// Parameters per output.
    pub(crate) fn stride(&self) -> usize {
        self.columns + usize::from(self.intercept)
    }

    pub(crate) fn dimension(&self) -> usize {
        self.outputs * self.stride()
    }

    /// The penalised part of one output's parameters.
    pub(crate) fn penalised(&self, output: usize) -> std::ops::Range<usize> {
        output * self.stride()..output * self.stride() + self.columns
    }

    /// One output's parameters.
    pub(crate) fn parameters(&self, output: usize) -> std::ops::Range<usize> {
        output * self.stride()..(output + 1) * self.stride()
    }

    /// Pairs of outputs, each with a part of the curvature; a single output has one part.
    pub(crate) fn pairs(&self) -> usize {
        (self.outputs * (self.outputs - 1) / 2).max(1)
    }

    pub(crate) fn coefficients<'t>(&self, theta: &'t [f64], output: usize) -> &'t [f64] {
        &theta[self.penalised(output)]
    }

    pub(crate) fn bias(&self, theta: &[f64], output: usize) -> f64 {
        if self.intercept {
            theta[output * self.stride() + self.columns]
        } else {
            0.0
        }
    }

    pub(crate) fn check(&self, what: &'static str, numbers: &[f64]) -> Result<(), ObjectiveError> {
        same_length(what, self.dimension(), numbers.len())
    }
}

fn same_length(what: &'static str, expected: usize, actual: usize) -> Result<(), ObjectiveError> {
    if expected == actual {
        Ok(())
    } else {
        Err(ObjectiveError::Length {
            what,
            expected,
            actual,
        })
    }
}

fn finite(
    what: &'static str,
    values: &[f64],
    per_row: usize,
    counts: impl Fn(usize) -> bool,
) -> Result<(), ObjectiveError> {
    let wrong = |&(at, value): &(usize, &f64)| !value.is_finite() && counts(at / per_row);
    match values.iter().enumerate().find(wrong) {
        Some((at, _)) => Err(ObjectiveError::NotFinite {
            what,
            row: at / per_row,
        }),
        None => Ok(()),
    }
}
