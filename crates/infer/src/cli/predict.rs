//! `infer predict`.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use dataset::write::OutputFormat;
use dataset::{Batches, Input, ReadProgress, catalog};
use serde::Serialize;
use terminal::number::counted;
use terminal::watch::Reading;
use terminal::{Exit, Failure, Progress, Sink, interrupt, line, tell};

use super::args::{Format, PredictArgs};
use super::not_written;
use crate::error::InferError;
use crate::predictor::Predictor;
use crate::write::{self, Counts, Output};

/// Unknown columns that are named.
const NAMED: usize = 5;

/// What `--format json` prints.
#[derive(Serialize)]
struct Done<'a> {
    #[serde(flatten)]
    counts: Counts,
    /// Columns of svmlight tables that the model was not fitted with.
    unknown_columns: usize,
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
    let read = ReadProgress::default();
    let inputs = inputs(&args.tables, &read)?;
    let total = inputs.iter().map(|input| input.as_ref()?.size()).sum();
    let mut inputs = inputs.iter();
    let mut open = || match inputs.next() {
        None => Ok(None),
        Some(None) => Batches::new("standard input", io::stdin(), &csv, &options)
            .map(Some)
            .map_err(InferError::from),
        Some(Some(input)) => Batches::input(input, &csv, &options)
            .map(Some)
            .map_err(InferError::from),
    };
    // What is wrong with the first is known before anything is written.
    let mut next = open()?;

    let interrupted = interrupt::watch()?;
    let out = args.out.as_deref();
    let format = out.map_or(OutputFormat::Csv, OutputFormat::of_path);
    let sink = Sink::open(out)?;
    let place = sink.place();
    let mut writer = Output::new(sink, format, write::header(&predictor, &args.keep))
        .map_err(|error| not_written(&place, &error))?;

    let mut counts = Counts::default();
    let mut progress = Progress::new(args.quiet);
    let started = Instant::now();
    let mut read_before = 0;
    let mut unknown: BTreeSet<String> = BTreeSet::new();
    while let Some(mut batches) = next {
        for batch in batches.by_ref() {
            let batch = batch.map_err(InferError::from)?;
            let predictions = predictor.predict(&batch.table)?;
            if args.strict {
                let rows: Vec<usize> = (0..batch.table.rows()).collect();
                predictor
                    .pipeline()
                    .refuse_unseen(&batch.table, &rows, &predictions.flags)
                    .map_err(InferError::from)?;
            }
            write::batch(&mut writer, &predictor, &batch, &predictions, &mut counts)?;
            let reading = Reading {
                bytes: read_before + read.bytes(),
                total,
                rows: counts.rows as u64,
                pass: 1,
            };
            let words = reading.words(started.elapsed());
            progress.share(reading.bytes, total.unwrap_or(0), words);
            if interrupted.is_set() {
                // What is half written goes away with the sink.
                return Ok(Exit::Interrupted.into());
            }
            if writer.get_mut().is_some_and(|sink| sink.is_closed()) {
                return Ok(Exit::Ok.into());
            }
        }
        read_before += read.bytes();
        let unasked = batches.unasked();
        unknown.extend(predictor.unknown(&unasked).into_iter().map(str::to_owned));
        next = open()?;
    }
    let written = writer.finish();
    written
        .map_err(|error| not_written(&place, &error))?
        .finish()?;
    progress.finish();
    if let (Format::Json, Some(out)) = (args.format, &args.out) {
        let json = serde_json::to_string(&Done {
            counts,
            unknown_columns: unknown.len(),
            out,
        })
        .map_err(|error| Failure::new(error, Exit::Unexpected))?;
        Sink::open(None)?.put(&(json + "\n"))?;
    } else if !args.quiet {
        tell(&summary(&counts, &unknown, args.out.as_deref()));
    }
    Ok(Exit::Ok.into())
}

/// The tables, one after the other, whose bytes are counted; none stands for standard input.
fn inputs(tables: &[String], read: &ReadProgress) -> Result<Vec<Option<Input>>, InferError> {
    let mut inputs = Vec::new();
    for table in tables {
        if table == "-" {
            inputs.push(None);
        } else {
            let (input, _) = catalog::resolve(table)?;
            let counted = input.with_progress(read);
            inputs.push(Some(counted));
        }
    }
    Ok(inputs)
}

fn summary(counts: &Counts, unknown: &BTreeSet<String>, out: Option<&Path>) -> String {
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
    if !unknown.is_empty() {
        let mut named: Vec<&str> = unknown.iter().take(NAMED).map(String::as_str).collect();
        if unknown.len() > NAMED {
            named.push("...");
        }
        let columns = counted(unknown.len(), "column");
        let named = named.join(", ");
        text.push_str(&line(
            "note",
            &format!(
                "{columns} of the table ignored, which the model was not fitted with ({named})"
            ),
        ));
    }
    if let Some(out) = out {
        text.push_str(&line("wrote", &out.display().to_string()));
    }
    text
}
