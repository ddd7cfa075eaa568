//! Which rows are for fitting, choosing and testing.
//!
//! The same seed gives the same rows on every machine. With strata (one code per row, the class
//! for example) every part has each class's share of its rows, to within one row.
//!
//! [`folds`](mod@folds) divide them for cross-validation.

pub mod folds;

pub use folds::{Fold, folds, grouped_folds, ordered_folds};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

use crate::number::counted;

/// Rows of each part, every part in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// Rows to fit on.
    pub train: Vec<usize>,
    /// Rows to choose hyperparameters on.
    pub validation: Vec<usize>,
    /// Rows that nothing is chosen on.
    pub test: Vec<usize>,
}

/// Why rows cannot be split as asked.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SplitError {
    /// A fraction is not in `0 ≤ fraction < 1`.
    #[error("the {part} fraction is {fraction}, not at least 0 and below 1")]
    Fraction {
        /// `validation` or `test`.
        part: &'static str,
        /// The fraction.
        fraction: f64,
    },
    /// No row is left to fit on.
    #[error(
        "of {rows} rows, a validation fraction of {validation} and a test fraction of {test} \
             leave none to fit on"
    )]
    NoTrainingRow {
        /// Rows to split.
        rows: usize,
        /// The validation fraction.
        validation: f64,
        /// The test fraction.
        test: f64,
    },
    /// There are not as many strata as rows.
    #[error("{strata} strata for {rows} rows")]
    StrataLength {
        /// Rows to split.
        rows: usize,
        /// Codes given.
        strata: usize,
    },
    /// Fewer than two folds.
    #[error("{folds} folds: cross-validation needs at least 2")]
    TooFewFolds {
        /// Folds asked for.
        folds: usize,
    },
    /// A fold would have no row.
    #[error("{folds} folds of only {rows} rows")]
    MoreFoldsThanRows {
        /// Folds asked for.
        folds: usize,
        /// Rows to split.
        rows: usize,
    },
    /// A fold would have no group.
    #[error("{folds} folds of only {}", counted(*groups, "group"))]
    MoreFoldsThanGroups {
        /// Folds asked for.
        folds: usize,
        /// Groups that the rows are in.
        groups: usize,
    },
    /// A fold would have nothing before it to fit on, or nothing to hold out.
    #[error("{folds} folds in the order of time need {} different times, not {times}", folds + 1)]
    MoreFoldsThanTimes {
        /// Folds asked for.
        folds: usize,
        /// Different times.
        times: usize,
    },
    /// A row has no place in time.
    #[error("the time of row {row} is not a number")]
    NoTime {
        /// The row, from zero.
        row: usize,
    },
}

impl SplitError {
    /// What to do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Fraction { part, .. } => Some(format!("--{part} 0.2")),
            Self::NoTrainingRow { .. } => Some("--validation 0 --test 0".to_owned()),
            Self::StrataLength { .. } | Self::NoTime { .. } => None,
            Self::TooFewFolds { .. } => Some("5 folds are usual".to_owned()),
            Self::MoreFoldsThanRows { rows: most, .. }
            | Self::MoreFoldsThanGroups { groups: most, .. } => {
                Some(at_most(*most, "a column with more groups"))
            }
            Self::MoreFoldsThanTimes { times, .. } => {
                Some(at_most(times.saturating_sub(1), "a column with more times"))
            }
        }
    }
}

/// How to ask for fewer folds, if that helps.
fn at_most(folds: usize, otherwise: &str) -> String {
    if folds < 2 {
        otherwise.to_owned()
    } else {
        format!("at most {}", counted(folds, "fold"))
    }
}

