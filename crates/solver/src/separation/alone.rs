//! Columns that separate classes all by themselves.

use dataset::Element;
use serde::{Deserialize, Serialize};

use crate::objective::{HostObjective, ObjectiveError, TargetValues};

/// A column that tells a class from the others by a threshold: on one side of it only the class, on
/// the other side only the others, and on the threshold itself anything.
///
/// For a dummy column this is a level whose rows are always, or never, of the class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Alone {
    /// The column of the design matrix.
    pub column: usize,
    /// The class: its code; 1, the positive one, of a binary target.
    pub class: usize,
    /// The threshold, on the design matrix's scale.
    pub threshold: f64,
    /// Whether the class lies above the threshold.
    pub above: bool,
    /// Rows of the class that lie off the threshold.
    pub members: usize,
    /// Rows of other classes that lie off the threshold.
    pub others: usize,
}

/// Smallest and largest cell of a column, over the rows of one class.
#[derive(Debug, Clone, Copy)]
struct Range {
    low: f64,
    high: f64,
}

const EMPTY: Range = Range {
    low: f64::INFINITY,
    high: f64::NEG_INFINITY,
};

impl Range {
    fn join(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }
}

/// Finds them: two passes, in which nothing is rounded.
pub(super) fn columns<T: Element>(
    objective: &HostObjective<'_, T>,
) -> Result<Vec<Alone>, ObjectiveError> {
    let (rows, columns) = (objective.rows(), objective.layout().columns);
    let classes = match objective.problem().target {
        TargetValues::Linear(_) => return Ok(Vec::new()),
        TargetValues::Binary(_) => 2,
        TargetValues::Multinomial { classes, .. } => classes,
    };
    // 1. The range of every column within every class.
    let ranges = rows.fold_rows(
        16 * classes * columns,
        || vec![EMPTY; classes * columns],
        |ranges, at, row| {
            let class = class(objective, at);
            for (range, x) in ranges[class * columns..].iter_mut().zip(row) {
                let x = x.to_f64();
                *range = range.join(Range { low: x, high: x });
            }
        },
        |ranges, next| {
            for (range, next) in ranges.iter_mut().zip(next) {
                *range = range.join(next);
            }
        },
    )?;
    // 2. Each class against the others; with two classes one comparison says it all.
    let mut found = Vec::new();
    for column in 0..columns {
        for class in if classes == 2 { 1..2 } else { 0..classes } {
            let own = ranges[class * columns + column];
            let rest = (0..classes).filter(|&k| k != class);
            let rest = rest.fold(EMPTY, |joined, k| joined.join(ranges[k * columns + column]));
            for (above, low, high) in [(true, rest.high, own.low), (false, own.high, rest.low)] {
                let threshold = threshold(objective.problem().intercept, low, high);
                let constant = own.low >= rest.high && own.high <= rest.low;
                if let (Some(threshold), false) = (threshold, constant) {
                    found.push(Alone {
                        column,
                        class,
                        threshold,
                        above,
                        members: 0,
                        others: 0,
                    });
                }
            }
        }
    }
    count(objective, found)
}

/// A number between `low` and `high`, which is zero where nothing can shift the column.
fn threshold(intercept: bool, low: f64, high: f64) -> Option<f64> {
    if !(low.is_finite() && high.is_finite() && low <= high) {
        None
    } else if intercept {
        Some(low + 0.5 * (high - low))
    } else {
        (low <= 0.0 && high >= 0.0).then_some(0.0)
    }
}

/// Counts the rows off each threshold.
fn count<T: Element>(
    objective: &HostObjective<'_, T>,
    found: Vec<Alone>,
) -> Result<Vec<Alone>, ObjectiveError> {
    let rows = objective.rows();
    let add = |total: &mut Vec<Alone>, next: Vec<Alone>| {
        for (total, next) in total.iter_mut().zip(next) {
            total.members += next.members;
            total.others += next.others;
        }
    };
    if found.is_empty() {
        return Ok(found);
    }
    rows.fold_rows(
        64 * found.len(),
        || found.clone(),
        |found, at, row| {
            let class = class(objective, at);
            for alone in found.iter_mut() {
                let x = row[alone.column].to_f64();
                let off = usize::from((x - alone.threshold).abs() > 0.0);
                if class == alone.class {
                    alone.members += off;
                } else {
                    alone.others += off;
                }
            }
        },
        add,
    )
}

/// The class of the row at a position.
pub(super) fn class<T: Element>(objective: &HostObjective<'_, T>, at: usize) -> usize {
    let row = objective.rows().index(at);
    match objective.problem().target {
        TargetValues::Binary(y) => usize::from(y[row] > 0.5),
        TargetValues::Multinomial { codes, .. } => codes[row] as usize,
        TargetValues::Linear(_) => 0,
    }
}
