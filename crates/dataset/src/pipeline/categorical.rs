//! Categories: the encoding of one feature, fitted and applied.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::encode::{FittedFeature, dropped};
use super::options::LevelThreshold;
use super::scale::{Sum, dummy_moments};
use super::term::{Entry, Rows, Term};
use super::training::TrainingRows;
use super::{
    DesignColumn, Encoding, Grouped, MISSING_LEVEL, OTHER_LEVEL, PipelineOptions, RowFlags,
};
use crate::schema::ColumnSchema;
use crate::table::MISSING;

/// The weight of each level of the training rows.
pub(super) struct LevelWeights<'a> {
    /// In code-point order.
    pub(super) levels: Vec<(&'a str, f64)>,
    /// That of missing cells, if there are any.
    pub(super) missing: Option<f64>,
}

/// What the training rows weigh, by level. A text that is [`MISSING_LEVEL`] is a missing cell.
pub(super) fn level_weights<'a>(
    codes: &[u32],
    texts: &'a [String],
    training: &TrainingRows,
) -> LevelWeights<'a> {
    // The last is that of missing cells.
    let mut sums = vec![(false, Sum::default()); texts.len() + 1];
    let alias = texts.iter().position(|text| text == MISSING_LEVEL);
    for (position, &row) in training.rows.iter().enumerate() {
        let code = codes[row] as usize;
        let level = if Some(code) == alias {
            texts.len()
        } else {
            code.min(texts.len())
        };
        let (seen, sum) = &mut sums[level];
        *seen = true;
        sum.add(training.weight(position));
    }
    let mut levels: Vec<(&str, f64)> = texts
        .iter()
        .zip(&sums)
        .filter(|(_, (seen, _))| *seen)
        .map(|(text, (_, sum))| (text.as_str(), sum.value()))
        .collect();
    levels.sort_by(|a, b| a.0.cmp(b.0));
    let missing = match sums.last() {
        Some((true, sum)) => Some(sum.value()),
        _ => None,
    };
    LevelWeights { levels, missing }
}

/// A column for each level but the first, which is the reference.
pub(super) fn dummies<S: AsRef<str>>(
    source: &str,
    levels: &[(S, f64)],
    standardized: bool,
) -> Vec<DesignColumn> {
    let total: f64 = levels
        .iter()
        .map(|(_, weight)| *weight)
        .collect::<Sum>()
        .value();
    let others = levels.iter().skip(1);
    others
        .map(|(level, ones)| dummy(source, level.as_ref(), *ones, total, standardized))
        .filter(|design| design.scale > 0.0)
        .collect()
}

/// A column that is 1 in rows of weight `ones` out of `total`.
pub(super) fn dummy(
    source: &str,
    level: &str,
    ones: f64,
    total: f64,
    standardized: bool,
) -> DesignColumn {
    let (mean, scale) = if standardized {
        dummy_moments(ones, total - ones)
    } else {
        (0.0, 1.0)
    };
    DesignColumn {
        name: format!("{source}={level}"),
        source: source.to_owned(),
        level: Some(level.to_owned()),
        function: None,
        factors: None,
        mean,
        scale,
    }
}

pub(super) fn fit(
    column: &ColumnSchema,
    codes: &[u32],
    texts: &[String],
    training: &TrainingRows,
    options: &PipelineOptions,
) -> FittedFeature {
    let LevelWeights { levels, missing } = level_weights(codes, texts, training);
    let present = levels.len();
    let (mut levels, grouped) = group(levels, missing, training, options);
    levels.extend(missing.map(|weight| (MISSING_LEVEL, weight)));
    let reason = match levels[..] {
        _ if present == 0 => Some("is missing in every row to fit on".to_owned()),
        [(OTHER_LEVEL, _)] if present > 1 => Some("has rare levels only".to_owned()),
        [(level, _)] => Some(format!("is {level:?} in every row to fit on")),
        _ => None,
    };
    if let Some(reason) = reason {
        return dropped(column, reason);
    }
    let design = dummies(&column.name, &levels, options.standardize);
    if design.is_empty() {
        return dropped(column, "has no spread that an f64 can hold".to_owned());
    }
    let levels = levels
        .iter()
        .map(|(level, _)| (*level).to_owned())
        .collect();
    let encoding = Encoding::Categorical { levels, grouped };
    FittedFeature::used(column, encoding, design)
}

