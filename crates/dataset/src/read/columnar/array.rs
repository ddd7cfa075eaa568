//! One array: from its cells to numbers or levels.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayAccessor, ArrayRef};
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};

use super::calendar;
use super::types::{Class, class};
use crate::number::{self, Parsed, parse};
use crate::read::column::{self, Looked, Part, Task, TextCells};
use crate::read::csv::MissingCells;
use crate::read::grid::Cell;
use crate::schema::Kind;

/// A cell that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The row in the array.
    pub(super) row: usize,
    pub(super) reason: &'static str,
}

/// Reads the cells of an array of which the first is on `line`.
pub(super) fn read(
    array: ArrayRef,
    line: u64,
    task: Task<'_>,
    na: &MissingCells,
) -> Result<(Looked, Part), Fault> {
    let class = class(values_of(&array).data_type());
    match class {
        Ok(Class::Missing) | Err(_) => {
            return Ok((Looked::default(), Part::Missing(array.len())));
        }
        Ok(Class::Number) if task.known.is_none() && is_number(task.kind) => {
            return Ok(numbers(array, line, task, na));
        }
        Ok(Class::Time) if task.known.is_none() && task.dates && !na.has_dates() => {
            if let Some((seconds, first)) = calendar::seconds(&array) {
                return Ok(dates(&array, line, task, seconds, first));
            }
        }
        Ok(_) => {}
    }
    Ok(column::read(&Texts::new(&array, line)?, task, na))
}

/// Dates whose seconds are known, and the row of the first.
fn dates(
    array: &dyn Array,
    line: u64,
    task: Task<'_>,
    seconds: Vec<f64>,
    first: Option<usize>,
) -> (Looked, Part) {
    let mut looked = Looked::default();
    let Some(first) = first else {
        return (looked, Part::Missing(seconds.len()));
    };
    let mut text = String::new();
    // Seconds are known of dates that can be written alone.
    let _ = write(&mut text, array, first);
    looked.first_date(line + first as u64, text.as_bytes());
    looked.dates = array.len() - array.null_count();
    looked.cells = looked.dates;
    let part = if task.keep {
        Part::Numbers(seconds)
    } else {
        Part::Missing(seconds.len())
    };
    (looked, part)
}

fn is_number(kind: Option<Kind>) -> bool {
    matches!(kind, None | Some(Kind::Numeric))
}

/// The values behind the codes of an array, or the array itself.
fn values_of(array: &dyn Array) -> &dyn Array {
    array
        .as_any_dictionary_opt()
        .map_or(array, |coded| coded.values().as_ref())
}

/// For each row the position of its cell among the values; `None` where it has none.
fn positions(array: &dyn Array) -> Box<dyn Iterator<Item = Option<usize>> + '_> {
    match array.as_any_dictionary_opt() {
        Some(coded) if !coded.values().is_empty() => {
            let values = coded.values();
            let keys = coded.normalized_keys().into_iter().enumerate();
            Box::new(keys.map(move |(row, key)| {
                (array.is_valid(row) && values.is_valid(key)).then_some(key)
            }))
        }
        Some(_) => Box::new((0..array.len()).map(|_| None)),
        None => Box::new((0..array.len()).map(move |row| array.is_valid(row).then_some(row))),
    }
}

/// The cells of an array of numbers.
fn numbers(array: ArrayRef, line: u64, task: Task<'_>, na: &MissingCells) -> (Looked, Part) {
    let nulls = array.logical_nulls();
    let mut values = match array.as_primitive_opt::<Float64Type>() {
        // The memory of the array is taken over, where it is nobody else's.
        Some(numbers) => {
            let numbers = numbers.values().clone();
            drop(array);
            numbers.into()
        }
        None => coded(&array),
    };
    let mut looked = Looked::default();
    if nulls.is_none() && !na.has_numbers() && values.iter().all(|value| value.is_finite()) {
        looked.cells = values.len();
    } else {
        for (row, value) in values.iter_mut().enumerate() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) || na.is_number(*value) {
                *value = f64::NAN;
                continue;
            }
            looked.cells += 1;
            if !value.is_finite() {
                let place = || (line + row as u64, number::text(*value));
                looked.first_not_finite.get_or_insert_with(place);
            }
        }
    }
    looked.numeric = looked.cells;
    let part = if looked.cells == 0 || !task.keep {
        Part::Missing(values.len())
    } else {
        Part::Numbers(values)
    };
    (looked, part)
}

/// Every cell as the nearest `f64`, of codes that of their value.
fn coded(array: &dyn Array) -> Vec<f64> {
    let values = widened(values_of(array));
    if array.as_any_dictionary_opt().is_none() {
        return values;
    }
    let positions = positions(array);
    positions
        .map(|at| at.map_or(f64::NAN, |at| values[at]))
        .collect()
}

