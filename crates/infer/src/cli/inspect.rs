//! `infer inspect`.

use std::fmt::Write as _;
use std::process::ExitCode;

use dataset::pipeline::Encoding;
use model::Task;
use model::device::Backend;
use terminal::number::{bound, count, counted, plain, significant};
use terminal::{Exit, Failure, Sink, line};

use super::args::{Format, InspectArgs};
use crate::inspect::{Coefficient, Inspection};
use crate::predictor::Predictor;

/// Columns that are shown; of more, the first few as inputs, and those of the largest coefficients.
const SHOWN: usize = 200;

/// Inputs that are shown of a model that has more than [`SHOWN`].
const SHOWN_INPUTS: usize = 20;

/// Levels of a category that are named.
const LEVELS: usize = 6;

pub(super) fn run(args: &InspectArgs) -> Result<ExitCode, Failure> {
    // A few golden rows are all that is scored: any CPU backend does, in either precision.
    let cpu = Backend::compiled().find(|backend| *backend != Backend::Wgpu);
    let predictor = Predictor::load(&args.model, cpu.unwrap_or(Backend::Auto), None)?;
    let inspection = Inspection::new(predictor.file(), predictor.pipeline());
    let text = match args.format {
        Format::Text => describe(&inspection),
        Format::Json => {
            serde_json::to_string(&inspection)
                .map_err(|error| Failure::new(error, Exit::Unexpected))?
                + "\n"
        }
    };
    Sink::open(None)?.put(&text)?;
    Ok(Exit::Ok.into())
}

fn describe(inspection: &Inspection) -> String {
    let training = &inspection.training;
    let mut text = String::new();
    let mut put = |name: &str, content: String| text.push_str(&line(name, &content));
    let question = match inspection.task {
        Task::Binary => format!(
            "{}: {} or {}; {} from probability {}",
            inspection.target,
            inspection.labels[1],
            inspection.labels[0],
            inspection.labels[1],
            inspection.threshold.unwrap_or(0.5)
        ),
        Task::Multinomial => format!("{}: {}", inspection.target, inspection.labels.join(", ")),
        _ => format!("{}, a number", inspection.target),
    };
    put("predicts", question);
    if let Some(offset) = &inspection.offset {
        put("offset", format!("{offset} is added to the score"));
    }
    put(
        "trained on",
        format!(
            "{}: {} ({} to fit, {} to validate, {} to test; seed {})",
            training.data.source,
            counted(training.data.rows, "row"),
            count(training.rows.train),
            count(training.rows.validation),
            count(training.rows.test),
            training.seed
        ),
    );
    put("data", format!("sha256 {}", training.data.sha256));
    put(
        "how",
        format!(
            "{}, {} gradient, {} {}",
            training.solver, training.gradient, training.backend, inspection.precision
        ),
    );
    put(
        "penalty",
        match training.penalty.c {
            None => "none".to_owned(),
            Some(c) => format!(
                "L2, lambda {} (scikit-learn C = {})",
                significant(training.penalty.lambda, 4),
                plain(c)
            ),
        },
    );
    put(&training.status, counted(training.iterations, "iteration"));
    let certificate = training.certificate.as_ref();
    let bounds = certificate.map(|c| (c.probability_error, c.score_error));
    put(
        "certificate",
        match bounds {
            Some((Some(error), _)) => {
                format!(
                    "no fitted probability is more than {} from the optimum",
                    bound(error)
                )
            }
            Some((None, Some(error))) => {
                format!(
                    "no fitted value is more than {} from the optimum",
                    bound(error)
                )
            }
            _ => "none".to_owned(),
        },
    );
    put(
        "made",
        format!(
            "{} by Kindling {} on Burn {}",
            training.created, training.versions.kindling, training.versions.burn
        ),
    );
    put(
        "verified",
        format!(
            "{} score as they did",
            counted(inspection.golden_rows, "golden row")
        ),
    );
    text.push('\n');
    inputs(&mut text, inspection);
    text.push('\n');
    coefficients(&mut text, inspection);
    text
}

fn inputs(text: &mut String, inspection: &Inspection) {
    text.push_str("needs the columns\n");
    let all = inspection.inputs.len();
    let shown = if all > SHOWN { SHOWN_INPUTS } else { all };
    for input in &inspection.inputs[..shown] {
        let what = match &input.encoding {
            Encoding::Numeric {
                median, min, max, ..
            } => {
                let missing = median.map_or_else(String::new, |median| {
                    format!(", {} where missing", significant(median, 4))
                });
                format!(
                    "number, {} to {}{missing}",
                    significant(*min, 4),
                    significant(*max, 4)
                )
            }
            Encoding::Date { parts, .. } => {
                let parts: Vec<_> = parts.iter().map(|fitted| fitted.part.name()).collect();
                format!("date: {}", parts.join(", "))
            }
            Encoding::Categorical { levels, .. } => {
                let mut named = levels
                    .iter()
                    .take(LEVELS)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", ");
                if levels.len() > LEVELS {
                    let _ = write!(named, " and {} more", levels.len() - LEVELS);
                }
                format!("{}: {named}", counted(levels.len(), "level"))
            }
            Encoding::Hashed { bits, levels, .. } => format!(
                "{} in {}",
                counted(*levels, "level"),
                counted(1 << bits.min(&31), "bucket")
            ),
        };
        let _ = writeln!(
            text,
            "{}",
            terminal::wrap(&format!("  {:26}", input.name), &" ".repeat(28), &what)
        );
    }
    more(text, all - shown);
    if !inspection.notes.is_empty() {
        text.push('\n');
        for note in &inspection.notes {
            text.push_str(&line("encoding", note));
        }
    }
}

/// Says how many lines are left out.
fn more(text: &mut String, left: usize) {
    if left > 0 {
        let left = format!("{} more: --format json", count(left));
        let _ = writeln!(text, "  {:26}{left:>30}", "...");
    }
}

fn coefficients(text: &mut String, inspection: &Inspection) {
    let classes = if inspection.task == Task::Multinomial {
        inspection.labels.len()
    } else {
        1
    };
    let columns = inspection.coefficients.len() / classes.max(1);
    for class in 0..classes {
        let own: &[Coefficient] = &inspection.coefficients[class * columns..(class + 1) * columns];
        let heading = own
            .first()
            .and_then(|one| one.class.clone())
            .unwrap_or_default();
        let _ = writeln!(text, "{heading:28}{:>15}{:>15}", "per unit", "per sd");
        let mut shown: Vec<&Coefficient> = own.iter().collect();
        if own.len() > SHOWN {
            shown.sort_by(|a, b| b.standardized.abs().total_cmp(&a.standardized.abs()));
            shown.truncate(SHOWN);
        }
        for one in &shown {
            let _ = writeln!(
                text,
                "  {:26}{:>15}{:>15}",
                one.name,
                significant(one.estimate, 6),
                significant(one.standardized, 6)
            );
        }
        more(text, own.len() - shown.len());
        if let Some(intercept) = inspection.intercepts.get(class) {
            let _ = writeln!(
                text,
                "  {:26}{:>15}",
                "intercept",
                significant(*intercept, 6)
            );
        }
        if class + 1 < classes {
            text.push('\n');
        }
    }
}
