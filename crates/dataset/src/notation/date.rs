//! Dates in figures, perhaps with a time of day.

use std::fmt;

use time::{Date, Month};

use crate::date::{SECONDS_PER_DAY, days_since_1970};
use crate::number::{Parsed, parse};

/// In which order day, month and year stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Order {
    YearMonthDay,
    DayMonthYear,
    MonthDayYear,
}

/// How dates are written: years with four digits, months and days with one or two.
///
/// Behind the date a time of day may stand after `T` or a blank: `12:30`, `12:30:59`,
/// `12:30:59.25`, `12:30 PM`; behind that `Z` or an offset such as `+02:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateNotation(Form);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    Written(Order, char),
    /// A number: seconds since 1970-01-01T00:00.
    Unix,
}

impl DateNotation {
    /// Those that are recognised, the common ones first.
    pub(super) const GUESSED: [Self; 8] = [
        Self(Form::Written(Order::YearMonthDay, '-')),
        Self(Form::Written(Order::YearMonthDay, '/')),
        Self(Form::Written(Order::YearMonthDay, '.')),
        Self(Form::Written(Order::DayMonthYear, '.')),
        Self(Form::Written(Order::DayMonthYear, '/')),
        Self(Form::Written(Order::DayMonthYear, '-')),
        Self(Form::Written(Order::MonthDayYear, '/')),
        Self(Form::Written(Order::MonthDayYear, '-')),
    ];

    /// Year, month and day with hyphens between them.
    pub const ISO: Self = Self::GUESSED[0];

    /// Seconds since 1970: how dates are stored in a table.
    pub const UNIX: Self = Self(Form::Unix);

    /// Every notation.
    pub(super) const ALL: [Self; 9] = {
        let [a, b, c, d, e, f, g, h] = Self::GUESSED;
        [a, b, c, d, e, f, g, h, Self::UNIX]
    };

    /// Seconds since 1970-01-01T00:00 of a trimmed cell.
    pub(super) fn read(self, cell: &str) -> Option<f64> {
        let Form::Written(order, separator) = self.0 else {
            return match parse(cell.as_bytes()) {
                Parsed::Number(seconds) => crate::date::is_within(seconds).then_some(seconds),
                Parsed::NotFinite | Parsed::Word => None,
            };
        };
        let (date, time) = match cell.split_once(['T', ' ']) {
            Some((date, time)) => (date, Some(time)),
            None => (cell, None),
        };
        let mut fields = date.split(separator);
        let [first, second, third] = [fields.next()?, fields.next()?, fields.next()?];
        if fields.next().is_some() {
            return None;
        }
        let (year, month, day) = match order {
            Order::YearMonthDay => (first, second, third),
            Order::DayMonthYear => (third, second, first),
            Order::MonthDayYear => (third, first, second),
        };
        if year.len() != 4 {
            return None;
        }
        let month = Month::try_from(u8::try_from(figures(month, 2)?).ok()?).ok()?;
        let day = u8::try_from(figures(day, 2)?).ok()?;
        let year = i32::try_from(figures(year, 4)?).ok()?;
        let date = Date::from_calendar_date(year, month, day).ok()?;
        let seconds = time.map_or(Some(0.0), time_of_day)?;
        Some(f64::from(days_since_1970(date)) * SECONDS_PER_DAY + seconds)
    }
}

/// A number of at most so many figures and nothing else.
fn figures(text: &str, most: usize) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && (1..=most).contains(&text.len()))
        .then(|| text.parse().ok())
        .flatten()
}

/// Seconds since midnight.
fn time_of_day(text: &str) -> Option<f64> {
    let text = match text.strip_suffix(['Z', 'z']) {
        Some(text) => text,
        None => match text.split_once(['+', '-']) {
            Some((text, offset)) => {
                offset_of(offset)?;
                text
            }
            None => text,
        },
    };
    let mut words = text.split_ascii_whitespace();
    let (clock, half) = (words.next()?, words.next());
    if words.next().is_some() {
        return None;
    }
    let mut fields = clock.split(':');
    let (hour, minute) = (figures(fields.next()?, 2)?, fields.next()?);
    let seconds = match fields.next() {
        // Figures, perhaps a point and more figures.
        Some(text) => {
            let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
            let plain = text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.');
            match parse(text.as_bytes()) {
                // A leap second is the sixty-first.
                Parsed::Number(seconds) if plain && whole.len() == 2 && seconds < 61.0 => seconds,
                _ => return None,
            }
        }
        None => 0.0,
    };
    if fields.next().is_some() || minute.len() != 2 {
        return None;
    }
    let minute = figures(minute, 2)?;
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => {
            let noon = half.eq_ignore_ascii_case("pm");
            if !noon && !half.eq_ignore_ascii_case("am") {
                return None;
            }
            hour % 12 + if noon { 12 } else { 0 }
        }
        Some(_) => return None,
    };
    (hour < 24 && minute < 60).then(|| f64::from(hour * 3600 + minute * 60) + seconds)
}

/// Checks `02:00`, `0200` or `02`.
fn offset_of(text: &str) -> Option<()> {
    let (hours, minutes) = match (text.split_once(':'), text.len()) {
        (Some(fields), _) => fields,
        (None, 4) => text.split_at_checked(2)?,
        (None, _) => (text, "00"),
    };
    let sound = hours.len() == 2 && minutes.len() == 2;
    (sound && figures(hours, 2)? < 24 && figures(minutes, 2)? < 60).then_some(())
}

impl fmt::Display for DateNotation {
    /// The last day of January 2026, or `unix`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::Written(Order::YearMonthDay, mark) => write!(formatter, "2026{mark}01{mark}31"),
            Form::Written(Order::DayMonthYear, mark) => write!(formatter, "31{mark}01{mark}2026"),
            Form::Written(Order::MonthDayYear, mark) => write!(formatter, "01{mark}31{mark}2026"),
            Form::Unix => formatter.write_str("unix"),
        }
    }
}
