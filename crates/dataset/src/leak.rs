//! Features that alone tell the target: often they are written down after it is known.
//!
//! Nothing is refused. A feature is pointed out when its figure is above [`NEARLY_ALL`]:
//!
//! - classes and a number: the [`Auc`](Measure::Auc) of the number between neighbouring classes,
//!   the classes being in the order of their mean ranks; the least of these figures, so that a
//!   number that tells one class of three is none;
//! - classes and levels: every row is predicted to be of the class that is most frequent among the
//!   *other* rows of its level (ties and lone rows count as wrong); the share of rows that are
//!   right, averaged over the classes: [`Levels`](Measure::Levels). Missing cells are a level, and
//!   whether a number is missing is judged in the same way: [`Missing`](Measure::Missing);
//! - a number and a number: the [`R²`](Measure::Line) of the straight line;
//! - a number and levels: `1 − Σe² / Σ(y − ȳ)²`, where `e` is the difference between a row's target
//!   and the mean of the other rows of its level: [`Means`](Measure::Means).
//!
//! Weights have no influence. At most 20,000 rows are looked at, every k-th of each class.

use std::fmt;
use std::sync::OnceLock;

use rayon::prelude::*;

use crate::columns::ColumnSource;
use crate::number::counted;
use crate::schema::{ColumnSchema, Schema};
use crate::storage::StorageError;
use crate::suggestion::argument;
use crate::table::{Cells, MISSING, SparseCells};
use crate::target::{PreparedRows, Target};

/// The figure above which a feature is pointed out.
pub const NEARLY_ALL: f64 = 0.999;

/// Rows that are looked at, about.
const SAMPLE: usize = 20_000;

/// Rows of a class below which nothing is said about it; twice as many for a number.
const FEWEST_ROWS: usize = 10;

/// How it was judged that a feature tells the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Measure {
    /// Area under the ROC curve.
    Auc,
    /// Balanced accuracy of the other rows with the same level.
    Levels,
    /// Balanced accuracy of the other rows in which the cell is missing, or is not.
    Missing,
    /// R² of a straight line.
    Line,
    /// R² of the means of the other rows with the same level.
    Means,
}

/// A feature that alone tells the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Leak {
    /// The column of the table.
    pub column: String,
    /// How that was judged.
    pub measure: Measure,
    /// The figure, above [`NEARLY_ALL`] and at most 1.
    pub figure: f64,
    /// The rows that it comes from.
    pub rows: usize,
}

impl fmt::Display for Leak {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = match self.measure {
            Measure::Missing => "whether a cell is missing",
            _ => "it",
        };
        let measure = match self.measure {
            Measure::Auc => "AUC",
            Measure::Levels | Measure::Missing => "balanced accuracy",
            Measure::Line | Measure::Means => "R²",
        };
        write!(
            formatter,
            "`{}`: {subject} alone tells the target ({measure} {:.4} in {})",
            self.column,
            // Rounded down: 1 is written of nothing less.
            (self.figure * 1e4).floor() / 1e4,
            counted(self.rows, "row")
        )
    }
}

impl Leak {
    /// What to do, if the column is not known yet when the target is to be predicted.
    pub fn remedy(&self) -> String {
        format!("--drop {}", argument(&self.column))
    }
}

/// The features that alone tell the target of the prepared rows (those to fit on), in file order.
///
/// # Errors
/// [`StorageError`] where the cells cannot be had.
///
/// # Examples
/// ```
/// use dataset::{CsvOptions, Input, SchemaOptions, TargetOptions, leak, prepare, read_table};
///
/// let rows: String = (0..60)
///     .map(|row| format!("{},{},{}\n", row * 7 % 11, if row % 3 == 0 { "2026-05" } else { "" }, row % 3 == 0))
///     .collect();
/// let input = Input::bytes("t.csv", format!("x,refunded_in,refunded\n{rows}").into_bytes());
/// let options = SchemaOptions { target: Some("refunded".into()), ..SchemaOptions::default() };
/// let (table, schema, _) = read_table(&input, &CsvOptions::default(), &options)?;
/// let prepared = prepare(&table, &schema, &TargetOptions::default())?;
/// let found = leak::leaks(&table, &schema, &prepared)?;
/// assert_eq!(
///     found[0].to_string(),
///     "`refunded_in`: it alone tells the target (balanced accuracy 1.0000 in 60 rows)"
/// );
/// assert_eq!(found.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn leaks(
    table: &dyn ColumnSource,
    schema: &Schema,
    prepared: &PreparedRows,
) -> Result<Vec<Leak>, StorageError> {
    let sample = Sample::new(prepared);
    let features: Vec<&ColumnSchema> = schema.features().collect();
    let rare = OnceLock::new();
    let may_tell = |cells: &SparseCells| {
        let rare = rare.get_or_init(|| Rare::new(&sample, table.rows()));
        rare.may_tell(cells)
    };
    let one = |feature: &&ColumnSchema| {
        let loaded = table.load(&[&feature.name])?;
        let column = loaded.column(&feature.name);
        Ok(column.and_then(|column| match &column.cells {
            Cells::Sparse(cells) if may_tell(cells) => {
                sample.leak(&feature.name, &Cells::Numeric(cells.to_dense()))
            }
            Cells::Sparse(_) => None,
            cells => sample.leak(&feature.name, cells),
        }))
    };
    let mut found: Vec<Result<Option<Leak>, StorageError>> = Vec::new();
    for some in features.chunks(table.columns_at_once()?) {
        found.par_extend(some.par_iter().map(one));
    }
    found.into_iter().filter_map(Result::transpose).collect()
}

