//! Columns that are not what their cells look like: identifiers, row numbers, text with many levels,
//! numbers and dates written for people.
//!
//! What is certain is done and said; what only looks like it is said.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::date::DatePart;
use crate::notation::Notation;
use crate::number::grouped;
use crate::schema::Kind;
use crate::suggestion::argument;
use crate::table::{Cells, MISSING};

/// Rows below which nothing is said of identifiers: in a few rows anything is unique.
const FEWEST_ROWS: usize = 20;

/// Levels up to which a column of text has few.
const FEW_LEVELS: usize = 100;

/// Levels above which a column of text has many, however many rows there are.
const MANY_LEVELS: usize = 1000;

/// The share of texts that stand once in the table above which they name its rows.
const UNIQUE: f64 = 0.95;

/// What a column is, other than it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Finding {
    /// Texts of which nearly none stands twice, or whole numbers of which none does in a column
    /// that is named like an identifier. It is left out.
    Identifier,
    /// Whole numbers of which none stands twice, with hardly a gap: it may number the rows.
    Numbering,
    /// Text with more than 1,000 levels, or with more than 100 that have fewer than ten rows on
    /// average.
    ManyLevels {
        /// How many there are.
        levels: usize,
    },
    /// Numbers or dates that are not written as plain numbers; they are read as what they are.
    Written(Notation),
    /// Numbers or dates that can be read in two ways; they stay text.
    Ambiguous(Notation, Notation),
}

/// A finding and its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The column.
    pub column: String,
    /// What it is.
    pub finding: Finding,
    /// Of a date, what a model sees of it.
    pub parts: Vec<DatePart>,
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` {}", self.column, self.what())
    }
}

impl Notice {
    /// What is said of the column.
    pub(crate) fn what(&self) -> String {
        match self.finding {
            Finding::Identifier => "is left out: it looks like an identifier".to_owned(),
            Finding::Numbering => "may number the rows: no value stands twice".to_owned(),
            Finding::ManyLevels { levels } => format!("has {} levels", grouped(levels)),
            Finding::Written(notation) if notation.kind() == Kind::Date => {
                let parts: Vec<_> = self.parts.iter().map(|part| part.name()).collect();
                let parts = if parts.is_empty() {
                    "nothing, they are all the same".to_owned()
                } else {
                    parts.join(", ")
                };
                format!("holds dates, written like {notation}: a model sees {parts}")
            }
            Finding::Written(notation) => {
                format!("is read as numbers: {notation} as 1234.5")
            }
            Finding::Ambiguous(first, second) => {
                format!("stays text: it may be written like {first} or like {second}")
            }
        }
    }

    /// What to do about it, where a person disagrees or knows better.
    pub fn remedy(&self) -> String {
        let column = argument(&self.column);
        match self.finding {
            Finding::Identifier => format!("--keep {column}"),
            Finding::Numbering | Finding::ManyLevels { .. } => format!("--drop {column}"),
            Finding::Written(_) => format!("--categorical {column} to read it as text"),
            Finding::Ambiguous(first, _) => {
                format!("say notation = \"{first}\" in a schema file")
            }
        }
    }
}

/// Whether a feature is an identifier, or text that has many levels.
pub(crate) fn of_feature(name: &str, kind: Kind, cells: &Cells) -> Option<Finding> {
    if cells.len() < FEWEST_ROWS {
        return None;
    }
    match (kind, cells) {
        (Kind::Numeric, Cells::Numeric(values)) => of_numbers(name, values),
        // Two zeros are the same number.
        (Kind::Numeric, Cells::Sparse(cells)) if cells.len() - cells.stored() > 1 => None,
        (Kind::Numeric, Cells::Sparse(cells)) => of_numbers(name, &cells.to_dense()),
        (Kind::Categorical, Cells::Text { codes, levels }) => of_text(codes, levels),
        _ => None,
    }
}

fn of_text(codes: &[u32], levels: &[String]) -> Option<Finding> {
    if levels.len() < FEWEST_ROWS {
        return None;
    }
    let mut rows = vec![0_usize; levels.len()];
    let mut present = 0;
    for &code in codes.iter().filter(|&&code| code != MISSING) {
        rows[code as usize] += 1;
        present += 1;
    }
    let once = rows.iter().filter(|&&rows| rows == 1).count();
    if once as f64 > UNIQUE * f64::from(present) {
        return Some(Finding::Identifier);
    }
    let many = levels.len() > FEW_LEVELS.max(MANY_LEVELS.min(codes.len() / 10));
    many.then_some(Finding::ManyLevels {
        levels: levels.len(),
    })
}

/// Whole numbers that are all there and all different.
fn of_numbers(name: &str, values: &[f64]) -> Option<Finding> {
    // Also where a cell is missing: the fraction of NaN is NaN.
    if values.iter().any(|value| value.fract() != 0.0) {
        return None;
    }
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // More than half of the numbers in the range.
    let dense = most - least < 2.0 * values.len() as f64;
    let named = names_rows(name);
    if dense {
        let mut seen = vec![false; 2 * values.len()];
        let all_new = values.iter().all(|value| {
            // Whole, and less than the length.
            let place = usize::try_from((value - least) as i64).unwrap_or(usize::MAX);
            let place = seen.get_mut(place);
            place.is_some_and(|place| !std::mem::replace(place, true))
        });
        let finding = if named {
            Finding::Identifier
        } else {
            Finding::Numbering
        };
        return all_new.then_some(finding);
    }
    if !named {
        // Incomes are whole and different, too.
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
        .windows(2)
        .all(|pair| pair[0] < pair[1])
        .then_some(Finding::Identifier)
}

/// Whether a column is named as what numbers or names the rows: `id`, `userId`, `customer_id`,
/// `Unnamed: 0`.
fn names_rows(name: &str) -> bool {
    const WHOLE: [&str; 9] = [
        "index", "row", "rows", "rownum", "rowid", "rownames", "unnamed", "key", "nr",
    ];
    const PART: [&str; 5] = ["id", "uuid", "guid", "identifier", "rownumber"];
    let mut words: Vec<String> = Vec::new();
    let mut lower_before = false;
    for character in name.chars() {
        if !character.is_alphabetic() {
            lower_before = false;
            words.push(String::new());
            continue;
        }
        if words.is_empty() || (character.is_uppercase() && lower_before) {
            words.push(String::new());
        }
        lower_before = character.is_lowercase();
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    match &words[..] {
        [] => false,
        [word] => WHOLE.contains(&word.as_str()) || PART.contains(&word.as_str()),
        [first, .., last] => {
            let row = matches!(words[..], [ref row, ref number] if row == "row" && ["number", "names", "id", "index", "nr"].contains(&number.as_str()));
            row || PART.contains(&first.as_str()) || PART.contains(&last.as_str())
        }
    }
}

#[cfg(test)]
mod tests;
