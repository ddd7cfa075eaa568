//! The summary of a fit for people, 80 columns wide.

mod coefficients;
mod diagnosis;
mod metrics;

use std::collections::HashMap;
use std::fmt::Write as _;

use model::Task;
use model::file::Penalty;
use solver::{Basis, Status};
use terminal::line;
use terminal::number::{bound, count, counted, duration, plain, significant};

use crate::report::{Dropped, FitReport};
use crate::run;

/// Columns left out for one reason that have a line each.
const TOGETHER: usize = 10;

/// Columns that are named where more are left out for one reason.
const NAMED: usize = 3;

pub(super) fn summary(report: &FitReport) -> String {
    let mut text = String::new();
    for (name, content) in [
        (report.table.name.as_str(), table(report)),
        ("fit on", split(report)),
        ("how", how(report)),
        ("penalty", penalty(&report.penalty, report.standardized)),
    ] {
        text.push_str(&line(name, &content));
    }
    for note in &report.notes {
        text.push_str(&line("note", note));
    }
    for dropped in dropped(&report.dropped) {
        text.push_str(&line("dropped", &dropped));
    }
    text.push('\n');
    text.push_str(&outcome(report));
    text
}

/// How the fit ended, what it found, and where that was written.
pub(super) fn outcome(report: &FitReport) -> String {
    let mut text = String::new();
    text.push_str(&line(&report.status.to_string(), &ended(report)));
    diagnosis::write(&mut text, report);
    if report.status == Status::Separated {
        text.push_str(&line(
            "coefficients",
            "not shown: they grow for as long as the fit runs",
        ));
    } else {
        text.push_str(&line("certificate", &certificate(report)));
        sparsity(&mut text, report);
        text.push('\n');
        coefficients::write(&mut text, report);
    }
    text.push('\n');
    metrics::write(&mut text, report);
    text.push('\n');
    if let Some(out) = &report.out {
        let files = format!(
            "{out} ({}, {}, {})",
            run::MODEL,
            run::MANIFEST,
            run::HISTORY
        );
        text.push_str(&line("wrote", &files));
        let newest = out.starts_with(run::RUNS);
        let model = if newest {
            format!("{}/latest", run::RUNS)
        } else {
            out.clone()
        };
        let next = format!("cargo run --release -p infer -- predict {model} TABLE.csv");
        text.push_str(&line("next", &next));
    }
    text
}

/// The columns that were left out, together where many have the same reason.
fn dropped(columns: &[Dropped]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for Dropped { name, reason } in columns {
        let place = *places.entry(reason).or_insert(reasons.len());
        if place == reasons.len() {
            reasons.push((reason, Vec::new()));
        }
        reasons[place].1.push(name);
    }
    let all = |(reason, names): &(&str, Vec<&str>)| -> Vec<String> {
        if names.len() <= TOGETHER {
            return names
                .iter()
                .map(|name| format!("{name}: {reason}"))
                .collect();
        }
        let more = counted(names.len() - NAMED, "column");
        vec![format!(
            "{} and {more} more: each {reason}",
            names[..NAMED].join(", ")
        )]
    };
    reasons.iter().flat_map(all).collect()
}

/// `a`, `a and b`, or `a, b and c`.
fn enumerated(parts: &[String]) -> String {
    match parts {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => parts.concat(),
    }
}

fn table(report: &FitReport) -> String {
    let table = &report.table;
    let kinds: Vec<String> = [
        (table.numeric, "numeric"),
        (table.categorical, "categorical"),
        (table.dates, "date"),
    ]
    .iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, kind)| format!("{number} {kind}"))
    .collect();
    let plural = if table.numeric + table.categorical + table.dates == 1 {
        ""
    } else {
        "s"
    };
    let classes: Vec<String> = report
        .labels
        .iter()
        .zip(&table.counts)
        .map(|(label, number)| format!("{label} {}", count(*number)))
        .collect();
    let target = match report.task {
        Task::Binary => {
            let [negative, positive] = classes.as_slice() else {
                return String::new();
            };
            format!("{positive}, {negative}")
        }
        Task::Multinomial => classes.join(", "),
        _ => "a number".to_owned(),
    };
    format!(
        "{}, {} column{plural} -> {} ({target})",
        counted(table.rows, "row"),
        enumerated(&kinds),
        table.target,
    )
}

fn split(report: &FitReport) -> String {
    let rows = &report.rows;
    let mut text = counted(rows.train, "row");
    let stratified = if report.task == Task::Linear {
        ""
    } else {
        "stratified, "
    };
    let held: Vec<String> = [(rows.validation, "to validate"), (rows.test, "to test")]
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, purpose)| format!("{} {purpose}", count(*number)))
        .collect();
    if held.is_empty() {
        text.push_str(", none held out");
    } else {
        let _ = write!(
            text,
            "; held out: {} ({stratified}seed {})",
            held.join(", "),
            report.seed
        );
    }
    text
}

