//! The doctor's findings for people, 80 columns wide.

use std::fmt::Write as _;

use solver::stochastic::{SpectrumBasis, Verdict};
use terminal::number::{count, counted, significant};
use terminal::{MARGIN, line};

use super::chart::{chart, letter};
use crate::cli::summary;
use crate::rates::RatesReport;
use crate::rates::report::{Promise, Run, Sweep};

pub(super) fn rates(report: &RatesReport) -> String {
    let mut text = String::new();
    for (name, content) in [
        (report.table.name.as_str(), problem(report)),
        (
            "penalty",
            summary::penalty(&report.penalty, report.standardized),
        ),
        ("optimum", optimum(report)),
    ] {
        text.push_str(&line(name, &content));
    }
    for note in &report.notes {
        text.push_str(&line("note", note));
    }
    text.push('\n');
    for (name, content) in theory(report) {
        text.push_str(&line(&name, &content));
    }
    for sweep in &report.sweeps {
        text.push('\n');
        table(&mut text, sweep);
    }
    text.push('\n');
    text.push_str(&line("agreement", &agreement(report)));
    for sweep in &report.sweeps {
        text.push_str(&line("take (*)", &advice(sweep)));
    }
    if let Some(picture) = &report.picture {
        text.push_str(&line("wrote", picture));
    }
    text
}

fn problem(report: &RatesReport) -> String {
    format!(
        "{}, {} -> {} ({}), {}",
        counted(report.rows, "row"),
        counted(report.columns, "column"),
        report.table.target,
        report.task.name(),
        report.precision,
    )
}

fn optimum(report: &RatesReport) -> String {
    format!(
        "objective {} by {} ({}); {} at zero, where every run starts",
        significant(report.optimum.objective, 5),
        report.optimum.solver,
        report.optimum.status,
        significant(report.start, 5)
    )
}

/// The lines of what the curvature says.
fn theory(report: &RatesReport) -> Vec<(String, String)> {
    let theory = &report.theory;
    let rate = |value| significant(value, 3);
    let kind = match theory.anywhere.basis {
        SpectrumBasis::Formed => "",
        _ => " (but for one chance in 10^9)",
    };
    let mut lines = vec![
        (
            "curvature".to_owned(),
            format!(
                "at most {}{kind} in any direction, wherever the run is{}{}",
                rate(theory.anywhere.upper),
                theory.start.map_or_else(String::new, |start| format!(
                    "; {} at zero",
                    rate(start.value)
                )),
                theory.optimum.map_or_else(String::new, |there| format!(
                    "; {} at the optimum",
                    rate(there.value)
                )),
            ),
        ),
        (
            "safe".to_owned(),
            format!(
                "below {} no step of all rows ever increases the objective; {} is sure to gain most",
                rate(theory.safe_rate),
                rate(theory.best_sure_rate)
            ),
        ),
    ];
    if let Some(limit) = theory.limit_at_optimum {
        lines.push((
            "limit".to_owned(),
            format!("above {} no run can settle at the optimum", rate(limit)),
        ));
    }
    if let Some(sweep) = report.sweeps.iter().find(|sweep| !sweep.full_batch) {
        lines.push((
            "mini-batches".to_owned(),
            format!(
                "of {} are sure to come near the optimum up to {}",
                count(sweep.batch_size),
                rate(theory.batch_rate)
            ),
        ));
    }
    lines
}

/// A method's name, in a few words.
pub(super) fn title(sweep: &Sweep) -> String {
    let method = match sweep.solver.as_str() {
        "sgd" => "descent",
        other => other,
    };
    if sweep.full_batch {
        format!("{method}, all rows at each step")
    } else {
        format!("{method}, batches of {}", count(sweep.batch_size))
    }
}

fn table(text: &mut String, sweep: &Sweep) {
    text.push_str(&line("tried", &title(sweep)));
    text.push_str(&chart(sweep));
    for (at, run) in sweep.runs.iter().enumerate() {
        let best = if sweep.recommended == Some(run.rate) {
            '*'
        } else {
            ' '
        };
        let theory = run.theory.map_or("", Promise::name);
        let content = format!(
            "{best} {} {:>9}  {:<32}{theory}",
            letter(at),
            significant(run.rate, 3),
            verdict(run, sweep)
        );
        let _ = writeln!(text, "{:MARGIN$}{}", "", content.trim_end());
    }
}

/// What became of a run, in a few words.
pub(super) fn verdict(run: &Run, sweep: &Sweep) -> String {
    let noun = if sweep.full_batch { "step" } else { "epoch" };
    match run.verdict {
        Verdict::Good { epochs } => format!("good: {}", counted(epochs, noun)),
        Verdict::TooSlow {
            epochs: Some(epochs),
        } => format!("too slow: about {}", about(epochs, noun)),
        Verdict::TooSlow { epochs: None } => format!("too slow: over a million {noun}s"),
        other => other.name().to_owned(),
    }
}

/// A number of which two digits mean something.
fn about(value: f64, noun: &str) -> String {
    let unit = 10_f64.powf((value.log10().floor() - 1.0).max(0.0));
    let rounded = (value / unit).round() * unit;
    counted(usize::try_from(rounded as i64).unwrap_or(0), noun)
}

/// Where theory and run agree.
fn agreement(report: &RatesReport) -> String {
    let runs = || report.sweeps.iter().flat_map(|sweep| &sweep.runs);
    let said = runs().filter(|run| run.agrees.is_some()).count();
    let against: Vec<String> = runs()
        .filter(|run| run.agrees == Some(false))
        .map(|run| significant(run.rate, 3))
        .collect();
    if against.is_empty() {
        format!("theory says something of {said} of these runs, and all of them do what it says")
    } else {
        format!(
            "of {said} runs that theory says something of, those at {} did otherwise within their \
             steps",
            against.join(", ")
        )
    }
}

/// What to type.
pub(super) fn advice(sweep: &Sweep) -> String {
    let size = if sweep.full_batch {
        "all".to_owned()
    } else {
        sweep.batch_size.to_string()
    };
    match sweep.recommended {
        Some(rate) => format!(
            "--solver {} --batch-size {size} --learning-rate {}",
            sweep.solver,
            short(rate)
        ),
        None => format!(
            "no rate of {} that was tried: every run diverged",
            sweep.solver
        ),
    }
}

/// A rate in two digits, as people type it.
fn short(rate: f64) -> String {
    let unit = 10_f64.powf(rate.log10().floor() - 1.0);
    let rounded = (rate / unit).floor() * unit;
    if (1e-3..1e4).contains(&rounded) {
        let digits = usize::try_from(1 - rate.log10().floor() as i64).unwrap_or(0);
        format!("{rounded:.digits$}")
    } else {
        format!("{rounded:.1e}")
    }
}
