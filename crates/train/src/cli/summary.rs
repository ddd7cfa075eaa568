//! The summary of a fit for people, 80 columns wide.

use std::fmt::Write as _;

use model::Task;
use solver::Status;
use terminal::number::{bound, count, counted, duration, plain, significant};
use terminal::{line, wrap};

use crate::diagnosis::SeparationReport;
use crate::report::{Coefficient, FitReport, Metrics};
use crate::run;

/// Width of the first column.
const MARGIN: usize = 16;
/// Coefficients shown; the rest is in the model file.
const SHOWN: usize = 10;
/// Classes shown side by side.
const CLASSES: usize = 4;

pub(super) fn summary(report: &FitReport) -> String {
    let mut text = String::new();
    for (name, content) in [
        (report.table.name.as_str(), table(report)),
        ("fit on", split(report)),
        ("how", how(report)),
        ("penalty", penalty(report)),
    ] {
        text.push_str(&line(name, &content));
    }
    for note in &report.notes {
        text.push_str(&line("note", note));
    }
    for dropped in &report.dropped {
        text.push_str(&line(
            "dropped",
            &format!("{}: {}", dropped.name, dropped.reason),
        ));
    }
    text.push('\n');
    text.push_str(&line(&report.status.to_string(), &ended(report)));
    diagnosis(&mut text, report);
    if report.status == Status::Separated {
        text.push_str(&line(
            "coefficients",
            "not shown: they grow for as long as the fit runs",
        ));
    } else {
        text.push_str(&line("certificate", &certificate(report)));
        text.push('\n');
        coefficients(&mut text, report);
    }
    text.push('\n');
    metrics(&mut text, report);
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

fn table(report: &FitReport) -> String {
    let table = &report.table;
    let kinds: Vec<String> = [
        (table.numeric, "numeric"),
        (table.categorical, "categorical"),
    ]
    .iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, kind)| format!("{number} {kind}"))
    .collect();
    let plural = if table.numeric + table.categorical == 1 {
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
        kinds.join(" and "),
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
        "{}, {} gradient, {} {} ({})",
        report.solver, report.gradient, report.backend, report.precision, report.backend_reason
    );
    if let Some(stochastic) = &report.stochastic {
        let _ = write!(
            text,
            "; {}, batches of {}, learning rate {}, {}",
            counted(stochastic.epochs, "epoch"),
            count(stochastic.batch_size),
            significant(stochastic.learning_rate, 3),
            stochastic.schedule
        );
    }
    text
}

fn penalty(report: &FitReport) -> String {
    let scale = if report.standardized {
        "standardised"
    } else {
        "on their own scales"
    };
    match report.penalty.c {
        None => format!("none, columns {scale}"),
        Some(c) => format!(
            "L2, lambda {} (scikit-learn C = {}), columns {scale}",
            significant(report.penalty.lambda, 2),
            plain(c)
        ),
    }
}

/// What stands in the way of an optimum, and what can be done.
fn diagnosis(text: &mut String, report: &FitReport) {
    let diagnosis = &report.diagnosis;
    if let Some(separation) = &diagnosis.separation {
        separated(text, report, separation);
    }
    for dependence in &diagnosis.dependences {
        let mut sum: Vec<String> = Vec::new();
        if dependence.constant != 0.0 {
            sum.push(plain(dependence.constant));
        }
        sum.extend(dependence.terms.iter().map(|(name, slope)| {
            if (*slope - 1.0).abs() < f64::EPSILON {
                name.clone()
            } else {
                format!("{} {name}", plain(*slope))
            }
        }));
        let sum = if sum.is_empty() {
            "0".to_owned()
        } else {
            sum.join(" + ")
        };
        let held = if report.status == Status::Collinear {
            "; its coefficient is held at 0"
        } else {
            ""
        };
        let content = format!("{} = {sum} on every row{held}", dependence.column);
        text.push_str(&line("dependent", &content));
    }
}

