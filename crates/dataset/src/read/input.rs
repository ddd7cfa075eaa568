//! Where bytes come from.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "parquet")]
use bytes::Bytes;

#[cfg(feature = "parquet")]
use super::columnar::Stored;
use super::progress::Watched;
use super::{Format, ReadError, ReadProgress};
use crate::storage::Spool;

/// A table's bytes: those of a file, of several files that are one table, or of memory. They can be
/// read more than once.
///
/// The bytes may be compressed with gzip or zstd, and the text in them may be of any
/// [`Format`]: both are told by the content, not by the name.
#[derive(Debug, Clone)]
pub struct Input {
    name: String,
    parts: Vec<Part>,
    format: Option<Format>,
    progress: Option<ReadProgress>,
}

/// One file, or the bytes of one.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) name: String,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    File(PathBuf),
    Memory(Cow<'static, [u8]>),
    Spooled(Arc<Spool>),
}

impl Input {
    /// What a person names: `-` for standard input, the path of a file, or a pattern with `*`, `?`
    /// or `[…]` for several files that are one table.
    ///
    /// # Errors
    /// [`ReadError::FileNotFound`], [`ReadError::Io`], [`ReadError::NoMatch`] and
    /// [`ReadError::Pattern`].
    pub fn named(name: &str) -> Result<Self, ReadError> {
        Self::of_name(name, None)
    }

    fn of_name(name: &str, spool: Option<&Path>) -> Result<Self, ReadError> {
        if name == "-" {
            return Self::stream("standard input", io::stdin().lock(), spool);
        }
        if name.contains(['*', '?', '[']) && !Path::new(name).exists() {
            return Self::pattern(name);
        }
        Self::of_path(Path::new(name), spool)
    }

    /// What a person names in several words, each as [`named`](Self::named): one table, one file below
    /// the other.
    ///
    /// # Errors
    /// Those of [`named`](Self::named); [`ReadError::NoMatch`] without a name.
    pub fn several<S: AsRef<str>>(names: &[S]) -> Result<Self, ReadError> {
        Self::of_names(names, None)
    }

    /// The same, and what can be read only once (standard input, a pipe) is moved to the disk of a
    /// folder as by [`spooled`](Self::spooled) rather than into memory.
    ///
    /// # Errors
    /// Those of [`several`](Self::several) and [`spooled`](Self::spooled).
    pub fn several_spooled<S: AsRef<str>>(names: &[S], folder: &Path) -> Result<Self, ReadError> {
        Self::of_names(names, Some(folder))
    }

    fn of_names<S: AsRef<str>>(names: &[S], spool: Option<&Path>) -> Result<Self, ReadError> {
        let Some((first, rest)) = names.split_first() else {
            let pattern = String::new();
            return Err(ReadError::NoMatch { pattern });
        };
        let mut all = Self::of_name(first.as_ref(), spool)?;
        for name in rest {
            all.parts.extend(Self::of_name(name.as_ref(), spool)?.parts);
        }
        if !rest.is_empty() {
            all.name = format!("{} and {} more", first.as_ref(), rest.len());
        }
        Ok(all)
    }

    /// A file. A pipe or a device can be read only once, so its bytes are taken into memory.
    ///
    /// # Errors
    /// [`ReadError::FileNotFound`] and [`ReadError::Io`].
    pub fn file(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        Self::of_path(path.as_ref(), None)
    }

    fn of_path(path: &Path, spool: Option<&Path>) -> Result<Self, ReadError> {
        let name = path.display().to_string();
        let fail = |error| failure(&name, error);
        let kind = path.metadata().map_err(fail)?.file_type();
        if kind.is_dir() {
            return Err(fail(io::ErrorKind::IsADirectory.into()));
        }
        if kind.is_file() {
            return Ok(Self::one(name, Origin::File(path.to_owned())));
        }
        let pipe = File::open(path).map_err(fail)?;
        Self::stream(&name, pipe, spool)
    }

    fn stream(name: &str, reader: impl Read, spool: Option<&Path>) -> Result<Self, ReadError> {
        match spool {
            None => Self::reader(name, reader),
            Some(folder) => Self::spooled(name, reader, folder),
        }
    }

