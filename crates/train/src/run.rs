//! The folder of a run: `model.safetensors`, `run.json`, `history.jsonl`.

mod list;
mod manifest;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::file::write_whole;
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::FitError;
use crate::fit::Fitted;
use crate::solve::History;
pub use list::{Listed, Listing, list};
pub use manifest::Manifest;
use manifest::Written;

/// The folder that runs are kept in when none is named.
pub const RUNS: &str = "runs";
/// Beside the runs: the encoded rows of the last fit in bounded memory.
pub const CACHE: &str = "runs/cache";
/// The model in a run's folder.
pub const MODEL: &str = "model.safetensors";
/// The manifest in a run's folder.
pub const MANIFEST: &str = "run.json";
/// A line of JSON for each iteration or epoch.
pub const HISTORY: &str = "history.jsonl";
/// Beside the runs: the name of the newest.
const LATEST: &str = "latest";

/// Why a run's folder cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The folder holds something else.
    #[error("{} is not empty and holds no run", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no run here.
    #[error("{}: there is no {MANIFEST} here, so this is no run", path.display())]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// The manifest was not written by this program, or not by one that can replay.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The manifest was changed by hand.
    #[error("{} was changed after it was written", path.display())]
    Edited {
        /// The manifest.
        path: PathBuf,
    },
    /// The manifest is of a newer program.
    #[error("{}: format {found}, but this program reads formats up to {}", path.display(), manifest::FORMAT)]
    Newer {
        /// The manifest.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
}

impl RunError {
    /// The next step.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NotARun { .. } => Some("name a new folder with --out".to_owned()),
            Self::Io { .. } => Some("--out FOLDER, somewhere that can be written to".to_owned()),
            Self::Absent { .. } => Some("train runs lists those that there are".to_owned()),
            Self::Unreadable { .. } => Some("fit again, so that the run is complete".to_owned()),
            Self::Edited { .. } => Some(
                "fit again; other settings belong on the command line or in a file for --config"
                    .to_owned(),
            ),
            Self::Newer { .. } => {
                Some("update Kindling, or fit again with this version".to_owned())
            }
        }
    }
}

/// What was typed.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    /// The tables, by the names that a person gave them.
    pub tables: &'a [String],
    /// All of it.
    pub arguments: &'a [String],
}

/// Checks that `out` can become, or be again, the folder of a run; before any work is done.
///
/// # Errors
/// [`RunError::NotARun`] when it holds something else.
pub fn check(out: &Path) -> Result<(), RunError> {
    let Ok(mut entries) = fs::read_dir(out) else {
        return if out.exists() {
            Err(RunError::NotARun {
                path: out.to_owned(),
            })
        } else {
            Ok(())
        };
    };
    if entries.next().is_none() || out.join(MANIFEST).exists() {
        return Ok(());
    }
    Err(RunError::NotARun {
        path: out.to_owned(),
    })
}

/// Writes a run, each file whole, and returns its folder.
///
/// Without `out` the folder is a new one, `runs/NAME-DATE-TIME`, and `runs/latest` points to it.
///
/// # Errors
/// [`FitError::Run`] and [`FitError::File`] when the folder cannot be written to.
pub fn write(
    fitted: &mut Fitted,
    out: Option<&Path>,
    typed: Typed<'_>,
) -> Result<PathBuf, FitError> {
    let folder = match out {
        Some(out) => {
            check(out)?;
            create(out)?;
            out.to_owned()
        }
        None => new_folder(&fitted.report.table.name)?,
    };
    fitted.report.out = Some(folder.display().to_string());
    write_whole(&folder.join(HISTORY), history(&fitted.history)?.as_bytes())?;
    fitted.file.write(&folder.join(MODEL))?;
    let manifest = Written::new(fitted, typed).sealed()?;
    write_whole(&folder.join(MANIFEST), manifest.as_bytes())?;
    if out.is_none() {
        point_latest(&folder)?;
    }
    Ok(folder)
}

fn history(history: &History) -> Result<String, serde_json::Error> {
    let lines: Result<Vec<String>, _> = match history {
        History::Iterations(records) => records.iter().map(serde_json::to_string).collect(),
        History::Epochs(epochs) => epochs.iter().map(serde_json::to_string).collect(),
    };
    Ok(lines?
        .into_iter()
        .flat_map(|line| [line, "\n".to_owned()])
        .collect())
}

fn create(folder: &Path) -> Result<(), RunError> {
    fs::create_dir_all(folder).map_err(|source| RunError::Io {
        path: folder.to_owned(),
        source,
    })
}

/// A folder that no other run has.
fn new_folder(name: &str) -> Result<PathBuf, RunError> {
    let runs = Path::new(RUNS);
    create(runs)?;
    let now = OffsetDateTime::now_utc();
    let stamp = format!(
        "{:04}{:02}{:02}-{:02}{:02}{:02}",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second()
    );
    let mut suffix = String::new();
    for attempt in 2.. {
        let folder = runs.join(format!("{name}-{stamp}{suffix}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                suffix = format!("-{attempt}");
            }
            Err(source) => {
                return Err(RunError::Io {
                    path: folder,
                    source,
                });
            }
        }
    }
    unreachable!("the counter does not end")
}

/// Points `runs/latest` to a run: a link where the system has them, otherwise a file with the name.
fn point_latest(folder: &Path) -> Result<(), FitError> {
    let latest = Path::new(RUNS).join(LATEST);
    let name = folder.file_name().unwrap_or_default();
    #[cfg(unix)]
    {
        // A link cannot be replaced in one step, but a new one can take its place.
        let temporary = folder.with_extension("link");
        let io = |source| RunError::Io {
            path: latest.clone(),
            source,
        };
        std::os::unix::fs::symlink(name, &temporary).map_err(io)?;
        fs::rename(&temporary, &latest).map_err(io)?;
    }
    #[cfg(not(unix))]
    write_whole(&latest, name.as_encoded_bytes())?;
    Ok(())
}

/// The time as RFC 3339, to the second.
pub fn now_utc() -> String {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(0)
        .unwrap_or(now)
        .format(&Rfc3339)
        .unwrap_or_default()
}
