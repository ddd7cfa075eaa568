//! Numbers as text: how a cell becomes an `f64`, and how an `f64` is written again.

mod plain;

use std::io::{self, Write};

pub(crate) use plain::plain;

/// What a cell is when a number is expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Parsed {
    /// A finite number.
    Number(f64),
    /// Written as a number, but infinite, not a number, or too large for `f64` (`inf`, `NaN`,
    /// `1e400`).
    NotFinite,
    /// Anything else.
    Word,
}

/// Reads one trimmed cell: decimal digits with an optional sign, point and exponent, rounded to
/// the nearest `f64`.
///
/// # Examples
/// ```
/// use dataset::number::{Parsed, parse};
///
/// assert_eq!(parse(b"-1.5e3"), Parsed::Number(-1500.0));
/// assert_eq!(parse(b"1e400"), Parsed::NotFinite);
/// assert_eq!(parse(b"12,5OO"), Parsed::Word);
/// ```
pub fn parse(cell: &[u8]) -> Parsed {
    let plausible = cell.first().is_some_and(|first| {
        first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.' | b'i' | b'I' | b'n' | b'N')
    });
    if !plausible {
        return Parsed::Word;
    }
    match fast_float2::parse::<f64, _>(cell) {
        Ok(value) if value.is_finite() => Parsed::Number(value),
        Ok(_) => Parsed::NotFinite,
        Err(_) => Parsed::Word,
    }
}

/// The shortest text that reads back as exactly `value`: `1`, `0.1`, `1e300`.
///
/// # Examples
/// ```
/// assert_eq!(dataset::number::text(1.0), "1");
/// assert_eq!(dataset::number::text(-2.5e-7), "-2.5e-7");
/// ```
pub fn text(value: f64) -> String {
    if is_plain(value) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// Several numbers, each as [`text`] writes it.
pub(crate) fn texts(values: &[f64], separator: &str) -> String {
    let values: Vec<String> = values.iter().copied().map(text).collect();
    values.join(separator)
}

/// Writes the same as [`text`] to `writer`.
pub(crate) fn write(writer: &mut impl Write, value: f64) -> io::Result<()> {
    if is_plain(value) {
        write!(writer, "{value}")
    } else {
        write!(writer, "{value:e}")
    }
}

/// Whether a number is written without an exponent.
fn is_plain(value: f64) -> bool {
    value == 0.0 || (1e-5..1e16).contains(&value.abs()) || !value.is_finite()
}

/// A count with a comma between groups of three digits: `88,120`.
pub(crate) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count and what is counted: `1 row`, `88,120 rows`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!(
        "{} {noun}{}",
        grouped(count),
        if count == 1 { "" } else { "s" }
    )
}

/// A number of bytes with its unit, as bounds of memory are written: `48.0 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (count as f64, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    match unit {
        0 => format!("{count} {}", UNITS[0]),
        unit => format!("{value:.1} {}", UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_that_are_numbers() {
        for (cell, value) in [
            ("1", 1.0),
            ("+1", 1.0),
            ("-0", -0.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1E5", 1e5),
        ] {
            assert_eq!(parse(cell.as_bytes()), Parsed::Number(value), "{cell}");
        }
        // Beyond 2^53 the nearest f64 is taken.
        assert_eq!(
            parse(b"9007199254740993"),
            Parsed::Number(9_007_199_254_740_992.0)
        );
    }

    #[test]
    fn cells_that_are_not() {
        for cell in [
            "", "-", "+", ".", "1,5", "0x10", "1_000", "1 000", "12%", "e5", "no", "née",
        ] {
            assert_eq!(parse(cell.as_bytes()), Parsed::Word, "{cell}");
        }
        for cell in ["inf", "-Infinity", "NaN", "nan", "1e400", "-1e999"] {
            assert_eq!(parse(cell.as_bytes()), Parsed::NotFinite, "{cell}");
        }
    }

    #[test]
    fn bytes_have_the_unit_that_fits() {
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(1023), "1023 bytes");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(48 << 20), "48.0 MiB");
        assert_eq!(bytes(2 << 40), "2.0 TiB");
        assert_eq!(bytes(3 << 50), "3072.0 TiB");
    }

    #[test]
    fn groups_of_three() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (88_120, "88,120"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(count), text);
        }
    }

    proptest! {
        #[test]
        fn text_reads_back_to_the_bit(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let Parsed::Number(read) = parse(text(value).as_bytes()) else {
                return Err(TestCaseError::fail(text(value)));
            };
            prop_assert_eq!(read.to_bits(), value.to_bits());
        }

        #[test]
        fn numbers_are_those_of_the_standard_library(
            cell in "[+-]?[0-9]{0,25}\\.?[0-9]{0,25}([eE][+-]?[0-9]{0,4})?",
            word in "[-+.0-9eEinfatyNIT]{0,9}",
        ) {
            for text in [cell, word] {
                let expected = match text.parse::<f64>() {
                    Ok(value) if value.is_finite() => Parsed::Number(value),
                    Ok(_) => Parsed::NotFinite,
                    Err(_) => Parsed::Word,
                };
                // -0 and 0 are equal, so their bits are compared.
                match (parse(text.as_bytes()), expected) {
                    (Parsed::Number(found), Parsed::Number(expected)) => {
                        prop_assert_eq!(found.to_bits(), expected.to_bits(), "{}", text);
                    }
                    (found, expected) => prop_assert_eq!(found, expected, "{}", text),
                }
            }
        }

        #[test]
        fn no_bytes_panic(cell in proptest::collection::vec(any::<u8>(), 0..20)) {
            parse(&cell);
        }
    }
}