/// Keeps the levels of most rows and puts the rest together as [`OTHER_LEVEL`], behind them.
fn group<'a>(
    levels: Vec<(&'a str, f64)>,
    missing: Option<f64>,
    training: &TrainingRows,
    options: &PipelineOptions,
) -> (Vec<(&'a str, f64)>, Option<Grouped>) {
    let present: f64 = levels
        .iter()
        .map(|(_, weight)| *weight)
        .collect::<Sum>()
        .value();
    let total = present + missing.unwrap_or(0.0);
    let is_rare = |weight: f64| match options.min_level {
        None => false,
        Some(LevelThreshold::Rows(rows)) => training.count(weight) < rows,
        Some(LevelThreshold::Share(share)) => weight < share * total,
    };
    let mut by_weight: Vec<usize> = (0..levels.len()).collect();
    by_weight.sort_by(|&a, &b| {
        let heavier = levels[b]
            .1
            .partial_cmp(&levels[a].1)
            .unwrap_or(Ordering::Equal);
        heavier.then(a.cmp(&b))
    });
    let frequent = levels
        .iter()
        .filter(|(_, weight)| !is_rare(*weight))
        .count();
    // One place of those allowed is for the other levels, where there are any.
    let kept = match options.max_levels {
        Some(most) if levels.len() > most => frequent.min(most.saturating_sub(1)),
        _ => frequent,
    };
    if kept == levels.len() {
        return (levels, None);
    }
    let mut keep = vec![false; levels.len()];
    for &level in &by_weight[..kept] {
        // A level that has the name of the others is one of them.
        keep[level] = levels[level].0 != OTHER_LEVEL;
    }
    let (mut named, mut others) = (Vec::new(), Vec::new());
    let mut sum = Sum::default();
    for ((level, weight), keep) in levels.into_iter().zip(keep) {
        if keep {
            named.push((level, weight));
        } else {
            others.push(level.to_owned());
            sum.add(weight);
        }
    }
    named.push((OTHER_LEVEL, sum.value()));
    let grouped = Grouped {
        levels: others,
        share: sum.value() / total,
    };
    (named, Some(grouped))
}

/// Where a level goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The dummy that is 1; none for the reference level.
    column: Option<usize>,
    /// Whether no training row had the level.
    unseen: bool,
}

impl Place {
    /// The level that no dummy stands for.
    pub(super) const REFERENCE: Self = Self {
        column: None,
        unseen: false,
    };
    /// A level that no training row had: all dummies are 0.
    pub(super) const UNSEEN: Self = Self {
        column: None,
        unseen: true,
    };

    pub(super) fn dummy(column: usize) -> Self {
        Self {
            column: Some(column),
            unseen: false,
        }
    }

    /// The dummy that is 1.
    pub(super) fn column(self) -> Option<usize> {
        self.column
    }

    /// Whether no training row had the level.
    pub(super) fn is_unseen(self) -> bool {
        self.unseen
    }

    /// Writes the level of a row.
    pub(super) fn write(
        self,
        row: usize,
        missing: bool,
        entries: &mut Vec<Entry>,
        flags: &mut [RowFlags],
    ) {
        if let Some(column) = self.column {
            let value = 1.0;
            entries.push(Entry { row, column, value });
        }
        if let Some(flags) = flags.get_mut(row) {
            flags.missing |= missing;
            flags.unseen |= self.unseen;
        }
    }
}

/// The dummy of missing cells, if there is one.
pub(super) fn place_of_missing(columns: &[(usize, &DesignColumn)]) -> Option<Place> {
    let missing = |column: &DesignColumn| column.level.as_deref() == Some(MISSING_LEVEL);
    let dummy = columns.iter().find(|(_, column)| missing(column));
    dummy.map(|&(position, _)| Place::dummy(position))
}

/// Where each text goes, and where a missing cell.
pub(super) fn places(
    texts: &[String],
    levels: &[String],
    grouped: Option<&Grouped>,
    columns: &[(usize, &DesignColumn)],
) -> (Vec<Place>, Place) {
    let mut known: HashMap<&str, Place> = levels
        .iter()
        .map(|level| (level.as_str(), Place::REFERENCE))
        .collect();
    for (position, column) in columns {
        if let Some(level) = &column.level {
            known.insert(level, Place::dummy(*position));
        }
    }
    let mut unseen = Place::UNSEEN;
    if let Some(grouped) = grouped {
        let other = known.get(OTHER_LEVEL).copied().unwrap_or(Place::REFERENCE);
        unseen.column = other.column;
        known.extend(grouped.levels.iter().map(|level| (level.as_str(), other)));
    }
    let place = |text: &str| known.get(text).copied().unwrap_or(unseen);
    let missing = known.get(MISSING_LEVEL).copied().unwrap_or(Place::UNSEEN);
    let alias = |text: &str| {
        if text == MISSING_LEVEL {
            missing
        } else {
            place(text)
        }
    };
    (texts.iter().map(|text| alias(text)).collect(), missing)
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
    /// With the place of each text and that of a missing cell.
    pub(super) fn new(
        codes: &'a [u32],
        (places, missing): (Vec<Place>, Place),
        columns: &[(usize, &DesignColumn)],
    ) -> Self {
        Self {
            codes,
            places,
            missing,
            columns: columns.iter().map(|&(position, _)| position).collect(),
        }
    }
}

impl Term for LevelTerm<'_> {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    fn write(&self, rows: Rows<'_>, entries: &mut Vec<Entry>, flags: &mut [RowFlags]) {
        for (row, &place) in rows.iter().enumerate() {
            let code = self.codes[place];
            let level = self.places.get(code as usize).unwrap_or(&self.missing);
            level.write(row, code == MISSING, entries, flags);
        }
    }
}
