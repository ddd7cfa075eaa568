//! A comparison for people, 80 columns wide.

use std::fmt::Write as _;

use terminal::number::{bound, count, counted, duration, significant};
use terminal::{MARGIN, line};

use crate::cli::summary;
use crate::compare::CompareReport;
use crate::compare::report::{Formulation, Line, Measured};

pub(super) fn comparison(report: &CompareReport) -> String {
    let mut text = String::new();
    for (name, content) in [
        (report.table.name.as_str(), problem(report)),
        (
            "penalty",
            summary::penalty(&report.penalty, report.standardized),
        ),
        ("compared with", certified(report)),
        ("one read", read_once(report)),
    ] {
        text.push_str(&line(name, &content));
    }
    for note in &report.notes {
        text.push_str(&line("note", note));
    }
    text.push('\n');
    table(&mut text, report);
    text.push('\n');
    gradients(&mut text, report);
    if !report.textbook.formulations.is_empty() {
        text.push('\n');
        formulations(&mut text, report);
    }
    text.push('\n');
    text.push_str(&line("so", &report.explanation));
    if let Some(picture) = &report.picture {
        text.push_str(&line("wrote", picture));
    }
    text
}

fn problem(report: &CompareReport) -> String {
    format!(
        "{}, {} -> {} ({}); {} in {}, {}",
        counted(report.rows, "row"),
        counted(report.columns, "column"),
        report.table.target,
        report.task.name(),
        report.solver,
        report.precision,
        counted(report.threads, "thread"),
    )
}

fn certified(report: &CompareReport) -> String {
    let certified = &report.certified;
    let mut text = format!(
        "the host's fit on f64 rows: {}, {}, {}",
        certified.status,
        counted(certified.iterations, "iteration"),
        duration(certified.seconds)
    );
    let certificate = &certified.certificate;
    let (what, error) = match (certificate.probability_error, certificate.score_error) {
        (Some(error), _) => ("probability", Some(error)),
        (None, error) => ("value", error),
    };
    if let Some(error) = error {
        let _ = write!(
            text,
            "; no fitted {what} is more than {} from the optimum",
            bound(error)
        );
    } else if let Some(reason) = certified.detail.as_ref().or(certificate.reason.as_ref()) {
        let _ = write!(text, "; {reason}");
    }
    text
}

fn read_once(report: &CompareReport) -> String {
    let bytes = if report.precision == "f64" { 8 } else { 4 };
    let megabytes = (report.rows * report.columns * bytes) as f64 / 1e6;
    format!(
        "of the design matrix ({} MB) takes {}",
        significant(megabytes, 3),
        duration(report.read_seconds)
    )
}

/// Two halves of a line: an evaluation, and a fit.
fn table(text: &mut String, report: &CompareReport) {
    let heading = format!("{:MARGIN$}{:^23}{:^41}", "", "evaluation", "fit");
    let _ = writeln!(text, "{}", heading.trim_end());
    let _ = writeln!(
        text,
        "{:MARGIN$}{:>8}{:>8}{:>7}{:>8}{:>6}{:>10}{:>9}{:>8}",
        "", "time", "one row", "error", "time", "steps", "objective", "gradient", "error"
    );
    for one in &report.comparison {
        let name = name(one);
        if let Some(found) = &one.measured {
            let _ = writeln!(text, "{name:MARGIN$}{}", figures(found));
            continue;
        }
        let reason = one.reason.as_deref().unwrap_or("not measured");
        let remedy = one
            .remedy
            .as_ref()
            .map_or_else(String::new, |remedy| format!("; try {remedy}"));
        text.push_str(&line(&format!("{name} "), &format!("{reason}{remedy}")));
    }
    let software = report.comparison.iter().find(|one| one.software);
    if let Some(adapter) = software.and_then(|one| one.adapter.as_ref()) {
        let words = format!("{adapter}: a software adapter, a GPU that the CPU pretends to be");
        text.push_str(&line("* wgpu", &words));
    }
    let explanation = "errors: of the gradient at half the solution, and of the fit's coefficients \
                       against the certified fit, each as a share of the largest component";
    text.push_str(&line("", explanation));
}

/// `backend gradient`, with a star for a software adapter.
pub(super) fn name(one: &Line) -> String {
    let star = if one.software { "*" } else { "" };
    format!("{}{star} {}", one.backend, one.gradient)
}

fn figures(found: &Measured) -> String {
    let fit = &found.fit;
    let steps = if fit.status.is_success() {
        fit.iterations.to_string()
    } else {
        format!("{}!", fit.iterations)
    };
    let error = fit.coefficient_error.map_or_else(|| "-".to_owned(), small);
    format!(
        "{:>8}{:>8}{:>7}{:>8}{steps:>6}{:>10}{:>9}{error:>8}",
        duration(found.evaluation.median_seconds),
        duration(found.single_row.median_seconds),
        small(found.gradient_error),
        duration(fit.time.median_seconds),
        significant(fit.objective, 6),
        small(fit.gradient_max),
    )
}

/// An error or a gradient: one digit and its size.
fn small(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else {
        format!("{value:.0e}")
    }
}

fn gradients(text: &mut String, report: &CompareReport) {
    let _ = writeln!(
        text,
        "{:42}{:>14}{:>10}{:>12}",
        "the gradient in f64, at half the solution", "evaluations", "time", "difference"
    );
    for one in &report.textbook.gradients {
        let name = format!("  {} ({})", one.method, one.backend);
        let _ = writeln!(
            text,
            "{name:42}{:>14}{:>10}{:>12}",
            count(one.evaluations),
            duration(one.seconds),
            small(one.difference)
        );
    }
    let some = report
        .textbook
        .gradients
        .iter()
        .find(|one| one.components < report.parameters);
    if let Some(some) = some {
        let words = format!(
            "differences were taken of {} of the {} parameters: each costs passes over all rows",
            count(some.components),
            count(report.parameters)
        );
        text.push_str(&line("note", &words));
    }
}

/// A line for each formula, a column for each point.
fn formulations(text: &mut String, report: &CompareReport) {
    let all = &report.textbook.formulations;
    let Some(first) = all.first() else { return };
    let (here, far): (Vec<&Formulation>, Vec<&Formulation>) =
        all.iter().partition(|one| one.point == first.point);
    let _ = writeln!(
        text,
        "{:28}{:>26}{:>26}",
        "the log loss by its formula", "at the solution", "at ten times the solution"
    );
    for (here, far) in here.iter().zip(&far) {
        let name = format!("  {} in {}", here.formula, here.precision);
        let _ = writeln!(text, "{name:28}{:>26}{:>26}", value(here), value(far));
    }
}

fn value(one: &Formulation) -> String {
    match (one.loss, one.difference) {
        (Some(loss), Some(difference)) if difference != 0.0 => {
            let sign = if difference < 0.0 { "-" } else { "+" };
            format!(
                "{} (off by {sign}{})",
                significant(loss, 5),
                small(difference.abs())
            )
        }
        (Some(loss), _) => significant(loss, 5),
        (None, _) => format!("infinite ({})", counted(one.infinite_rows, "row")),
    }
}
