//! The bytes of a file, decompressed, with the first of them at hand.

use std::io::Read;

use super::compression::Decoder;
use super::{CsvOptions, Format, ReadError, format};
use crate::fingerprint::Checksum;

/// Bytes that are looked at to tell a format, at least.
pub(super) const START: usize = 256 << 10;

/// A file that is read from its first byte to its last.
pub(super) struct Source<R> {
    pub(super) path: String,
    decoder: Decoder<R>,
    checksum: Option<Checksum>,
    bytes: u64,
    /// Bytes that were read and not handed on.
    pub(super) rest: Vec<u8>,
    pub(super) exhausted: bool,
    pub(super) format: Format,
}

impl<R: Read> Source<R> {
    /// Recognises compression and format, unless the format is given. All bytes are added to the
    /// checksum on the way.
    pub(super) fn open(
        path: &str,
        reader: R,
        csv: &CsvOptions,
        format: Option<Format>,
        checksum: Option<Checksum>,
        start: usize,
    ) -> Result<Self, ReadError> {
        let mut source = Self {
            path: path.to_owned(),
            decoder: Decoder::new(path, reader)?,
            checksum,
            bytes: 0,
            rest: Vec::new(),
            exhausted: false,
            format: Format::Csv,
        };
        source.fill(start.max(START))?;
        if source.rest.starts_with(b"\xef\xbb\xbf") {
            source.rest.drain(..3);
        }
        source.format = match (format, csv.delimiter) {
            (Some(format), _) => format,
            (None, Some(_)) => format::of_columns(&source.rest).unwrap_or(Format::Csv),
            (None, None) => format::detect(path, &source.rest, source.exhausted)?,
        };
        Ok(source)
    }

    /// Whether the bytes are those that are stored.
    #[cfg(feature = "parquet")]
    pub(super) fn is_plain(&self) -> bool {
        self.decoder.is_plain()
    }

    /// Bytes that were read, decompressed.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn into_checksum(self) -> Option<Checksum> {
        self.checksum
    }

    /// All bytes from the first on, where none was handed on.
    #[cfg(feature = "parquet")]
    pub(super) fn into_bytes(mut self) -> Result<Vec<u8>, ReadError> {
        while !self.exhausted {
            self.fill(2 * self.rest.len())?;
        }
        Ok(self.rest)
    }

    /// Reads until there are `target` bytes or the file ends.
    pub(super) fn fill(&mut self, target: usize) -> Result<(), ReadError> {
        let mut length = self.rest.len();
        if length >= target || self.exhausted {
            return Ok(());
        }
        self.rest.resize(target, 0);
        while length < target {
            match self.decoder.read(&mut self.rest[length..])? {
                0 => {
                    self.exhausted = true;
                    break;
                }
                count => {
                    if let Some(checksum) = &mut self.checksum {
                        checksum.update(&self.rest[length..length + count]);
                    }
                    self.bytes += count as u64;
                    length += count;
                }
            }
        }
        self.rest.truncate(length);
        Ok(())
    }
}
