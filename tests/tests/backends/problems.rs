//! Small problems of every task, with everything that a problem can have.

use dataset::{DesignMatrix, Element};
use solver::{Penalty, Problem, TargetValues};

/// Rows, columns and classes of the made problems.
pub(crate) const ROWS: usize = 120;
const COLUMNS: usize = 5;
const CLASSES: usize = 3;

/// The question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Binary,
    Multinomial,
    Linear,
}

impl Task {
    pub(crate) const ALL: [Self; 3] = [Self::Binary, Self::Multinomial, Self::Linear];
}

/// What a problem is made of; `problem` borrows from it.
pub(crate) struct Made<T> {
    pub(crate) task: Task,
    pub(crate) design: DesignMatrix<T>,
    numbers: Vec<f64>,
    codes: Vec<u32>,
    weights: Option<Vec<f64>>,
    offsets: Option<Vec<f64>>,
    intercept: bool,
    penalty: Penalty,
}

/// Numbers between -1 and 1 without a pattern that matters.
fn noise(seed: usize, index: usize) -> f64 {
    (((seed * 7919 + index) as f64 + 1.0) * 12.9898).sin() * 43_758.545_3 % 1.0
}

impl<T: Element> Made<T> {
    /// A problem of this task; `extras` gives it weights (some zero), offsets and a penalty, and
    /// takes the intercept away.
    pub(crate) fn new(task: Task, extras: bool) -> Self {
        let values: Vec<f64> = (0..ROWS * COLUMNS).map(|at| 1.5 * noise(1, at)).collect();
        let score = |row: usize| {
            let own = &values[row * COLUMNS..(row + 1) * COLUMNS];
            own[0] - 0.7 * own[1] + 0.3 * own[4] + 1.2 * noise(2, row)
        };
        let numbers = (0..ROWS).map(|row| match task {
            Task::Linear => 2.0 * score(row),
            _ => f64::from(u8::from(score(row) > 0.0)),
        });
        let codes = (0..ROWS).map(|row| u32::from(score(row) > -0.4) + u32::from(score(row) > 0.5));
        let rounded = values.iter().map(|&value| T::from_f64(value)).collect();
        Self {
            task,
            numbers: numbers.collect(),
            codes: codes.collect(),
            design: DesignMatrix::new(ROWS, COLUMNS, rounded).unwrap(),
            weights: extras.then(|| (0..ROWS).map(|row| (row % 4) as f64 * 0.5).collect()),
            // `train` refuses offsets of a multinomial: one number a row changes no probability.
            offsets: (extras && task != Task::Multinomial)
                .then(|| (0..ROWS).map(|at| 0.4 * noise(3, at)).collect()),
            intercept: !extras,
            penalty: if extras {
                Penalty::ridge(0.03)
            } else {
                Penalty::NONE
            },
        }
    }

    /// The same with an intercept and a penalty.
    pub(crate) fn for_training(task: Task, weighted: bool) -> Self {
        let mut made = Self::new(task, weighted);
        made.intercept = true;
        made.penalty = Penalty::ridge(0.01);
        made
    }

    pub(crate) fn problem(&self) -> Problem<'_, T> {
        Problem {
            design: &self.design,
            target: match self.task {
                Task::Binary => TargetValues::Binary(&self.numbers),
                Task::Linear => TargetValues::Linear(&self.numbers),
                Task::Multinomial => TargetValues::Multinomial {
                    codes: &self.codes,
                    classes: CLASSES,
                },
            },
            weights: self.weights.as_deref(),
            offsets: self.offsets.as_deref(),
            intercept: self.intercept,
            penalty: self.penalty,
        }
    }
}

/// Parameters at which nothing vanishes.
pub(crate) fn somewhere(dimension: usize) -> Vec<f64> {
    (0..dimension).map(|at| 0.8 * noise(5, at)).collect()
}