fn separated(text: &mut String, report: &FitReport, separation: &SeparationReport) {
    let target = &report.table.target;
    for alone in &separation.alone {
        let label = format!("{target}={}", alone.label);
        let content = match (&alone.level, alone.members, alone.others) {
            (Some(_), members, 0) => format!("{}, always {label}", counted(members, "row")),
            (Some(_), 0, others) => format!("{}, never {label}", counted(others, "row")),
            _ => {
                let side = if alone.above { "above" } else { "below" };
                format!(
                    "{side} {} always {label} ({}), otherwise never",
                    significant(alone.threshold, 4),
                    counted(alone.members, "row")
                )
            }
        };
        let _ = writeln!(
            text,
            "{}",
            wrap(&format!("  {:22}", alone.column), &" ".repeat(24), &content)
        );
    }
    if separation.alone.is_empty() {
        let mut named = separation
            .columns
            .iter()
            .take(SHOWN)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        if separation.columns.len() > SHOWN {
            let _ = write!(named, " and {} more", separation.columns.len() - SHOWN);
        }
        text.push_str(&line("together", &named));
    }
    let mut remedy = "--penalty l2".to_owned();
    let mut sources: Vec<&str> = separation.alone.iter().map(|a| a.source.as_str()).collect();
    sources.dedup();
    if !sources.is_empty() && !separation.complete {
        let _ = write!(remedy, ", or --drop {}", sources.join(","));
    }
    text.push_str(&line("try", &remedy));
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
    let mut text = format!(
        "{}, {}",
        counted(report.iterations, noun),
        duration(report.seconds.fit)
    );
    if let Some(detail) = &report.detail {
        let _ = write!(text, "; {detail}");
    }
    text
}

fn certificate(report: &FitReport) -> String {
    let certificate = &report.certificate;
    let stochastic = report.stochastic.is_some();
    let way = if stochastic {
        "; --solver newton gets there"
    } else {
        ""
    };
    match (certificate.probability_error, certificate.score_error) {
        (Some(error), _) => format!(
            "no fitted probability is more than {} from the optimum{way}",
            bound(error)
        ),
        (None, Some(error)) => {
            format!(
                "no fitted value is more than {} from the optimum{way}",
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

/// The largest coefficients on the standardised scale.
fn coefficients(text: &mut String, report: &FitReport) {
    if report.task == Task::Multinomial {
        return by_class(text, report);
    }
    let mut sorted: Vec<&Coefficient> = report.coefficients.iter().collect();
    sorted.sort_by(|a, b| b.standardized.abs().total_cmp(&a.standardized.abs()));
    let odds = report.task == Task::Binary;
    let heading = if odds { "odds ratio per sd" } else { "" };
    let heading = format!("{:24}{:>12}{:>11}{heading:>20}", "", "per unit", "per sd");
    let _ = writeln!(text, "{}", heading.trim_end());
    for one in sorted.iter().take(SHOWN) {
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
    more(text, sorted.len(), report.out.as_deref());
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
    let shown = classes.min(CLASSES);
    let _ = write!(text, "{:24}", "per sd");
    for label in &report.labels[..shown] {
        let _ = write!(text, "{:>14}", shorten(label, 13));
    }
    text.push('\n');
    for &column in sorted.iter().take(SHOWN) {
        text.push_str(&name(&of(column, 0).name));
        for class in 0..shown {
            let _ = write!(text, "{:>14}", signed(of(column, class).standardized));
        }
        text.push('\n');
    }
    more(text, columns, report.out.as_deref());
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

fn more(text: &mut String, all: usize, out: Option<&str>) {
    if all > SHOWN {
        let place = if out.is_some() {
            "infer inspect"
        } else {
            "--format json"
        };
        let _ = writeln!(
            text,
            "  {:22}{:>43}",
            "...",
            format!("{} more: {place}", all - SHOWN)
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

/// A line for each metric, a column for each part of the rows.
fn metrics(text: &mut String, report: &FitReport) {
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
