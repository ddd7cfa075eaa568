//! The largest coefficients on the standardised scale.

use std::fmt::Write as _;

use model::Task;
use terminal::number::significant;

use crate::report::{Coefficient, FitReport};

/// Coefficients shown; the rest is in the model file.
const SHOWN: usize = 10;
/// Classes shown side by side.
const CLASSES: usize = 4;

pub(super) fn write(text: &mut String, report: &FitReport) {
    if report.task == Task::Multinomial {
        return by_class(text, report);
    }
    let mut sorted: Vec<&Coefficient> = report.coefficients.iter().collect();
    sorted.sort_by(|a, b| b.standardized.abs().total_cmp(&a.standardized.abs()));
    let odds = report.task == Task::Binary;
    let heading = if odds { "odds ratio per sd" } else { "" };
    let heading = format!("{:24}{:>12}{:>11}{heading:>20}", "", "per unit", "per sd");
    let _ = writeln!(text, "{}", heading.trim_end());
    let shown = of_interest(sorted.len(), |at| sorted[at].standardized);
    for one in &sorted[..shown] {
        let ratio = if odds {
            significant(one.standardized.exp(), 4)
        } else {
            String::new()
        };
        let estimate = significant(one.estimate, 4);
        let scaled = signed(one.standardized);
        let row = format!("{}{estimate:>12}{scaled:>11}{ratio:>20}", name(&one.name));
        let _ = writeln!(text, "{}", row.trim_end());
    }
    more(text, sorted.len() - shown, report.out.as_deref());
    if let Some(intercept) = report.intercept {
        let _ = writeln!(
            text,
            "{}{:>12}",
            name("intercept"),
            significant(intercept, 4)
        );
    }
}

/// One column for each class, on the standardised scale.
fn by_class(text: &mut String, report: &FitReport) {
    let classes = report.labels.len();
    let columns = report.coefficients.len() / classes.max(1);
    let of = |column: usize, class: usize| &report.coefficients[class * columns + column];
    let largest = |column: usize| {
        (0..classes)
            .map(|class| of(column, class).standardized.abs())
            .fold(0.0, f64::max)
    };
    let mut sorted: Vec<usize> = (0..columns).collect();
    sorted.sort_by(|&a, &b| largest(b).total_cmp(&largest(a)));
    let rows = of_interest(columns, |at| largest(sorted[at]));
    let shown = classes.min(CLASSES);
    let _ = write!(text, "{:24}", "per sd");
    for label in &report.labels[..shown] {
        let _ = write!(text, "{:>14}", shorten(label, 13));
    }
    text.push('\n');
    for &column in &sorted[..rows] {
        text.push_str(&name(&of(column, 0).name));
        for class in 0..shown {
            let _ = write!(text, "{:>14}", signed(of(column, class).standardized));
        }
        text.push('\n');
    }
    more(text, columns - rows, report.out.as_deref());
    if !report.intercepts.is_empty() {
        text.push_str(&name("intercept"));
        for intercept in &report.intercepts[..shown] {
            let _ = write!(text, "{:>14}", signed(intercept.standardized));
        }
        text.push('\n');
    }
    if classes > shown {
        let _ = writeln!(text, "  {} more classes: --format json", classes - shown);
    }
}

/// How many of the coefficients, largest first, are shown: an L1 penalty's zeros are counted elsewhere.
fn of_interest(all: usize, size: impl Fn(usize) -> f64) -> usize {
    (0..all.min(SHOWN))
        .take_while(|&at| size(at) != 0.0)
        .count()
}

fn more(text: &mut String, left: usize, out: Option<&str>) {
    if left > 0 {
        let place = if out.is_some() {
            "infer inspect"
        } else {
            "--format json"
        };
        let _ = writeln!(
            text,
            "  {:22}{:>43}",
            "...",
            format!("{left} more: {place}")
        );
    }
}

/// A name in a column of 24.
fn name(name: &str) -> String {
    format!("  {:22}", shorten(name, 21))
}

fn shorten(name: &str, width: usize) -> String {
    if name.chars().count() <= width {
        return name.to_owned();
    }
    let kept: String = name.chars().take(width - 1).collect();
    format!("{kept}…")
}

fn signed(value: f64) -> String {
    let sign = if value < 0.0 { "" } else { "+" };
    format!("{sign}{}", significant(value, 4))
}
