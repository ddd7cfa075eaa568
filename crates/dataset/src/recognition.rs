//! Columns that are probably not what their kind says: identifiers, dates, numbers written for
//! people.
//!
//! Nothing is changed: each finding is a sentence and a next step for the person who knows the table.

use std::collections::HashSet;

use crate::number::{Parsed, grouped, parse};
use crate::schema::{Role, Schema};
use crate::suggestion::argument;
use crate::table::{Cells, Table};

/// Rows below which nothing is said: in a few rows anything is unique.
const FEWEST_ROWS: usize = 20;

/// Levels up to which a column of text has few.
const FEW_LEVELS: usize = 100;

/// What a column probably is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// No value stands twice, and they are texts or whole numbers with hardly a gap.
    Identifier,
    /// Text with so many levels that most have few rows.
    ManyLevels {
        /// How many there are.
        levels: usize,
    },
    /// Dates, or dates with a time of day.
    Dates(DateForm),
    /// Numbers with a comma between groups of three digits (`1,234,567.8`).
    GroupedNumbers,
    /// Numbers with a percent sign.
    Percentages,
}

/// How dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateForm {
    /// `2026-01-31` or `2026/01/31`, perhaps with `T12:30`, seconds and an offset behind.
    YearMonthDay,
    /// `31.01.2026` or `31/01/2026`.
    DayMonthYear,
    /// `01/31/2026`.
    MonthDayYear,
}

/// A finding and its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The column.
    pub column: String,
    /// What it probably is.
    pub finding: Finding,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let column = &self.column;
        match self.finding {
            Finding::Identifier => {
                write!(
                    formatter,
                    "`{column}` looks like an identifier: no value stands twice"
                )
            }
            Finding::ManyLevels { levels } => {
                write!(formatter, "`{column}` has {} levels", grouped(levels))
            }
            Finding::Dates(_) => {
                write!(
                    formatter,
                    "`{column}` holds dates, each of which is a level of its own"
                )
            }
            Finding::GroupedNumbers => write!(
                formatter,
                "`{column}` holds numbers with commas between digits, which are read as text"
            ),
            Finding::Percentages => write!(
                formatter,
                "`{column}` holds numbers with percent signs, which are read as text"
            ),
        }
    }
}

impl Notice {
    /// What to do next.
    pub fn remedy(&self) -> String {
        match self.finding {
            Finding::Identifier | Finding::ManyLevels { .. } => {
                format!("--drop {}", argument(&self.column))
            }
            Finding::Dates(_) => format!(
                "columns for year, month or weekday instead of `{}`",
                self.column
            ),
            Finding::GroupedNumbers => format!("write `{}` without the commas", self.column),
            Finding::Percentages => format!("write `{}` without the signs", self.column),
        }
    }
}

/// What is notable about the features of a table, in file order; nothing in tables of fewer than 20
/// rows.
///
/// # Examples
/// ```
/// use dataset::recognition::{Finding, notices};
/// use dataset::{CsvOptions, Input, SchemaOptions, read_table};
///
/// let rows: String = (0..30).map(|row| format!("{row},2026-01-{:02}\n", row % 9 + 1)).collect();
/// let input = Input::bytes("visits.csv", format!("id,day\n{rows}").into_bytes());
/// let (table, schema, _) =
///     read_table(&input, &CsvOptions::default(), &SchemaOptions::default())?;
/// let notices = notices(&table, &schema);
/// assert_eq!(notices[0].finding, Finding::Identifier);
/// assert_eq!(notices[0].remedy(), "--drop id");
/// assert!(matches!(notices[1].finding, Finding::Dates(_)));
/// # Ok::<(), dataset::ReadError>(())
/// ```
pub fn notices(table: &Table, schema: &Schema) -> Vec<Notice> {
    if table.rows() < FEWEST_ROWS {
        return Vec::new();
    }
    schema
        .with_role(Role::Feature)
        .filter_map(|described| {
            let column = table.column(&described.name)?;
            let finding = match &column.cells {
                Cells::Numeric(values) => is_numbering(values).then_some(Finding::Identifier),
                Cells::Text { codes, levels } => text(codes.len(), levels),
            }?;
            let column = described.name.clone();
            Some(Notice { column, finding })
        })
        .collect()
}

/// Whether whole numbers are all there, all different, and more than half of those in their range.
fn is_numbering(values: &[f64]) -> bool {
    if values.iter().any(|value| value.fract() != 0.0) {
        return false; // Also where a cell is missing: the fraction of NaN is NaN.
    }
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut seen = HashSet::with_capacity(values.len());
    most - least < 2.0 * values.len() as f64
        && values
            .iter()
            .all(|value| seen.insert((value + 0.0).to_bits()))
}

