//! What stands in the way of an optimum, and what can be done.

use std::fmt::Write as _;

use solver::Status;
use terminal::number::{counted, plain, significant};
use terminal::{line, wrap};

use crate::diagnosis::{DependenceReport, SeparationReport};
use crate::report::FitReport;

/// Columns of a combination that are named.
const SHOWN: usize = 10;

pub(super) fn write(text: &mut String, report: &FitReport) {
    let diagnosis = &report.diagnosis;
    if let Some(separation) = &diagnosis.separation {
        separated(text, report, separation);
    }
    for dependence in &diagnosis.dependences {
        let sum = combination(dependence);
        let held = if report.status == Status::Collinear {
            "; its coefficient is held at 0"
        } else {
            ""
        };
        let content = format!("{} = {sum} on every row{held}", dependence.column);
        text.push_str(&line("dependent", &content));
    }
    for dependence in &diagnosis.near_dependences {
        let sum = combination(dependence);
        let content = format!(
            "{} is nearly {sum}: the scores are certified, its coefficient means little",
            dependence.column
        );
        text.push_str(&line("dependent", &content));
    }
    if report.status == Status::Collinear {
        let is_dependent =
            |name: &String| diagnosis.dependences.iter().any(|one| one.column == *name);
        let dependent = report
            .coefficients
            .iter()
            .filter(|one| is_dependent(&one.name));
        let mut sources: Vec<&str> = dependent.map(|one| one.source.as_str()).collect();
        sources.dedup();
        let remedy = format!("--drop {}, or --penalty l2", sources.join(","));
        text.push_str(&line("try", &remedy));
    }
}

/// `a + c·x + …` in the table's words.
fn combination(dependence: &DependenceReport) -> String {
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
    if sum.is_empty() {
        "0".to_owned()
    } else {
        sum.join(" + ")
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
