//! `run.json`: what was asked for, on which data, and what came of it.

use std::fs;
use std::path::{Path, PathBuf};

use dataset::fingerprint::{ColumnFingerprint, sha256};
use model::file::Versions;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MANIFEST, RunError, Typed};
use crate::config::FitConfig;
use crate::fit::Fitted;
use crate::report::FitReport;

/// The newest format that this program reads, and the one that it writes.
pub(super) const FORMAT: u64 = 1;
/// The key of the checksum over all others.
const SEAL: &str = "seal";

/// A manifest as it is written.
#[derive(Serialize)]
pub(super) struct Written<'a> {
    format: u64,
    created: &'a str,
    arguments: &'a [String],
    input: &'a [String],
    directory: String,
    #[serde(flatten)]
    config: &'a FitConfig,
    columns: &'a [ColumnFingerprint],
    #[serde(flatten)]
    report: &'a FitReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    seal: Option<String>,
}

impl<'a> Written<'a> {
    pub(super) fn new(fitted: &'a Fitted, typed: Typed<'a>) -> Self {
        let directory = std::env::current_dir().unwrap_or_default();
        Self {
            format: FORMAT,
            created: &fitted.file.training.created,
            arguments: typed.arguments,
            input: typed.tables,
            directory: directory.to_string_lossy().into_owned(),
            config: &fitted.config,
            columns: &fitted.columns,
            report: &fitted.report,
            seal: None,
        }
    }

    /// The document, with a checksum by which a change is noticed.
    pub(super) fn sealed(mut self) -> Result<String, serde_json::Error> {
        self.seal = Some(seal(&serde_json::to_value(&self)?));
        let mut json = serde_json::to_string_pretty(&self)?;
        json.push('\n');
        Ok(json)
    }
}

/// The checksum of a document without its own.
fn seal(document: &Value) -> String {
    sha256(document.to_string().as_bytes())
}

/// What a manifest says, as far as a run can be made again from it.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    /// When, in UTC, as RFC 3339.
    pub created: String,
    /// The tables, by the names that a person gave them.
    pub input: Vec<String>,
    /// The folder that those names are relative to.
    pub directory: PathBuf,
    /// What was asked for.
    #[serde(flatten)]
    pub config: FitConfig,
    /// What identifies the columns that were read.
    pub columns: Vec<ColumnFingerprint>,
    /// The table.
    pub table: RecordedTable,
    /// The solver that ran.
    pub solver: String,
    /// The gradient that it ran with.
    pub gradient: String,
    /// The backend that it ran on.
    pub backend: String,
    /// How it ended.
    pub status: String,
    /// How far from the optimum it can be.
    pub certificate: Bound,
    /// The same by duality, with an L1 penalty.
    pub duality_gap: Option<Bound>,
    /// The programs that ran.
    pub versions: Versions,
}

/// A table, as a manifest knows it.
#[derive(Debug, Clone, Deserialize)]
pub struct RecordedTable {
    /// Its short name.
    pub name: String,
    /// SHA-256 of its text.
    pub sha256: String,
    /// Its rows.
    pub rows: usize,
}

/// A bound on the distance of every row from the optimum.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Bound {
    /// Of the probabilities.
    pub probability_error: Option<f64>,
    /// Of the scores.
    pub score_error: Option<f64>,
}

impl Manifest {
    /// Reads the manifest of a run's folder, and checks that nobody has changed it.
    ///
    /// # Errors
    /// [`RunError::Absent`], [`RunError::Io`], [`RunError::Unreadable`], [`RunError::Newer`] and
    /// [`RunError::Edited`].
    pub fn read(folder: &Path) -> Result<Self, RunError> {
        let (path, mut document) = document(folder)?;
        let unreadable = |reason: String| RunError::Unreadable {
            path: path.clone(),
            reason,
        };
        let sealed = document
            .as_object_mut()
            .and_then(|document| document.remove(SEAL));
        let Some(Value::String(sealed)) = sealed else {
            let reason = "it does not say what a replay needs: an earlier version wrote it";
            return Err(unreadable(reason.to_owned()));
        };
        if sealed != seal(&document) {
            return Err(RunError::Edited { path });
        }
        serde_json::from_value(document).map_err(|error| unreadable(error.to_string()))
    }
}

/// A manifest as a document, and where it is.
pub(super) fn document(folder: &Path) -> Result<(PathBuf, Value), RunError> {
    let path = folder.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => RunError::Absent {
            path: folder.to_owned(),
        },
        _ => RunError::Io {
            path: path.clone(),
            source,
        },
    })?;
    let document: Value = serde_json::from_str(&text).map_err(|error| RunError::Unreadable {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    match document["format"].as_u64() {
        Some(found) if found > FORMAT => Err(RunError::Newer { path, found }),
        Some(_) => Ok((path, document)),
        None => Err(RunError::Unreadable {
            path,
            reason: "it states no format".to_owned(),
        }),
    }
}
