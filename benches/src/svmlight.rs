//! Sparse rows out of the svmlight files that `rivals/generate.py` writes.

use std::error::Error;
use std::path::Path;

use dataset::SparseMatrix;

/// Reads a file of lines `label position:value ...`, positions from 0 and ascending; the labels are left out.
///
/// # Errors
/// The line that is not of this form.
pub fn read(path: &Path, columns: usize) -> Result<SparseMatrix, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let (mut offsets, mut positions, mut values) = (vec![0], Vec::new(), Vec::new());
    for (at, line) in text.lines().enumerate() {
        for cell in line.split_ascii_whitespace().skip(1) {
            let parsed = cell
                .split_once(':')
                .and_then(|(position, value)| Some((position.parse().ok()?, value.parse().ok()?)));
            let Some((position, value)) = parsed else {
                return Err(format!("{}:{}: `{cell}`", path.display(), at + 1).into());
            };
            positions.push(position);
            values.push(value);
        }
        offsets.push(values.len());
    }
    Ok(SparseMatrix::new(columns, offsets, positions, values)?)
}
