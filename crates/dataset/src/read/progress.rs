//! How far reading is, for whoever shows it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes and rows that were read so far, counted by the reader and looked at by another thread.
///
/// Clones share their counts. They are set by [`Input::with_progress`](super::Input::with_progress);
/// [`Input::size`](super::Input::size) is what the bytes run up to. An input without one counts
/// nothing.
///
/// # Examples
/// ```
/// use dataset::{CsvOptions, Input, ReadProgress, SchemaOptions, read_table};
///
/// let progress = ReadProgress::default();
/// let input = Input::bytes("t", b"a\n1\n2\n".as_slice()).with_progress(&progress);
/// read_table(&input, &CsvOptions::default(), &SchemaOptions::default())?;
/// assert_eq!((Some(progress.bytes()), progress.rows()), (input.size(), 2));
/// assert_eq!(progress.pass(), 1);
/// # Ok::<(), dataset::ReadError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ReadProgress {
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    pass: AtomicU64,
    bytes: AtomicU64,
    rows: AtomicU64,
}

// Each count is looked at alone and nothing is read on the strength of it, so no order is needed.
impl ReadProgress {
    /// Bytes of this pass, as they are stored: compressed ones where the file is compressed.
    pub fn bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::Relaxed)
    }

    /// Rows of this pass.
    pub fn rows(&self) -> u64 {
        self.counts.rows.load(Ordering::Relaxed)
    }

    /// The pass over the input, from 1; 0 before the first. Text that turns up late in a column of
    /// numbers takes a second pass, for which bytes and rows start from 0 again.
    pub fn pass(&self) -> u64 {
        self.counts.pass.load(Ordering::Relaxed)
    }

    /// A pass begins.
    pub(super) fn begin(&self) {
        self.counts.bytes.store(0, Ordering::Relaxed);
        self.counts.rows.store(0, Ordering::Relaxed);
        self.counts.pass.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_bytes(&self, bytes: u64) {
        self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn add_rows(&self, rows: usize) {
        self.counts.rows.fetch_add(rows as u64, Ordering::Relaxed);
    }
}

/// A reader that counts what it hands on.
pub(super) struct Watched<R> {
    pub(super) reader: R,
    pub(super) progress: ReadProgress,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(room)?;
        self.progress.add_bytes(count as u64);
        Ok(count)
    }
}
