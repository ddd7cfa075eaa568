//! `train runs`.

use std::fmt::Write as _;
use std::process::ExitCode;

use terminal::number::{counted, significant};
use terminal::{Exit, Failure, line, wrap};

use super::args::RunsArgs;
use super::{answer, summary};
use crate::error::FitError;
use crate::run::{Listed, Listing, list};

pub(super) fn run(args: &RunsArgs) -> Result<ExitCode, Failure> {
    let listing = list(&args.folder).map_err(FitError::from)?;
    answer(args.format, &listing, || {
        if listing.runs.is_empty() && listing.skipped.is_empty() {
            let folder = args.folder.display();
            line(
                "no runs",
                &format!("there is none in {folder}; train TABLE makes one"),
            )
        } else {
            text(&listing)
        }
    })?;
    Ok(Exit::Ok.into())
}

/// Three lines for each run.
fn text(listing: &Listing) -> String {
    let mut text = String::new();
    for run in &listing.runs {
        let _ = writeln!(text, "{}", run.name);
        text.push_str(&line(&format!("  {}", run.status), &metrics(run)));
        let data = format!(
            "{} of {}, {}; {} on {}; {}",
            run.table.target,
            run.table.name,
            counted(run.table.rows, "row"),
            run.solver,
            run.backend,
            run.created.replace('T', " ").trim_end_matches('Z'),
        );
        text.push_str(&line("", &data));
        text.push_str(&line(
            "",
            &format!("penalty {}", summary::weight(&run.penalty)),
        ));
    }
    for skipped in &listing.skipped {
        let _ = writeln!(text, "{}", skipped.name);
        let _ = writeln!(
            text,
            "{}",
            wrap("  not a whole run: ", "  ", &skipped.reason)
        );
    }
    text
}

/// The two metrics by which people know a fit.
fn metrics(run: &Listed) -> String {
    let names: &[(&str, &str)] = match run.task.as_str() {
        "binary" => &[("log_loss", "log loss"), ("auc", "AUC")],
        "multinomial" => &[("log_loss", "log loss"), ("accuracy", "accuracy")],
        _ => &[("rmse", "RMSE"), ("r2", "R\u{b2}")],
    };
    let known: Vec<String> = names
        .iter()
        .filter_map(|(key, name)| Some(format!("{name} {}", significant(run.metric(key)?, 4))))
        .collect();
    if known.is_empty() {
        return "no metrics".to_owned();
    }
    format!("{}: {}", run.part(), known.join(", "))
}
