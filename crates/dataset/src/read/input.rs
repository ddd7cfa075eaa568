//! Where bytes come from.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::ReadError;

/// Bytes that can be read more than once, and their name in messages.
#[derive(Debug, Clone)]
pub struct Input {
    name: String,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    File(PathBuf),
    Memory(Cow<'static, [u8]>),
}

impl Input {
    /// A file. A pipe or a device can be read only once, so its bytes are taken into memory.
    ///
    /// # Errors
    /// [`ReadError::FileNotFound`] and [`ReadError::Io`].
    pub fn file(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let fail = |error| failure(&name, error);
        let kind = path.metadata().map_err(fail)?.file_type();
        if kind.is_dir() {
            return Err(fail(io::ErrorKind::IsADirectory.into()));
        }
        if kind.is_file() {
            return Ok(Self {
                name,
                origin: Origin::File(path.to_owned()),
            });
        }
        let pipe = File::open(path).map_err(fail)?;
        Self::reader(name, pipe)
    }

    /// Bytes in memory.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        Self {
            name: name.into(),
            origin: Origin::Memory(bytes.into()),
        }
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

    /// The name in messages: the path of a file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A reader at the first byte.
    ///
    /// # Errors
    /// [`ReadError::FileNotFound`] and [`ReadError::Io`].
    pub fn open(&self) -> Result<Box<dyn Read + Send + '_>, ReadError> {
        match &self.origin {
            Origin::File(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(failure(&self.name, error)),
            },
            Origin::Memory(bytes) => Ok(Box::new(bytes.as_ref())),
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
