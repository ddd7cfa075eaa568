//! Dates as numbers, and the parts of them that tell rows apart.
//!
//! A date is stored as the seconds between 1970-01-01T00:00 and the time that is written, without
//! leap seconds and without time zones.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};
use time::Date;

/// Seconds of a day.
pub const SECONDS_PER_DAY: f64 = 86_400.0;

/// The Julian day number of 1970-01-01.
const JULIAN_DAY_OF_1970: i32 = 2_440_588;

/// Days between 1970-01-01 and a date.
pub(crate) fn days_since_1970(date: Date) -> i32 {
    date.to_julian_day() - JULIAN_DAY_OF_1970
}

/// Whether the calendar has a date for this number of seconds: years -9999 to 9999.
pub(crate) fn is_within(seconds: f64) -> bool {
    let first = f64::from(days_since_1970(Date::MIN)) * SECONDS_PER_DAY;
    let last = f64::from(days_since_1970(Date::MAX) + 1) * SECONDS_PER_DAY;
    (first..last).contains(&seconds)
}

/// What a model is told about a date.
///
/// Months, weekdays and hours are levels, as of a categorical column; a cycle is a sine and a
/// cosine, so that its end is next to its start; the others are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DatePart {
    /// Days since 1970-01-01, with the time of day as a fraction.
    Days,
    /// The year.
    Year,
    /// The month, 1 to 12, as levels.
    Month,
    /// The day of the month, 1 to 31.
    Day,
    /// The day of the week, `Mon` to `Sun`, as levels.
    Weekday,
    /// The hour, 0 to 23, as levels.
    Hour,
    /// The day of the year, 1 to 366.
    Yearday,
    /// Sine and cosine of the time since the start of the year, the year being a full circle.
    YearCycle,
    /// Sine and cosine of the time since Monday.
    WeekCycle,
    /// Sine and cosine of the time since midnight.
    DayCycle,
}

/// What becomes of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PartForm {
    Number,
    Levels,
    Cycle,
}

impl DatePart {
    /// Every part.
    pub const ALL: [Self; 10] = [
        Self::Days,
        Self::Year,
        Self::Month,
        Self::Day,
        Self::Weekday,
        Self::Hour,
        Self::Yearday,
        Self::YearCycle,
        Self::WeekCycle,
        Self::DayCycle,
    ];

    /// The parts of a date that is said nothing about, as far as they vary: elapsed time, month,
    /// weekday, hour.
    pub const DEFAULT: [Self; 4] = [Self::Days, Self::Month, Self::Weekday, Self::Hour];

    /// Its name in a schema and in the names of design columns.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Weekday => "weekday",
            Self::Hour => "hour",
            Self::Yearday => "yearday",
            Self::YearCycle => "year-cycle",
            Self::WeekCycle => "week-cycle",
            Self::DayCycle => "day-cycle",
        }
    }

    pub(crate) fn form(self) -> PartForm {
        match self {
            Self::Days | Self::Year | Self::Day | Self::Yearday => PartForm::Number,
            Self::Month | Self::Weekday | Self::Hour => PartForm::Levels,
            Self::YearCycle | Self::WeekCycle | Self::DayCycle => PartForm::Cycle,
        }
    }

    /// The level of a month, weekday or hour: `3`, `Mon`, `07`.
    pub(crate) fn level(self, position: u8) -> String {
        const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        match self {
            Self::Weekday => WEEKDAYS
                .get(usize::from(position))
                .map_or_else(|| position.to_string(), ToString::to_string),
            Self::Hour => format!("{position:02}"),
            _ => position.to_string(),
        }
    }

    /// Whether there is such a level.
    pub(crate) fn has_level(self, position: u8) -> bool {
        match self {
            Self::Month => (1..=12).contains(&position),
            Self::Weekday => position < 7,
            Self::Hour => position < 24,
            _ => false,
        }
    }
}

impl std::fmt::Display for DatePart {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The calendar's view of a number of seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    /// Days since 1970-01-01, with the time of day as a fraction.
    days: f64,
    /// The day that has passed, between 0 and 1.
    passed: f64,
    date: Date,
}

impl Moment {
    /// Seconds beyond the calendar count as its first or last day.
    pub(crate) fn new(seconds: f64) -> Self {
        let days = seconds / SECONDS_PER_DAY;
        let whole = days.floor();
        let passed = ((seconds - whole * SECONDS_PER_DAY) / SECONDS_PER_DAY).clamp(0.0, 1.0);
        let least = f64::from(days_since_1970(Date::MIN));
        let most = f64::from(days_since_1970(Date::MAX));
        let julian = whole.clamp(least, most) as i32 + JULIAN_DAY_OF_1970;
        let date = Date::from_julian_day(julian).unwrap_or(Date::MIN);
        Self { days, passed, date }
    }

