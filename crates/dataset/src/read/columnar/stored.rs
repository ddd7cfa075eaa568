//! The bytes of a file, any part of them at any time.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::SystemTime;

use bytes::Bytes;

use crate::fingerprint::Checksum;

/// Bytes that are read at a time for their checksum.
const HASHED: usize = 1 << 20;

/// A file, or bytes in memory.
#[derive(Debug, Clone)]
pub(in crate::read) enum Stored {
    File(PathBuf),
    Memory(Bytes),
}

/// A reader that can go back.
pub(super) trait Random: Read + Seek + Send {}

impl<T: Read + Seek + Send> Random for T {}

impl Stored {
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::File(path) => path.metadata().map_or(0, |file| file.len()),
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// What changes when a file is written to.
    pub(super) fn stamp(&self) -> Option<(u64, Option<SystemTime>)> {
        match self {
            Self::File(path) => {
                let file = path.metadata().ok()?;
                Some((file.len(), file.modified().ok()))
            }
            Self::Memory(_) => None,
        }
    }

    /// A reader at the first byte.
    pub(super) fn open(&self) -> io::Result<Box<dyn Random>> {
        Ok(match self {
            Self::File(path) => Box::new(BufReader::new(File::open(path)?)),
            Self::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
        })
    }

    /// So many bytes from `start` on.
    pub(super) fn range(&self, start: u64, length: usize) -> io::Result<Bytes> {
        match self {
            Self::File(path) => {
                // A handle of its own: threads must not move each other's position.
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(start))?;
                let mut bytes = Vec::new();
                // What a damaged file asks for may be more than it has.
                let room = length.min(self.length() as usize);
                bytes.try_reserve_exact(room).map_err(io::Error::other)?;
                file.take(length as u64).read_to_end(&mut bytes)?;
                if bytes.len() < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(bytes.into())
            }
            Self::Memory(bytes) => {
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                match start.checked_add(length) {
                    Some(end) if end <= bytes.len() => Ok(bytes.slice(start..end)),
                    _ => Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
        }
    }

    /// Adds all bytes to a checksum.
    pub(super) fn hash(&self, checksum: &mut Checksum) -> io::Result<()> {
        match self {
            Self::Memory(bytes) => checksum.update(bytes),
            Self::File(path) => {
                let mut file = File::open(path)?;
                let mut room = vec![0; HASHED];
                loop {
                    match file.read(&mut room) {
                        Ok(0) => break,
                        Ok(count) => checksum.update(&room[..count]),
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(())
    }
}
