//! Where results go: standard output, or a file that is there whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Says something on stderr, beside the results; where that is closed nobody can be told.
pub fn tell(text: &str) {
    let _ = write!(io::stderr(), "{text}");
}

/// A table that is being written.
///
/// A file appears under its name only with [`finish`](Self::finish); until then it has a temporary
/// name beside it, which goes away with the sink. A link is followed; what is there but is no file
/// (`/dev/null`, a named pipe) is written to as it is.
///
/// # Examples
/// ```
/// use std::io::Write;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("scores.csv");
/// let mut sink = terminal::Sink::open(Some(&path)).unwrap();
/// writeln!(sink, "row,score")?;
/// assert!(!path.exists());
/// sink.finish().unwrap();
/// assert!(path.exists());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Sink {
    target: Target,
    /// What to call it in an error.
    place: String,
    closed: bool,
}

#[derive(Debug)]
enum Target {
    Stdout(BufWriter<Stdout>),
    Device(BufWriter<File>),
    /// The temporary file, and where it will be.
    File(BufWriter<NamedTempFile>, PathBuf),
}

impl Sink {
    /// A file, or standard output where none is named.
    ///
    /// # Errors
    /// A [`Failure`] when the folder cannot be written to.
    pub fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let (place, target) = match path {
            None => {
                let stdout = BufWriter::new(io::stdout());
                ("standard output".to_owned(), Target::Stdout(stdout))
            }
            Some(path) => {
                let place = path.display().to_string();
                let target = Target::open(path).map_err(|e| Failure::writing(&place, &e))?;
                (place, target)
            }
        };
        Ok(Self {
            target,
            place,
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

    /// Writes a whole text, and puts the file in its place.
    ///
    /// # Errors
    /// A [`Failure`] when it cannot be written.
    pub fn put(mut self, text: &str) -> Result<(), Failure> {
        self.write_all(text.as_bytes())
            .map_err(|error| Failure::writing(&self.place, &error))?;
        self.finish()
    }

    /// What to call it in an error.
    pub fn place(&self) -> String {
        self.place.clone()
    }
}

impl Target {
    fn open(path: &Path) -> io::Result<Self> {
        // A rename would put a file in the place of a link, or of a device.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let something_else = path.metadata().is_ok_and(|there| !there.is_file());
        if something_else {
            let device = File::options().write(true).open(&path)?;
            return Ok(Self::Device(BufWriter::new(device)));
        }
        Ok(Self::File(BufWriter::new(temporary(&path)?), path))
    }
}

impl Write for Sink {
    /// Fails when the disk is full, say; not when the reader of standard output has gone.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::File(writer, _) => writer.write_all(bytes)?,
            Target::Device(writer) => self.closed |= gone(writer.write_all(bytes))?,
            Target::Stdout(writer) => self.closed |= gone(writer.write_all(bytes))?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::File(writer, _) => writer.flush(),
            Target::Device(writer) => gone(writer.flush()).map(|_| ()),
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

        Sink::open(Some(&path)).unwrap().put("c\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"c\n");

        let mut half = Sink::open(Some(&path)).unwrap();
        half.write_all(b"half").unwrap();
        drop(half);
        assert_eq!(std::fs::read(&path).unwrap(), b"c\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_or_stands_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            folder.path().join("none/scores.csv"),
            folder.path().to_owned(),
        ] {
            let failure = Sink::open(Some(&path)).unwrap_err().to_string();
            let start = format!("error: {}: ", path.display());
            // Long paths are wrapped after the first blank.
            assert!(
                failure.replace("\n      ", "").starts_with(&start),
                "{failure}"
            );
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_one_and_a_device_too() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (
            folder.path().join("old.csv"),
            folder.path().join("latest.csv"),
        );
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let mut sink = Sink::open(Some(&link)).unwrap();
        sink.write_all(b"new").unwrap();
        sink.finish().unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"new");

        let device = folder.path().join("device");
        std::os::unix::fs::symlink("/dev/null", &device).unwrap();
        let mut sink = Sink::open(Some(&device)).unwrap();
        sink.write_all(b"x").unwrap();
        sink.finish().unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error_but_a_full_disk_is() {
        let error = |kind| Err(io::Error::from(kind));
        assert!(!gone(Ok(())).unwrap());
        assert!(gone(error(io::ErrorKind::BrokenPipe)).unwrap());
        assert!(gone(error(io::ErrorKind::StorageFull)).is_err());
    }
}
