//! Numbers with groups of digits, decimal commas, percent signs and currency signs.

use std::fmt;

use crate::number::{Parsed, parse};

/// What stands between groups of three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Group {
    Nothing,
    Comma,
    Point,
    Apostrophe,
    Blank,
}

impl Group {
    /// The characters, the usual one first.
    fn characters(self) -> &'static [char] {
        match self {
            Self::Nothing => &[],
            Self::Comma => &[','],
            Self::Point => &['.'],
            Self::Apostrophe => &['\'', '\u{2019}'],
            // No-break and thin blanks, too.
            Self::Blank => &[' ', '\u{a0}', '\u{202f}', '\u{2009}'],
        }
    }
}

/// The sign of what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Unit {
    None,
    Percent,
    Before(char),
    After(char),
}

/// The currency signs that are known.
const CURRENCIES: [char; 6] = ['$', '€', '£', '¥', '₹', '₩'];

/// Groups and the decimal mark: first those that allow least, then the common ones.
const MARKS: [(Group, char); 8] = [
    (Group::Nothing, '.'),
    (Group::Nothing, ','),
    (Group::Comma, '.'),
    (Group::Point, ','),
    (Group::Blank, '.'),
    (Group::Blank, ','),
    (Group::Apostrophe, '.'),
    (Group::Apostrophe, ','),
];

/// How numbers are written: what stands between groups of three digits, before the fraction, and
/// with the number.
///
/// A number may have its groups or leave them out, but not some of them: `1234567` and `1,234,567`,
/// not `1234,567`. The sign of the unit is on every number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NumberNotation {
    group: Group,
    decimal: char,
    unit: Unit,
}

impl NumberNotation {
    /// Every notation but the plain one.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let currencies = || CURRENCIES.into_iter();
        [Unit::None, Unit::Percent]
            .into_iter()
            .chain(currencies().map(Unit::Before))
            .chain(currencies().map(Unit::After))
            .flat_map(Self::with)
    }

    /// Those in which this number may be written, going by its unit.
    pub(super) fn of(cell: &str) -> impl Iterator<Item = Self> {
        let currency = |character: Option<char>| character.filter(|c| CURRENCIES.contains(c));
        let unsigned = cell.trim_start_matches(['-', '+']);
        let unit = match (unsigned.chars().next(), cell.chars().next_back()) {
            (_, Some('%')) => Unit::Percent,
            (first, last) => match (currency(first), currency(last)) {
                (Some(sign), _) => Unit::Before(sign),
                (None, Some(sign)) => Unit::After(sign),
                (None, None) => Unit::None,
            },
        };
        Self::with(unit)
    }

    fn with(unit: Unit) -> impl Iterator<Item = Self> {
        MARKS.into_iter().filter_map(move |(group, decimal)| {
            let plain = (group, decimal, unit) == (Group::Nothing, '.', Unit::None);
            (!plain).then_some(Self {
                group,
                decimal,
                unit,
            })
        })
    }

    /// Whether numbers have a percent sign.
    pub fn is_percentage(self) -> bool {
        self.unit == Unit::Percent
    }

    /// The number that a trimmed cell stands for.
    pub(super) fn read(self, cell: &str) -> Option<f64> {
        let (negative, cell) = sign(cell);
        let (inner, cell) = match self.unit {
            Unit::None => (None, cell),
            Unit::Percent => (None, cell.strip_suffix('%')?.trim_end()),
            Unit::After(unit) => (None, cell.strip_suffix(unit)?.trim_end()),
            Unit::Before(unit) => {
                let behind = cell.strip_prefix(unit)?.trim_start();
                let (inner, behind) = sign(behind);
                (inner, behind)
            }
        };
        if negative.is_some() && inner.is_some() || cell.starts_with(['-', '+']) {
            return None;
        }
        let magnitude = self.magnitude(cell)?;
        let below = negative.or(inner) == Some(true);
        Some(if below { -magnitude } else { magnitude })
    }

    /// A number without sign and unit.
    fn magnitude(self, cell: &str) -> Option<f64> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (whole, fraction) = match cell.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (cell, None),
        };
        let marks = self.group.characters();
        let mut text = String::with_capacity(cell.len());
        let mut groups = whole.split(marks);
        let first = groups.next().unwrap_or_default();
        text.push_str(first);
        let mut grouped = false;
        for group in groups {
            if group.len() != 3 || !digits(group) {
                return None;
            }
            text.push_str(group);
            grouped = true;
        }
        let sound = if grouped {
            (1..=3).contains(&first.len()) && !first.starts_with('0')
        } else {
            // The decimal comma of `,5` is as sound as the point of `.5`.
            !first.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty())
        };
        if !sound || !digits(first) {
            // An exponent, perhaps: plain numbers are written with a point whatever is grouped.
            let plain = !grouped && self.decimal == '.';
            return match parse(cell.as_bytes()) {
                Parsed::Number(number) if plain => Some(number),
                _ => None,
            };
        }
        if let Some(fraction) = fraction {
            if self.decimal == ',' && !digits(fraction) || grouped && !digits(fraction) {
                return None;
            }
            text.push('.');
            text.push_str(fraction);
        }
        match parse(text.as_bytes()) {
            Parsed::Number(number) => Some(number),
            Parsed::NotFinite | Parsed::Word => None,
        }
    }
}

/// Whether a sign stands before a number, and which.
fn sign(cell: &str) -> (Option<bool>, &str) {
    match cell.as_bytes().first() {
        Some(b'-') => (Some(true), &cell[1..]),
        Some(b'+') => (Some(false), &cell[1..]),
        _ => (None, cell),
    }
}

impl fmt::Display for NumberNotation {
    /// The number 1234.5.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Unit::Before(sign) = self.unit {
            write!(formatter, "{sign}")?;
        }
        formatter.write_str("1")?;
        if let Some(mark) = self.group.characters().first() {
            write!(formatter, "{mark}")?;
        }
        write!(formatter, "234{}5", self.decimal)?;
        match self.unit {
            Unit::Percent => formatter.write_str("%"),
            Unit::After(sign) => write!(formatter, " {sign}"),
            Unit::None | Unit::Before(_) => Ok(()),
        }
    }
}