/// Divides the rows `0..rows` at random into three parts.
///
/// A part has `fraction · rows` rows, rounded to the nearest number and at least one if the
/// fraction is above 0. With `strata` the classes share those rows by largest remainder, and a
/// class keeps at least one row to fit on wherever that is possible.
///
/// # Errors
/// [`SplitError::Fraction`], [`SplitError::NoTrainingRow`], [`SplitError::StrataLength`].
///
/// # Examples
/// ```
/// let strata = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
/// let split = dataset::split(10, Some(&strata), 0.0, 0.5, 7)?;
/// assert_eq!((split.train.len(), split.test.len()), (5, 5));
/// assert_eq!(split.test.iter().filter(|&&row| strata[row] == 1).count(), 2);
/// # Ok::<(), dataset::SplitError>(())
/// ```
pub fn split(
    rows: usize,
    strata: Option<&[u32]>,
    validation: f64,
    test: f64,
    seed: u64,
) -> Result<Split, SplitError> {
    for (part, fraction) in [("validation", validation), ("test", test)] {
        if !(0.0..1.0).contains(&fraction) {
            return Err(SplitError::Fraction { part, fraction });
        }
    }
    let mut classes = shuffled_classes(rows, strata, seed)?;
    let size = |fraction: f64| match whole((rows as f64 * fraction).round()) {
        0 if fraction > 0.0 => 1,
        size => size,
    };
    let (validation_rows, test_rows) = (size(validation), size(test));
    if validation_rows + test_rows >= rows {
        return Err(SplitError::NoTrainingRow {
            rows,
            validation,
            test,
        });
    }
    let ideal = |fraction: f64| -> Vec<f64> {
        classes
            .iter()
            .map(|class| class.len() as f64 * fraction)
            .collect()
    };
    let (ideal_test, ideal_validation) = (ideal(test), ideal(validation));
    // Rows of a class that validation is sure to need are not there for test to round up to.
    let reserved: Vec<usize> = ideal_validation.iter().map(|&ideal| whole(ideal)).collect();
    let test = take(&mut classes, &ideal_test, &reserved, test_rows);
    let validation = take(
        &mut classes,
        &ideal_validation,
        &vec![0; reserved.len()],
        validation_rows,
    );
    let mut train: Vec<usize> = classes.into_iter().flatten().collect();
    train.sort_unstable();
    Ok(Split {
        train,
        validation,
        test,
    })
}

/// The rows of each class in random order, classes in the order of their codes.
fn shuffled_classes(
    rows: usize,
    strata: Option<&[u32]>,
    seed: u64,
) -> Result<Vec<Vec<usize>>, SplitError> {
    let mut classes = match strata {
        None => vec![(0..rows).collect()],
        Some(codes) if codes.len() != rows => {
            return Err(SplitError::StrataLength {
                rows,
                strata: codes.len(),
            });
        }
        Some(codes) => {
            let mut classes = std::collections::BTreeMap::<u32, Vec<usize>>::new();
            for (row, &code) in codes.iter().enumerate() {
                classes.entry(code).or_default().push(row);
            }
            classes.into_values().collect()
        }
    };
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for class in &mut classes {
        class.shuffle(&mut random);
    }
    Ok(classes)
}

/// A count of rows, which is never negative, rounded down.
#[allow(clippy::cast_sign_loss, reason = "fractions of rows are at least 0")]
fn whole(rows: f64) -> usize {
    rows as usize
}

/// Takes `total` rows out of the classes, from each its ideal number rounded down or up, and
/// leaves it at least the `reserved` ones.
///
/// Rounding up goes to the largest remainders; a class from which that would take the last row to
/// fit on comes after all others. The rows come back in ascending order.
fn take(classes: &mut [Vec<usize>], ideal: &[f64], reserved: &[usize], total: usize) -> Vec<usize> {
    let mut counts: Vec<usize> = ideal
        .iter()
        .zip(classes.iter())
        .map(|(&ideal, class)| whole(ideal).min(class.len()))
        .collect();
    let mut missing = total.saturating_sub(counts.iter().sum());
    let mut order: Vec<usize> = (0..classes.len()).collect();
    let remainder = |class: usize| ideal[class] - ideal[class].floor();
    order.sort_by(|&a, &b| remainder(b).total_cmp(&remainder(a)).then(a.cmp(&b)));
    for to_fit_on in [1, 0] {
        for &class in &order {
            let rounded_down = counts[class] <= whole(ideal[class]);
            let needed = counts[class] + 1 + reserved[class] + to_fit_on;
            if missing > 0 && rounded_down && needed <= classes[class].len() {
                counts[class] += 1;
                missing -= 1;
            }
        }
    }
    let mut taken: Vec<usize> = Vec::with_capacity(total);
    for (class, count) in classes.iter_mut().zip(counts) {
        taken.extend(class.drain(class.len() - count..));
    }
    taken.sort_unstable();
    taken
}

#[cfg(test)]
mod tests;