fn how(report: &FitReport) -> String {
    let mut text = format!(
        "{} ({}), {} gradient, {} {} ({})",
        report.solver,
        report.solver_reason,
        report.gradient,
        report.backend,
        report.precision,
        report.backend_reason
    );
    if let Some(fill) = report.design.fill {
        let _ = write!(
            text,
            "; sparse rows of {} ({}% filled)",
            counted(report.design.columns, "column"),
            significant(100.0 * fill, 2)
        );
    }
    if let Some(stochastic) = &report.stochastic {
        let _ = write!(
            text,
            "; {}, batches of {}, learning rate {}, {}",
            counted(stochastic.settings.epochs, "epoch"),
            count(stochastic.settings.batch_size),
            significant(stochastic.settings.learning_rate, 3),
            stochastic.settings.pace.schedule.name()
        );
    }
    text
}

/// The penalty in both conventions.
pub(super) fn penalty(penalty: &Penalty, standardized: bool) -> String {
    let scale = if standardized {
        "standardised"
    } else {
        "on their own scales"
    };
    format!("{}, columns {scale}", weight(penalty))
}

/// The penalty's kind and weight in both conventions.
pub(super) fn weight(penalty: &Penalty) -> String {
    let Some(c) = penalty.c else {
        return "none".to_owned();
    };
    let ratio = plain(penalty.l1_ratio);
    let (kind, theirs) = if penalty.l1_ratio <= 0.0 {
        ("L2".to_owned(), String::new())
    } else if penalty.l1_ratio >= 1.0 {
        ("L1".to_owned(), String::new())
    } else {
        let kind = format!("elastic net, L1 ratio {ratio}");
        (kind, format!(", l1_ratio = {ratio}"))
    };
    format!(
        "{kind}, lambda {} (scikit-learn C = {}{theirs})",
        significant(penalty.lambda, 2),
        plain(c)
    )
}

fn ended(report: &FitReport) -> String {
    if let Some(separation) = &report.diagnosis.separation {
        let part = if separation.complete { "all" } else { "some" };
        return format!(
            "no finite coefficients exist without a penalty: a combination of columns tells the \
             classes apart on {part} rows ({} of {})",
            count(separation.rows),
            count(report.rows.train)
        );
    }
    let noun = if report.stochastic.is_some() {
        "epoch"
    } else {
        "iteration"
    };
    let mut text = counted(report.iterations, noun);
    if report.sample_steps > 0 {
        let steps = counted(report.sample_steps, "step");
        let _ = write!(text, " after {steps} on a sample");
    }
    let _ = write!(text, ", {}", duration(report.seconds.fit));
    if let Some(condition) = report.condition_number {
        let _ = write!(text, "; condition number {}", significant(condition, 2));
    }
    if let Some(detail) = &report.detail {
        let _ = write!(text, "; {detail}");
    }
    text
}

/// What an L1 penalty made of the coefficients, and how near the objective is to its minimum.
fn sparsity(text: &mut String, report: &FitReport) {
    let (Some(zeros), Some(gap)) = (report.zero_coefficients, &report.duality_gap) else {
        return;
    };
    let words = match (gap.gap, &gap.reason) {
        (Some(gap), _) => format!(
            "the objective is no more than {} above its minimum",
            bound(gap)
        ),
        (None, Some(reason)) => format!("none: {reason}"),
        (None, None) => "none".to_owned(),
    };
    text.push_str(&line("duality gap", &words));
    let words = format!(
        "{} of {} are exactly zero",
        count(zeros),
        counted(report.coefficients.len(), "coefficient")
    );
    text.push_str(&line("zeros", &words));
}

fn certificate(report: &FitReport) -> String {
    let certificate = &report.certificate;
    let stochastic = report.stochastic.is_some();
    let way = if stochastic {
        "; --solver newton gets there"
    } else {
        ""
    };
    let weaker = match certificate.basis {
        Basis::Curvature => "",
        Basis::SampledCurvature => " (by the curvature of some rows, a weaker bound)",
        Basis::Penalty => " (by the penalty alone, a weak bound)",
    };
    let gap = report.duality_gap.as_ref();
    let probability = gap.and_then(|gap| gap.probability_error);
    let score = gap.and_then(|gap| gap.score_error);
    match (
        certificate.probability_error.or(probability),
        certificate.score_error.or(score),
    ) {
        (Some(error), _) => format!(
            "no fitted probability is more than {} from the optimum{weaker}{way}",
            bound(error)
        ),
        (None, Some(error)) => {
            format!(
                "no fitted value is more than {} from the optimum{weaker}{way}",
                bound(error)
            )
        }
        (None, None) => match (certificate.newton_decrement, stochastic) {
            // Half the squared decrement is what a Newton step promises to gain.
            (Some(decrement), true) => format!(
                "none yet: by its curvature here the objective, {}, is about {} above the optimum's{way}",
                significant(report.objective, 5),
                significant(0.5 * decrement * decrement, 1)
            ),
            _ => format!(
                "none: {}",
                certificate
                    .reason
                    .as_deref()
                    .unwrap_or("the optimum is too far to measure")
            ),
        },
    }
}
