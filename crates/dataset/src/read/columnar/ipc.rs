//! Arrow IPC: files and streams, also known as Feather of version 2.

use std::io::Read;

use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, Fields};

use super::damaged;
use super::stored::{Random, Stored};
use crate::read::input::failure;
use crate::read::{Format, ReadError};

/// The first bytes of a file; a stream has none.
pub(super) const MARK: &[u8] = b"ARROW1";

/// How the batches of a file lie in it.
pub(super) struct Description {
    stream: bool,
}

/// The batches of a file, one after the other.
pub(super) type Records = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

impl Description {
    pub(super) fn read(path: &str, stored: &Stored) -> Result<(Self, Fields), ReadError> {
        let broken = |error: ArrowError| damaged(path, Format::Arrow, &error);
        let mut mark = [0; MARK.len()];
        let mut reader = stored.open().map_err(|error| failure(path, error))?;
        let stream = reader.read_exact(&mut mark).is_err() || mark != MARK;
        let reader = stored.open().map_err(|error| failure(path, error))?;
        let schema = if stream {
            StreamReader::try_new(reader, None)
                .map_err(broken)?
                .schema()
        } else {
            FileReader::try_new(reader, None).map_err(broken)?.schema()
        };
        Ok((Self { stream }, schema.fields().clone()))
    }

    /// The batches, of which each has these columns alone, in the order of the file.
    pub(super) fn records(
        &self,
        path: &str,
        stored: &Stored,
        columns: &[usize],
    ) -> Result<Records, ReadError> {
        let broken = |error: ArrowError| damaged(path, Format::Arrow, &error);
        let reader: Box<dyn Random> = stored.open().map_err(|error| failure(path, error))?;
        let columns = Some(columns.to_vec());
        Ok(if self.stream {
            Box::new(StreamReader::try_new(reader, columns).map_err(broken)?)
        } else {
            Box::new(FileReader::try_new(reader, columns).map_err(broken)?)
        })
    }
}
