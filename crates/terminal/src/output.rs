//! Where results go: standard output, or a file that is there whole or not at all.

use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// A table that is being written.
///
/// A file appears under its name only with [`finish`](Self::finish); until then it has a temporary
/// name beside it, which goes away with the sink.
#[derive(Debug)]
pub struct Sink {
    target: Target,
    closed: bool,
}

#[derive(Debug)]
enum Target {
    Stdout(BufWriter<StdoutLock<'static>>),
    File(BufWriter<NamedTempFile>, PathBuf),
}

impl Sink {
    /// A file, or standard output where none is named.
    ///
    /// # Errors
    /// A [`Failure`] when the folder cannot be written to.
    pub fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let target = match path {
            None => Target::Stdout(BufWriter::new(io::stdout().lock())),
            Some(path) => {
                let file =
                    temporary(path).map_err(|error| Failure::writing(path.display(), &error))?;
                Target::File(BufWriter::new(file), path.to_owned())
            }
        };
        Ok(Self {
            target,
            closed: false,
        })
    }

    /// Whether whoever reads standard output has gone: nothing more need be computed.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// A [`Failure`] when the last bytes cannot be written.
    pub fn finish(mut self) -> Result<(), Failure> {
        let place = self.place();
        let finish = || -> io::Result<()> {
            self.flush()?;
            if let Target::File(writer, path) = self.target {
                let file = writer
                    .into_inner()
                    .map_err(io::IntoInnerError::into_error)?;
                file.as_file().sync_all()?;
                file.persist(path).map_err(|error| error.error)?;
            }
            Ok(())
        };
        finish().map_err(|error| Failure::writing(place, &error))
    }

    /// What to call it in an error.
    pub fn place(&self) -> String {
        match &self.target {
            Target::Stdout(_) => "standard output".to_owned(),
            Target::File(_, path) => path.display().to_string(),
        }
    }
}

impl Write for Sink {
    /// Fails when the disk is full, say; not when the reader of standard output has gone.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::File(writer, _) => writer.write_all(bytes)?,
            Target::Stdout(writer) => self.closed |= gone(writer.write_all(bytes))?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::File(writer, _) => writer.flush(),
            Target::Stdout(writer) => gone(writer.flush()).map(|_| ()),
        }
    }
}

/// Whether the reader has gone.
fn gone(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(true),
        Err(error) => Err(error),
    }
}

fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| *folder != Path::new(""))
        .unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any other new file: the process's umask takes away from this.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.csv");
        let mut sink = Sink::open(Some(&path)).unwrap();
        sink.write_all(b"a,b\n").unwrap();
        assert!(!path.exists());
        sink.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"a,b\n");

        let mut half = Sink::open(Some(&path)).unwrap();
        half.write_all(b"half").unwrap();
        drop(half);
        assert_eq!(std::fs::read(&path).unwrap(), b"a,b\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
