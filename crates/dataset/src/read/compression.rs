//! Compressed bytes, recognised by their first bytes and decoded as they are read.

use std::io::{self, Cursor, ErrorKind, Read};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::ReadError;
use super::input::failure;

/// Bytes at the start that are looked at: as long as the longest mark.
const MARK: usize = 8;

/// A reader whose first bytes were looked at.
type Whole<R> = Counted<io::Chain<Cursor<Vec<u8>>, R>>;

/// The bytes of a file, decompressed if they are gzip or zstd.
pub(super) struct Decoder<R> {
    name: String,
    stream: Stream<R>,
    given: u64,
}

enum Stream<R> {
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<Whole<R>>>),
    Zstd(Box<Frames<Whole<R>>>),
}

impl<R: Read> Decoder<R> {
    /// Looks at the first bytes; `name` stands for the file in messages.
    pub(super) fn new(name: &str, mut reader: R) -> Result<Self, ReadError> {
        let mut mark = [0; MARK];
        let mut length = 0;
        while length < MARK {
            match reader.read(&mut mark[length..]) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failure(name, error)),
            }
        }
        let mark = &mark[..length];
        let whole = Counted {
            reader: Cursor::new(mark.to_vec()).chain(reader),
            count: 0,
        };
        let stream = match mark {
            [0x1f, 0x8b, ..] => Stream::Gzip(Box::new(MultiGzDecoder::new(whole))),
            _ if is_zstd(mark) => Stream::Zstd(Box::new(Frames::new(whole))),
            _ => Stream::Plain(whole),
        };
        let name = name.to_owned();
        Ok(Self {
            name,
            stream,
            given: 0,
        })
    }

    /// Whether the bytes are not compressed.
    #[cfg(feature = "parquet")]
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.stream, Stream::Plain(_))
    }

    /// Reads decompressed bytes, 0 at the end.
    pub(super) fn read(&mut self, room: &mut [u8]) -> Result<usize, ReadError> {
        loop {
            let result = match &mut self.stream {
                Stream::Plain(whole) => whole.read(room),
                Stream::Gzip(decoder) => decoder.read(room),
                Stream::Zstd(frames) => frames.read(room),
            };
            match result {
                Ok(count) => {
                    self.given += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failure(error)),
            }
        }
    }

    fn failure(&self, source: io::Error) -> ReadError {
        let (compression, whole) = match &self.stream {
            Stream::Plain(_) => return failure(&self.name, source),
            Stream::Gzip(decoder) => ("gzip", decoder.get_ref()),
            Stream::Zstd(frames) => ("zstd", &frames.reader),
        };
        let (path, bytes, decoded) = (self.name.clone(), whole.count, self.given);
        match source.kind() {
            ErrorKind::UnexpectedEof => ReadError::Truncated {
                path,
                compression,
                bytes,
                decoded,
            },
            // What flate2 and `Frames` say about bytes that are not theirs.
            ErrorKind::InvalidInput | ErrorKind::InvalidData => ReadError::Corrupt {
                path,
                compression,
                bytes,
                decoded,
                reason: source.to_string(),
            },
            _ => failure(&self.name, source),
        }
    }
}

/// Whether bytes start with a zstd frame, or with one that is to be skipped.
fn is_zstd(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}

/// Counts the bytes that it hands on.
struct Counted<R> {
    reader: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(room)?;
        self.count += count as u64;
        Ok(count)
    }
}

/// zstd frames, one behind the other.
struct Frames<R> {
    reader: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: Read> Frames<R> {
    fn new(reader: R) -> Self {
        Self {
            reader,
            decoder: FrameDecoder::new(),
            within: false,
        }
    }

    /// Starts the next frame; `false` when there is none.
    fn begin(&mut self) -> io::Result<bool> {
        let mut first = [0];
        loop {
            match self.reader.read(&mut first) {
                Ok(0) => return Ok(false),
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        match self
            .decoder
            .reset(Cursor::new(first).chain(&mut self.reader))
        {
            Ok(()) => {
                self.within = true;
                Ok(true)
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = u64::from(length);
                let skipped = io::copy(&mut (&mut self.reader).take(length), &mut io::sink())?;
                if skipped < length {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                Ok(true)
            }
            Err(error) => Err(reason(&error)),
        }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.within {
                if !self.begin()? {
                    return Ok(0);
                }
                continue;
            }
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(room);
            }
            if self.decoder.is_finished() {
                self.within = false;
                let (stored, found) = (
                    self.decoder.get_checksum_from_data(),
                    self.decoder.get_calculated_checksum(),
                );
                if stored.is_some() && stored != found {
                    let text = "the checksum of the frame does not match";
                    return Err(io::Error::new(ErrorKind::InvalidData, text));
                }
                continue;
            }
            let strategy = BlockDecodingStrategy::UptoBlocks(1);
            self.decoder
                .decode_blocks(&mut self.reader, strategy)
                .map_err(|error| reason(&error))?;
        }
    }
}

/// An error of the decoder as one of input: cut off where bytes ran out, corrupt otherwise.
fn reason(error: &FrameDecoderError) -> io::Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(inner) = inner.downcast_ref::<io::Error>() {
            return io::Error::new(inner.kind(), inner.to_string());
        }
        cause = inner.source();
    }
    io::Error::new(ErrorKind::InvalidData, error.to_string())
}

#[cfg(test)]
mod tests;
