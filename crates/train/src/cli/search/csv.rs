//! A search as a table: a line for each setting and penalty.

use std::fmt::Write as _;

use crate::search::report::SearchReport;

/// The table with its header, numbers with all their digits.
pub(super) fn table(report: &SearchReport) -> String {
    let settings: Vec<&String> = match report.trials.first() {
        Some(trial) => trial.settings.keys().collect(),
        None => Vec::new(),
    };
    let mut text = String::from("trial");
    for name in &settings {
        let _ = write!(text, ",{}", quoted(name));
    }
    text.push_str(",lambda,l1_ratio,mean,standard_error,nonzero,status,chosen");
    for fold in 1..=report.folds.sizes.len() {
        let _ = write!(text, ",fold_{fold}");
    }
    text.push('\n');
    for (number, trial) in report.trials.iter().enumerate() {
        for (at, score) in trial.scores.iter().enumerate() {
            let _ = write!(text, "{number}");
            for name in &settings {
                let value = trial.settings.get(*name).map_or("", String::as_str);
                let _ = write!(text, ",{}", quoted(value));
            }
            let chosen =
                (report.best.as_ref()).is_some_and(|best| best.trial == number && best.at == at);
            let _ = write!(
                text,
                ",{},{},{},{},{},{},{chosen}",
                score.lambda,
                trial.l1_ratio,
                cell(score.mean),
                cell(score.standard_error),
                cell(score.nonzero),
                score.status
            );
            for loss in &score.folds {
                let _ = write!(text, ",{}", cell(*loss));
            }
            text.push('\n');
        }
    }
    text
}

fn cell(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
