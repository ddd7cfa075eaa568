//! Categories: the encoding of one feature, fitted and applied.

use std::collections::HashMap;

use super::encode::{FittedFeature, dropped};
use super::scale::{Sum, dummy_moments};
use super::term::{Entry, Term};
use super::{DesignColumn, Encoding, Feature, MISSING_LEVEL, RowFlags};
use crate::schema::ColumnSchema;
use crate::table::MISSING;

pub(super) fn fit(
    column: &ColumnSchema,
    codes: &[u32],
    texts: &[String],
    rows: &[usize],
    weights: Option<&[f64]>,
    standardized: bool,
) -> FittedFeature {
    // The weight of each level; the last is that of missing cells.
    let mut sums = vec![(false, Sum::default()); texts.len() + 1];
    for (position, &row) in rows.iter().enumerate() {
        let level = match texts.get(codes[row] as usize) {
            Some(text) if text != MISSING_LEVEL => codes[row] as usize,
            _ => texts.len(),
        };
        let (seen, sum) = &mut sums[level];
        *seen = true;
        sum.add(weights.map_or(1.0, |weights| weights[position]));
    }
    let mut levels: Vec<(&str, f64)> = texts
        .iter()
        .zip(&sums)
        .filter(|(_, (seen, _))| *seen)
        .map(|(text, (_, sum))| (text.as_str(), sum.value()))
        .collect();
    levels.sort_by(|a, b| a.0.cmp(b.0));
    if let Some((true, sum)) = sums.last() {
        levels.push((MISSING_LEVEL, sum.value()));
    }
    match levels[..] {
        [] => return dropped(column, "is missing in every row to fit on".to_owned()),
        [(MISSING_LEVEL, _)] => {
            return dropped(column, "is missing in every row to fit on".to_owned());
        }
        [(level, _)] => return dropped(column, format!("is {level:?} in every row to fit on")),
        _ => {}
    }
    let total = levels
        .iter()
        .map(|(_, weight)| *weight)
        .collect::<Sum>()
        .value();
    let design = levels[1..]
        .iter()
        .map(|&(level, ones)| {
            let (mean, scale) = if standardized {
                dummy_moments(ones, total - ones)
            } else {
                (0.0, 1.0)
            };
            DesignColumn {
                name: format!("{}={level}", column.name),
                source: column.name.clone(),
                level: Some(level.to_owned()),
                mean,
                scale,
            }
        })
        .filter(|design| design.scale > 0.0)
        .collect();
    let levels = levels
        .iter()
        .map(|(level, _)| (*level).to_owned())
        .collect();
    let encoding = Encoding::Categorical { levels };
    FittedFeature::Used(
        Feature {
            name: column.name.clone(),
            kind: column.kind,
            encoding,
        },
        design,
    )
}

/// Where a level goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The dummy that is 1; none for the reference level.
    pub(super) column: Option<usize>,
    /// Whether no training row had the level.
    pub(super) unseen: bool,
}

impl Place {
    pub(super) const REFERENCE: Self = Self {
        column: None,
        unseen: false,
    };
    pub(super) const UNSEEN: Self = Self {
        column: None,
        unseen: true,
    };

    fn dummy(column: usize) -> Self {
        Self {
            column: Some(column),
            unseen: false,
        }
    }
}

/// Text of the table, written into the dummies of its levels.
#[derive(Debug)]
pub(super) struct LevelTerm<'a> {
    codes: &'a [u32],
    /// For each code.
    places: Vec<Place>,
    missing: Place,
    columns: Vec<usize>,
}

impl<'a> LevelTerm<'a> {
    pub(super) fn new(
        codes: &'a [u32],
        texts: &[String],
        levels: &[String],
        columns: &[(usize, &DesignColumn)],
    ) -> Self {
        let mut known: HashMap<&str, Place> = levels
            .iter()
            .map(|level| (level.as_str(), Place::REFERENCE))
            .collect();
        for (position, column) in columns {
            if let Some(level) = &column.level {
                known.insert(level, Place::dummy(*position));
            }
        }
        let place = |text: &str| known.get(text).copied().unwrap_or(Place::UNSEEN);
        Self {
            codes,
            places: texts.iter().map(|text| place(text)).collect(),
            missing: place(MISSING_LEVEL),
            columns: columns.iter().map(|&(position, _)| position).collect(),
        }
    }
}

impl Term for LevelTerm<'_> {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    fn write(&self, rows: &[usize], entries: &mut Vec<Entry>, flags: &mut [RowFlags]) {
        for (row, &place) in rows.iter().enumerate() {
            let code = self.codes[place];
            let level = self.places.get(code as usize).unwrap_or(&self.missing);
            if let Some(column) = level.column {
                let value = 1.0;
                entries.push(Entry { row, column, value });
            }
            if let Some(flags) = flags.get_mut(row) {
                flags.missing |= code == MISSING;
                flags.unseen |= level.unseen;
            }
        }
    }
}
