//! A search for people, 80 columns wide.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use solver::Rule;
use terminal::number::{count, counted, duration, plain, significant};
use terminal::{MARGIN, line};

use crate::cli::summary;
use crate::search::report::{BestReport, NestedReport, SearchReport, TrialReport};

/// Penalties of a path that are shown.
const SHOWN: usize = 12;
/// Combinations that are shown.
const TRIALS: usize = 20;

pub(super) fn search(report: &SearchReport) -> String {
    let mut text = String::new();
    text.push_str(&line(&report.table.name, &problem(report)));
    text.push_str(&line("folds", &folds(report)));
    text.push_str(&line("tried", &tried(report)));
    let notes = report.fit.as_ref().map_or(&report.notes, |fit| &fit.notes);
    for note in notes {
        text.push_str(&line("note", note));
    }
    if report.folds.unseen > 0 {
        let rows = counted(report.folds.unseen, "row");
        let words = format!("{rows} held out with a level that no row fitted on has");
        text.push_str(&line("note", &words));
    }
    text.push('\n');
    if report.trials.len() > 1 {
        combinations(&mut text, report);
        text.push('\n');
    }
    let best = report.best.as_ref();
    let trial = best.and_then(|best| report.trials.get(best.trial));
    if let (Some(best), Some(trial)) = (best, trial) {
        if trial.path {
            penalties(&mut text, report, trial, best.at);
            text.push('\n');
        }
        text.push_str(&line("best", &chosen(report, best, trial)));
        if trial.scores[best.at].nonzero == Some(0) {
            let words = "every coefficient is zero: no column was seen to help on rows held out";
            text.push_str(&line("note", words));
        }
        if best.at_edge {
            let words = "it is the first or the last of its path: a better one may lie beyond";
            text.push_str(&line("note", words));
        }
    } else {
        text.push_str(&line("best", &none(report)));
    }
    if let Some(nested) = &report.nested {
        text.push_str(&line("nested", &estimate(report, nested)));
    }
    if report.interrupted {
        let words = "what was fitted so far is above; nothing was saved";
        text.push_str(&line("interrupted", words));
    }
    if let Some(fit) = &report.fit {
        text.push('\n');
        text.push_str(&summary::outcome(fit));
    }
    for (name, file) in [("picture", &report.picture), ("table", &report.csv)] {
        if let Some(file) = file {
            text.push_str(&line(name, file));
        }
    }
    text
}

fn problem(report: &SearchReport) -> String {
    let mut text = format!(
        "{} -> {} ({})",
        counted(report.rows, "row"),
        report.table.target,
        report.task.name()
    );
    if report.test > 0 {
        let _ = write!(text, "; {} more held out to test", count(report.test));
    }
    text
}

/// How rows are held out.
pub(super) fn folds(report: &SearchReport) -> String {
    let folds = &report.folds;
    let column = folds.column.as_deref().unwrap_or_default();
    let how = match folds.kind {
        "grouped" => format!("rows of one {column} together"),
        "ordered" => format!("each later by {column} than what it is fitted on"),
        kind => kind.to_owned(),
    };
    let (least, most) = (folds.sizes.iter().min(), folds.sizes.iter().max());
    let sizes = match (least, most) {
        (Some(least), Some(most)) if least < most => {
            format!("{} to {}", count(*least), count(*most))
        }
        (Some(size), _) => count(*size),
        _ => "no".to_owned(),
    };
    format!(
        "{}, {how}: {sizes} rows held out in each",
        counted(folds.sizes.len(), "fold")
    )
}

fn tried(report: &SearchReport) -> String {
    let paths: Vec<&TrialReport> = report.trials.iter().filter(|trial| trial.path).collect();
    let mut text = match (report.trials.as_slice(), paths.as_slice()) {
        ([one], [_]) => {
            let kind = match one.l1_ratio {
                0.0 => "ridge".to_owned(),
                1.0 => "lasso".to_owned(),
                ratio => format!("elastic net (L1 ratio {})", plain(ratio)),
            };
            let ends = one.scores.first().zip(one.scores.last());
            let range = ends.map_or_else(String::new, |(first, last)| {
                format!(
                    " from {} to {}",
                    significant(first.lambda, 2),
                    significant(last.lambda, 2)
                )
            });
            format!("{kind}: {}{range}", counted(one.scores.len(), "lambda"))
        }
        ([_], _) => "one penalty".to_owned(),
        (trials, []) => counted(trials.len(), "combination"),
        (trials, _) => {
            let longest = trials.iter().map(|trial| trial.scores.len()).max();
            format!(
                "{}, each with a path of up to {}",
                counted(trials.len(), "combination"),
                counted(longest.unwrap_or(0), "lambda")
            )
        }
    };
    let _ = write!(
        text,
        "; {} in {} ({})",
        counted(report.fits, "fit"),
        duration(report.seconds.search),
        counted(report.threads, "thread")
    );
    text
}

