//! A line for each metric, a column for each part of the rows.

use std::fmt::Write as _;

use terminal::MARGIN;
use terminal::number::{count, significant};

use crate::report::{FitReport, Metrics};

pub(super) fn write(text: &mut String, report: &FitReport) {
    let parts: Vec<(&str, &Metrics)> = [
        ("fitted", &report.metrics.train),
        ("validation", &report.metrics.validation),
        ("test", &report.metrics.test),
    ]
    .into_iter()
    .filter_map(|(name, part)| part.as_ref().map(|part| (name, part)))
    .collect();
    text.push_str(&" ".repeat(MARGIN));
    for (name, _) in &parts {
        let _ = write!(text, "{name:>11}");
    }
    text.push('\n');
    let rows: Vec<Vec<(&str, Option<f64>)>> = parts.iter().map(|(_, part)| values(part)).collect();
    for index in 0..rows.first().map_or(0, Vec::len) {
        let _ = write!(text, "  {:width$}", rows[0][index].0, width = MARGIN - 2);
        for row in &rows {
            let value = row[index]
                .1
                .map_or_else(|| "undefined".to_owned(), |v| fixed(v, row[index].0));
            let _ = write!(text, "{value:>11}");
        }
        if let (true, Some((_, last))) = (rows[0][index].0 == "accuracy", parts.last()) {
            let (correct, all) = correct(last);
            let _ = write!(text, "   {} of {}", count(correct), count(all));
        }
        text.push('\n');
    }
}

/// Shares have four decimals, errors in the target's unit four digits.
fn fixed(value: f64, metric: &str) -> String {
    if matches!(metric, "MSE" | "RMSE" | "MAE") {
        significant(value, 5)
    } else {
        format!("{value:.4}")
    }
}

fn values(metrics: &Metrics) -> Vec<(&'static str, Option<f64>)> {
    match metrics {
        Metrics::Binary(report) => vec![
            ("log loss", Some(report.log_loss)),
            ("AUC", report.auc),
            ("accuracy", Some(report.accuracy)),
            ("Brier score", Some(report.brier)),
            ("precision", report.precision),
            ("recall", report.recall),
            ("F1", report.f1),
        ],
        Metrics::Multinomial(report) => vec![
            ("log loss", Some(report.log_loss)),
            ("AUC", report.auc),
            ("accuracy", Some(report.accuracy)),
            ("precision", report.macro_average.precision),
            ("recall", report.macro_average.recall),
            ("F1", report.macro_average.f1),
        ],
        Metrics::Linear(report) => vec![
            ("R²", report.r2),
            ("RMSE", Some(report.rmse)),
            ("MAE", Some(report.mae)),
        ],
    }
}

fn correct(metrics: &Metrics) -> (usize, usize) {
    match metrics {
        Metrics::Binary(report) => (report.correct, report.rows),
        Metrics::Multinomial(report) => (report.correct, report.rows),
        Metrics::Linear(_) => (0, 0),
    }
}
