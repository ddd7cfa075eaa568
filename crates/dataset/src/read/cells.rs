//! Cells that are already apart: golden rows, requests.

use super::ReadError;
use super::builder::Builder;
use crate::schema::Kind;
use crate::table::{Column, Lines, Table};

/// A table from cells as text, `None` for a missing one, read by the same rules as a file.
///
/// Numbers are plain ones and dates are seconds since 1970, as a table stores them and
/// [`Column::cell`] writes them. `name` stands for the cells in messages, where rows count as lines
/// from 1.
///
/// # Errors
/// [`ReadError::Ragged`] when a row does not have one cell per column,
/// [`ReadError::DuplicateName`], and [`ReadError::NotANumber`] or [`ReadError::NotFinite`] for a
/// cell that does not fit a numeric column.
///
/// # Examples
/// ```
/// use dataset::{Kind, table_from_cells};
///
/// let columns = [("age".to_string(), Kind::Numeric), ("smokes".to_string(), Kind::Boolean)];
/// let rows = [vec![Some("41".to_string()), Some("Yes".to_string())], vec![None, None]];
/// let table = table_from_cells("request", &columns, &rows)?;
/// assert_eq!(table.columns()[1].cell(0).as_deref(), Some("yes"));
/// assert_eq!(table.columns()[0].cell(1), None);
/// # Ok::<(), dataset::ReadError>(())
/// ```
pub fn table_from_cells(
    name: &str,
    columns: &[(String, Kind)],
    rows: &[Vec<Option<String>>],
) -> Result<Table, ReadError> {
    let mut seen = std::collections::HashMap::with_capacity(columns.len());
    for (second, (column, _)) in columns.iter().enumerate() {
        if let Some(first) = seen.insert(column, second) {
            return Err(ReadError::DuplicateName {
                path: name.to_owned(),
                line: 1,
                column: column.clone(),
                first: first + 1,
                second: second + 1,
            });
        }
    }
    let mut builders: Vec<_> = columns
        .iter()
        .map(|(_, kind)| Builder::new(*kind, None, rows.len()))
        .collect();
    for (line, row) in (1..).zip(rows) {
        if row.len() != columns.len() {
            return Err(ReadError::Ragged {
                path: name.to_owned(),
                line,
                expected: columns.len(),
                found: row.len(),
            });
        }
        for ((cell, builder), (column, _)) in row.iter().zip(&mut builders).zip(columns) {
            let cell = cell.as_ref().map(|cell| cell.as_bytes().trim_ascii());
            builder
                .push(cell)
                .map_err(|refusal| refusal.error(name, line, column, cell.unwrap_or_default()))?;
        }
    }
    let columns = columns
        .iter()
        .zip(builders)
        .map(|((name, _), builder)| Column {
            name: name.clone(),
            cells: builder.finish(),
        })
        .collect();
    Ok(Table::read(
        name.to_owned(),
        columns,
        (1..=rows.len() as u64).collect::<Lines>(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str]) -> Vec<(String, Kind)> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), Kind::Numeric))
            .collect()
    }

    #[test]
    fn cells_that_do_not_fit_are_errors() {
        let row = |cells: &[&str]| cells.iter().map(|cell| Some((*cell).to_owned())).collect();
        let read = |names: &[&str], cells: &[&str]| {
            table_from_cells("request", &columns(names), &[row(&["1"; 2]), row(cells)]).unwrap_err()
        };
        let error = read(&["a", "b"], &["1", "x"]);
        assert_eq!(
            error.to_string(),
            "request:2: column `b`: \"x\" is not a number"
        );
        assert!(matches!(
            read(&["a", "b"], &["1", "inf"]),
            ReadError::NotFinite { .. }
        ));
        assert!(matches!(
            read(&["a", "b"], &["1"]),
            ReadError::Ragged { line: 2, .. }
        ));
        assert!(matches!(
            read(&["a", "a"], &["1", "2"]),
            ReadError::DuplicateName { .. }
        ));
    }
}
