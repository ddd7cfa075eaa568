//! What a pipeline from a file must be.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{DesignColumn, Encoding, FittedPart, MissingPolicy, Pipeline, PipelineError};
use crate::schema::Kind;

impl Pipeline {
    /// Checks what fitting guarantees and a file might not: every design column belongs to a
    /// feature, levels are known, means and scales are finite and no scale is 0.
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
        // What each feature may have: `None` for the number itself, or its levels.
        let mut open: HashMap<&str, HashSet<Option<Cow<'_, str>>>> = HashMap::new();
        for feature in &self.features {
            let (sound, columns) = match &feature.encoding {
                Encoding::Numeric { median, min, max } => {
                    let finite = min.is_finite() && max.is_finite() && min <= max;
                    let imputed =
                        median.map_or(self.missing != MissingPolicy::Impute, f64::is_finite);
                    let numeric = feature.kind == Kind::Numeric;
                    (numeric && finite && imputed, HashSet::from([None]))
                }
                Encoding::Categorical { levels } => (
                    matches!(feature.kind, Kind::Categorical | Kind::Boolean),
                    levels.iter().map(|level| Some(level.into())).collect(),
                ),
                Encoding::Date {
                    fill,
                    min,
                    max,
                    parts,
                } => {
                    let finite = min.is_finite() && max.is_finite() && min <= max;
                    let imputed =
                        fill.map_or(self.missing != MissingPolicy::Impute, f64::is_finite);
                    let sound = parts.iter().all(FittedPart::is_sound);
                    let labels = parts.iter().flat_map(FittedPart::labels);
                    (
                        feature.kind == Kind::Date && finite && imputed && sound,
                        labels.map(|label| Some(label.into())).collect(),
                    )
                }
            };
            if !sound || open.insert(&feature.name, columns).is_some() {
                return fail(&feature.name);
            }
        }
        let dates: HashSet<&str> = self
            .features
            .iter()
            .filter(|feature| feature.kind == Kind::Date)
            .map(|feature| feature.name.as_str())
            .collect();
        // What a column is of its feature: a level, or the part of a date.
        let own = |column: &DesignColumn| -> Option<Cow<'_, str>> {
            if !dates.contains(column.source.as_str()) {
                return column.level.clone().map(Into::into);
            }
            let behind = column.name.strip_prefix(column.source.as_str())?;
            Some(behind.strip_prefix(':')?.to_owned().into())
        };
        let mut used = HashSet::new();
        for column in &self.columns {
            let sound = column.mean.is_finite() && column.scale.is_finite() && column.scale > 0.0;
            let known = open
                .get_mut(column.source.as_str())
                .is_some_and(|columns| columns.remove(&own(column)));
            if !sound || !known {
                return fail(&column.name);
            }
            used.insert(column.source.as_str());
        }
        match self
            .features
            .iter()
            .find(|feature| !used.contains(feature.name.as_str()))
        {
            Some(feature) => fail(&feature.name),
            None => Ok(()),
        }
    }
}
