//! A run is made again from its manifest, and compared with what it was.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use dataset::fingerprint::ColumnFingerprint;
use dataset::{Input, Pipeline};
use evaluate::classification::probability;
use evaluate::multiclass;
use model::device::Backend;
use model::file::Versions;
use model::{ModelFile, Parameters, Task};
use serde::Serialize;

use crate::describe::versions;
use crate::error::FitError;
use crate::fit::{self, Event};
use crate::measure;
use crate::memory;
use crate::prepare::{self, Prepared};
use crate::report::FitReport;
use crate::run::Manifest;

/// What the conversion of coefficients to standardised columns and back may change in a probability.
const ROUNDING: f64 = 1e-12;

/// How a run compares with the one that it repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every coefficient has the same bits.
    Equal,
    /// Rows differ by no more than both certificates allow: the two are the same optimum.
    WithinCertificate,
    /// Neither.
    Different,
}

/// What a replay found.
#[derive(Debug, Clone, Serialize)]
pub struct Replay {
    /// The verdict.
    pub verdict: Verdict,
    /// Why the two differ, or may, in sentences.
    pub reasons: Vec<String>,
    /// Largest difference of a training row: of its probabilities, or of its number; null where the
    /// two models do not have the same columns.
    pub difference: Option<f64>,
    /// What both certificates allow together; null where one of them is none.
    pub bound: Option<f64>,
    /// What became of the data.
    pub data: DataChange,
    /// When the run was made.
    pub created: String,
    /// How it ended, then and now.
    pub status: [String; 2],
    /// The backend, then and now.
    pub backend: [String; 2],
    /// The programs, then and now.
    pub versions: [Versions; 2],
}

/// What became of the data of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataChange {
    /// Whether the text of the table is another.
    pub changed: bool,
    /// Rows, then and now.
    pub rows: [usize; 2],
    /// Columns whose cells are others.
    pub columns: Vec<String>,
    /// Columns that were not there.
    pub added: Vec<String>,
    /// Columns that are no longer there.
    pub removed: Vec<String>,
}

