//! From text to the numbers and dates that it stands for, once all of a column was read.
//!
//! A column is converted when one notation reads all of its cells, each distinct text being looked
//! at once. Then identifiers are found.

use super::ReadError;
use super::error::excerpt;
use crate::date;
use crate::notation::{DateNotation, Notation, Recognised, recognise};
use crate::recognition::{Finding, of_feature};
use crate::schema::{ColumnSchema, Kind, Role, Told};
use crate::table::{Cells, MISSING};

/// Values of a target up to which it is classes: `5%` and `10%` are labels.
const CLASSES: usize = 2;

/// Makes of a column that is not ignored what it stands for, and says so in its schema; the role of
/// an identifier becomes that of an ignored column.
///
/// `doubt` is what is wrong with the column if its text is no number; `place` is the file and the
/// line of a row.
pub(super) fn convert(
    described: &mut ColumnSchema,
    cells: Cells,
    told: &Told<'_>,
    doubt: Option<ReadError>,
    place: impl Fn(usize) -> (String, u64),
) -> Result<Cells, ReadError> {
    let cells = match cells {
        Cells::Text { codes, levels } => {
            match notation(described, &levels, told, doubt, |level| {
                let row = codes.iter().position(|&code| code as usize == level);
                place(row.unwrap_or_default())
            })? {
                Outcome::Text => Cells::Text { codes, levels },
                Outcome::Missing => Cells::Numeric(vec![f64::NAN; codes.len()]),
                Outcome::Numbers(notation) => numbers(notation, &codes, &levels),
            }
        }
        numbers @ (Cells::Numeric(_) | Cells::Sparse(_)) => {
            if described.kind == Kind::Date {
                let iso = Notation::Date(DateNotation::ISO);
                described.notation = Some(iso);
                described.finding = Some(Finding::Written(iso));
            }
            numbers
        }
    };
    if let (Kind::Date, Cells::Numeric(seconds)) = (described.kind, &cells) {
        described.parts = match told.options.parts.get(&described.name) {
            Some(parts) => parts.clone(),
            None => date::varying_parts(seconds),
        };
    }
    if described.role == Role::Feature && described.finding.is_none() {
        described.finding = of_feature(&described.name, described.kind, &cells);
        if told.wants(&described.name) {
            // Who names a column knows what it is.
            described.finding = None;
        } else if described.finding == Some(Finding::Identifier) {
            described.role = Role::Ignored;
        }
    }
    Ok(cells)
}

/// What the text of a column is.
enum Outcome {
    Text,
    /// Numbers or dates of which none is there.
    Missing,
    Numbers(Notation),
}

fn notation(
    described: &mut ColumnSchema,
    levels: &[String],
    told: &Told<'_>,
    doubt: Option<ReadError>,
    place: impl Fn(usize) -> (String, u64),
) -> Result<Outcome, ReadError> {
    let name = &described.name;
    let declared = told.declared_kind(name);
    let wanted = match (declared, described.role) {
        (Some(Kind::Categorical | Kind::Boolean), _) => return Ok(Outcome::Text),
        (None, _) if described.kind == Kind::Boolean => return Ok(Outcome::Text),
        (Some(kind), _) => Some(kind),
        (None, Role::Feature) => None,
        (None, _) => Some(Kind::Numeric),
    };
    if levels.is_empty() {
        return Ok(match declared {
            Some(kind) => {
                described.kind = kind;
                Outcome::Missing
            }
            None => Outcome::Text,
        });
    }
    let said = told.options.notations.get(name).copied();
    let said = said.filter(|notation| Some(notation.kind()) == declared);
    if let Some(notation) = said {
        refuse_other(levels, notation, name, place)?;
        described.kind = notation.kind();
        described.notation = Some(notation);
        return Ok(Outcome::Numbers(notation));
    }
    let classes = described.role == Role::Target && levels.len() <= CLASSES && declared.is_none();
    // Scoring reads offsets as plain numbers.
    let plain = described.role == Role::Offset;
    let recognised = if classes || plain {
        Recognised::No
    } else {
        recognise(levels, wanted)
    };
    match recognised {
        Recognised::As(notation) => {
            described.kind = notation.kind();
            described.notation = Some(notation);
            described.finding = Some(Finding::Written(notation));
            Ok(Outcome::Numbers(notation))
        }
        Recognised::Either(first, second) if declared == Some(Kind::Date) => {
            Err(ReadError::AmbiguousDates {
                path: place(0).0,
                column: name.clone(),
                first,
                second,
            })
        }
        Recognised::Either(first, second) if doubt.is_none() => {
            described.finding = Some(Finding::Ambiguous(first, second));
            Ok(Outcome::Text)
        }
        Recognised::No if declared == Some(Kind::Date) => {
            let unix = Notation::Date(DateNotation::UNIX);
            let number = |level: &String| unix.read(level).is_some();
            if !levels.iter().any(number) {
                refuse_other(levels, Notation::Date(DateNotation::ISO), name, &place)?;
            }
            refuse_other(levels, unix, name, place)?;
            described.kind = Kind::Date;
            described.notation = Some(unix);
            Ok(Outcome::Numbers(unix))
        }
        Recognised::Either(..) | Recognised::No => match doubt {
            Some(doubt) => Err(doubt),
            None => Ok(Outcome::Text),
        },
    }
}

/// Fails on the first cell that is not written in the notation.
fn refuse_other(
    levels: &[String],
    notation: Notation,
    column: &str,
    place: impl Fn(usize) -> (String, u64),
) -> Result<(), ReadError> {
    let other = levels.iter().position(|cell| notation.read(cell).is_none());
    let Some(level) = other else {
        return Ok(());
    };
    let (path, line) = place(level);
    Err(ReadError::OtherNotation {
        path,
        line,
        column: column.to_owned(),
        value: excerpt(levels[level].as_bytes()),
        notation,
    })
}

/// The numbers that a column of text stands for; fails on the first cell that is not written in the
/// notation.
#[cfg(feature = "parquet")]
pub(super) fn read_in(
    notation: Notation,
    codes: &[u32],
    levels: &[String],
    column: &str,
    place: impl Fn(usize) -> (String, u64),
) -> Result<Cells, ReadError> {
    refuse_other(levels, notation, column, |level| {
        let row = codes.iter().position(|&code| code as usize == level);
        place(row.unwrap_or_default())
    })?;
    Ok(numbers(notation, codes, levels))
}

fn numbers(notation: Notation, codes: &[u32], levels: &[String]) -> Cells {
    let values: Vec<f64> = levels
        .iter()
        .map(|level| notation.read(level).unwrap_or(f64::NAN))
        .collect();
    let number = |&code: &u32| match code {
        MISSING => f64::NAN,
        code => values[code as usize],
    };
    Cells::Numeric(codes.iter().map(number).collect())
}

#[cfg(test)]
mod tests;
