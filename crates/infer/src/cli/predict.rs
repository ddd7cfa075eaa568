//! `infer predict`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use dataset::{Batches, catalog};
use serde::Serialize;
use terminal::number::counted;
use terminal::{Exit, Failure, Progress, Sink, interrupt, line, tell};

use super::args::{Format, PredictArgs};
use crate::error::InferError;
use crate::predictor::Predictor;
use crate::write::{self, Counts, CsvWriter};

/// What `--format json` prints.
#[derive(Serialize)]
struct Done<'a> {
    #[serde(flatten)]
    counts: Counts,
    out: &'a Path,
}

pub(super) fn run(args: &PredictArgs) -> Result<ExitCode, Failure> {
    if args.format == Format::Json && args.out.is_none() {
        let message = "--format json prints counts on standard output, where the predictions go";
        return Err(Failure::new(message, Exit::Usage).with_remedy(Some("add -o FILE")));
    }
    let predictor = Predictor::load(&args.model, args.backend, args.precision)?;
    let mut csv = predictor.csv_options();
    csv.delimiter = args.delimiter;
    if let Some(na) = &args.na {
        csv.na.extend(terminal::args::list(na));
    }
    let options = predictor.batch_options(&args.keep);
    if args.table == "-" {
        let batches = Batches::new("standard input", io::stdin(), &csv, &options);
        score(args, &predictor, batches.map_err(InferError::from)?)
    } else {
        let (input, _) = catalog::resolve(&args.table).map_err(InferError::from)?;
        let batches = Batches::input(&input, &csv, &options);
        score(args, &predictor, batches.map_err(InferError::from)?)
    }
}

fn score(
    args: &PredictArgs,
    predictor: &Predictor,
    batches: Batches<'_>,
) -> Result<ExitCode, Failure> {
    let interrupted = interrupt::watch()?;
    let sink = Sink::open(args.out.as_deref())?;
    let place = sink.place();
    let writing = |error: &io::Error| Failure::writing(&place, error);
    let mut writer = CsvWriter::new(sink);
    for name in write::header(predictor, &args.keep) {
        writer.cell(&name).map_err(|error| writing(&error))?;
    }
    writer.end().map_err(|error| writing(&error))?;

    let mut counts = Counts::default();
    let mut progress = Progress::new(args.quiet);
    for batch in batches {
        let batch = batch.map_err(InferError::from)?;
        let predictions = predictor.predict(&batch.table)?;
        if args.strict {
            let rows: Vec<usize> = (0..batch.table.rows()).collect();
            predictor
                .pipeline()
                .refuse_unseen(&batch.table, &rows, &predictions.flags)
                .map_err(InferError::from)?;
        }
        write::batch(&mut writer, predictor, &batch, &predictions, &mut counts)?;
        progress.update(counts.rows as u64, 0, "rows scored".to_owned());
        if interrupted.is_set() {
            // What is half written goes away with the sink.
            return Ok(Exit::Interrupted.into());
        }
        if writer.get_mut().is_closed() {
            return Ok(Exit::Ok.into());
        }
    }
    writer.into_inner().finish()?;
    progress.finish();
    if let (Format::Json, Some(out)) = (args.format, &args.out) {
        let json = serde_json::to_string(&Done { counts, out })
            .map_err(|error| Failure::new(error, Exit::Unexpected))?;
        let mut stdout = Sink::open(None)?;
        writeln!(stdout, "{json}").map_err(|error| Failure::writing("standard output", &error))?;
        stdout.finish()?;
    } else if !args.quiet {
        tell(&summary(&counts, args.out.as_deref()));
    }
    Ok(Exit::Ok.into())
}

fn summary(counts: &Counts, out: Option<&Path>) -> String {
    let mut text = line("scored", &counted(counts.rows - counts.unscored, "row"));
    for (number, what) in [
        (
            counts.unscored,
            "not scored: a cell is missing, and the model does not impute",
        ),
        (counts.missing, "with a missing cell"),
        (counts.unseen, "with a level that no training row had"),
    ] {
        if number > 0 {
            text.push_str(&line("note", &format!("{} {what}", counted(number, "row"))));
        }
    }
    if let Some(out) = out {
        text.push_str(&line("wrote", &out.display().to_string()));
    }
    text
}
