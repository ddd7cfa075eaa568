//! Where encoded rows are kept from fit to fit.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::StorageError;
use crate::fingerprint::Checksum;

/// The start of the name of every file in the folder that is ours.
const PREFIX: &str = "rows-";
/// The end of the name of a file that is being written.
const PARTIAL: &str = ".partial";

/// What encoded rows follow from: the cells as they were read, the pipeline, and which rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheKey(String);

impl CacheKey {
    /// The SHA-256 of parts, each with its length.
    pub(crate) fn of<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Self {
        let mut checksum = Checksum::default();
        for part in parts {
            checksum.update(&(part.len() as u64).to_le_bytes());
            checksum.update(part);
        }
        Self(checksum.hex())
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A folder of encoded rows, one file for each key.
///
/// A file is written under another name, and has its own when it is whole and on the disk. Files in use
/// are locked, also against other processes; [`keep_only`](Self::keep_only) deletes the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFolder {
    path: PathBuf,
}

impl CacheFolder {
    /// The folder, which is made if need be.
    ///
    /// # Errors
    /// [`StorageError::Io`] and [`StorageError::Full`].
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, StorageError> {
        let path = path.into();
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(Self { path }),
            Err(error) => Err(StorageError::write(&path, 0, &error)),
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of a key, which may not be there.
    pub fn file(&self, key: &CacheKey) -> PathBuf {
        // The whole key is in the file; so much of it tells files from each other.
        self.path.join(format!("{PREFIX}{}", &key.0[..32]))
    }

    /// Deletes the rows of other keys, and what killed processes left, unless somebody uses it.
    ///
    /// # Errors
    /// [`StorageError::Io`].
    pub fn keep_only(&self, keys: &[CacheKey]) -> Result<(), StorageError> {
        let kept: Vec<PathBuf> = keys.iter().map(|key| self.file(key)).collect();
        let io = |error| StorageError::io(&self.path, &error);
        for entry in fs::read_dir(&self.path).map_err(io)? {
            let entry = entry.map_err(io)?;
            let path = entry.path();
            let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
            if ours && !kept.contains(&path) && is_unused(&path) {
                // Somebody else may have been quicker.
                let _ = fs::remove_file(&path);
            }
        }
        Ok(())
    }

    /// A file that is being written, locked.
    pub(crate) fn partial(&self) -> Result<NamedTempFile, StorageError> {
        let fail = |error| StorageError::write(&self.path, 0, &error);
        loop {
            let made = Builder::new()
                .prefix(PREFIX)
                .suffix(PARTIAL)
                .tempfile_in(&self.path);
            let made = made.map_err(fail)?;
            // A file system without locks keeps what killed processes leave.
            let _ = made.as_file().try_lock();
            // Between the two lines another process may have taken it for one that was left.
            if made.path().exists() {
                return Ok(made);
            }
        }
    }

    /// Puts the names of its files on the disk.
    pub(super) fn sync(&self) -> Result<(), StorageError> {
        // Elsewhere a folder cannot be opened.
        #[cfg(unix)]
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| StorageError::write(&self.path, 0, &error))?;
        Ok(())
    }
}

/// Whether nobody holds a lock on a file.
fn is_unused(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}
