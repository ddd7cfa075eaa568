//! Bytes that can be read only once, kept on the disk to be read again.

use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use super::StorageError;
use super::positioned::Positioned;
use crate::read::ReadError;

/// Bytes that are copied at a time.
const PIECE: usize = 1 << 20;

/// All bytes of a stream, in a file without a name.
#[derive(Debug)]
pub(crate) struct Spool {
    file: Positioned,
    bytes: u64,
}

impl Spool {
    pub(crate) fn new(name: &str, mut reader: impl Read, folder: &Path) -> Result<Self, ReadError> {
        let full = |error: &io::Error| StorageError::write(folder, PIECE, error);
        std::fs::create_dir_all(folder).map_err(|error| full(&error))?;
        let file = tempfile::tempfile_in(folder).map_err(|error| full(&error))?;
        let mut writer = BufWriter::new(&file);
        let (mut room, mut bytes) = (vec![0; PIECE], 0);
        loop {
            match reader.read(&mut room) {
                Ok(0) => break,
                Ok(count) => {
                    writer
                        .write_all(&room[..count])
                        .map_err(|error| full(&error))?;
                    bytes += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let path = name.to_owned();
                    return Err(ReadError::Io { path, source });
                }
            }
        }
        writer.flush().map_err(|error| full(&error))?;
        drop(writer);
        Ok(Self {
            file: Positioned::new(file),
            bytes,
        })
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A reader at the first byte.
    pub(crate) fn reader(&self) -> impl Read + Send + '_ {
        SpoolReader { spool: self, at: 0 }
    }
}

struct SpoolReader<'a> {
    spool: &'a Spool,
    at: u64,
}

impl Read for SpoolReader<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.spool.bytes - self.at).unwrap_or(usize::MAX);
        let count = rest.min(room.len());
        self.spool.file.read(&mut room[..count], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use crate::{CsvOptions, Input, SchemaOptions, read_table};

    #[test]
    fn what_can_be_read_once_can_be_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("a,b\n{}", "1,x\n2,y\n".repeat(700_000));
        let input = Input::spooled("pipe", text.as_bytes(), folder.path()).unwrap();
        assert_eq!(input.size(), Some(text.len() as u64));
        let same = Input::bytes("pipe", text.into_bytes());
        let read = |input| read_table(input, &CsvOptions::default(), &SchemaOptions::default());
        let spooled = read(&input).unwrap();
        assert_eq!(spooled, read(&same).unwrap());
        assert_eq!(spooled, read(&input).unwrap());
        #[cfg(unix)]
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
