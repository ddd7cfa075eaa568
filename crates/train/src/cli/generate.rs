//! `train generate`.

use std::process::ExitCode;

use dataset::{Classification, Regression};
use terminal::number::counted;
use terminal::{Failure, Sink, line, tell};

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
    .map_err(FitError::from)?;

    let mut sink = Sink::open(args.out.as_deref())?;
    synthetic
        .write_csv(&mut sink)
        .map_err(|error| Failure::writing(sink.place(), &error))?;
    sink.finish()?;
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
