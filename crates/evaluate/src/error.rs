//! What can be wrong with the rows, and which metrics the rows cannot define.

use thiserror::Error;

/// Why a metric has no value.
///
/// Rows are counted from zero. [`EvaluateError::is_undefined`] separates sound rows that do not
/// define a metric from rows that are unsound.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// There is no row at all.
    #[error("there are no rows to evaluate")]
    NoRows,
    /// Every weight is zero, which is the same as no row.
    #[error("every weight is zero, so there are no rows to evaluate")]
    ZeroWeight,
    /// Slices that describe the same rows differ in length.
    #[error("expected {expected} {what}, found {found}")]
    Length {
        /// What the slice holds, in the plural.
        what: &'static str,
        /// The length that the other arguments ask for.
        expected: usize,
        /// The length of the slice.
        found: usize,
    },
    /// A value is infinite or not a number.
    #[error("row {row}: the {what} is {value}, which is not finite")]
    NonFinite {
        /// What the value is, in the singular.
        what: &'static str,
        /// Where it stands.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A weight is negative, infinite or not a number.
    #[error("row {row}: the weight is {value}, but a weight is finite and not negative")]
    Weight {
        /// Where it stands.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A label of a two-class problem is neither 0 nor 1.
    #[error("row {row}: the label is {value}, but a label of two classes is 0 or 1")]
    Label {
        /// Where it stands.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A probability lies outside of `[0, 1]`.
    #[error("row {row}: the probability is {value}, which is not between 0 and 1")]
    Probability {
        /// Where it stands.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A class code is not below the number of classes.
    #[error("row {row}: the class code is {code}, but there are {classes} classes")]
    ClassCode {
        /// Where it stands.
        row: usize,
        /// The code.
        code: u32,
        /// The number of classes.
        classes: usize,
    },
    /// Fewer than two classes were announced.
    #[error("a classification needs two classes or more, not {classes}")]
    TooFewClasses {
        /// The number of classes.
        classes: usize,
    },
    /// A threshold on probabilities is infinite or not a number.
    #[error("the threshold is {value}, which is not finite")]
    Threshold {
        /// The threshold.
        value: f64,
    },
    /// A reliability table without bins was asked for.
    #[error("a reliability table needs one bin or more")]
    NoBins,
    /// The metric is larger than the largest `f64`.
    #[error("{what} is too large for a 64-bit number")]
    Overflow {
        /// The metric.
        what: &'static str,
    },
    /// Rows of both classes are needed, and there is one class.
    #[error("{metric} needs rows of both classes, and every row is of class {class}")]
    OneClass {
        /// The metric.
        metric: &'static str,
        /// The class of every row.
        class: usize,
    },
    /// No row is predicted to be of this class, which leaves its precision undefined.
    #[error("no row is predicted to be of class {class}")]
    NeverPredicted {
        /// The class.
        class: usize,
    },
    /// No row is of this class, which leaves its recall undefined.
    #[error("no row is of class {class}")]
    NeverObserved {
        /// The class.
        class: usize,
    },
    /// Every target is the same, which leaves R² undefined.
    #[error("R² needs targets that differ, and every target is {value}")]
    ConstantTarget {
        /// The target of every row.
        value: f64,
    },
}

impl EvaluateError {
    /// Whether the rows are sound and merely do not define this metric.
    pub fn is_undefined(&self) -> bool {
        matches!(
            self,
            Self::OneClass { .. }
                | Self::NeverPredicted { .. }
                | Self::NeverObserved { .. }
                | Self::ConstantTarget { .. }
        )
    }

    /// What to do next, where there is something to do.
    pub fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::NoRows => "give at least one row",
            Self::ZeroWeight => "give at least one row a positive weight",
            Self::NonFinite { .. } => "look for a fit that diverged, or for a missing value",
            Self::Weight { .. } => "leave the row out, or correct its weight",
            Self::OneClass { .. } | Self::NeverObserved { .. } => {
                "evaluate on more rows, or split them so that every class is present"
            }
            Self::NeverPredicted { .. } => "lower the threshold, or look at the AUC instead",
            Self::ConstantTarget { .. } => "look at the mean squared error instead",
            Self::Overflow { .. } => "look for a fit that diverged",
            Self::Length { .. }
            | Self::Label { .. }
            | Self::Probability { .. }
            | Self::ClassCode { .. }
            | Self::TooFewClasses { .. }
            | Self::Threshold { .. }
            | Self::NoBins => return None,
        };
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_is_apart_from_unsound() {
        let undefined = EvaluateError::OneClass {
            metric: "the AUC",
            class: 1,
        };
        assert!(undefined.is_undefined());
        assert!(undefined.remedy().is_some());
        let message = "the AUC needs rows of both classes, and every row is of class 1";
        assert_eq!(undefined.to_string(), message);
        let unsound = EvaluateError::Length {
            what: "weights",
            expected: 3,
            found: 2,
        };
        assert!(!unsound.is_undefined());
        assert_eq!(unsound.to_string(), "expected 3 weights, found 2");
    }
}