    /// Several files as one table, one below the other; `name` stands for all of them in messages
    /// that concern no row.
    ///
    /// # Errors
    /// [`ReadError::FileNotFound`] and [`ReadError::Io`]; [`ReadError::NoMatch`] without a file.
    pub fn files<P: AsRef<Path>>(
        name: impl Into<String>,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Self, ReadError> {
        let name = name.into();
        let mut parts = Vec::new();
        for path in paths {
            parts.extend(Self::file(path)?.parts);
        }
        if parts.is_empty() {
            return Err(ReadError::NoMatch { pattern: name });
        }
        Ok(Self {
            name,
            parts,
            format: None,
            progress: None,
        })
    }

    /// The files that match a pattern (`data/*.csv`, `part-?.csv.gz`, `**` for folders in folders)
    /// as one table, in the order of their names.
    ///
    /// # Errors
    /// [`ReadError::Pattern`] when it is no pattern, [`ReadError::NoMatch`] when no file matches,
    /// and [`ReadError::Io`].
    pub fn pattern(pattern: &str) -> Result<Self, ReadError> {
        let wrong = |error: glob::PatternError| ReadError::Pattern {
            pattern: pattern.to_owned(),
            reason: error.msg.to_owned(),
        };
        let mut paths = Vec::new();
        for path in glob::glob(pattern).map_err(wrong)? {
            let path = path.map_err(|error| {
                let name = error.path().display().to_string();
                failure(&name, error.into())
            })?;
            if !path.is_dir() {
                paths.push(path);
            }
        }
        paths.sort();
        Self::files(pattern, paths)
    }

    /// Bytes in memory.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        Self::one(name.into(), Origin::Memory(bytes.into()))
    }

    /// All bytes of a reader, standard input for example.
    ///
    /// # Errors
    /// [`ReadError::Io`].
    pub fn reader(name: impl Into<String>, mut reader: impl Read) -> Result<Self, ReadError> {
        let name = name.into();
        let mut bytes = Vec::new();
        match reader.read_to_end(&mut bytes) {
            Ok(_) => Ok(Self::bytes(name, bytes)),
            Err(error) => Err(failure(&name, error)),
        }
    }

    /// All bytes of a reader, standard input for example, moved to a file without a name on the disk of
    /// a folder: what [`read_stored`](super::read_stored) needs, where memory has no room for them.
    ///
    /// # Errors
    /// [`ReadError::Io`], and [`ReadError::Storage`] where the disk has no room for them.
    pub fn spooled(
        name: impl Into<String>,
        reader: impl Read,
        folder: &Path,
    ) -> Result<Self, ReadError> {
        let name = name.into();
        let spool = Spool::new(&name, reader, folder)?;
        Ok(Self::one(name, Origin::Spooled(Arc::new(spool))))
    }

    /// The same bytes, read as this format whatever they look like.
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// The same bytes, counted in `progress` whenever they are read.
    #[must_use]
    pub fn with_progress(mut self, progress: &ReadProgress) -> Self {
        self.progress = Some(progress.clone());
        self
    }

    /// The name in messages: the path of a file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Each file as an input of its own, in order.
    ///
    /// # Examples
    /// ```
    /// let input = dataset::Input::bytes("t.csv", b"a\n1\n".as_slice());
    /// let names: Vec<String> = input.each().map(|file| file.name().to_owned()).collect();
    /// assert_eq!(names, ["t.csv"]);
    /// ```
    pub fn each(&self) -> impl Iterator<Item = Self> {
        self.parts.iter().map(|part| Self {
            name: part.name.clone(),
            parts: vec![part.clone()],
            ..self.clone()
        })
    }

    /// A reader at the first byte of the first file, of the bytes as they are stored.
    ///
    /// # Errors
    /// [`ReadError::FileNotFound`] and [`ReadError::Io`].
    pub fn open(&self) -> Result<Box<dyn Read + Send + '_>, ReadError> {
        self.parts[0].open()
    }

    /// Bytes of all files as they are stored, where the system knows them.
    pub fn size(&self) -> Option<u64> {
        self.parts.iter().map(Part::size).sum()
    }

    /// A reader of one of the files, whose bytes count as progress.
    pub(super) fn open_part<'a>(
        &'a self,
        part: &'a Part,
    ) -> Result<Box<dyn Read + Send + 'a>, ReadError> {
        let reader = part.open()?;
        Ok(match &self.progress {
            None => reader,
            Some(progress) => {
                let progress = progress.clone();
                Box::new(Watched { reader, progress })
            }
        })
    }

    pub(super) fn progress(&self) -> Option<&ReadProgress> {
        self.progress.as_ref()
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(super) fn format(&self) -> Option<Format> {
        self.format
    }

    fn one(name: String, origin: Origin) -> Self {
        let part = Part {
            name: name.clone(),
            origin,
        };
        Self {
            name,
            parts: vec![part],
            format: None,
            progress: None,
        }
    }
}

