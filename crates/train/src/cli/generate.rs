//! `train generate`.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use dataset::{Classification, Regression};
use tempfile::NamedTempFile;

use super::args::{GenerateArgs, Kind};
use super::failure::Failure;
use crate::error::FitError;

pub(super) fn run(args: &GenerateArgs) -> Result<ExitCode, Failure> {
    let informative = args.informative.unwrap_or(args.columns.div_ceil(2));
    let synthetic = match args.kind {
        Kind::Classification => Classification {
            samples: args.rows,
            features: args.columns,
            informative,
            redundant: args.redundant,
            repeated: args.repeated,
            classes: args.classes,
            clusters_per_class: args.clusters,
            weights: args.weights.clone(),
            flip: args.flip,
            class_separation: args.separation,
            seed: args.seed,
            ..Classification::default()
        }
        .generate(),
        Kind::Regression => Regression {
            samples: args.rows,
            features: args.columns,
            informative,
            bias: args.bias,
            effective_rank: args.effective_rank,
            tail_strength: args.tail,
            noise: args.noise,
            seed: args.seed,
            ..Regression::default()
        }
        .generate(),
    }
    .map_err(FitError::from)?;

    let Some(path) = &args.out else {
        let mut stdout = BufWriter::new(io::stdout().lock());
        return match synthetic.write_csv(&mut stdout).and_then(|()| stdout.flush()) {
            // Whoever reads has enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
            written => written.map(|()| ExitCode::SUCCESS).context("standard output").map_err(Into::into),
        };
    };
    // Whole or not at all: a temporary file beside it, renamed at the end.
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let context = || path.display().to_string();
    let file = NamedTempFile::new_in(folder).with_context(context)?;
    let mut writer = BufWriter::new(file);
    synthetic.write_csv(&mut writer).with_context(context)?;
    let file = writer.into_inner().map_err(io::IntoInnerError::into_error).with_context(context)?;
    file.persist(path).map_err(|error| error.error).with_context(context)?;
    eprintln!(
        "wrote           {} ({} rows, {} columns and y)",
        path.display(),
        synthetic.rows,
        synthetic.columns
    );
    Ok(ExitCode::SUCCESS)
}
