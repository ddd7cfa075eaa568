//! The runs of a folder.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::manifest::document;
use super::{CACHE, LATEST, RunError};

/// What a folder of runs holds.
#[derive(Debug, Clone, Serialize)]
pub struct Listing {
    /// The runs, the newest last.
    pub runs: Vec<Listed>,
    /// Folders that are no whole run, and why not.
    pub skipped: Vec<Skipped>,
}

/// One run, in short.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listed {
    /// The name of its folder.
    #[serde(default)]
    pub name: String,
    /// When, in UTC, as RFC 3339.
    pub created: String,
    /// How it ended.
    pub status: String,
    /// `binary`, `multinomial` or `linear`.
    pub task: String,
    /// The table.
    pub table: ListedTable,
    /// The solver that ran.
    pub solver: String,
    /// The backend that it ran on.
    pub backend: String,
    /// The penalty, in both conventions.
    pub penalty: model::file::Penalty,
    /// How well it does, for each part of the rows.
    pub metrics: Value,
}

/// The table of a run, in short.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListedTable {
    /// Its short name.
    pub name: String,
    /// Its rows.
    pub rows: usize,
    /// The column to predict.
    pub target: String,
}

/// A folder that is no whole run.
#[derive(Debug, Clone, Serialize)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// Why not.
    pub reason: String,
}

impl Listed {
    /// A metric of the rows that the fit did not see, or of all where it saw all.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics[self.part()][name].as_f64()
    }

    /// The part of the rows that [`metric`](Self::metric) speaks of: `test` or `train`.
    pub fn part(&self) -> &'static str {
        if self.metrics["test"].is_null() {
            "train"
        } else {
            "test"
        }
    }
}

/// Lists the runs in a folder. A folder that is not there has none.
///
/// # Errors
/// [`RunError::Io`] when the folder cannot be listed.
pub fn list(folder: &Path) -> Result<Listing, RunError> {
    let io = |source| RunError::Io {
        path: folder.to_owned(),
        source,
    };
    let mut listing = Listing {
        runs: Vec::new(),
        skipped: Vec::new(),
    };
    if !folder.exists() {
        return Ok(listing);
    }
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let cache = Path::new(CACHE).file_name() == path.file_name();
        if name == LATEST || cache || !path.is_dir() {
            continue;
        }
        match listed(&path) {
            Ok(run) => listing.runs.push(Listed { name, ..run }),
            Err(error) => listing.skipped.push(Skipped {
                name,
                reason: error.to_string(),
            }),
        }
    }
    listing
        .runs
        .sort_by(|a, b| (&a.created, &a.name).cmp(&(&b.created, &b.name)));
    listing.skipped.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listing)
}

fn listed(folder: &Path) -> Result<Listed, RunError> {
    let (path, document) = document(folder)?;
    serde_json::from_value(document).map_err(|error| RunError::Unreadable {
        path,
        reason: error.to_string(),
    })
}
