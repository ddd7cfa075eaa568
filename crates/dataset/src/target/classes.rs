//! The distinct values of a target as classes.

use super::threshold::Threshold;
use super::{Target, TargetError};
use crate::number::{Parsed, parse, text};
use crate::suggestion::nearest;
use crate::table::{Cells, Column};

/// More classes than this are not classes.
pub(super) const MOST: usize = 100;

/// Affirmative labels and their opposites, in lower case.
const OPPOSITES: [[&str; 2]; 5] = [
    ["1", "0"],
    ["true", "false"],
    ["yes", "no"],
    ["y", "n"],
    ["t", "f"],
];

/// Labels in code-point order, and for each row the position of its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Classes {
    pub(super) labels: Vec<String>,
    pub(super) codes: Vec<u32>,
}

/// The cells of a target.
#[derive(Debug, Clone, Copy)]
pub(super) enum Values<'a> {
    Numbers(&'a [f64]),
    Texts {
        codes: &'a [u32],
        levels: &'a [String],
    },
}

/// How many distinct values these rows have, if that is not more than `most`.
pub(super) fn distinct_at_most(cells: Values<'_>, rows: &[usize], most: usize) -> Option<usize> {
    let mut seen = Vec::with_capacity(most);
    for &row in rows {
        let value = match cells {
            // Adding 0 makes 0 of -0.
            Values::Numbers(values) => (values[row] + 0.0).to_bits(),
            Values::Texts { codes, .. } => u64::from(codes[row]),
        };
        if !seen.contains(&value) {
            if seen.len() == most {
                return None;
            }
            seen.push(value);
        }
    }
    Some(seen.len())
}

/// The classes of rows in which no cell is missing.
pub(super) fn classes(cells: Values<'_>, rows: &[usize]) -> Classes {
    match cells {
        Values::Texts { codes, levels } => {
            let mut used: Vec<u32> = rows.iter().map(|&row| codes[row]).collect();
            used.sort_unstable();
            used.dedup();
            used.sort_by(|&a, &b| levels[a as usize].cmp(&levels[b as usize]));
            let mut positions = vec![0; levels.len()];
            for (position, &code) in used.iter().enumerate() {
                positions[code as usize] = position as u32;
            }
            Classes {
                labels: used
                    .iter()
                    .map(|&code| levels[code as usize].clone())
                    .collect(),
                codes: rows
                    .iter()
                    .map(|&row| positions[codes[row] as usize])
                    .collect(),
            }
        }
        Values::Numbers(values) => {
            let value = |&row: &usize| values[row] + 0.0;
            let mut distinct: Vec<f64> = rows.iter().map(value).collect();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            let mut order: Vec<(String, usize)> =
                distinct.iter().map(|&value| text(value)).zip(0..).collect();
            order.sort();
            let mut positions = vec![0; distinct.len()];
            for (position, (_, number)) in order.iter().enumerate() {
                positions[*number] = position as u32;
            }
            let code = |row: &usize| {
                let wanted = value(row);
                positions[distinct.partition_point(|&number| number < wanted)]
            };
            Classes {
                codes: rows.iter().map(code).collect(),
                labels: order.into_iter().map(|(label, _)| label).collect(),
            }
        }
    }
}

/// The positive one of two labels in code-point order.
pub(super) fn default_positive(labels: &[String]) -> usize {
    let same = |label: &String, text: &str| label.eq_ignore_ascii_case(text);
    OPPOSITES
        .iter()
        .find_map(|[yes, no]| {
            let positive = labels.iter().position(|label| same(label, yes))?;
            labels
                .iter()
                .any(|label| same(label, no))
                .then_some(positive)
        })
        .unwrap_or(1)
}

/// The label that a person named as positive.
pub(super) fn find(
    column: &Column,
    labels: &[String],
    positive: &str,
) -> Result<usize, TargetError> {
    let numeric = !matches!(column.cells, Cells::Text { .. });
    let same = |label: &String| label == positive || (numeric && same_number(label, positive));
    let found = labels.iter().position(same).or_else(|| {
        // Booleans are read in lower case; other labels that differ only in case stay apart.
        let lower = positive.trim().to_lowercase();
        let spelled = OPPOSITES.iter().flatten().any(|text| *text == lower);
        labels.iter().position(|label| spelled && *label == lower)
    });
    found.ok_or_else(|| {
        let (column_name, positive) = (column.name.clone(), positive.to_owned());
        if Threshold::parse(&positive).is_some() {
            return TargetError::ThresholdOnText {
                column: column_name,
                threshold: positive,
            };
        }
        TargetError::UnknownPositive {
            column: column_name,
            nearest: nearest(&positive, labels.iter().map(String::as_str)).map(str::to_owned),
            positive,
            labels: labels.to_vec(),
        }
    })
}

fn same_number(label: &str, other: &str) -> bool {
    let number = |text: &str| match parse(text.trim().as_bytes()) {
        Parsed::Number(value) => Some(value),
        Parsed::NotFinite | Parsed::Word => None,
    };
    number(label).is_some_and(|value| number(other) == Some(value))
}

/// One class as positive, all others as negative.
pub(super) fn against_the_rest(mut labels: Vec<String>, codes: &[u32], positive: usize) -> Target {
    let values = codes
        .iter()
        .map(|&code| f64::from(u8::from(code as usize == positive)))
        .collect();
    let two = labels.len() == 2;
    let positive_label = labels.swap_remove(positive);
    let negative_label = match labels.pop() {
        Some(other) if two => other,
        _ => format!("not {positive_label}"),
    };
    Target::Binary {
        labels: [negative_label, positive_label],
        values,
    }
}
