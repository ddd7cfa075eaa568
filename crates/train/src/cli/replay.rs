//! `train replay`.

use std::path::Path;
use std::process::ExitCode;

use model::ModelFile;
use solver::Status;
use terminal::number::{bound, counted};
use terminal::{Exit, Failure, interrupt, line};

use super::answer;
use super::args::ReplayArgs;
use super::configuration::{Source, use_threads};
use super::observer::Observer;
use crate::error::FitError;
use crate::replay::{Replay, Verdict, replay};
use crate::run::{MODEL, Manifest};

pub(super) fn run(args: &ReplayArgs) -> Result<ExitCode, Failure> {
    let manifest = Manifest::read(&args.run).map_err(FitError::from)?;
    let then = ModelFile::read(&args.run.join(MODEL)).map_err(FitError::from)?;
    let source = Source::open(&tables(args, &manifest)?, manifest.config.memory.as_ref())?;
    use_threads(args.threads)?;
    let interrupted = interrupt::watch()?;
    let (input, observer) = Observer::new(&source, args.format, args.quiet);
    let mut observer = observer.without_notices();
    let replay = replay(
        &manifest,
        &then,
        &input,
        args.backend,
        interrupted.flag(),
        &mut |event| observer.observe(&event),
    )?;
    observer.finish();
    answer(args.format, &replay, || text(&manifest, &replay))?;
    Ok(if replay.status[1] == Status::Interrupted.to_string() {
        Exit::Interrupted
    } else if replay.verdict == Verdict::Different {
        Exit::Doubtful
    } else {
        Exit::Ok
    }
    .into())
}

/// The tables to read: those that are named, otherwise those of the run, which may have been made
/// in another folder.
fn tables(args: &ReplayArgs, manifest: &Manifest) -> Result<Vec<String>, Failure> {
    if !args.tables.is_empty() {
        return Ok(args.tables.clone());
    }
    if manifest.input.iter().any(|name| name == "-") {
        let message = "the table of this run came from standard input";
        let remedy = format!(
            "train replay {} TABLE, with a file of the same content",
            args.run.display()
        );
        return Err(Failure::new(message, Exit::Usage).with_remedy(Some(remedy)));
    }
    let place = |name: &String| {
        let there = manifest.directory.join(name);
        if !Path::new(name).exists() && there.exists() {
            there.to_string_lossy().into_owned()
        } else {
            name.clone()
        }
    };
    Ok(manifest.input.iter().map(place).collect())
}

fn text(manifest: &Manifest, replay: &Replay) -> String {
    let mut text = line(
        &manifest.table.name,
        &format!(
            "fitted {} by {}, {} gradient, on {}: {}",
            replay.created.replace('T', " ").trim_end_matches('Z'),
            manifest.solver,
            manifest.gradient,
            replay.backend[0],
            replay.status[0]
        ),
    );
    let data = if replay.data.changed {
        "another file"
    } else {
        "the same file"
    };
    text.push_str(&line(
        "replayed",
        &format!(
            "on {}, {data} of {}: {}",
            replay.backend[1],
            counted(replay.data.rows[1], "row"),
            replay.status[1]
        ),
    ));
    text.push('\n');
    let distance = |rest: &str| {
        let difference = replay.difference.map(|difference| {
            format!("no training row differs by more than {}", bound(difference))
        });
        difference.map_or_else(String::new, |difference| difference + rest)
    };
    let (name, words) = match replay.verdict {
        Verdict::Equal => ("equal", "every coefficient has the same bits".to_owned()),
        Verdict::WithinCertificate => {
            let allowed = replay.bound.map_or_else(String::new, |allowed| {
                format!("; the two certificates allow {}", bound(allowed))
            });
            (
                "the same",
                format!("within the certificate: {}", distance(&allowed)),
            )
        }
        Verdict::Different => {
            let allowed = match (replay.difference, replay.bound) {
                (None, _) => "the models do not have the same columns".to_owned(),
                (_, None) => distance("; there is no certificate that would allow it"),
                (_, Some(allowed)) => {
                    distance(&format!("; the two certificates allow {}", bound(allowed)))
                }
            };
            ("different", allowed)
        }
    };
    text.push_str(&line(name, &words));
    let margin = match replay.verdict {
        Verdict::Different => "because",
        Verdict::Equal | Verdict::WithinCertificate => "note",
    };
    for reason in &replay.reasons {
        text.push_str(&line(margin, reason));
    }
    text
}