/// Every cell as the nearest `f64`, whatever stands where a cell is missing; a duration in seconds.
fn widened(array: &dyn Array) -> Vec<f64> {
    fn each<T: ArrowPrimitiveType>(array: &dyn Array, wide: impl Fn(T::Native) -> f64) -> Vec<f64> {
        let values = array.as_primitive::<T>().values();
        values.iter().map(|&value| wide(value)).collect()
    }
    match array.data_type() {
        DataType::Int8 => each::<Int8Type>(array, f64::from),
        DataType::Int16 => each::<Int16Type>(array, f64::from),
        DataType::Int32 => each::<Int32Type>(array, f64::from),
        DataType::Int64 => each::<Int64Type>(array, |value| value as f64),
        DataType::UInt8 => each::<UInt8Type>(array, f64::from),
        DataType::UInt16 => each::<UInt16Type>(array, f64::from),
        DataType::UInt32 => each::<UInt32Type>(array, f64::from),
        DataType::UInt64 => each::<UInt64Type>(array, |value| value as f64),
        DataType::Float16 => each::<Float16Type>(array, f64::from),
        DataType::Float32 => each::<Float32Type>(array, f64::from),
        DataType::Float64 => each::<Float64Type>(array, |value| value),
        DataType::Decimal32(_, scale) => {
            decimals::<Decimal32Type>(array, *scale, |value| Some(value.into()))
        }
        DataType::Decimal64(_, scale) => {
            decimals::<Decimal64Type>(array, *scale, |value| Some(value.into()))
        }
        DataType::Decimal128(_, scale) => decimals::<Decimal128Type>(array, *scale, Some),
        DataType::Decimal256(_, scale) => decimals::<Decimal256Type>(array, *scale, i256::to_i128),
        DataType::Duration(TimeUnit::Second) => {
            each::<DurationSecondType>(array, |value| value as f64)
        }
        DataType::Duration(TimeUnit::Millisecond) => {
            each::<DurationMillisecondType>(array, |value| value as f64 / 1e3)
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            each::<DurationMicrosecondType>(array, |value| value as f64 / 1e6)
        }
        DataType::Duration(TimeUnit::Nanosecond) => {
            each::<DurationNanosecondType>(array, |value| value as f64 / 1e9)
        }
        _ => vec![f64::NAN; array.len()],
    }
}

/// Digits with a point `scale` digits from their end.
fn decimals<T: DecimalType>(
    array: &dyn Array,
    scale: i8,
    digits: impl Fn(T::Native) -> Option<i128>,
) -> Vec<f64> {
    let exact = -(1_i128 << 53)..=1 << 53;
    let array = array.as_primitive::<T>();
    // Powers of ten up to the 22nd are exact, so that one division of exact numbers is rounded once.
    let power = (0..=22).contains(&scale).then(|| 10_f64.powi(scale.into()));
    let cells = array.values().iter().enumerate();
    cells
        .map(|(row, &value)| match (digits(value), power) {
            (Some(digits), Some(power)) if exact.contains(&digits) => digits as f64 / power,
            _ if array.is_null(row) => f64::NAN,
            _ => match parse(array.value_as_string(row).as_bytes()) {
                Parsed::Number(value) => value,
                Parsed::NotFinite | Parsed::Word => f64::NAN,
            },
        })
        .collect()
}

/// The cells of an array as text.
pub(super) struct Texts<'a> {
    values: Values<'a>,
    /// For each row the position of its cell among the values, or [`ABSENT`].
    positions: Vec<u32>,
    line: u64,
}

/// The position of a cell that is missing.
const ABSENT: u32 = u32::MAX;

enum Values<'a> {
    Stored(Vec<&'a [u8]>),
    Written {
        text: String,
        /// For each value where it starts, and behind them the length of the text.
        starts: Vec<usize>,
    },
}

impl<'a> Texts<'a> {
    /// The text of every value of an array of which the first cell is on `line`.
    pub(super) fn new(array: &'a dyn Array, line: u64) -> Result<Self, Fault> {
        let distinct = values_of(array);
        let positions: Vec<u32> = positions(array)
            .map(|position| position.map_or(ABSENT, |position| position as u32))
            .collect();
        let values = match distinct.data_type() {
            DataType::Utf8 => Ok(strings(&distinct.as_string::<i32>())),
            DataType::LargeUtf8 => Ok(strings(&distinct.as_string::<i64>())),
            DataType::Utf8View => Ok(strings(&distinct.as_string_view())),
            DataType::Binary => binary(&distinct.as_binary::<i32>()),
            DataType::LargeBinary => binary(&distinct.as_binary::<i64>()),
            DataType::BinaryView => binary(&distinct.as_binary_view()),
            DataType::FixedSizeBinary(_) => binary(&distinct.as_fixed_size_binary()),
            _ => written(distinct),
        };
        let values = values.map_err(|Fault { row, reason }| Fault {
            row: positions
                .iter()
                .position(|&at| at as usize == row)
                .unwrap_or(row),
            reason,
        })?;
        Ok(Self {
            values,
            positions,
            line,
        })
    }

