//! The results for a terminal, for a README, and for programs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::adapter::{Attempt, Fitted, Outcome};
use super::catalog::Problem;

type Results<'a> = [(&'a Problem, Vec<Attempt>)];

/// What must be known to read the numbers.
const LEGEND: &str = "Seconds of the fit alone, rows already in memory: the best and the median. \
    Gradient: its largest component (paths: the largest violation of the optimality conditions), \
    and excess: how far the objective (paths: of any penalty) lies above the lowest that anyone \
    reached, both computed from the coefficients in float64 by one judge. Rivals without `tol` run \
    at their default tolerance; those marked * minimise something a little different, and are \
    judged by that.";

/// Lines of at most 100 characters.
pub(crate) fn text(header: &str, results: &Results<'_>) -> String {
    let mut text = format!("{header}\n");
    for (problem, attempts) in results {
        let _ = writeln!(text, "\n{}", title(problem, attempts));
        let _ = writeln!(
            text,
            "  {:39} {:>9} {:>9} {:>6} {:>8} {:>8}",
            "", "best", "median", "steps", "gradient", "excess"
        );
        let lowest = lowest(attempts);
        for attempt in attempts {
            match cells(attempt, &lowest) {
                Ok([best, median, steps, gradient, excess]) => {
                    let name = name(attempt);
                    let _ = writeln!(
                        text,
                        "  {name:39} {best:>9} {median:>9} {steps:>6} {gradient:>8} {excess:>8}"
                    );
                }
                Err(reason) => {
                    let _ = writeln!(text, "  {:39} {reason}", attempt.rival);
                }
            }
            for (phase, seconds) in phases(attempt) {
                let _ = writeln!(text, "    {phase:37} {:>9}", duration(seconds));
            }
        }
    }
    text
}

/// Tables for a README, with the command to repeat them.
pub(crate) fn markdown(header: &str, results: &Results<'_>, notes: &[String]) -> String {
    let mut text = format!("{header}. Repeat with `cargo xtask bench rivals`.\n\n{LEGEND}\n");
    for (problem, attempts) in results {
        let _ = write!(
            text,
            "\n**{}**\n\n| | best | median | steps | gradient | excess | |\n\
             |---|--:|--:|--:|--:|--:|---|\n",
            title(problem, attempts)
        );
        let lowest = lowest(attempts);
        for attempt in attempts {
            let (cells, note) = match (&attempt.outcome, cells(attempt, &lowest)) {
                (Outcome::Fitted(fitted), Ok(cells)) => (
                    cells.join(" | "),
                    fitted.reply.note.clone().unwrap_or_default(),
                ),
                (_, Err(reason)) => (" | | | | ".to_owned(), reason),
                (_, Ok(_)) => continue,
            };
            let _ = writeln!(text, "| {} | {cells} | {note} |", name(attempt));
            for (phase, seconds) in phases(attempt) {
                let _ = writeln!(text, "| … {phase} | {} | | | | | |", duration(seconds));
            }
        }
    }
    let versions: BTreeSet<&str> = results
        .iter()
        .flat_map(|(_, attempts)| attempts.iter().filter_map(fitted))
        .map(|fitted| fitted.reply.version.as_str())
        .collect();
    let versions: Vec<&str> = versions.into_iter().collect();
    let _ = writeln!(text, "\n{}.", versions.join(", "));
    for note in notes {
        let _ = writeln!(text, "\n{note}");
    }
    text
}

/// Everything, unrounded.
pub(crate) fn json(header: &str, results: &Results<'_>) -> Value {
    let problems: Vec<Value> = results
        .iter()
        .map(|(problem, attempts)| {
            let attempts: Vec<Value> = attempts
                .iter()
                .map(|attempt| match &attempt.outcome {
                    Outcome::Fitted(fitted) => json!({
                        "rival": attempt.rival, "reply": fitted.reply, "verdict": fitted.verdict,
                    }),
                    Outcome::Without(reason) => json!({"rival": attempt.rival, "without": reason}),
                })
                .collect();
            json!({"problem": problem.name, "rows": problem.rows, "columns": problem.columns,
                   "lambda": problem.lambda, "attempts": attempts})
        })
        .collect();
    json!({"machine": header, "problems": problems})
}

