//! Cells that wait on the disk, in a file without a name.

use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytemuck::{AnyBitPattern, NoUninit};

use super::StorageError;
use super::positioned::Positioned;

/// A file without a name: it is gone when the process ends, even when that is killed.
///
/// Numbers lie in it in the byte order of the machine, as nobody else reads them.
#[derive(Debug)]
pub(crate) struct Spill {
    folder: PathBuf,
    file: Positioned,
    end: u64,
}

/// Where the cells of one column are, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Segments {
    /// The first cell and its place in the file.
    parts: Vec<(usize, u64)>,
    cells: usize,
}

impl Spill {
    /// A file on the disk of this folder, which is made if need be.
    pub(crate) fn new(folder: &Path) -> Result<Self, StorageError> {
        let file = std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
        let file = file.map_err(|error| StorageError::write(folder, 0, &error))?;
        Ok(Self {
            folder: folder.to_owned(),
            file: Positioned::new(file),
            end: 0,
        })
    }

    /// Writes cells behind those that are there.
    pub(crate) fn append<T: NoUninit>(
        &mut self,
        segments: &mut Segments,
        cells: &[T],
    ) -> Result<(), StorageError> {
        if cells.is_empty() {
            return Ok(());
        }
        let bytes: &[u8] = bytemuck::cast_slice(cells);
        let (end, file) = (self.end, self.file.file());
        file.seek(SeekFrom::Start(end))
            .and_then(|_| file.write_all(bytes))
            .map_err(|error| StorageError::write(&self.folder, bytes.len(), &error))?;
        segments.parts.push((segments.cells, self.end));
        segments.cells += cells.len();
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// Reads the cells of a range into `room`, which is as long.
    ///
    /// # Panics
    /// When there are not so many cells.
    pub(crate) fn read<T: AnyBitPattern + NoUninit>(
        &self,
        segments: &Segments,
        cells: Range<usize>,
        room: &mut [T],
    ) -> Result<(), StorageError> {
        assert!(cells.end <= segments.cells, "cells that were written");
        let first = segments.parts.partition_point(|part| part.0 <= cells.start);
        let mut at = cells.start;
        let mut rest = room;
        for (part, &(start, place)) in segments.parts.iter().enumerate().skip(first.max(1) - 1) {
            let end = segments
                .parts
                .get(part + 1)
                .map_or(segments.cells, |next| next.0);
            let count = end.min(cells.end).saturating_sub(at);
            let (own, others) = rest.split_at_mut(count);
            let place = place + ((at - start) * size_of::<T>()) as u64;
            self.file
                .read(bytemuck::cast_slice_mut(own), place)
                .map_err(|error| StorageError::io(&self.folder, &error))?;
            (at, rest) = (at + count, others);
            if at == cells.end {
                break;
            }
        }
        Ok(())
    }

    /// Reads single cells into `room`, which has as many places.
    ///
    /// # Panics
    /// As [`read`](Self::read).
    pub(crate) fn pick<T: AnyBitPattern + NoUninit>(
        &self,
        segments: &Segments,
        cells: &[usize],
        room: &mut [T],
    ) -> Result<(), StorageError> {
        for (place, &cell) in room.chunks_mut(1).zip(cells) {
            self.read(segments, cell..cell + 1, place)?;
        }
        Ok(())
    }
}

impl Segments {
    /// Number of cells.
    pub(crate) fn len(&self) -> usize {
        self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_from_any_range_of_any_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(&folder.path().join("made")).unwrap();
        let (mut a, mut b) = (Segments::default(), Segments::default());
        let numbers: Vec<f64> = (0..100).map(f64::from).collect();
        let codes: Vec<u32> = (0..100).map(|code| code * 3).collect();
        for piece in [0..1, 1..1, 1..40, 40..41, 41..100] {
            spill.append(&mut a, &numbers[piece.clone()]).unwrap();
            spill.append(&mut b, &codes[piece]).unwrap();
        }
        assert_eq!((a.len(), b.len()), (100, 100));
        for range in [
            0..100,
            0..0,
            100..100,
            0..1,
            1..40,
            39..42,
            41..42,
            99..100,
            5..97,
        ] {
            let mut one = vec![0.0; range.len()];
            spill.read(&a, range.clone(), &mut one).unwrap();
            assert_eq!(one, numbers[range.clone()]);
            let mut other = vec![0; range.len()];
            spill.read(&b, range.clone(), &mut other).unwrap();
            assert_eq!(other, codes[range]);
        }
    }

    #[test]
    fn nothing_is_left_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(folder.path()).unwrap();
        spill.append(&mut Segments::default(), &[1.0]).unwrap();
        #[cfg(unix)]
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        drop(spill);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