fn text(rows: usize, levels: &[String]) -> Option<Finding> {
    if levels.is_empty() {
        return None;
    }
    if let Some(form) = dates(levels) {
        return Some(Finding::Dates(form));
    }
    let percentage = |level: &String| {
        let number = level.strip_suffix('%').map(str::trim_end);
        number.is_some_and(|number| is_number(number.as_bytes()))
    };
    if levels.iter().all(percentage) {
        return Some(Finding::Percentages);
    }
    let groups: Option<Vec<Groups>> = levels.iter().map(|level| groups(level)).collect();
    // `1,234` alone may be a decimal comma.
    if groups.is_some_and(|groups| groups.contains(&Groups::Certain)) {
        return Some(Finding::GroupedNumbers);
    }
    if levels.len() == rows {
        return Some(Finding::Identifier);
    }
    let many = levels.len() > FEW_LEVELS && levels.len() > rows / 10;
    many.then_some(Finding::ManyLevels {
        levels: levels.len(),
    })
}

fn is_number(cell: &[u8]) -> bool {
    matches!(parse(cell), Parsed::Number(_))
}

/// What the commas of a number are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Groups {
    None,
    /// One comma, three digits behind it.
    Perhaps,
    /// Several commas, or a point behind them.
    Certain,
}

/// What the commas of a cell are, `None` when it is no number with commas at every third digit.
fn groups(cell: &str) -> Option<Groups> {
    if !cell.contains(',') {
        return is_number(cell.as_bytes()).then_some(Groups::None);
    }
    let unsigned = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = whole.split(',');
    let first = parts.next()?;
    let rest: Vec<&str> = parts.collect();
    let sound = digits(first)
        && (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && rest.iter().all(|part| part.len() == 3 && digits(part))
        && fraction.is_none_or(digits);
    let certain = rest.len() > 1 || fraction.is_some();
    sound.then_some(if certain {
        Groups::Certain
    } else {
        Groups::Perhaps
    })
}

/// How the dates are written, if all texts are dates and there is one way to read them all.
fn dates(levels: &[String]) -> Option<DateForm> {
    let forms = [
        DateForm::YearMonthDay,
        DateForm::DayMonthYear,
        DateForm::MonthDayYear,
    ];
    let mut fitting = forms
        .into_iter()
        .filter(|form| levels.iter().all(|level| is_date(level, *form)));
    // Where days and months cannot be told apart the first form, the more common one, is named.
    fitting.next()
}

fn is_date(text: &str, form: DateForm) -> bool {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let Some(separator) = date.chars().find(|c| !c.is_ascii_digit()) else {
        return false;
    };
    let fields: Vec<&str> = date.split(separator).collect();
    let number = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        (digits && lengths.contains(&text.len())).then(|| text.parse::<u32>().ok())?
    };
    let [first, second, third] = fields[..] else {
        return false;
    };
    let (year, month, day, separators) = match form {
        DateForm::YearMonthDay => (first, second, third, "-/"),
        DateForm::DayMonthYear => (third, second, first, "./-"),
        DateForm::MonthDayYear => (third, first, second, "/-"),
    };
    let (Some(year), Some(month), Some(day)) = (
        number(year, 4..=4),
        number(month, 1..=2),
        number(day, 1..=2),
    ) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    separators.contains(separator) && (1..=days).contains(&day) && time.is_none_or(is_time)
}

/// `12:30`, `12:30:59`, `12:30:59.5`, each perhaps with `Z` or an offset behind it.
fn is_time(text: &str) -> bool {
    let text = match text.strip_suffix('Z') {
        Some(text) => text,
        None => text.split_once(['+', '-']).map_or(text, |(time, _)| time),
    };
    let fields: Vec<&str> = text.split(':').collect();
    let below = |text: &str, limit: f64| {
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let long = text.len() == 2 || text.as_bytes().get(2) == Some(&b'.');
        plain && long && matches!(parse(text.as_bytes()), Parsed::Number(n) if n < limit)
    };
    let whole = |text: &str, limit: f64| text.len() == 2 && below(text, limit);
    match fields[..] {
        [hours, minutes] => whole(hours, 24.0) && whole(minutes, 60.0),
        // A leap second is the sixty-first.
        [hours, minutes, seconds] => {
            whole(hours, 24.0) && whole(minutes, 60.0) && below(seconds, 61.0)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
