//! `train generate`.

use std::process::ExitCode;

use dataset::write::{OutputFormat, WriteError};
use dataset::{Classification, Regression, SyntheticError};
use terminal::number::counted;
use terminal::{Exit, Failure, Sink, line, tell};

use super::args::{GenerateArgs, Kind};
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
    .map_err(|error| FitError::from(in_options(error)))?;

    let out = args.out.as_deref();
    let format = out.map_or(OutputFormat::Csv, OutputFormat::of_path);
    let sink = Sink::open(out)?;
    let place = sink.place();
    let written = synthetic.write(sink, format).map_err(|error| {
        let exit = match error {
            WriteError::NeedsFeature { .. } => Exit::Usage,
            _ => Exit::Unexpected,
        };
        Failure::new(format!("{place}: {error}"), exit).with_remedy(error.remedy())
    })?;
    written.finish()?;
    if let Some(path) = &args.out {
        let what = format!(
            "{} ({}, {} and y)",
            path.display(),
            counted(synthetic.rows, "row"),
            counted(synthetic.columns, "column")
        );
        tell(&line("wrote", &what));
    }
    Ok(ExitCode::SUCCESS)
}

/// The error in the names of the command line; the library has those of scikit-learn.
fn in_options(error: SyntheticError) -> SyntheticError {
    let option = |parameter| match parameter {
        "samples" => "--rows",
        "features" => "--columns",
        "informative" => "--informative",
        "classes" => "--classes",
        "clusters_per_class" => "--clusters",
        "class_separation" => "--separation",
        "effective_rank" => "--effective-rank",
        "tail_strength" => "--tail",
        "flip" => "--flip",
        "noise" => "--noise",
        "bias" => "--bias",
        other => other,
    };
    match error {
        SyntheticError::Zero { parameter } => SyntheticError::Zero {
            parameter: option(parameter),
        },
        SyntheticError::OutOfRange {
            parameter,
            value,
            range,
        } => SyntheticError::OutOfRange {
            parameter: option(parameter),
            value,
            range,
        },
        other => other,
    }
}