    /// A part that is a number.
    pub(crate) fn number(&self, part: DatePart) -> f64 {
        match part {
            DatePart::Year => f64::from(self.date.year()),
            DatePart::Day => f64::from(self.date.day()),
            DatePart::Yearday => f64::from(self.date.ordinal()),
            DatePart::Month | DatePart::Weekday | DatePart::Hour => f64::from(self.level(part)),
            DatePart::Days | DatePart::YearCycle | DatePart::WeekCycle | DatePart::DayCycle => {
                self.days
            }
        }
    }

    /// A part that is a level: the month from 1, the weekday and the hour from 0.
    pub(crate) fn level(&self, part: DatePart) -> u8 {
        match part {
            DatePart::Month => u8::from(self.date.month()),
            DatePart::Weekday => self.date.weekday().number_days_from_monday(),
            // A rounded fraction of a second must not make the hour before.
            _ => {
                let hours = (self.passed * SECONDS_PER_DAY).round() as i64 / 3600;
                u8::try_from(hours).map_or(23, |hour| hour.min(23))
            }
        }
    }

    /// Sine and cosine of a cycle.
    pub(crate) fn cycle(&self, part: DatePart) -> [f64; 2] {
        let turn = match part {
            DatePart::YearCycle => {
                let days = f64::from(time::util::days_in_year(self.date.year()));
                (f64::from(self.date.ordinal() - 1) + self.passed) / days
            }
            DatePart::WeekCycle => {
                let weekday = self.date.weekday().number_days_from_monday();
                (f64::from(weekday) + self.passed) / 7.0
            }
            _ => self.passed,
        };
        let (sine, cosine) = (TAU * turn).sin_cos();
        [sine, cosine]
    }
}

/// The default parts that differ between these dates; `NaN` is a missing one.
pub(crate) fn varying_parts(seconds: &[f64]) -> Vec<DatePart> {
    let mut first: Option<Moment> = None;
    let mut varying = [false; DatePart::DEFAULT.len()];
    for &seconds in seconds.iter().filter(|seconds| !seconds.is_nan()) {
        let moment = Moment::new(seconds);
        let first = first.get_or_insert(moment);
        for (varying, part) in varying.iter_mut().zip(DatePart::DEFAULT) {
            *varying |= moment.number(part).to_bits() != first.number(part).to_bits();
        }
        if varying == [true; DatePart::DEFAULT.len()] {
            break;
        }
    }
    DatePart::DEFAULT
        .into_iter()
        .zip(varying)
        .filter_map(|(part, varies)| varies.then_some(part))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures from Python's `datetime`: 2024-02-29 is a Thursday, the 60th day of a leap year.
    #[test]
    fn the_parts_of_a_leap_day() {
        let seconds = 1_709_227_800.0; // 2024-02-29T17:30
        let moment = Moment::new(seconds);
        let numbers = [
            DatePart::Year,
            DatePart::Day,
            DatePart::Yearday,
            DatePart::Days,
        ];
        let found = numbers.map(|part| moment.number(part));
        assert_eq!(found, [2024.0, 29.0, 60.0, 19_782.0 + 17.5 / 24.0]);
        let levels = [DatePart::Month, DatePart::Weekday, DatePart::Hour];
        let found = levels.map(|part| part.level(moment.level(part)));
        assert_eq!(found, ["2", "Thu", "17"]);
        let [sine, cosine] = moment.cycle(DatePart::DayCycle);
        let angle = TAU * 17.5 / 24.0;
        assert!((sine - angle.sin()).abs() < 1e-14 && (cosine - angle.cos()).abs() < 1e-14);
        let [sine, _] = moment.cycle(DatePart::YearCycle);
        assert!((sine - (TAU * (59.0 + 17.5 / 24.0) / 366.0).sin()).abs() < 1e-14);
        let [sine, _] = moment.cycle(DatePart::WeekCycle);
        assert!((sine - (TAU * (3.0 + 17.5 / 24.0) / 7.0).sin()).abs() < 1e-14);
    }

    #[test]
    fn times_before_1970_and_beyond_the_calendar() {
        let moment = Moment::new(-1.0); // 1969-12-31T23:59:59, a Wednesday
        assert_eq!(moment.number(DatePart::Year), 1969.0);
        assert_eq!(moment.level(DatePart::Hour), 23);
        assert_eq!(moment.level(DatePart::Weekday), 2);
        for seconds in [f64::MAX, f64::MIN, 1e300] {
            let moment = Moment::new(seconds);
            assert!(moment.number(DatePart::Year).abs() == 9999.0);
            assert!(moment.cycle(DatePart::YearCycle)[0].is_finite());
        }
    }

    #[test]
    fn parts_that_vary() {
        let day = SECONDS_PER_DAY;
        assert_eq!(varying_parts(&[0.0, f64::NAN, 0.0]), []);
        assert_eq!(varying_parts(&[0.0, 7.0 * day]), [DatePart::Days]);
        assert_eq!(
            varying_parts(&[0.0, day]),
            [DatePart::Days, DatePart::Weekday]
        );
        let all = varying_parts(&[0.0, 40.0 * day + 3600.0]);
        assert_eq!(all, DatePart::DEFAULT);
    }
}
