//! What can be wrong with the parameters of a synthetic table.

use thiserror::Error;

/// Why a synthetic table cannot be made.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SyntheticError {
    /// A count that must not be 0 is 0.
    #[error("{parameter} is 0")]
    Zero {
        /// The parameter.
        parameter: &'static str,
    },
    /// The kinds of columns need more columns than there are.
    #[error(
        "{informative} informative, {redundant} redundant and {repeated} repeated columns are more than {features} features"
    )]
    TooFewFeatures {
        /// All columns.
        features: usize,
        /// Informative columns.
        informative: usize,
        /// Redundant columns.
        redundant: usize,
        /// Repeated columns.
        repeated: usize,
    },
    /// The hypercube has fewer corners than there are clusters.
    #[error(
        "{classes} classes of {clusters_per_class} clusters need more corners than a cube of {informative} dimensions has"
    )]
    TooManyClusters {
        /// Classes.
        classes: usize,
        /// Clusters of each class.
        clusters_per_class: usize,
        /// Informative columns.
        informative: usize,
    },
    /// There is not one weight per class.
    #[error("{weights} class weights for {classes} classes")]
    WeightCount {
        /// Classes.
        classes: usize,
        /// Weights given.
        weights: usize,
    },
    /// Class weights are negative, or their sum is above 1.
    #[error("class weights must be at least 0 and sum to at most 1; their sum is {sum}")]
    Weights {
        /// Their sum.
        sum: f64,
    },
    /// A number is not in its range.
    #[error("{parameter} is {value}, not {range}")]
    OutOfRange {
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        value: f64,
        /// Where it must be.
        range: &'static str,
    },
    /// Rows times columns do not fit in memory.
    #[error("{samples} samples of {features} features are too many")]
    TooLarge {
        /// Rows.
        samples: usize,
        /// Columns.
        features: usize,
    },
}

impl SyntheticError {
    /// What to do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Zero { parameter } => Some(format!("{parameter} of at least 1")),
            Self::TooFewFeatures {
                informative,
                redundant,
                repeated,
                ..
            } => {
                let needed = informative
                    .saturating_add(*redundant)
                    .saturating_add(*repeated);
                Some(format!("at least {needed} features"))
            }
            Self::TooManyClusters {
                classes,
                clusters_per_class,
                ..
            } => {
                let corners = (*classes as f64) * (*clusters_per_class as f64);
                Some(format!(
                    "at least {} informative columns",
                    corners.log2().ceil()
                ))
            }
            Self::WeightCount { classes, .. } => Some(format!(
                "{classes} weights, or {} and the last class gets the rest",
                classes.saturating_sub(1)
            )),
            Self::Weights { .. } => Some("weights that are shares of the rows".to_owned()),
            Self::OutOfRange {
                parameter, range, ..
            } => Some(format!("{parameter} {range}")),
            Self::TooLarge { .. } => Some("fewer samples or fewer features".to_owned()),
        }
    }
}

/// Fails unless all of the counts are above 0.
pub(super) fn above_zero(counts: &[(&'static str, usize)]) -> Result<(), SyntheticError> {
    match counts.iter().find(|(_, count)| *count == 0) {
        Some(&(parameter, _)) => Err(SyntheticError::Zero { parameter }),
        None => Ok(()),
    }
}

/// Fails unless the value is finite and in the range that `holds` tests.
pub(super) fn in_range(
    parameter: &'static str,
    value: f64,
    range: &'static str,
    holds: impl Fn(f64) -> bool,
) -> Result<(), SyntheticError> {
    if value.is_finite() && holds(value) {
        Ok(())
    } else {
        Err(SyntheticError::OutOfRange {
            parameter,
            value,
            range,
        })
    }
}

/// Fails when there is no room for a matrix of this shape.
pub(super) fn room(samples: usize, features: usize) -> Result<(), SyntheticError> {
    let cells = samples.checked_mul(features);
    if cells.is_none_or(|cells| Vec::<f64>::new().try_reserve_exact(cells).is_err()) {
        return Err(SyntheticError::TooLarge { samples, features });
    }
    Ok(())
}