/// Some of the rows and their targets.
struct Sample {
    rows: Vec<usize>,
    target: Answers,
}

enum Answers {
    Classes { codes: Vec<u32>, classes: usize },
    Numbers(Vec<f64>),
}

impl Sample {
    fn new(prepared: &PreparedRows) -> Self {
        match &prepared.target {
            Target::Linear { values } => {
                let step = values.len().div_ceil(SAMPLE).max(1);
                let some = (0..values.len()).step_by(step);
                Self {
                    rows: some.clone().map(|i| prepared.rows[i]).collect(),
                    target: Answers::Numbers(some.map(|i| values[i]).collect()),
                }
            }
            target @ (Target::Binary { .. } | Target::Multinomial { .. }) => {
                let codes = target.codes().unwrap_or_default();
                let counts = target.counts();
                let share = SAMPLE / counts.len().max(1);
                let steps: Vec<usize> = counts
                    .iter()
                    .map(|count| count.div_ceil(share.max(10 * FEWEST_ROWS)).max(1))
                    .collect();
                let mut seen = vec![0; counts.len()];
                let mut sample = (Vec::new(), Vec::new());
                for (&row, &code) in prepared.rows.iter().zip(&codes) {
                    let class = code as usize;
                    if counts[class] >= FEWEST_ROWS && seen[class] % steps[class] == 0 {
                        sample.0.push(row);
                        sample.1.push(code);
                    }
                    seen[class] += 1;
                }
                Self {
                    rows: sample.0,
                    target: Answers::Classes {
                        codes: sample.1,
                        classes: counts.len(),
                    },
                }
            }
        }
    }

    fn leak(&self, name: &str, cells: &Cells) -> Option<Leak> {
        let judged = match (&self.target, cells) {
            // Those that may tell are made dense.
            (_, Cells::Sparse(_)) => None,
            (Answers::Classes { codes, classes }, Cells::Numeric(values)) => {
                let values = || self.rows.iter().map(|&row| values[row]);
                let present: Vec<(f64, u32)> = values()
                    .zip(codes.iter().copied())
                    .filter(|(value, _)| !value.is_nan())
                    .collect();
                let missing: Vec<(u32, u32)> = values()
                    .map(|value| u32::from(value.is_nan()))
                    .zip(codes.iter().copied())
                    .collect();
                let lacking = self.rows.len() - present.len();
                // Most rows must have the number, or it tells little.
                let ranked = (2 * present.len() >= self.rows.len())
                    .then(|| (Measure::Auc, present.len(), ranked(present, *classes)));
                let told = (lacking >= FEWEST_ROWS)
                    .then(|| (Measure::Missing, missing.len(), by_level(missing, *classes)));
                ranked.into_iter().chain(told).find_map(above)
            }
            (Answers::Classes { codes, classes }, Cells::Text { codes: levels, .. }) => {
                let pairs: Vec<(u32, u32)> = self
                    .rows
                    .iter()
                    .map(|&row| levels[row])
                    .zip(codes.iter().copied())
                    .collect();
                above((Measure::Levels, pairs.len(), by_level(pairs, *classes)))
            }
            (Answers::Numbers(targets), Cells::Numeric(values)) => {
                let pairs: Vec<(f64, f64)> = self
                    .rows
                    .iter()
                    .map(|&row| values[row])
                    .zip(targets.iter().copied())
                    .filter(|(value, _)| !value.is_nan())
                    .collect();
                let enough = pairs.len() >= 2 * FEWEST_ROWS && 2 * pairs.len() >= targets.len();
                enough
                    .then(|| (Measure::Line, pairs.len(), line(&pairs)))
                    .and_then(above)
            }
            (Answers::Numbers(targets), Cells::Text { codes, levels }) => {
                let rows = targets.len();
                (rows >= 2 * FEWEST_ROWS)
                    .then(|| {
                        let codes = self.rows.iter().map(|&row| codes[row]);
                        let figure = means(&codes, levels.len(), targets);
                        (Measure::Means, rows, figure)
                    })
                    .and_then(above)
            }
        };
        let (measure, rows, figure) = judged?;
        Some(Leak {
            column: name.to_owned(),
            measure,
            figure,
            rows,
        })
    }
}