/// Fits again what a manifest says, on `input`, and compares with the model that came of it then.
///
/// On the backend that ran then, unless another is named.
///
/// # Errors
/// Any [`FitError`] of the fit.
pub fn replay(
    manifest: &Manifest,
    then: &ModelFile,
    input: &Input,
    backend: Option<Backend>,
    interrupted: &AtomicBool,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Replay, FitError> {
    let mut config = manifest.config.clone();
    let settings = &mut config.hyperparameters;
    settings.backend = match backend {
        Some(backend) => backend,
        // What `auto` was: a machine with another device is no reason to differ.
        None => manifest.backend.parse()?,
    };
    fit::check(&config.hyperparameters)?;
    let choice = memory::device(&config)?;
    let source = prepare::read(input, &config)?;
    observe(Event::Read(source.table.rows()));
    let found = source.table.fingerprints();
    let sha256 = source.fingerprint.sha256.clone();
    let data = DataChange::new(manifest, &sha256, source.table.rows(), &found);
    let prepared = prepare::prepare(source, &config)?;
    let now = fit::fit_prepared(
        &manifest.table.name,
        &prepared,
        &config,
        &choice,
        interrupted,
        observe,
    )?;
    let difference = difference(&prepared, then, &now.file)?;
    let bound = bound(manifest, &now.report);
    let verdict = if same_bits(then, &now.file) {
        Verdict::Equal
    } else if difference
        .zip(bound)
        .is_some_and(|(difference, bound)| difference <= bound + ROUNDING)
    {
        Verdict::WithinCertificate
    } else {
        Verdict::Different
    };
    let mut replay = Replay {
        verdict,
        reasons: Vec::new(),
        difference,
        bound,
        data,
        created: manifest.created.clone(),
        status: [manifest.status.clone(), now.report.status.to_string()],
        backend: [manifest.backend.clone(), now.report.backend.clone()],
        versions: [manifest.versions.clone(), versions()],
    };
    replay.reasons = replay.reasons(then, &now.file);
    Ok(replay)
}

impl DataChange {
    fn new(manifest: &Manifest, sha256: &str, rows: usize, found: &[ColumnFingerprint]) -> Self {
        let by_name = |columns: &[ColumnFingerprint]| -> BTreeMap<String, ColumnFingerprint> {
            let named = columns
                .iter()
                .map(|column| (column.name.clone(), column.clone()));
            named.collect()
        };
        let (then, now) = (by_name(&manifest.columns), by_name(found));
        let absent = |from: &[ColumnFingerprint], other: &BTreeMap<String, ColumnFingerprint>| {
            let names = from.iter().map(|column| column.name.clone());
            names.filter(|name| !other.contains_key(name)).collect()
        };
        let other = |column: &&ColumnFingerprint| {
            then.get(&column.name)
                .is_some_and(|before| before != *column)
        };
        Self {
            changed: manifest.table.sha256 != sha256,
            rows: [manifest.table.rows, rows],
            columns: found
                .iter()
                .filter(other)
                .map(|column| column.name.clone())
                .collect(),
            added: absent(found, &then),
            removed: absent(&manifest.columns, &now),
        }
    }

    /// Whether a cell that the fit may have seen is another.
    pub fn cells_changed(&self) -> bool {
        let lists = [&self.columns, &self.added, &self.removed];
        self.rows[0] != self.rows[1] || lists.iter().any(|list| !list.is_empty())
    }

    /// In sentences.
    fn reasons(&self) -> Vec<String> {
        let [then, now] = self.rows;
        let mut reasons = Vec::new();
        if then != now {
            reasons.push(format!("the table had {then} rows, and now has {now}"));
        }
        for (names, what) in [
            (&self.removed, "no longer there"),
            (&self.added, "new"),
            // Other rows make other cells of every column.
            (&self.columns, "different in its cells"),
        ] {
            if let (Some(list), true) = (listed(names), then == now || what.len() < 20) {
                reasons.push(format!("{list}: {what}"));
            }
        }
        if reasons.is_empty() && self.changed {
            reasons
                .push("the file is another, but the cells that were read are the same".to_owned());
        }
        reasons
    }
}

/// Names for a sentence: at most five of them.
fn listed(names: &[String]) -> Option<String> {
    const SHOWN: usize = 5;
    let quoted: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len().saturating_sub(SHOWN);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let noun = if names.len() == 1 {
        "column"
    } else {
        "columns"
    };
    (!names.is_empty()).then(|| format!("{noun} {}{rest}", quoted.join(", ")))
}

impl Replay {
    /// Everything that is not as it was, in sentences.
    fn reasons(&self, then: &ModelFile, now: &ModelFile) -> Vec<String> {
        let mut reasons = self.data.reasons();
        let mut other = |what: &str, [then, now]: [&str; 2]| {
            if then != now {
                reasons.push(format!("{what} was {then}, and now is {now}"));
            }
        };
        let [before, after] = &self.versions;
        other(
            "the version of Kindling",
            [&before.kindling, &after.kindling],
        );
        other("the version of Burn", [&before.burn, &after.burn]);
        let [before, after] = &self.backend;
        other("the backend", [before, after]);
        let device = |file: &ModelFile| file.training.adapter.clone().unwrap_or_default();
        if self.backend[0] == self.backend[1] {
            other("the adapter", [&device(then), &device(now)]);
        }
        let [before, after] = &self.status;
        other("the status", [before, after]);
        if reasons.is_empty() && self.verdict != Verdict::Equal {
            reasons.push(
                "nothing that the run recorded is another: a different processor, perhaps"
                    .to_owned(),
            );
        }
        reasons
    }
}

fn same_bits(then: &ModelFile, now: &ModelFile) -> bool {
    let equal = |one: &[f64], other: &[f64]| {
        let pairs = one.iter().zip(other);
        one.len() == other.len() && pairs.into_iter().all(|(a, b)| a.to_bits() == b.to_bits())
    };
    let bias = |file: &ModelFile| file.parameters.bias.clone().unwrap_or_default();
    then.labels == now.labels
        && then.pipeline == now.pipeline
        && equal(&then.coefficients, &now.coefficients)
        && equal(&then.parameters.weight, &now.parameters.weight)
        && equal(&bias(then), &bias(now))
}

/// What both certificates allow: each bounds the distance of its model from the one optimum.
fn bound(manifest: &Manifest, now: &FitReport) -> Option<f64> {
    let linear = now.task == Task::Linear;
    let smaller = |one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let pick =
        |probability: Option<f64>, score: Option<f64>| if linear { score } else { probability };
    let before = &manifest.certificate;
    let gap = manifest.duality_gap;
    let then = smaller(
        pick(before.probability_error, before.score_error),
        gap.and_then(|gap| pick(gap.probability_error, gap.score_error)),
    );
    let after = &now.certificate;
    let gap = now.duality_gap.as_ref();
    let now = smaller(
        pick(after.probability_error, after.score_error),
        gap.and_then(|gap| pick(gap.probability_error, gap.score_error)),
    );
    Some(then? + now?)
}

/// The largest difference of what two models say of a training row.
fn difference(
    prepared: &Prepared,
    then: &ModelFile,
    now: &ModelFile,
) -> Result<Option<f64>, FitError> {
    if then.labels != now.labels || then.columns != now.columns || then.pipeline != now.pipeline {
        return Ok(None);
    }
    let part = prepared.train();
    let rows = prepared.streamed()?;
    let said = |file: &ModelFile| {
        let parameters = exact(file, &prepared.pipeline);
        let scores = measure::scores(&parameters, &*rows, part.offsets.as_deref())?;
        predictions(file, scores)
    };
    let (one, other) = (said(then)?, said(now)?);
    let largest = one.iter().zip(&other).map(|(a, b)| (a - b).abs());
    Ok(Some(largest.fold(0.0, f64::max)))
}

/// The parameters of a file in `f64`: those of the module are rounded to its precision.
fn exact(file: &ModelFile, pipeline: &Pipeline) -> Parameters {
    let stored = &file.parameters;
    let width = stored.features + 1;
    let mut parameters = stored.clone();
    parameters.weight.clear();
    let mut bias = Vec::new();
    for original in file.coefficients.chunks_exact(width) {
        let (own, intercept) =
            pipeline.standardize(&original[..stored.features], original[stored.features]);
        parameters.weight.extend(own);
        bias.push(intercept);
    }
    // Without an intercept columns are not shifted, and it is zero.
    parameters.bias = stored.bias.as_ref().map(|_| bias);
    parameters
}

/// Probabilities of the scores, or the scores themselves where the target is a number.
fn predictions(file: &ModelFile, scores: Vec<f64>) -> Result<Vec<f64>, FitError> {
    Ok(match file.task {
        Task::Binary => scores.into_iter().map(probability).collect(),
        Task::Multinomial => multiclass::probabilities(&scores, file.labels.len())?,
        _ => scores,
    })
}