impl Part {
    /// Bytes as they are stored, where that is known.
    pub(super) fn size(&self) -> Option<u64> {
        match &self.origin {
            Origin::File(path) => path.metadata().ok().map(|file| file.len()),
            Origin::Memory(bytes) => Some(bytes.len() as u64),
            Origin::Spooled(spool) => Some(spool.bytes()),
        }
    }

    #[cfg(feature = "parquet")]
    pub(super) fn is_file(&self) -> bool {
        matches!(self.origin, Origin::File(_))
    }

    /// What changes when a file is written to.
    pub(super) fn stamp(&self) -> Option<(u64, Option<std::time::SystemTime>)> {
        match &self.origin {
            Origin::File(path) => {
                let file = path.metadata().ok()?;
                Some((file.len(), file.modified().ok()))
            }
            Origin::Memory(_) | Origin::Spooled(_) => None,
        }
    }

    /// The bytes as they are stored, any part of them at any time, where that needs no copy of all.
    #[cfg(feature = "parquet")]
    pub(super) fn stored(&self) -> Option<Stored> {
        match &self.origin {
            Origin::File(path) => Some(Stored::File(path.clone())),
            Origin::Memory(Cow::Borrowed(bytes)) => Some(Stored::Memory(Bytes::from_static(bytes))),
            Origin::Memory(Cow::Owned(bytes)) => {
                Some(Stored::Memory(Bytes::copy_from_slice(bytes)))
            }
            Origin::Spooled(_) => None,
        }
    }

    pub(super) fn open(&self) -> Result<Box<dyn Read + Send + '_>, ReadError> {
        match &self.origin {
            Origin::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(failure(&self.name, error)),
            },
            Origin::Memory(bytes) => Ok(Box::new(bytes.as_ref())),
            Origin::Spooled(spool) => Ok(Box::new(spool.reader())),
        }
    }
}

/// The error for a file that cannot be opened or read.
pub(super) fn failure(path: &str, source: io::Error) -> ReadError {
    let path = path.to_owned();
    if source.kind() == io::ErrorKind::NotFound {
        ReadError::FileNotFound { path }
    } else {
        ReadError::Io { path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named() {
        let error = Input::file("/no/such/table.csv").unwrap_err();
        assert!(matches!(&error, ReadError::FileNotFound { path } if path == "/no/such/table.csv"));
        assert_eq!(error.to_string(), "/no/such/table.csv: no such file");
        assert!(error.remedy().unwrap().contains("penguins"));
    }

    #[test]
    fn a_folder_is_not_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = Input::file(folder.path()).unwrap_err();
        assert!(matches!(error, ReadError::Io { .. }), "{error}");
    }

    #[test]
    fn several_names_are_one_table_and_each_of_its_files_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        for name in ["a1", "a2", "b1"] {
            std::fs::write(path(name), format!("x\n{name}\n")).unwrap();
        }
        let names = [path("a?"), path("b1")];
        let input = Input::several(&names).unwrap();
        assert_eq!(input.name(), format!("{} and 1 more", names[0]));
        let files: Vec<String> = input.each().map(|file| file.name().to_owned()).collect();
        assert_eq!(files, ["a1", "a2", "b1"].map(path));
        let mut bytes = String::new();
        let last = input.each().last().unwrap();
        last.open().unwrap().read_to_string(&mut bytes).unwrap();
        assert_eq!(bytes, "x\nb1\n");
        assert_eq!(Input::several(&names[1..]).unwrap().name(), names[1]);
        let none = Input::several::<&str>(&[]).unwrap_err();
        assert!(matches!(none, ReadError::NoMatch { .. }), "{none}");
        let absent = Input::several(&[path("a1"), path("c")]).unwrap_err();
        assert!(matches!(absent, ReadError::FileNotFound { path: p } if p == path("c")));
    }

    #[test]
    fn an_input_can_be_read_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, b"a\n1\n").unwrap();
        for input in [
            Input::file(&path).unwrap(),
            Input::reader("-", &b"a\n1\n"[..]).unwrap(),
        ] {
            for _ in 0..2 {
                let mut bytes = Vec::new();
                input.open().unwrap().read_to_end(&mut bytes).unwrap();
                assert_eq!(bytes, b"a\n1\n");
            }
        }
    }
}
