//! What identifies the data of a fit.

use std::hash::Hasher;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use twox_hash::XxHash64;

use crate::table::{Cells, Column, SparseCells, Table};

/// The text of a file and the shape of the table in it: two files with the same fingerprint give
/// the same table. The text is what comes out of a compressed file, and of several files that of
/// one behind the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// SHA-256 of the bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Number of bytes.
    pub bytes: u64,
    /// Rows, without the header.
    pub rows: usize,
    /// Columns in the header.
    pub columns: usize,
}

/// What identifies the cells of one column: equal for equal cells, however a file writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnFingerprint {
    /// Its name.
    pub name: String,
    /// XXH64 (seed 0) of its cells in their order, in hexadecimal: of a number its bits, of a text
    /// that text's XXH64. Of numbers of which at most a quarter are not 0, however they are stored,
    /// the count of all, and each of these behind its row.
    pub xxh64: String,
    /// How many cells are missing.
    pub missing: usize,
}

impl ColumnFingerprint {
    pub(crate) fn new(column: &Column) -> Self {
        const MISSING_CELL: u64 = u64::MAX;
        let mut state = XxHash64::with_seed(0);
        let mut missing = 0;
        let mut add = |cell: Option<u64>| {
            missing += usize::from(cell.is_none());
            state.write_u64(cell.unwrap_or(MISSING_CELL));
        };
        let bits = |value: f64| (!value.is_nan()).then(|| value.to_bits());
        match &column.cells {
            Cells::Sparse(cells) => {
                add(Some(cells.len() as u64));
                for (row, value) in cells.iter() {
                    add(Some(row as u64));
                    add(bits(value));
                }
            }
            Cells::Numeric(values) => {
                let stored = || {
                    values
                        .iter()
                        .enumerate()
                        .filter(|(_, value)| **value != 0.0)
                };
                if SparseCells::pays(stored().count(), values.len()) {
                    add(Some(values.len() as u64));
                    for (row, value) in stored() {
                        add(Some(row as u64));
                        add(bits(*value));
                    }
                } else {
                    for value in values {
                        add(bits(*value));
                    }
                }
            }
            Cells::Text { codes, levels } => {
                let texts = levels
                    .iter()
                    .map(|text| XxHash64::oneshot(0, text.as_bytes()));
                let texts: Vec<u64> = texts.collect();
                for &code in codes {
                    add(texts.get(code as usize).copied());
                }
            }
        }
        Self {
            name: column.name.clone(),
            xxh64: format!("{:016x}", state.finish()),
            missing,
        }
    }
}

/// The fingerprint of every column of a table.
///
/// # Examples
/// ```
/// use dataset::fingerprint::columns;
/// use dataset::{Column, Table};
///
/// let one = Table::new("one", vec![Column::text("pet", [Some("cat"), None, Some("dog")])])?;
/// let other = Table::new("other", vec![Column::text("pet", [Some("dog"), None, Some("cat")])])?;
/// assert_eq!(columns(&one)[0].missing, 1);
/// assert_ne!(columns(&one), columns(&other));
/// # Ok::<(), dataset::TableError>(())
/// ```
pub fn columns(table: &Table) -> Vec<ColumnFingerprint> {
    table
        .columns()
        .par_iter()
        .map(ColumnFingerprint::new)
        .collect()
}

/// SHA-256 of bytes that arrive piece by piece.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checksum {
    state: Sha256,
}

impl Checksum {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    /// The checksum of what has arrived so far, in lower-case hexadecimal.
    pub(crate) fn hex(&self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = self.state.clone().finalize();
        let digit = |four: u8| char::from(DIGITS[usize::from(four)]);
        digits
            .iter()
            .flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)])
            .collect()
    }
}

/// SHA-256 of `bytes`, in lower-case hexadecimal.
///
/// # Examples
/// ```
/// let checksum = dataset::fingerprint::sha256(b"abc");
/// assert_eq!(checksum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    let mut checksum = Checksum::default();
    checksum.update(bytes);
    checksum.hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_the_whole_have_the_same_checksum() {
        let mut checksum = Checksum::default();
        checksum.update(b"a");
        checksum.update(b"bc");
        assert_eq!(checksum.hex(), sha256(b"abc"));
    }
}
