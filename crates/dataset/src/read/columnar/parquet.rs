//! Parquet: every column of every row group is decoded on its own, so that all threads have work.

use std::io::{self, Cursor};

use arrow_schema::Fields;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};

use super::stored::Stored;
use super::{Chunk, Group, GroupCells, damaged};
use crate::read::input::failure;
use crate::read::{Format, ReadError};

/// Rows of an array, at most.
pub(super) const ROWS: usize = 1 << 17;

/// What the end of a file says about it.
pub(super) struct Description {
    metadata: ArrowReaderMetadata,
    /// For each column the place of its values among those of the file, unless it is nested.
    leaves: Vec<Option<usize>>,
}

impl Description {
    pub(super) fn read(path: &str, stored: &Stored) -> Result<(Self, Fields), ReadError> {
        let broken = |error: ParquetError| damaged(path, Format::Parquet, &error);
        let whole = Whole(stored);
        let options = ArrowReaderOptions::new();
        let metadata = ArrowReaderMetadata::load(&whole, options).map_err(broken)?;
        let fields = metadata.schema().fields().clone();
        let schema = metadata.parquet_schema();
        let mut leaves = vec![None; fields.len()];
        for leaf in 0..schema.num_columns() {
            let root = schema.get_column_root_idx(leaf);
            if let Some(place) = leaves.get_mut(root)
                && !schema.get_column_root(leaf).is_group()
            {
                *place = Some(leaf);
            }
        }
        let length = stored.length();
        let sound = metadata.metadata().row_groups().iter().all(|group| {
            let columns = group.columns().iter();
            let within = |column: &ColumnChunkMetaData| {
                let start = column
                    .dictionary_page_offset()
                    .unwrap_or(column.data_page_offset());
                let start = u64::try_from(start).ok();
                let size = u64::try_from(column.compressed_size()).ok();
                let end = start
                    .zip(size)
                    .and_then(|(start, size)| start.checked_add(size));
                end.is_some_and(|end| end <= length)
            };
            columns.into_iter().all(within) && group.num_rows() >= 0
        });
        if !sound || fields.len() != schema.root_schema().get_fields().len() {
            let reason = "its columns lie outside of the file";
            return Err(damaged(path, Format::Parquet, &reason));
        }
        Ok((Self { metadata, leaves }, fields))
    }

    /// Rows of the file.
    pub(super) fn all_rows(&self) -> usize {
        let groups = self.metadata.metadata().row_groups();
        groups.iter().map(rows).sum()
    }

    /// The row group at that position.
    pub(super) fn group(&self, position: usize) -> Option<Group> {
        let group = self.metadata.metadata().row_groups().get(position)?;
        Some(Group {
            rows: rows(group),
            bytes: u64::try_from(group.compressed_size()).unwrap_or_default(),
            cells: GroupCells::Stored(position),
        })
    }

    /// The cells of a column in a row group.
    pub(super) fn chunk(
        &self,
        path: &str,
        stored: &Stored,
        group: usize,
        column: usize,
    ) -> Result<Chunk, ReadError> {
        let broken = |error: &dyn std::fmt::Display| damaged(path, Format::Parquet, error);
        let Some(leaf) = self.leaves[column] else {
            return Err(broken(&"a nested column was taken for a plain one"));
        };
        let (start, length) = self
            .metadata
            .metadata()
            .row_group(group)
            .column(leaf)
            .byte_range();
        let bytes = stored
            .range(start, length as usize)
            .map_err(|error| failure(path, error))?;
        let region = Region { start, bytes };
        let mask = ProjectionMask::leaves(self.metadata.parquet_schema(), [leaf]);
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(region, self.metadata.clone())
                .with_row_groups(vec![group])
                .with_projection(mask)
                .with_batch_size(ROWS)
                .build()
                .map_err(|error| broken(&error))?;
        let mut chunk = Chunk::new();
        for batch in reader {
            let batch = batch.map_err(|error| broken(&error))?;
            chunk.extend(batch.columns().first().cloned());
        }
        Ok(chunk)
    }
}

/// Rows of a row group, which were found to be no fewer than none.
fn rows(group: &RowGroupMetaData) -> usize {
    usize::try_from(group.num_rows()).unwrap_or_default()
}

/// A whole file, for its description.
struct Whole<'a>(&'a Stored);

impl Length for Whole<'_> {
    fn len(&self) -> u64 {
        self.0.length()
    }
}

impl ChunkReader for Whole<'_> {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let length = self.0.length().saturating_sub(start) as usize;
        Ok(Cursor::new(self.get_bytes(start, length)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        Ok(self.0.range(start, length)?)
    }
}

/// A part of a file, its places those in the file.
struct Region {
    start: u64,
    bytes: Bytes,
}

impl Region {
    fn part(&self, start: u64, length: Option<usize>) -> io::Result<Bytes> {
        let from = start.checked_sub(self.start).map(|from| from as usize);
        let end =
            |from: usize| length.map_or(Some(self.bytes.len()), |more| from.checked_add(more));
        match from.and_then(|from| Some((from, end(from)?))) {
            Some((from, end)) if from <= end && end <= self.bytes.len() => {
                Ok(self.bytes.slice(from..end))
            }
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Length for Region {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Region {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(Cursor::new(self.part(start, None)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        Ok(self.part(start, Some(length))?)
    }
}
