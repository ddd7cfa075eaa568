//! Encoded rows in a file.
//!
//! ```text
//! 8 bytes                    KINDROWS
//! rows × columns × 8 bytes   the numbers, row after row, f64, little-endian
//! blocks × 8 bytes           XXH64 of each block of rows
//! n bytes                    JSON: what the rows are
//! 8 bytes                    n
//! 8 bytes                    XXH64 of all that follows the numbers up to here
//! 8 bytes                    KINDROWS
//! ```

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use twox_hash::XxHash64;

use super::positioned::{Positioned, Stamp};
use super::{CacheFolder, CacheKey, StorageError};
use crate::design::Element;
use crate::rows::{RowSource, RowSourceError};

/// The first and the last bytes of a file.
const MAGIC: &[u8; 8] = b"KINDROWS";

/// The version of the format.
const VERSION: u32 = 1;

/// Bytes of a block, about.
const BLOCK: usize = 1 << 20;

/// Bytes behind the description.
const END: u64 = 24;

/// A description that is longer than this is none.
const LONGEST: u64 = 1 << 20;

/// What the rows of a file are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Description {
    version: u32,
    key: String,
    rows: usize,
    columns: usize,
    /// Rows of a block; the last may have fewer.
    block: usize,
    /// Rows with a level that no training row has, and the first of them.
    unseen: usize,
    first_unseen: Option<usize>,
    /// Whether every number is finite in `f32`.
    fits_f32: bool,
}

impl Description {
    fn blocks(&self) -> usize {
        self.rows.div_ceil(self.block)
    }

    fn row_bytes(&self) -> usize {
        8 * self.columns
    }
}

/// The design matrix of some rows of a table in a file, read block by block whenever a block is asked for.
///
/// Every number has the same bits as in [`Pipeline::design`](crate::Pipeline::design): the file has the
/// `f64` numbers, and those of `f32` are rounded from them as they are there.
/// [`Pipeline::cache_rows`](crate::Pipeline::cache_rows) makes one, or finds one again, and then all its
/// checksums are verified.
#[derive(Debug)]
pub struct RowCache {
    path: PathBuf,
    file: Positioned,
    stamp: Stamp,
    about: Description,
    reused: bool,
}

impl RowCache {
    /// Opens the rows of a key and verifies all of them.
    pub(crate) fn open(folder: &CacheFolder, key: &CacheKey) -> Result<Self, StorageError> {
        let path = folder.file(key);
        let io = |error| StorageError::io(&path, &error);
        let file = File::open(&path).map_err(io)?;
        // Nobody deletes the file of another process as long as this one has it.
        let _ = file.try_lock_shared();
        let file = Positioned::new(file);
        let stamp = file.stamp().map_err(io)?;
        let (about, checksums) = describe(&path, &file, stamp.0)?;
        if about.key != key.to_string() {
            return Err(StorageError::OtherRows { path });
        }
        let cache = Self {
            path,
            file,
            stamp,
            about,
            reused: true,
        };
        cache.verify(&checksums)?;
        Ok(cache)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.stamp.0
    }

    /// Whether an earlier fit had written the rows.
    pub fn reused(&self) -> bool {
        self.reused
    }

    /// Whether every number is finite in `f32`.
    pub(crate) fn fits_f32(&self) -> bool {
        self.about.fits_f32
    }

    /// How many rows have a level that no training row has, and the position of the first.
    pub fn unseen(&self) -> Option<(usize, usize)> {
        let first = self.about.first_unseen?;
        Some((self.about.unseen, first))
    }

    fn verify(&self, checksums: &[u64]) -> Result<(), StorageError> {
        let verify = |room: &mut Vec<u8>, (block, checksum): (usize, &u64)| {
            let first = block * self.about.block;
            let rows = self.about.block.min(self.about.rows - first);
            room.resize(rows * self.about.row_bytes(), 0);
            self.read(first, room)?;
            if XxHash64::oneshot(0, room) == *checksum {
                return Ok(());
            }
            Err(StorageError::Damaged {
                path: self.path.clone(),
                row: first,
            })
        };
        let blocks = checksums.par_iter().enumerate();
        blocks.try_for_each_init(Vec::new, |room, block| verify(room, block))
    }

    /// Reads from the start of a row on.
    fn read(&self, row: usize, room: &mut [u8]) -> Result<(), StorageError> {
        let start = MAGIC.len() as u64 + row as u64 * self.about.row_bytes() as u64;
        let read = self.file.read(room, start);
        // Whoever writes to the file changes its stamp.
        match self.file.stamp() {
            Ok(stamp) if stamp == self.stamp => {
                read.map_err(|error| StorageError::io(&self.path, &error))
            }
            Ok(_) => Err(StorageError::Changed {
                path: self.path.clone(),
            }),
            Err(error) => Err(StorageError::io(&self.path, &error)),
        }
    }

