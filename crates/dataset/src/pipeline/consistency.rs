//! What a pipeline from a file must be.

use std::collections::{HashMap, HashSet};

use super::product::is_indicator;
use super::{
    Basis, DesignColumn, Encoding, Feature, FittedPart, MISSING_LEVEL, MissingPolicy, OTHER_LEVEL,
    Pipeline, PipelineError, hashing,
};
use crate::date::PartForm;
use crate::schema::Kind;

/// What tells the columns of a feature from each other: the level, the function of a number, the part
/// of a date that is a number.
type Key<'a> = (Option<&'a str>, Option<usize>, Option<&'a str>);

impl Pipeline {
    /// Checks what fitting guarantees and a file might not: every design column belongs to a
    /// feature or is the product of two that do, levels are known, means and scales are finite and no
    /// scale is 0.
    ///
    /// # Errors
    /// [`PipelineError::Inconsistent`]; [`PipelineError::NoFeatureLeft`] without any column.
    pub fn validate(&self) -> Result<(), PipelineError> {
        if self.columns.is_empty() {
            return Err(PipelineError::NoFeatureLeft {
                dropped: self.dropped.clone(),
            });
        }
        let fail = |name: &str| {
            Err(PipelineError::Inconsistent {
                column: name.to_owned(),
            })
        };
        let mut features: HashMap<&str, (&Feature, Allowed<'_>)> = HashMap::new();
        for feature in &self.features {
            let entry = (feature, Allowed::of(feature));
            if !self.is_sound(feature) || features.insert(&feature.name, entry).is_some() {
                return fail(&feature.name);
            }
        }
        let (mut keys, mut used) = (HashSet::new(), HashSet::new());
        let mut pairs = HashSet::new();
        for column in &self.columns {
            let sound = column.mean.is_finite() && column.scale.is_finite() && column.scale > 0.0;
            let source = column.source.as_str();
            let known = if let Some(factors) = column.factors {
                !features.contains_key(source)
                    && self.are_factors(factors, &features)
                    && pairs.insert(factors)
            } else {
                let feature = features.get(source);
                let date = feature.is_some_and(|(feature, _)| feature.kind == Kind::Date);
                let part = column
                    .date_part()
                    .filter(|_| date && column.level.is_none());
                let key: Key<'_> = (column.level.as_deref(), column.function, part);
                used.insert(source);
                feature.is_some_and(|(_, allowed)| allowed.has(key)) && keys.insert((source, key))
            };
            if !sound || !known {
                return fail(&column.name);
            }
        }
        let unused = |feature: &&Feature| !used.contains(feature.name.as_str());
        match self.features.iter().find(unused) {
            Some(feature) => fail(&feature.name),
            None => Ok(()),
        }
    }

    /// Whether these are columns of two features, neither being whether a number is missing.
    fn are_factors(
        &self,
        factors: [usize; 2],
        features: &HashMap<&str, (&Feature, Allowed<'_>)>,
    ) -> bool {
        let [Some(first), Some(second)] = factors.map(|factor| self.columns.get(factor)) else {
            return false;
        };
        let factor = |column: &DesignColumn| {
            let feature = features.get(column.source.as_str());
            column.factors.is_none()
                && feature.is_some_and(|(feature, _)| !is_indicator(feature, column))
        };
        factor(first) && factor(second) && first.source != second.source
    }

    fn is_sound(&self, feature: &Feature) -> bool {
        match &feature.encoding {
            Encoding::Numeric {
                median,
                min,
                max,
                basis,
            } => {
                let finite = min.is_finite() && max.is_finite() && min <= max;
                let imputed = median.map_or(self.missing != MissingPolicy::Impute, f64::is_finite);
                feature.kind == Kind::Numeric && finite && imputed && basis.is_sound()
            }
            Encoding::Categorical { levels, grouped } => {
                let other = levels.iter().any(|level| level == OTHER_LEVEL);
                is_text(feature.kind) && (grouped.is_none() || other)
            }
            Encoding::Hashed {
                bits, reference, ..
            } => {
                let buckets = 1u64 << bits.min(&32);
                is_text(feature.kind) && (1..=32).contains(bits) && u64::from(*reference) < buckets
            }
            Encoding::Date {
                fill,
                min,
                max,
                parts,
            } => {
                let finite = min.is_finite() && max.is_finite() && min <= max;
                let imputed = fill.map_or(self.missing != MissingPolicy::Impute, f64::is_finite);
                let sound = parts.iter().all(FittedPart::is_sound);
                feature.kind == Kind::Date && finite && imputed && sound
            }
        }
    }
}

fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Categorical | Kind::Boolean)
}

/// The columns that a feature may have.
enum Allowed<'a> {
    Levels(HashSet<&'a str>),
    Intervals(HashSet<String>),
    /// Of a date.
    Parts {
        levels: HashSet<String>,
        numbers: HashSet<String>,
    },
    /// That many functions of a number.
    Functions(usize),
    Buckets {
        bits: u32,
        reference: u32,
    },
}

impl<'a> Allowed<'a> {
    fn of(feature: &'a Feature) -> Self {
        match &feature.encoding {
            Encoding::Numeric {
                basis: Basis::Bins(bins),
                ..
            } => Self::Intervals(bins.levels().collect()),
            Encoding::Numeric { basis, .. } => Self::Functions(basis.functions()),
            Encoding::Categorical { levels, .. } => {
                Self::Levels(levels.iter().map(String::as_str).collect())
            }
            Encoding::Hashed {
                bits, reference, ..
            } => Self::Buckets {
                bits: *bits,
                reference: *reference,
            },
            Encoding::Date { parts, .. } => {
                let (levels, numbers): (Vec<_>, Vec<_>) = parts
                    .iter()
                    .partition(|fitted| fitted.part.form() == PartForm::Levels);
                let labels = |parts: Vec<&FittedPart>| {
                    parts.into_iter().flat_map(FittedPart::labels).collect()
                };
                Self::Parts {
                    levels: labels(levels),
                    numbers: labels(numbers),
                }
            }
        }
    }

    fn has(&self, key: Key<'_>) -> bool {
        match (self, key) {
            // The number itself, and whether it, the date or the text is missing.
            (Self::Functions(_), (None | Some(MISSING_LEVEL), None, None))
            | (Self::Buckets { .. } | Self::Parts { .. }, (Some(MISSING_LEVEL), None, None)) => {
                true
            }
            (Self::Functions(functions), (None, Some(function), None)) => {
                (2..=*functions).contains(&function)
            }
            (Self::Levels(levels), (Some(level), None, None)) => levels.contains(level),
            (Self::Intervals(levels) | Self::Parts { levels, .. }, (Some(level), None, None)) => {
                levels.contains(level)
            }
            (Self::Parts { numbers, .. }, (None, None, Some(part))) => numbers.contains(part),
            (Self::Buckets { bits, reference }, (Some(level), None, None)) => {
                let bucket = hashing::bucket_of(level);
                bucket.is_some_and(|bucket| bucket != *reference && u64::from(bucket) < 1 << bits)
            }
            _ => false,
        }
    }
}
