//! Dates and times as text in ISO 8601.

use std::fmt::Write;

use arrow_array::temporal_conversions::{as_date, as_datetime, as_time};
use arrow_array::types::{
    Date32Type, Date64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_schema::{DataType, TimeUnit};

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