/// What rules out, in time for what is stored, that a number that is zero in most rows tells the
/// target.
struct Rare<'s> {
    target: &'s Answers,
    /// For each row of the table its place in the sample, or [`MISSING`].
    places: Vec<u32>,
    /// Rows of each class in the sample.
    counts: Vec<usize>,
    /// Mean and sum of squares about it of a target of numbers.
    moments: (f64, f64),
}

impl<'s> Rare<'s> {
    fn new(sample: &'s Sample, rows: usize) -> Self {
        let mut places = vec![MISSING; rows];
        for (place, &row) in (0..).zip(&sample.rows) {
            places[row] = place;
        }
        let (mut counts, mut moments) = (Vec::new(), (0.0, 0.0));
        match &sample.target {
            Answers::Classes { codes, classes } => {
                counts = vec![0; *classes];
                for &code in codes {
                    counts[code as usize] += 1;
                }
            }
            Answers::Numbers(targets) => {
                let mean = mean(targets.iter().copied());
                moments = (mean, targets.iter().map(|y| (y - mean) * (y - mean)).sum());
            }
        }
        Self {
            target: &sample.target,
            places,
            counts,
            moments,
        }
    }

    /// Whether the column need be looked at in full.
    ///
    /// Where shares a and b of two neighbouring classes are zero, ab/2 of their pairs are tied for
    /// half each, so that an AUC above [`NEARLY_ALL`] needs ab < 0.002: of two classes at least one has
    /// next to no zero. Of a number the straight line is worked out.
    fn may_tell(&self, cells: &SparseCells) -> bool {
        let stored = || {
            cells.iter().filter_map(|(row, value)| {
                let place = self.places[row];
                (place != MISSING).then_some((place as usize, value))
            })
        };
        if stored().any(|(_, value)| value.is_nan()) {
            return true;
        }
        match self.target {
            Answers::Classes { codes, .. } => {
                let mut there = vec![0_usize; self.counts.len()];
                stored().for_each(|(place, _)| there[codes[place] as usize] += 1);
                let next_to_none = (2.0 * (1.0 - NEARLY_ALL)).sqrt();
                let full = |(there, count): (&usize, &usize)| {
                    *count > 0 && (count - there) as f64 <= next_to_none * *count as f64
                };
                there.iter().zip(&self.counts).any(full)
            }
            Answers::Numbers(targets) => {
                let (middle, yy) = self.moments;
                let rows = targets.len() as f64;
                let (mut sum, mut squares, mut xy) = (0.0, 0.0, 0.0);
                for (place, x) in stored() {
                    sum += x;
                    squares += x * x;
                    xy += x * (targets[place] - middle);
                }
                let figure = xy * xy / ((squares - sum * sum / rows) * yy);
                // Far from the figure that counts, so that rounding has no say; NaN is looked at.
                figure.is_nan() || figure >= 0.9
            }
        }
    }
}

fn above((measure, rows, figure): (Measure, usize, Option<f64>)) -> Option<(Measure, usize, f64)> {
    let figure = figure.filter(|figure| *figure > NEARLY_ALL)?;
    Some((measure, rows, figure))
}