    /// The numbers of consecutive rows.
    fn numbers<'s>(
        &self,
        rows: &Range<usize>,
        scratch: &'s mut Vec<f64>,
    ) -> Result<&'s [f64], StorageError> {
        assert!(rows.end <= self.about.rows, "rows that were written");
        scratch.resize(rows.len() * self.about.columns, 0.0);
        self.read(rows.start, bytemuck::cast_slice_mut(scratch))?;
        #[cfg(target_endian = "big")]
        for number in scratch.iter_mut() {
            *number = f64::from_bits(number.to_bits().swap_bytes());
        }
        Ok(scratch)
    }
}

impl RowSource<f64> for RowCache {
    fn rows(&self) -> usize {
        self.about.rows
    }

    fn columns(&self) -> usize {
        self.about.columns
    }

    fn cells<'s>(
        &'s self,
        rows: Range<usize>,
        scratch: &'s mut Vec<f64>,
    ) -> Result<&'s [f64], RowSourceError> {
        Ok(self.numbers(&rows, scratch)?)
    }
}

impl RowSource<f32> for RowCache {
    fn rows(&self) -> usize {
        self.about.rows
    }

    fn columns(&self) -> usize {
        self.about.columns
    }

    fn cells<'s>(
        &'s self,
        rows: Range<usize>,
        scratch: &'s mut Vec<f32>,
    ) -> Result<&'s [f32], RowSourceError> {
        let mut wide = Vec::new();
        let numbers = self.numbers(&rows, &mut wide)?;
        scratch.clear();
        scratch.extend(numbers.iter().map(|&number| f32::from_f64(number)));
        Ok(scratch)
    }
}

/// Reads what stands behind the numbers, and checks that the file is as long as it says.
fn describe(
    path: &Path,
    file: &Positioned,
    length: u64,
) -> Result<(Description, Vec<u64>), StorageError> {
    let path = || path.to_owned();
    let io = |error: io::Error| StorageError::io(&path(), &error);
    let start = MAGIC.len() as u64;
    let mut magic = [0; 8];
    if length >= start {
        file.read(&mut magic, 0).map_err(io)?;
    }
    if magic != *MAGIC {
        return Err(StorageError::NotACache { path: path() });
    }
    let truncated = || StorageError::Truncated { path: path() };
    let end = length
        .checked_sub(END)
        .filter(|&end| end >= start)
        .ok_or_else(truncated)?;
    let mut last = [0; END as usize];
    file.read(&mut last, end).map_err(io)?;
    let (number, rest) = last.split_at(8);
    let (checksum, magic) = rest.split_at(8);
    let size = u64::from_le_bytes(eight(number));
    let start_of_json = end
        .checked_sub(size)
        .filter(|&at| at >= start && size <= LONGEST);
    let start_of_json = start_of_json
        .filter(|_| magic == MAGIC)
        .ok_or_else(truncated)?;
    let mut json = vec![0; size as usize];
    file.read(&mut json, start_of_json).map_err(io)?;
    let about: Description = serde_json::from_slice(&json)
        .ok()
        .filter(|about: &Description| about.version == VERSION && about.block > 0)
        .ok_or_else(|| StorageError::NotACache { path: path() })?;
    let numbers = (about.rows as u64).checked_mul(about.row_bytes() as u64);
    let start_of_checksums = numbers.and_then(|bytes| bytes.checked_add(start));
    let sums = 8 * about.blocks() as u64;
    let start_of_checksums = start_of_checksums
        .filter(|at| at.checked_add(sums) == Some(start_of_json))
        .ok_or_else(truncated)?;
    let mut tail = vec![0; sums as usize];
    file.read(&mut tail, start_of_checksums).map_err(io)?;
    let checksums = tail
        .as_chunks()
        .0
        .iter()
        .map(|&bytes| u64::from_le_bytes(bytes))
        .collect();
    tail.extend_from_slice(&json);
    tail.extend_from_slice(number);
    if XxHash64::oneshot(0, &tail) != u64::from_le_bytes(eight(checksum)) {
        return Err(truncated());
    }
    Ok((about, checksums))
}

fn eight(bytes: &[u8]) -> [u8; 8] {
    bytes.as_chunks().0.first().copied().unwrap_or_default()
}

/// Rows on their way into a file.
pub(crate) struct RowCacheWriter<W> {
    writer: W,
    about: Description,
    checksums: Vec<u64>,
    /// The checksum of the block that is not full, and its rows.
    state: XxHash64,
    in_block: usize,
}

impl<W: Write> RowCacheWriter<W> {
    pub(crate) fn new(mut writer: W, key: &CacheKey, columns: usize) -> io::Result<Self> {
        writer.write_all(MAGIC)?;
        Ok(Self {
            writer,
            about: Description {
                version: VERSION,
                key: key.to_string(),
                rows: 0,
                columns,
                block: (BLOCK / (8 * columns).max(1)).max(1),
                unseen: 0,
                first_unseen: None,
                fits_f32: true,
            },
            checksums: Vec::new(),
            state: XxHash64::with_seed(0),
            in_block: 0,
        })
    }