/// Name and penalty of a problem, and the yardstick where Kindling measured it.
fn title(problem: &Problem, attempts: &[Attempt]) -> String {
    let mut title = match (&problem.path, &problem.epoch) {
        (Some(path), _) => format!(
            "{}: {} penalties, L1 ratio {}",
            problem.name, path.count, path.l1_ratio
        ),
        (_, Some(epoch)) => format!(
            "{}: one pass in batches of {}, rate {}",
            problem.name, epoch.batch_size, epoch.learning_rate
        ),
        _ if problem.l1_ratio > 0.0 => format!(
            "{}: lambda {:.1e}, L1 ratio {}",
            problem.name, problem.lambda, problem.l1_ratio
        ),
        _ => format!("{}: lambda {:.1e}", problem.name, problem.lambda),
    };
    let read = attempts
        .iter()
        .filter_map(fitted)
        .filter_map(|fitted| fitted.reply.phases.get("read"))
        .fold(f64::INFINITY, |least, &read| least.min(read));
    if read.is_finite() {
        let _ = write!(title, "; one read of the f32 rows {}", duration(read));
    }
    title
}

fn name(attempt: &Attempt) -> String {
    let same = fitted(attempt).is_none_or(Fitted::same_problem);
    format!("{}{}", attempt.rival, if same { "" } else { " *" })
}

fn fitted(attempt: &Attempt) -> Option<&Fitted> {
    match &attempt.outcome {
        Outcome::Fitted(fitted) => Some(fitted),
        Outcome::Without(_) => None,
    }
}

/// The lowest objective of each penalty among those who minimised the same.
fn lowest(attempts: &[Attempt]) -> Vec<f64> {
    let mut lowest: Vec<f64> = Vec::new();
    for fitted in attempts.iter().filter_map(fitted) {
        let Some(verdict) = fitted.verdict.as_ref().filter(|_| fitted.same_problem()) else {
            continue;
        };
        lowest.resize(verdict.objectives.len(), f64::INFINITY);
        for (least, objective) in lowest.iter_mut().zip(&verdict.objectives) {
            *least = least.min(objective.unwrap_or(f64::INFINITY));
        }
    }
    lowest
}

/// Best, median, steps, gradient, excess; or why there are none.
fn cells(attempt: &Attempt, lowest: &[f64]) -> Result<[String; 5], String> {
    let fitted = match &attempt.outcome {
        Outcome::Fitted(fitted) => fitted,
        Outcome::Without(reason) => return Err(reason.clone()),
    };
    let steps = fitted.reply.iterations.or(fitted.reply.passes);
    let verdict = fitted.verdict.as_ref();
    let excess = verdict.filter(|_| fitted.same_problem()).map(|verdict| {
        let pairs = verdict.objectives.iter().zip(lowest);
        pairs.fold(0.0_f64, |most, (objective, least)| {
            most.max(objective.map_or(f64::INFINITY, |objective| objective - least))
        })
    });
    let gradient = verdict.map(|verdict| verdict.gradient.unwrap_or(f64::NAN));
    let number = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.0e}"));
    Ok([
        duration(fitted.best()),
        duration(fitted.median()),
        steps.map_or_else(String::new, |steps| steps.to_string()),
        number(gradient),
        number(excess),
    ])
}

/// Parts beside the fit; the read of the rows is in the title.
fn phases(attempt: &Attempt) -> impl Iterator<Item = (&str, f64)> {
    let phases = fitted(attempt).into_iter().flat_map(|f| &f.reply.phases);
    phases
        .filter(|(phase, _)| *phase != "read")
        .map(|(phase, &seconds)| (phase.as_str(), seconds))
}

/// Three digits and a unit.
fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    let digits = if value < 9.995 {
        2
    } else {
        usize::from(value < 99.95)
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        let all = [0.000_012_34, 0.001, 0.123_4, 1.0, 75.26, 123.4].map(duration);
        let expected = ["12.3 µs", "1.00 ms", "123 ms", "1.00 s", "75.3 s", "123 s"];
        assert_eq!(all, expected);
    }

    #[test]
    fn a_rival_that_failed_has_a_reason_and_no_numbers() {
        let attempt = Attempt {
            rival: "x".to_owned(),
            outcome: Outcome::Without("over 120 s".to_owned()),
        };
        assert_eq!(cells(&attempt, &[]), Err("over 120 s".to_owned()));
        assert_eq!(phases(&attempt).count(), 0);
    }
}
