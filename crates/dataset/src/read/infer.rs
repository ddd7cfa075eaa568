//! The first pass: what every column is.

use super::builder::{BOOLEANS, boolean};
use super::csv::{CsvOptions, Record, Records};
use super::error::excerpt;
use super::header::Header;
use super::{Input, ReadError};
use crate::fingerprint::Fingerprint;
use crate::number::{Parsed, parse};
use crate::schema::{ColumnSchema, Kind, Role, Schema, SchemaOptions};

/// What the first pass finds.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) schema: Schema,
    pub(super) fingerprint: Fingerprint,
    pub(super) delimiter: u8,
}

/// A column in which at least this share of the cells are numbers is a numeric column with a
/// mistake in it, not a categorical one.
const MOSTLY_NUMBERS: f64 = 0.9;

/// Reads all bytes once and decides the kind of every column.
pub(super) fn infer(
    input: &Input,
    csv: &CsvOptions,
    options: &SchemaOptions,
) -> Result<Found, ReadError> {
    let path = input.name();
    let mut records = Records::open_with_checksum(path, input.open()?, csv.delimiter)?;
    let mut record = Record::default();
    let header = Header::read(&mut records, &mut record)?;
    check_names(path, &header, options)?;
    let na = csv.missing();
    let mut columns: Vec<_> = header
        .names
        .iter()
        .map(|name| Inference::new(options.declared_kind(name), options.role(name)))
        .collect();
    let mut rows = 0;
    while records.next(&mut record)? {
        header.check(&record)?;
        for (position, column) in columns.iter_mut().enumerate() {
            if let Some(cell) = na.present(record.cell(position)) {
                column.see(cell, || Place {
                    line: record.cell_line(position),
                    value: excerpt(cell),
                });
            }
        }
        rows += 1;
    }
    if rows == 0 {
        return Err(ReadError::NoRows {
            path: path.to_owned(),
        });
    }
    let schema = decide(path, &header.names, columns)?;
    let fingerprint = Fingerprint {
        sha256: records.checksum(),
        bytes: records.bytes(),
        rows,
        columns: header.names.len(),
    };
    Ok(Found {
        schema,
        fingerprint,
        delimiter: records.delimiter(),
    })
}

fn check_names(path: &str, header: &Header, options: &SchemaOptions) -> Result<(), ReadError> {
    for (mention, name) in options.mentions() {
        header.position(name, mention)?;
    }
    match options.contradiction() {
        Some((column, first, second)) => Err(ReadError::Contradiction {
            path: path.to_owned(),
            column: column.to_owned(),
            first,
            second,
        }),
        None => Ok(()),
    }
}

/// The kinds of all columns, or the mistake on the earliest line.
fn decide(path: &str, names: &[String], columns: Vec<Inference>) -> Result<Schema, ReadError> {
    let mut schema = Schema::default();
    let mut earliest: Option<(u64, ReadError)> = None;
    for (name, column) in names.iter().zip(columns) {
        let role = column.role;
        match column.decide(path, name) {
            Ok(kind) => schema.columns.push(ColumnSchema {
                name: name.clone(),
                kind,
                role,
            }),
            Err((line, error)) => {
                if earliest.as_ref().is_none_or(|(earlier, _)| line < *earlier) {
                    earliest = Some((line, error));
                }
            }
        }
    }
    earliest.map_or(Ok(schema), |(_, error)| Err(error))
}

/// A cell and the line it starts on.
#[derive(Debug)]
struct Place {
    line: u64,
    value: String,
}

/// What the cells of one column have been so far.
#[derive(Debug)]
struct Inference {
    declared: Option<Kind>,
    role: Role,
    /// Cells that are not missing.
    cells: usize,
    /// Of those, cells that are written as numbers.
    numeric: usize,
    first_word: Option<Place>,
    first_not_finite: Option<Place>,
    /// For each spelling of yes and no, whether all cells so far have it.
    spellings: [bool; BOOLEANS.len()],
    first_not_boolean: Option<Place>,
}

impl Inference {
    fn new(declared: Option<Kind>, role: Role) -> Self {
        Self {
            declared,
            role,
            cells: 0,
            numeric: 0,
            first_word: None,
            first_not_finite: None,
            spellings: [true; BOOLEANS.len()],
            first_not_boolean: None,
        }
    }

    /// Takes note of a cell that is not missing.
    fn see(&mut self, cell: &[u8], place: impl Fn() -> Place) {
        self.cells += 1;
        if self.declared == Some(Kind::Categorical) {
            return;
        }
        match parse(cell) {
            Parsed::Number(_) => self.numeric += 1,
            Parsed::NotFinite => {
                self.numeric += 1;
                self.first_not_finite.get_or_insert_with(&place);
            }
            Parsed::Word => {
                self.first_word.get_or_insert_with(&place);
            }
        }
        if self.first_not_boolean.is_none() {
            let pair = boolean(cell).map(|(pair, _)| pair);
            for (position, possible) in self.spellings.iter_mut().enumerate() {
                *possible &= Some(position) == pair;
            }
            if !self.spellings.contains(&true) {
                self.first_not_boolean = Some(place());
            }
        }
    }

    /// The kind of the column, or what is wrong with it and on which line.
    fn decide(self, path: &str, name: &str) -> Result<Kind, (u64, ReadError)> {
        let path = || path.to_owned();
        let column = || name.to_owned();
        match self.declared {
            Some(Kind::Categorical) => return Ok(Kind::Categorical),
            Some(Kind::Boolean) => {
                return match self.first_not_boolean {
                    Some(Place { line, value }) if self.role != Role::Ignored => Err((
                        line,
                        ReadError::NotABoolean {
                            path: path(),
                            line,
                            column: column(),
                            value,
                        },
                    )),
                    _ => Ok(Kind::Boolean),
                };
            }
            Some(Kind::Numeric) | None => {}
        }
        let declared_numeric = self.declared == Some(Kind::Numeric);
        if !declared_numeric && self.first_word.is_some() {
            if self.numeric == 0 && self.first_not_boolean.is_none() {
                return Ok(Kind::Boolean);
            }
            let mistaken = self.numeric as f64 >= MOSTLY_NUMBERS * self.cells as f64;
            if !mistaken || self.role == Role::Ignored {
                return Ok(Kind::Categorical);
            }
        }
        if self.role == Role::Ignored {
            return Ok(Kind::Numeric);
        }
        let word = self.first_word.map(|Place { line, value }| {
            let (numeric_cells, cells) = (self.numeric, self.cells);
            let (path, column) = (path(), column());
            (
                line,
                ReadError::NotANumber {
                    path,
                    line,
                    column,
                    value,
                    numeric_cells,
                    cells,
                },
            )
        });
        let not_finite = self.first_not_finite.map(|Place { line, value }| {
            (
                line,
                ReadError::NotFinite {
                    path: path(),
                    line,
                    column: column(),
                    value,
                },
            )
        });
        match word
            .into_iter()
            .chain(not_finite)
            .min_by_key(|(line, _)| *line)
        {
            Some(mistake) => Err(mistake),
            None => Ok(Kind::Numeric),
        }
    }
}

#[cfg(test)]
mod tests;
