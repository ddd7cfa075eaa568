//! `train schema`.

use std::process::ExitCode;

use dataset::schema::file;
use terminal::{Exit, Failure, Sink};

use super::args::SchemaArgs;
use super::configuration::{Source, tell_notices};
use crate::config::FitConfig;
use crate::prepare;
use crate::report::NoticeReport;

pub(super) fn run(args: &SchemaArgs) -> Result<ExitCode, Failure> {
    let source = Source::open(&args.columns.tables, None)?;
    let (schema, csv) = source.reading(&args.columns)?;
    let config = FitConfig {
        csv,
        schema,
        ..FitConfig::default()
    };
    // A place that cannot be written to is known before the table is read.
    let sink = Sink::open(args.out.as_deref())?;
    let (input, watch) = source.watched(args.quiet);
    let read = prepare::read(&input, &config)?;
    drop(watch);
    let notices: Vec<NoticeReport> = read.schema.notices().iter().map(Into::into).collect();
    tell_notices(&notices, !args.quiet);
    sink.put(&file::text(&source.name, &read.schema, &config.csv))?;
    Ok(Exit::Ok.into())
}
