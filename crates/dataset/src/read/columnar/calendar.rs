//! Dates and times: as text in ISO 8601, and as seconds.

use std::fmt::Write;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions::{as_date, as_datetime, as_time};
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::types::{
    Date32Type, Date64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_schema::{DataType, TimeUnit};

/// Days since 1970 of the first day of the year 0 and of the last of 9999.
const DAYS: std::ops::RangeInclusive<i64> = -719_528..=2_932_896;

const SECONDS_PER_DAY: i64 = 86_400;

/// The seconds since 1970 of every date, those that its text stands for, and the row of the first
/// that is there. `None` where a year has other than four figures, and for what is no date.
pub(super) fn seconds(array: &dyn Array) -> Option<(Vec<f64>, Option<usize>)> {
    match array.data_type() {
        DataType::Date32 => each::<Date32Type>(array, SECONDS_PER_DAY, 1),
        DataType::Timestamp(TimeUnit::Second, _) => each::<TimestampSecondType>(array, 1, 1),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            each::<TimestampMillisecondType>(array, 1, 1_000)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            each::<TimestampMicrosecondType>(array, 1, 1_000_000)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            each::<TimestampNanosecondType>(array, 1, 1_000_000_000)
        }
        _ => None,
    }
}

/// Cells that count so many seconds, or of which so many are a second.
fn each<T: ArrowPrimitiveType>(
    array: &dyn Array,
    seconds: i64,
    parts: i64,
) -> Option<(Vec<f64>, Option<usize>)>
where
    T::Native: Into<i64>,
{
    let cells = array.as_primitive::<T>();
    let mut first = None;
    let mut values = Vec::with_capacity(cells.len());
    for (row, cell) in cells.iter().enumerate() {
        let Some(cell) = cell else {
            values.push(f64::NAN);
            continue;
        };
        first.get_or_insert(row);
        let per_day = SECONDS_PER_DAY / seconds * parts;
        let cell: i64 = cell.into();
        let (day, time) = (cell.div_euclid(per_day), cell.rem_euclid(per_day));
        if !DAYS.contains(&day) {
            return None;
        }
        // Minutes and seconds apart, as in the text: both parts and their sum are rounded as there.
        let (minutes, rest) = (time / (60 * parts), time % (60 * parts));
        let of_day = (60 * minutes) as f64 + rest as f64 / parts as f64;
        values.push((day * SECONDS_PER_DAY) as f64 + of_day);
    }
    Some((values, first))
}

/// Writes `2026-01-31`, `12:30:00` or `2026-01-31T12:30:00`, with the fraction of a second where
/// there is one, and `Z` behind an instant; `None` beyond the calendar.
///
/// An instant is written in UTC whatever its time zone: files store it so.
pub(super) fn write(text: &mut String, kind: &DataType, value: i64) -> Option<()> {
    // `Debug` of these types is ISO 8601, as their documentation promises; `Display` has a blank
    // for the `T`.
    let date = |text: &mut String, date| write!(text, "{date:?}").ok();
    match kind {
        DataType::Date32 => date(text, as_date::<Date32Type>(value)?),
        DataType::Date64 => date(text, as_date::<Date64Type>(value)?),
        DataType::Time32(_) | DataType::Time64(_) => {
            let time = match kind {
                DataType::Time32(TimeUnit::Second) => as_time::<Time32SecondType>(value),
                DataType::Time32(_) => as_time::<Time32MillisecondType>(value),
                DataType::Time64(TimeUnit::Microsecond) => as_time::<Time64MicrosecondType>(value),
                _ => as_time::<Time64NanosecondType>(value),
            };
            write!(text, "{:?}", time?).ok()
        }
        DataType::Timestamp(unit, zone) => {
            let instant = match unit {
                TimeUnit::Second => as_datetime::<TimestampSecondType>(value),
                TimeUnit::Millisecond => as_datetime::<TimestampMillisecondType>(value),
                TimeUnit::Microsecond => as_datetime::<TimestampMicrosecondType>(value),
                TimeUnit::Nanosecond => as_datetime::<TimestampNanosecondType>(value),
            };
            let zone = if zone.is_some() { "Z" } else { "" };
            write!(text, "{:?}{zone}", instant?).ok()
        }
        _ => None,
    }
}
