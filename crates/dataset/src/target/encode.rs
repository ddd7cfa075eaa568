//! From the cells of the target to the values that are predicted.

use super::classes::{self, Classes, Values};
use super::threshold::Threshold;
use super::{Target, TargetError, TargetOptions, TaskChoice};
use crate::table::{Cells, Column};

/// The target of rows in which it is not missing.
pub(super) fn encode(
    column: &Column,
    rows: &[usize],
    options: &TargetOptions,
) -> Result<Target, TargetError> {
    let name = || column.name.clone();
    if options.positive.is_some()
        && let task @ (TaskChoice::Multinomial | TaskChoice::Linear) = options.task
    {
        return Err(TargetError::PositiveOfAnotherTask { task });
    }
    let numbers = column.cells.numbers();
    if let (Some(values), Some(text)) = (&numbers, &options.positive)
        && let Some(threshold) = Threshold::parse(text)
    {
        return above_or_below(column, values, rows, threshold);
    }
    let numeric = numbers.is_some();
    let values = match (&column.cells, &numbers) {
        (Cells::Text { codes, levels }, _) => Values::Texts { codes, levels },
        (_, numbers) => Values::Numbers(numbers.as_deref().unwrap_or_default()),
    };
    let distinct = classes::distinct_at_most(values, rows, 2);
    if distinct == Some(1) {
        let value = column.cell(rows[0]).unwrap_or_default();
        return Err(TargetError::OneValue {
            column: name(),
            value,
        });
    }
    let linear = match options.task {
        TaskChoice::Linear => true,
        TaskChoice::Auto => numeric && distinct.is_none() && options.positive.is_none(),
        TaskChoice::Binary | TaskChoice::Multinomial => false,
    };
    if linear {
        let Some(values) = numbers else {
            return Err(TargetError::NotNumeric { column: name() });
        };
        return Ok(Target::Linear {
            values: rows.iter().map(|&row| values[row]).collect(),
        });
    }
    let Classes { labels, codes } = classes::classes(values, rows);
    let two = labels.len() == 2 && options.task != TaskChoice::Multinomial;
    if let Some(positive) = &options.positive {
        let positive = classes::find(column, &labels, positive)?;
        return Ok(classes::against_the_rest(labels, &codes, positive));
    }
    if two {
        let positive = classes::default_positive(&labels);
        return Ok(classes::against_the_rest(labels, &codes, positive));
    }
    if options.task == TaskChoice::Binary {
        return Err(TargetError::NotBinary {
            column: name(),
            values: labels.len(),
        });
    }
    if labels.len() > classes::MOST || 2 * labels.len() > rows.len() {
        let (classes, rows) = (labels.len(), rows.len());
        return Err(TargetError::TooManyClasses {
            column: name(),
            classes,
            rows,
        });
    }
    Ok(Target::Multinomial { labels, codes })
}

fn above_or_below(
    column: &Column,
    values: &[f64],
    rows: &[usize],
    threshold: Threshold,
) -> Result<Target, TargetError> {
    let holds = |&row: &usize| threshold.holds(values[row]);
    let labels = threshold.labels();
    let positive = rows.iter().filter(|row| holds(row)).count();
    if positive == 0 || positive == rows.len() {
        let [negative_label, positive_label] = labels;
        let value = if positive == 0 {
            negative_label
        } else {
            positive_label
        };
        return Err(TargetError::OneValue {
            column: column.name.clone(),
            value,
        });
    }
    let values = rows
        .iter()
        .map(|row| f64::from(u8::from(holds(row))))
        .collect();
    Ok(Target::Binary { labels, values })
}
