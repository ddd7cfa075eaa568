//! A comparison as a picture: how long an evaluation takes, how long a fit, and how far off it ends.

use evaluate::picture::{DotPlot, Panel};
use terminal::number::{count, duration};

use super::text::name;
use crate::compare::CompareReport;
use crate::compare::report::Measured;

/// Characters of a caption's line.
const WIDTH: usize = 120;

pub(super) fn draw(report: &CompareReport) -> String {
    let panel = |title: &str, number: fn(&Measured) -> Option<f64>, words: fn(f64) -> String| {
        let found: Vec<Option<f64>> = report
            .comparison
            .iter()
            .map(|line| line.measured.as_ref().and_then(number))
            .collect();
        let labels = report.comparison.iter().zip(&found);
        Panel {
            title: title.to_owned(),
            labels: labels
                .map(|(line, value)| match value {
                    Some(value) => words(*value),
                    None if line.measured.is_some() => "no certified fit".to_owned(),
                    None => "not measured".to_owned(),
                })
                .collect(),
            values: found,
            ticks: words,
            reference: None,
        }
    };
    let mut evaluation = panel(
        "one evaluation",
        |found| Some(found.evaluation.median_seconds),
        duration,
    );
    evaluation.reference = Some((report.read_seconds, "one read of the rows".to_owned()));
    let fit = panel(
        "a fit",
        |found| Some(found.fit.time.median_seconds),
        duration,
    );
    let error = panel(
        "its largest coefficient error",
        |found| found.fit.coefficient_difference,
        |value| format!("{value:.0e}"),
    );
    DotPlot {
        title: format!(
            "{}: {} rows × {} columns in {}, {}",
            report.table.name,
            count(report.rows),
            count(report.columns),
            report.precision,
            report.solver
        ),
        caption: wrapped(&report.explanation),
        rows: report.comparison.iter().map(name).collect(),
        panels: vec![evaluation, fit, error],
    }
    .to_svg()
}

/// Lines of about the picture's width.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
