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

/// Seconds since 1970 of a trimmed cell, where [`DateNotation::ISO`] reads it. No other notation that
/// is guessed has the year first with a hyphen behind it, so that no doubt is left.
pub(crate) fn iso(cell: &[u8]) -> Option<f64> {
    fixed(cell).or_else(|| DateNotation::ISO.read(std::str::from_utf8(cell).ok()?))
}

/// The common forms alone: `2026-01-31`, `2026-01-31T12:30:59` and the same with a blank.
fn fixed(cell: &[u8]) -> Option<f64> {
    let two = |tens: u8, ones: u8| {
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| 10 * tens + ones)
    };
    let (date, rest) = cell.split_first_chunk()?;
    let [c0, c1, y0, y1, b'-', m0, m1, b'-', d0, d1] = *date else {
        return None;
    };
    let year = 100 * i32::from(two(c0, c1)?) + i32::from(two(y0, y1)?);
    let month = Month::try_from(two(m0, m1)?).ok()?;
    let date = Date::from_calendar_date(year, month, two(d0, d1)?).ok()?;
    let seconds = match *rest {
        [] => 0,
        [b'T' | b' ', h0, h1, b':', m0, m1, b':', s0, s1] => {
            let (hour, minute, second) = (two(h0, h1)?, two(m0, m1)?, two(s0, s1)?);
            if hour > 23 || minute > 59 || second > 60 {
                return None;
            }
            3600 * u32::from(hour) + 60 * u32::from(minute) + u32::from(second)
        }
        _ => return None,
    };
    Some(f64::from(days_since_1970(date)) * SECONDS_PER_DAY + f64::from(seconds))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_common_forms_are_read_as_all_are(
            cell in "[0-2][09][0-9]{2}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9])?",
            other in "[0-9]{3,5}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}(:[0-9]{2})?(\\.[0-9])?Z?)?",
        ) {
            for cell in [cell, other] {
                let expected = DateNotation::ISO.read(&cell);
                prop_assert_eq!(iso(cell.as_bytes()), expected, "{}", cell);
                if let Some(found) = fixed(cell.as_bytes()) {
                    prop_assert_eq!(Some(found), expected, "{}", cell);
                }
            }
        }

        #[test]
        fn only_one_notation_that_is_guessed_reads_iso_dates(
            cell in "[0-9]{1,4}-[0-9]{1,4}-[0-9]{1,4}( [0-9]{2}:[0-9]{2})?",
        ) {
            if iso(cell.as_bytes()).is_some() {
                let others = DateNotation::GUESSED[1..].iter();
                prop_assert!(others.clone().all(|other| other.read(&cell).is_none()), "{}", cell);
            }
        }
    }

    #[test]
    fn days_that_are_not_there() {
        for cell in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "2026-01-31T24:00:00",
        ] {
            assert_eq!(iso(cell.as_bytes()), None, "{cell}");
        }
        assert_eq!(iso(b"2024-02-29"), Some(19_782.0 * 86_400.0));
        assert_eq!(iso(b"1969-12-31 23:59:59"), Some(-1.0));
    }
}