/// Settings as they are typed.
pub(super) fn describe(settings: &BTreeMap<String, String>) -> String {
    let words: Vec<String> = settings
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    words.join(" ")
}

/// A line for each combination, the best first.
fn combinations(text: &mut String, report: &SearchReport) {
    let least = |trial: &TrialReport| {
        let score = &trial.scores[trial.minimum?];
        Some((score.mean?, score.standard_error, score.lambda))
    };
    let mut order: Vec<_> = report
        .trials
        .iter()
        .map(|trial| (trial, least(trial)))
        .collect();
    order.sort_by(|a, b| {
        let key = |found: &Option<(f64, Option<f64>, f64)>| found.map_or(f64::INFINITY, |f| f.0);
        key(&a.1).total_cmp(&key(&b.1))
    });
    let _ = writeln!(
        text,
        "{:>13}{:>11}{:>11}   setting",
        report.loss, "std error", "lambda"
    );
    for (trial, found) in order.iter().take(TRIALS) {
        let settings = describe(&trial.settings);
        let row = if let Some((mean, error, lambda)) = found {
            format!(
                "{:>13}{:>11}{:>11}   {settings}",
                significant(*mean, 5),
                error.map_or_else(|| "-".to_owned(), |error| significant(error, 2)),
                significant(*lambda, 2)
            )
        } else {
            let status = trial.scores.first().map(|score| score.status.to_string());
            format!("{:>35}   {settings}", status.unwrap_or_default())
        };
        let _ = writeln!(text, "{row}");
    }
    let more = order.len().saturating_sub(TRIALS);
    if more > 0 {
        let _ = writeln!(text, "{:>13} more: --csv FILE.csv has all", count(more));
    }
}

/// Some penalties of a path, the chosen ones among them.
fn penalties(text: &mut String, report: &SearchReport, trial: &TrialReport, chosen: usize) {
    let scores = &trial.scores;
    let last = scores.len().saturating_sub(1);
    let every = (scores.len() / SHOWN).max(1);
    let mut shown: BTreeSet<usize> = (0..scores.len()).step_by(every).collect();
    shown.extend([last, chosen]);
    shown.extend(trial.minimum);
    shown.extend(trial.one_standard_error);
    let _ = writeln!(
        text,
        "{:MARGIN$}{:>11}{:>16}{:>12}{:>10}",
        "", "lambda", report.loss, "std error", "nonzero"
    );
    for at in shown {
        let Some(score) = scores.get(at) else {
            continue;
        };
        let mut marks = Vec::new();
        if trial.minimum == Some(at) {
            marks.push("min");
        }
        if trial.one_standard_error == Some(at) {
            marks.push("1se");
        }
        let found = match score.mean {
            Some(mean) => format!(
                "{:>16}{:>12}",
                significant(mean, 5),
                score
                    .standard_error
                    .map_or_else(|| "-".to_owned(), |error| significant(error, 2))
            ),
            None => format!("{:>28}", score.status.to_string()),
        };
        let nonzero = score.nonzero.map_or_else(|| "-".to_owned(), count);
        let row = format!(
            "{:MARGIN$}{:>11}{found}{nonzero:>10}   {}",
            "",
            significant(score.lambda, 3),
            marks.join(", ")
        );
        let _ = writeln!(text, "{}", row.trim_end());
    }
}

fn chosen(report: &SearchReport, best: &BestReport, trial: &TrialReport) -> String {
    let settings = describe(&trial.settings);
    let mut text = String::new();
    if !settings.is_empty() {
        let _ = write!(text, "{settings}; ");
    }
    let _ = write!(text, "lambda {}", significant(best.penalty.lambda, 3));
    if let Some(c) = best.penalty.c {
        let _ = write!(text, " (scikit-learn C = {})", plain(c));
    }
    if let Some(mean) = best.mean {
        let _ = write!(text, ", {} {}", report.loss, significant(mean, 5));
    }
    if let Some(error) = best.standard_error {
        let _ = write!(text, " ± {}", significant(error, 2));
    }
    if trial.path {
        text.push_str(match report.rule {
            Rule::Minimum => " (the least)",
            Rule::OneStandardError => " (within one standard error of the least)",
        });
    }
    text
}

fn none(report: &SearchReport) -> String {
    let failed = report.trials.iter().flat_map(|trial| &trial.scores);
    let why = failed.map(|score| score.status).next();
    match why {
        Some(status) => format!("none: no setting has a loss in every fold ({status})"),
        None => "none: nothing was tried".to_owned(),
    }
}

fn estimate(report: &SearchReport, nested: &NestedReport) -> String {
    let count = counted(nested.folds.len(), "outer fold");
    let Some(mean) = nested.mean else {
        return format!("none: a search inside one of {count} found nothing");
    };
    let error = nested
        .standard_error
        .map_or_else(String::new, |error| format!(" ± {}", significant(error, 2)));
    format!(
        "{} {}{error} over {count} whose rows their search did not see: what to expect of the \
         search, not flattered by its choice",
        report.loss,
        significant(mean, 5)
    )
}
