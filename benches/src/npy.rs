//! `NumPy`'s file format, as far as the rivals' data need it: row-major `f32` or `f64`, one or two
//! dimensions.
//!
//! The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The first bytes of every such file.
const MAGIC: &[u8] = b"\x93NUMPY";

/// Rows of numbers.
pub struct Array {
    /// Number of rows.
    pub rows: usize,
    /// Numbers in a row; 1 for a vector.
    pub columns: usize,
    /// All numbers, row after row.
    pub values: Values,
}

/// Numbers as the file holds them.
pub enum Values {
    /// Four bytes each.
    F32(Vec<f32>),
    /// Eight bytes each.
    F64(Vec<f64>),
}

impl Values {
    /// As `f32`, rounded where the file has more digits.
    pub fn into_f32(self) -> Vec<f32> {
        match self {
            Self::F32(values) => values,
            Self::F64(values) => values.into_iter().map(|value| value as f32).collect(),
        }
    }

    /// As `f64`.
    pub fn into_f64(self) -> Vec<f64> {
        match self {
            Self::F32(values) => values.into_iter().map(f64::from).collect(),
            Self::F64(values) => values,
        }
    }
}

/// Reads a file.
///
/// # Errors
/// When it cannot be read, or is not such a file.
pub fn read(path: &Path) -> Result<Array, Box<dyn Error>> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    parse(&bytes).ok_or_else(|| format!("{}: no row-major f32 or f64 .npy", path.display()).into())
}

fn parse(bytes: &[u8]) -> Option<Array> {
    let [major, _, rest @ ..] = bytes.strip_prefix(MAGIC)? else {
        return None;
    };
    let (length, rest) = match major {
        1 => (
            usize::from(u16::from_le_bytes(*rest.first_chunk()?)),
            &rest[2..],
        ),
        _ => (
            u32::from_le_bytes(*rest.first_chunk()?) as usize,
            &rest[4..],
        ),
    };
    let (header, data) = rest.split_at_checked(length)?;
    let header = std::str::from_utf8(header).ok()?;
    if !header.contains("'fortran_order': False") {
        return None;
    }
    let shape = header.split_once("'shape': (")?.1.split_once(')')?.0;
    let mut sizes = shape.split(',').map(str::trim).filter(|n| !n.is_empty());
    let rows: usize = sizes.next()?.parse().ok()?;
    let columns: usize = sizes.next().map_or(Some(1), |n| n.parse().ok())?;
    let values = if header.contains("'<f4'") {
        let (values, _) = data.as_chunks();
        Values::F32(
            values
                .iter()
                .map(|value| f32::from_le_bytes(*value))
                .collect(),
        )
    } else if header.contains("'<f8'") {
        let (values, _) = data.as_chunks();
        Values::F64(
            values
                .iter()
                .map(|value| f64::from_le_bytes(*value))
                .collect(),
        )
    } else {
        return None;
    };
    let length = match &values {
        Values::F32(values) => values.len(),
        Values::F64(values) => values.len(),
    };
    (rows.checked_mul(columns)? == length).then_some(Array {
        rows,
        columns,
        values,
    })
}

/// The bytes of a file of `f64` rows.
pub fn bytes(columns: usize, values: &[f64]) -> Vec<u8> {
    let rows = values.len().checked_div(columns).unwrap_or(0);
    let mut header =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    // The numbers start at a multiple of 64; the header ends with a line feed.
    let before = MAGIC.len() + 4;
    let padding = (before + header.len() + 1).next_multiple_of(64) - before - header.len();
    let _ = writeln!(header, "{:1$}", "", padding - 1);
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let values: Vec<f64> = (0..6).map(|i| f64::from(i) / 7.0).collect();
        let file = bytes(3, &values);
        assert_eq!((file.len() - 48) % 64, 0);
        let array = parse(&file).expect("a file of ours");
        assert_eq!((array.rows, array.columns), (2, 3));
        assert_eq!(array.values.into_f64(), values);
    }

    #[test]
    fn anything_else_is_refused() {
        let file = bytes(3, &[1.0; 6]);
        assert!(parse(&file[..file.len() - 8]).is_none());
        assert!(parse(&file[..20]).is_none());
        assert!(parse(b"rows,columns").is_none());
    }
}
