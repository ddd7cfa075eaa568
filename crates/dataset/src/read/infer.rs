//! What every column is, from what its cells are.

use std::collections::HashSet;

use super::ReadError;
use super::assembly::Growing;
use super::builder::BOOLEANS;
use super::column::{Looked, Place};
use super::header::Header;
use crate::notation::{Recognised, recognise};
use crate::schema::{ColumnSchema, Kind, Role, Schema, SchemaOptions};

/// A column in which at least this share of the cells are numbers is a numeric column with a
/// mistake in it, not a categorical one.
const MOSTLY_NUMBERS: f64 = 0.9;

/// Checks that every name a person gave is there, and that they do not contradict each other.
pub(super) fn check_names(
    path: &str,
    header: &Header,
    options: &SchemaOptions,
) -> Result<(), ReadError> {
    for (mention, name) in options.mentions() {
        header.position(name, mention)?;
    }
    if options.only.is_some() {
        let known: HashSet<&str> = options.mentions().map(|(_, name)| name).collect();
        if let Some(other) = header
            .names
            .iter()
            .find(|name| !known.contains(name.as_str()))
        {
            return Err(ReadError::UnlistedColumn {
                path: path.to_owned(),
                column: other.clone(),
            });
        }
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

/// What is wrong with a column, and where it shows first.
type Mistake = Box<(Place, ReadError)>;

/// The kinds of all columns, or the earliest mistake.
///
/// For each column, what is wrong with it unless its text is numbers in some
/// [notation](crate::notation): until that is known it is text.
pub(super) fn decide(
    files: &[String],
    columns: &[Growing],
) -> Result<(Schema, Vec<Option<ReadError>>), ReadError> {
    let mut schema = Schema::default();
    let mut doubts = Vec::with_capacity(columns.len());
    let mut earliest: Option<Mistake> = None;
    for column in columns {
        let (kind, doubt) = match column.seen.decide(files, column) {
            Ok(kind) => (kind, None),
            Err(mistake) if column.seen.may_be_written_otherwise() => {
                (Kind::Categorical, Some(mistake.1))
            }
            Err(mistake) => {
                let earlier = earliest
                    .as_ref()
                    .is_some_and(|earlier| earlier.0 <= mistake.0);
                if !earlier {
                    earliest = Some(mistake);
                }
                continue;
            }
        };
        let described = ColumnSchema::new(column.name.clone(), kind, column.role);
        schema.columns.push(described);
        doubts.push(doubt);
    }
    earliest.map_or(Ok((schema, doubts)), |mistake| Err(mistake.1))
}

/// What the cells of one column have been so far.
#[derive(Debug)]
pub(super) struct Seen {
    /// Cells that are not missing.
    pub(super) cells: usize,
    /// Of those, cells that are written as numbers.
    pub(super) numeric: usize,
    /// Of those, dates that were read as such.
    dates: usize,
    first_word: Option<(Place, String)>,
    first_not_finite: Option<(Place, String)>,
    /// For each spelling of yes and no, a bit: whether all cells so far have it.
    spellings: u8,
    first_not_boolean: Option<(Place, String)>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            cells: 0,
            numeric: 0,
            dates: 0,
            first_word: None,
            first_not_finite: None,
            spellings: (1 << BOOLEANS.len()) - 1,
            first_not_boolean: None,
        }
    }
}

impl Seen {
    /// Takes note of a block of the file.
    pub(super) fn add(&mut self, file: usize, block: Looked) {
        let place = |(line, value): (u64, String)| (Place { file, line }, value);
        self.cells += block.cells;
        self.numeric += block.numeric;
        self.dates += block.dates;
        if self.first_word.is_none() {
            self.first_word = block.first_word.map(place);
        }
        if self.first_not_finite.is_none() {
            self.first_not_finite = block.first_not_finite.map(place);
        }
        for (spellings, line, value) in block.spellings {
            if self.spellings != 0 {
                self.spellings &= spellings;
                if self.spellings == 0 {
                    self.first_not_boolean = Some(place((line, value)));
                }
            }
        }
    }

    /// The kind of the column, or what is wrong with it and where.
    fn decide(&self, files: &[String], column: &Growing) -> Result<Kind, Mistake> {
        let ignored = column.role == Role::Ignored;
        match column.declared {
            Some(Kind::Categorical) => return Ok(Kind::Categorical),
            Some(Kind::Boolean) => {
                return match &self.first_not_boolean {
                    Some((place, value)) if !ignored => Err(Box::new((
                        *place,
                        ReadError::NotABoolean {
                            path: files[place.file].clone(),
                            line: place.line,
                            column: column.name.clone(),
                            value: value.clone(),
                        },
                    ))),
                    _ => Ok(Kind::Boolean),
                };
            }
            Some(Kind::Date | Kind::Numeric) | None => {}
        }
        if self.dates > 0 && !self.partly_dates() {
            return Ok(Kind::Date);
        }
        if column.declared.is_none() && self.first_word.is_some() {
            if self.numeric == 0 && self.spellings != 0 {
                return Ok(Kind::Boolean);
            }
            let mistaken = self.numeric as f64 >= MOSTLY_NUMBERS * self.cells as f64;
            if !mistaken || ignored {
                return Ok(Kind::Categorical);
            }
        }
        if ignored {
            return Ok(Kind::Numeric);
        }
        match self.mistake(files, &column.name) {
            Some(mistake) => Err(mistake),
            None => Ok(Kind::Numeric),
        }
    }

    /// Whether there are dates that were read as such, and other cells.
    pub(super) fn partly_dates(&self) -> bool {
        (1..self.cells).contains(&self.dates)
    }

    /// Whether the first word is a number in another notation.
    fn may_be_written_otherwise(&self) -> bool {
        self.first_word.as_ref().is_some_and(|(_, value)| {
            recognise(std::slice::from_ref(value), Some(Kind::Numeric)) != Recognised::No
        })
    }

    /// The first cell that is no finite number.
    fn mistake(&self, files: &[String], column: &str) -> Option<Mistake> {
        let word = self.first_word.as_ref().map(|(place, value)| {
            let error = ReadError::NotANumber {
                path: files[place.file].clone(),
                line: place.line,
                column: column.to_owned(),
                value: value.clone(),
                numeric_cells: self.numeric,
                cells: self.cells,
            };
            Box::new((*place, error))
        });
        let not_finite = self.first_not_finite.as_ref().map(|(place, value)| {
            let error = ReadError::NotFinite {
                path: files[place.file].clone(),
                line: place.line,
                column: column.to_owned(),
                value: value.clone(),
            };
            Box::new((*place, error))
        });
        word.into_iter()
            .chain(not_finite)
            .min_by_key(|mistake| mistake.0)
    }
}

#[cfg(test)]
mod tests;