    /// Writes rows, whether all their numbers are finite in `f32`, and which of them have a level that
    /// no training row has.
    pub(crate) fn push(
        &mut self,
        numbers: &mut [f64],
        fits_f32: bool,
        unseen: impl Iterator<Item = bool>,
    ) -> io::Result<()> {
        #[cfg(target_endian = "big")]
        for number in numbers.iter_mut() {
            *number = f64::from_bits(number.to_bits().swap_bytes());
        }
        self.about.fits_f32 &= fits_f32;
        let width = self.about.row_bytes();
        let mut bytes: &[u8] = bytemuck::cast_slice(numbers);
        self.writer.write_all(bytes)?;
        while !bytes.is_empty() {
            let rows = (self.about.block - self.in_block).min(bytes.len() / width);
            let (own, rest) = bytes.split_at(rows * width);
            std::hash::Hasher::write(&mut self.state, own);
            (bytes, self.in_block) = (rest, self.in_block + rows);
            if self.in_block == self.about.block {
                self.end_block();
            }
        }
        for unseen in unseen {
            if unseen {
                self.about.unseen += 1;
                self.about.first_unseen.get_or_insert(self.about.rows);
            }
            self.about.rows += 1;
        }
        Ok(())
    }

    fn end_block(&mut self) {
        self.checksums.push(std::hash::Hasher::finish(&self.state));
        (self.state, self.in_block) = (XxHash64::with_seed(0), 0);
    }

    /// Writes what follows the numbers.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if self.in_block > 0 {
            self.end_block();
        }
        let json = serde_json::to_vec(&self.about)?;
        let mut tail: Vec<u8> = Vec::new();
        tail.extend(self.checksums.iter().flat_map(|sum| sum.to_le_bytes()));
        tail.extend_from_slice(&json);
        tail.extend_from_slice(&(json.len() as u64).to_le_bytes());
        let checksum = XxHash64::oneshot(0, &tail);
        tail.extend_from_slice(&checksum.to_le_bytes());
        tail.extend_from_slice(MAGIC);
        self.writer.write_all(&tail)?;
        self.writer.flush()?;
        Ok(self.writer)
    }
}

/// A file of rows in the making: it has its name when it is whole and on the disk.
pub(crate) struct PartialFile {
    writer: RowCacheWriter<BufWriter<NamedTempFile>>,
    path: PathBuf,
}

impl PartialFile {
    pub(crate) fn new(
        folder: &CacheFolder,
        key: &CacheKey,
        columns: usize,
    ) -> Result<Self, StorageError> {
        let (file, path) = (folder.partial()?, folder.file(key));
        match RowCacheWriter::new(BufWriter::with_capacity(BLOCK, file), key, columns) {
            Ok(writer) => Ok(Self { writer, path }),
            Err(error) => Err(StorageError::write(&path, MAGIC.len(), &error)),
        }
    }

    pub(crate) fn push(
        &mut self,
        numbers: &mut [f64],
        fits_f32: bool,
        unseen: impl Iterator<Item = bool>,
    ) -> Result<(), StorageError> {
        let bytes = size_of_val(numbers);
        let pushed = self.writer.push(numbers, fits_f32, unseen);
        pushed.map_err(|error| StorageError::write(&self.path, bytes, &error))
    }

    /// The rows, to be read.
    pub(crate) fn finish(self, folder: &CacheFolder) -> Result<RowCache, StorageError> {
        let Self { writer, path } = self;
        let about = writer.about.clone();
        let fail = |error: &io::Error| StorageError::write(&path, BLOCK, error);
        let buffer = writer.finish().map_err(|error| fail(&error))?;
        let file = buffer.into_inner().map_err(|error| fail(error.error()))?;
        file.as_file().sync_all().map_err(|error| fail(&error))?;
        let file = file.persist(&path).map_err(|error| fail(&error.error))?;
        // The lock of a writer becomes that of a reader.
        let _ = file.try_lock_shared();
        folder.sync()?;
        let file = Positioned::new(file);
        let stamp = file.stamp().map_err(|error| fail(&error))?;
        Ok(RowCache {
            path,
            file,
            stamp,
            about,
            reused: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    struct Small(usize);

    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.0);
            self.0 -= count;
            match count {
                0 if !bytes.is_empty() => Err(io::ErrorKind::StorageFull.into()),
                count => Ok(count),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write(room: usize) -> io::Result<Small> {
        let key = CacheKey::of([&b"rows"[..]]);
        let mut writer = RowCacheWriter::new(Small(room), &key, 3)?;
        for _ in 0..4 {
            writer.push(&mut [1.5; 30], true, (0..10).map(|row| row == 3))?;
        }
        writer.finish()
    }

    #[test]
    fn a_full_disk_is_an_error_wherever_it_is_full() {
        let all = 10_000 - write(10_000).unwrap().0;
        assert!(all > 8 + 4 * 240 + 8);
        for room in 0..all {
            let error = write(room).map(|_| ()).unwrap_err();
            let path = Path::new("runs/cache");
            let error = StorageError::write(path, 240, &error);
            assert_eq!(
                error.to_string(),
                "runs/cache: no room for 240 bytes more on the disk"
            );
            assert!(error.remedy().unwrap().contains("--cache DIR"));
        }
        assert_eq!(write(all).unwrap().0, 0);
    }
}