/// The area under the ROC curve of a number between neighbouring classes, the least of all
/// neighbours; `None` with a class of a few rows, or with one class.
fn ranked(mut pairs: Vec<(f64, u32)>, classes: usize) -> Option<f64> {
    // Adding 0 makes 0 of -0.
    for pair in &mut pairs {
        pair.0 += 0.0;
    }
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut counts = vec![0_usize; classes];
    let mut ranks = vec![0.0; classes];
    let ties = || pairs.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq());
    let mut below = 0;
    for tie in ties() {
        let rank = below as f64 + f64::midpoint(tie.len() as f64, 1.0);
        for &(_, class) in tie {
            counts[class as usize] += 1;
            ranks[class as usize] += rank;
        }
        below += tie.len();
    }
    let mut order: Vec<usize> = (0..classes).filter(|&class| counts[class] > 0).collect();
    if order.len() < 2 || order.iter().any(|&class| counts[class] < FEWEST_ROWS) {
        return None;
    }
    let mean = |class: usize| ranks[class] / counts[class] as f64;
    order.sort_by(|&a, &b| mean(a).total_cmp(&mean(b)).then(a.cmp(&b)));
    let mut before = vec![None; classes];
    for pair in order.windows(2) {
        before[pair[1]] = Some(pair[0]);
    }
    // Pairs of rows of neighbouring classes that are in the order of the classes; ties count half.
    let mut ordered = vec![0.0; classes];
    let mut passed = vec![0_usize; classes];
    let mut here = vec![0_usize; classes];
    for tie in ties() {
        for &(_, class) in tie {
            here[class as usize] += 1;
        }
        for &(_, class) in tie {
            if let Some(other) = before[class as usize] {
                ordered[class as usize] += passed[other] as f64 + here[other] as f64 / 2.0;
            }
        }
        for &(_, class) in tie {
            passed[class as usize] += 1;
            here[class as usize] = 0;
        }
    }
    let area =
        |pair: &[usize]| ordered[pair[1]] / (counts[pair[0]] as f64 * counts[pair[1]] as f64);
    order.windows(2).map(area).reduce(f64::min)
}

/// The balanced accuracy of the most frequent class among the other rows of each level.
fn by_level(mut pairs: Vec<(u32, u32)>, classes: usize) -> Option<f64> {
    pairs.sort_unstable();
    let mut counts = vec![0_usize; classes];
    let mut right = vec![0_usize; classes];
    for level in pairs.chunk_by(|a, b| a.0 == b.0) {
        let of_class = || level.chunk_by(|a, b| a.1 == b.1).map(<[_]>::len);
        let most = of_class().max().unwrap_or(0);
        let often = of_class().filter(|&count| count == most).count();
        let second = of_class().filter(|&count| count < most).max().unwrap_or(0);
        let second = if often > 1 { most } else { second };
        for rows in level.chunk_by(|a, b| a.1 == b.1) {
            let class = rows[0].1 as usize;
            counts[class] += rows.len();
            if rows.len() == most && most > second + 1 {
                right[class] += rows.len();
            }
        }
    }
    let shares: Vec<f64> = right
        .iter()
        .zip(&counts)
        .filter(|(_, count)| **count > 0)
        .map(|(right, count)| *right as f64 / *count as f64)
        .collect();
    (shares.len() > 1).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.map(|value| value / count).sum()
}

/// R² of the straight line through `(x, y)`; `None` where one of them does not vary.
fn line(pairs: &[(f64, f64)]) -> Option<f64> {
    let means = (
        mean(pairs.iter().map(|p| p.0)),
        mean(pairs.iter().map(|p| p.1)),
    );
    // Of the size of 1, so that no square overflows.
    let size = |part: fn(&(f64, f64)) -> f64, mean: f64| {
        let sizes = pairs.iter().map(|pair| (part(pair) - mean).abs());
        sizes.fold(0.0, f64::max)
    };
    let sizes = (size(|pair| pair.0, means.0), size(|pair| pair.1, means.1));
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for &(x, y) in pairs {
        let (x, y) = ((x - means.0) / sizes.0, (y - means.1) / sizes.1);
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    let figure = xy * xy / (xx * yy);
    figure.is_finite().then_some(figure.min(1.0))
}

/// R² of the means of the other rows with the same level; `None` where the target does not vary.
fn means(
    codes: &(impl Iterator<Item = u32> + Clone),
    levels: usize,
    targets: &[f64],
) -> Option<f64> {
    let all = mean(targets.iter().copied());
    let size = targets
        .iter()
        .fold(0.0, |size: f64, y| size.max((y - all).abs()));
    let place = |code: u32| {
        if code == MISSING {
            levels
        } else {
            code as usize
        }
    };
    let centred = || {
        let targets = targets.iter().map(|y| (y - all) / size);
        codes.clone().map(place).zip(targets)
    };
    let mut sums = vec![(0.0, 0.0); levels + 1];
    for (level, y) in centred() {
        sums[level].0 += y;
        sums[level].1 += 1.0;
    }
    let (mut left, mut total) = (0.0, 0.0);
    for (level, y) in centred() {
        let (sum, rows) = sums[level];
        let others: f64 = if rows > 1.0 {
            (sum - y) / (rows - 1.0)
        } else {
            0.0
        };
        left += (y - others) * (y - others);
        total += y * y;
    }
    let figure = 1.0 - left / total;
    figure.is_finite().then_some(figure)
}

#[cfg(test)]
mod tests;