    /// A cell as it stands.
    pub(super) fn cell(&self, row: usize) -> Option<&[u8]> {
        match self.positions[row] {
            ABSENT => None,
            position => Some(self.values.get(position as usize)),
        }
    }
}

impl Values<'_> {
    fn get(&self, position: usize) -> &[u8] {
        match self {
            Self::Stored(values) => values[position],
            Self::Written { text, starts } => {
                &text.as_bytes()[starts[position]..starts[position + 1]]
            }
        }
    }
}

impl TextCells for Texts<'_> {
    fn rows(&self) -> usize {
        self.positions.len()
    }

    fn places(&self) -> impl Iterator<Item = Cell<'_>> {
        (0..self.rows()).map(|row| self.cell(row).map_or(Cell::ABSENT, Cell::whole))
    }

    fn line(&self, row: usize) -> u64 {
        self.line + row as u64
    }
}

fn strings<'a>(array: &impl ArrayAccessor<Item = &'a str>) -> Values<'a> {
    let cells = (0..array.len()).map(|row| array.value(row).as_bytes());
    Values::Stored(cells.collect())
}

/// Bytes that nobody called text, as older programs write it.
fn binary<'a>(array: &impl ArrayAccessor<Item = &'a [u8]>) -> Result<Values<'a>, Fault> {
    let reason = "bytes that are not UTF-8 text";
    let cells = (0..array.len()).map(|row| match array.value(row) {
        _ if array.is_null(row) => Ok(&b""[..]),
        cell if std::str::from_utf8(cell).is_ok() => Ok(cell),
        _ => Err(Fault { row, reason }),
    });
    cells.collect::<Result<_, _>>().map(Values::Stored)
}

/// What is not stored as text, as it would stand in CSV.
fn written(array: &dyn Array) -> Result<Values<'static>, Fault> {
    let mut text = String::new();
    let mut starts = vec![0];
    for row in 0..array.len() {
        if array.is_valid(row) {
            write(&mut text, array, row).ok_or(Fault {
                row,
                reason: "a date beyond the calendar",
            })?;
        }
        starts.push(text.len());
    }
    Ok(Values::Written { text, starts })
}

fn write(text: &mut String, array: &dyn Array, row: usize) -> Option<()> {
    fn value<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
        array.as_primitive::<T>().value(row)
    }
    let kind = array.data_type();
    let short = |cell: String| cell.parse().map_or(cell, number::text);
    match kind {
        DataType::Boolean => {
            *text += if array.as_boolean().value(row) {
                "true"
            } else {
                "false"
            }
        }
        DataType::Int64 => *text += &value::<Int64Type>(array, row).to_string(),
        DataType::UInt64 => *text += &value::<UInt64Type>(array, row).to_string(),
        DataType::Float16 => *text += &short(value::<Float16Type>(array, row).to_string()),
        DataType::Float32 => *text += &short(value::<Float32Type>(array, row).to_string()),
        DataType::Decimal32(..) => {
            *text += &array.as_primitive::<Decimal32Type>().value_as_string(row);
        }
        DataType::Decimal64(..) => {
            *text += &array.as_primitive::<Decimal64Type>().value_as_string(row);
        }
        DataType::Decimal128(..) => {
            *text += &array.as_primitive::<Decimal128Type>().value_as_string(row);
        }
        DataType::Decimal256(..) => {
            *text += &array.as_primitive::<Decimal256Type>().value_as_string(row);
        }
        DataType::Date32 => calendar::write(text, kind, value::<Date32Type>(array, row).into())?,
        DataType::Date64 => calendar::write(text, kind, value::<Date64Type>(array, row))?,
        DataType::Time32(TimeUnit::Second) => {
            calendar::write(text, kind, value::<Time32SecondType>(array, row).into())?;
        }
        DataType::Time32(_) => {
            calendar::write(
                text,
                kind,
                value::<Time32MillisecondType>(array, row).into(),
            )?;
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            calendar::write(text, kind, value::<Time64MicrosecondType>(array, row))?;
        }
        DataType::Time64(_) => {
            calendar::write(text, kind, value::<Time64NanosecondType>(array, row))?;
        }
        DataType::Timestamp(unit, _) => {
            let value = match unit {
                TimeUnit::Second => value::<TimestampSecondType>(array, row),
                TimeUnit::Millisecond => value::<TimestampMillisecondType>(array, row),
                TimeUnit::Microsecond => value::<TimestampMicrosecondType>(array, row),
                TimeUnit::Nanosecond => value::<TimestampNanosecondType>(array, row),
            };
            calendar::write(text, kind, value)?;
        }
        _ => *text += &number::text(widened(&array.slice(row, 1))[0]),
    }
    Some(())
}
