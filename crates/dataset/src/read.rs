//! From bytes to a table.
//!
//! A whole file is read in two passes: the first finds the kind of every column, the number of
//! rows and the checksum, the second fills typed columns. Nothing else is kept in memory. Tables
//! to score are read in [batches](Batches), in one pass and bounded memory.

mod batches;
mod builder;
mod cells;
mod csv;
mod error;
mod header;
mod infer;
mod input;
mod sniff;

pub use batches::{Batch, BatchOptions, Batches};
pub use cells::table_from_cells;
pub use csv::CsvOptions;
pub use error::ReadError;
pub use input::Input;

use crate::fingerprint::Fingerprint;
use crate::schema::{ColumnSchema, Role, Schema, SchemaOptions};
use crate::table::{Column, Lines, Table};
use builder::Builder;
use csv::{Record, Records};

/// Reads a whole CSV file: its columns, their schema, and what identifies the data.
///
/// The first row is the header. Blanks around names and cells are dropped; blank lines are
/// skipped. A column is numeric when every cell that is not missing is a number, boolean when
/// every such cell is in one spelling of yes and no, and otherwise categorical, unless `schema`
/// says what it is. Columns that `schema` ignores are in the returned schema but not in the table.
///
/// # Errors
/// Every variant of [`ReadError`] but [`MissingColumn`](ReadError::MissingColumn). A column that
/// is not declared and in which nine cells of ten are numbers is taken for a numeric column with a
/// mistake in it: [`NotANumber`](ReadError::NotANumber) names the first.
///
/// # Examples
/// ```
/// use dataset::{CsvOptions, Input, Kind, SchemaOptions, read_table};
///
/// let input = Input::bytes("pets.csv", b"age,animal\n3,cat\nNA,dog\n".as_slice());
/// let options = SchemaOptions { target: Some("animal".into()), ..SchemaOptions::default() };
/// let (table, schema, fingerprint) = read_table(&input, &CsvOptions::default(), &options)?;
/// assert_eq!(schema.columns[0].kind, Kind::Numeric);
/// assert_eq!((fingerprint.rows, table.line(1)), (2, 3));
/// assert_eq!(table.column("age").and_then(|age| age.cell(1)), None);
/// # Ok::<(), dataset::ReadError>(())
/// ```
pub fn read_table(
    input: &Input,
    csv: &CsvOptions,
    schema: &SchemaOptions,
) -> Result<(Table, Schema, Fingerprint), ReadError> {
    let found = infer::infer(input, csv, schema)?;
    fill(input, csv, found)
}

/// The second pass: fills columns whose kinds are known.
fn fill(
    input: &Input,
    csv: &CsvOptions,
    found: infer::Found,
) -> Result<(Table, Schema, Fingerprint), ReadError> {
    let path = input.name();
    let mut records = Records::open(path, input.open()?, Some(found.delimiter))?;
    let mut record = Record::default();
    let mut builders: Vec<_> = found
        .schema
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.role != Role::Ignored)
        .map(|(position, column)| {
            (
                position,
                column,
                Builder::new(column.kind, found.fingerprint.rows),
            )
        })
        .collect();
    let na = csv.missing();
    let mut lines = Lines::default();
    let changed = || ReadError::Changed {
        path: path.to_owned(),
    };
    records.next(&mut record)?;
    while records.next(&mut record)? {
        if record.len() != found.schema.columns.len() || lines.len() == found.fingerprint.rows {
            return Err(changed());
        }
        for (position, _, builder) in &mut builders {
            // The first pass accepted every cell, so a refusal means other bytes than then.
            builder
                .push(na.present(record.cell(*position)))
                .map_err(|_| changed())?;
        }
        lines.push(record.line());
    }
    if lines.len() != found.fingerprint.rows || records.bytes() != found.fingerprint.bytes {
        return Err(changed());
    }
    let columns = builders
        .into_iter()
        .map(|(_, ColumnSchema { name, .. }, builder)| Column {
            name: name.clone(),
            cells: builder.finish(),
        })
        .collect();
    let table = Table::read(path.to_owned(), columns, lines);
    Ok((table, found.schema, found.fingerprint))
}
