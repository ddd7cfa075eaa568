//! Numbers for people: as many digits as say something.

/// `digits` significant digits (at least one); an exponent only where a plain number would be long.
///
/// Zeros at the end are kept for numbers from 0.001 to 9999999, so that columns of numbers line up
/// by eye.
///
/// # Examples
/// ```
/// use terminal::number::significant;
///
/// assert_eq!(significant(-30.66143, 4), "-30.66");
/// assert_eq!(significant(0.5, 4), "0.5000");
/// assert_eq!(significant(0.0002203, 4), "2.203e-4");
/// ```
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let behind_point = digits.saturating_sub(1);
    // Rounding may carry into another digit: ask the formatter, not the logarithm.
    let scientific = format!("{value:.behind_point$e}");
    let exponent: isize = scientific
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0);
    if !(-3..7).contains(&exponent) {
        return scientific;
    }
    let decimals = behind_point.saturating_add_signed(-exponent);
    format!("{value:.decimals$}")
}

/// Four significant digits, without the zeros at the end: 1, 0.5, 12.34.
pub fn plain(value: f64) -> String {
    let text = significant(value, 4);
    if text.contains('.') && !text.contains('e') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

/// A count with its thousands apart.
///
/// # Examples
/// ```
/// assert_eq!(terminal::number::count(336_776), "336,776");
/// ```
pub fn count(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and its noun, in the plural where it is due; for nouns that take an `s`.
///
/// # Examples
/// ```
/// assert_eq!(terminal::number::counted(1, "row"), "1 row");
/// assert_eq!(terminal::number::counted(2000, "row"), "2,000 rows");
/// ```
pub fn counted(value: usize, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(value))
}

/// A size in bytes, in the unit that fits; a kilobyte is 1000 bytes.
///
/// # Examples
/// ```
/// assert_eq!(terminal::number::bytes(1_234_567.0), "1.2 MB");
/// ```
pub fn bytes(value: f64) -> String {
    if value < 999.5 {
        return format!("{value:.0} B");
    }
    let mut size = value / 1e3;
    let mut units = ["kB", "MB", "GB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        // What would be rounded to a thousand is one of the next.
        if size < 999.5 {
            break;
        }
        (size, unit) = (size / 1e3, larger);
    }
    let decimals = usize::from(size < 9.95);
    format!("{size:.decimals$} {unit}")
}

/// A time, given in seconds, in the unit that fits.
///
/// # Examples
/// ```
/// assert_eq!(terminal::number::duration(0.0123), "12 ms");
/// assert_eq!(terminal::number::duration(0.9999), "1.0 s");
/// assert_eq!(terminal::number::duration(600.0), "10 min");
/// ```
pub fn duration(seconds: f64) -> String {
    if seconds > 0.0 && seconds < 9.5e-7 {
        format!("{:.0} ns", seconds * 1e9)
    } else if seconds < 9.995e-4 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 0.9995 {
        format!("{} ms", significant(seconds * 1e3, 2))
    } else if seconds < 120.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}

/// An upper bound with one digit, rounded upwards so that it stays true.
///
/// # Examples
/// ```
/// assert_eq!(terminal::number::bound(2.1e-9), "3e-9");
/// ```
pub fn bound(value: f64) -> String {
    let text = format!("{value:.0e}");
    let shown: f64 = text.parse().unwrap_or(f64::INFINITY);
    if shown >= value {
        return text;
    }
    let unit = 10_f64.powf(value.log10().floor());
    format!("{:.0e}", shown + unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_say_something() {
        let cases = [
            (0.220_345, "0.2203"),
            (-30.661_43, "-30.66"),
            (0.000_220_3, "2.203e-4"),
            (0.001, "0.001000"),
            (99_999.6, "100000"),
            (9_999_999.6, "1.000e7"),
            (0.0, "0"),
            (1.5e9, "1.500e9"),
            (f64::MIN_POSITIVE, "2.225e-308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value, 4), text);
        }
        assert_eq!(significant(0.96, 1), "1");
        assert_eq!(significant(0.96, 0), "1");
    }

    #[test]
    fn counts_are_read_in_thousands() {
        assert_eq!(count(0), "0");
        assert_eq!(count(123), "123");
        assert_eq!(count(1_234), "1,234");
        assert_eq!(
            (plain(1.0), plain(-0.25), plain(1200.0)),
            ("1".into(), "-0.25".into(), "1200".into())
        );
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(0, "row"), "0 rows");
    }

    #[test]
    fn sizes_have_the_unit_that_fits() {
        let cases = [
            (0.0, "0 B"),
            (999.4, "999 B"),
            (1e3, "1.0 kB"),
            (9_960.0, "10 kB"),
            (999_499.0, "999 kB"),
            (999_500.0, "1.0 MB"),
            (3e8, "300 MB"),
            (1.23e13, "12300 GB"),
        ];
        for (value, text) in cases {
            assert_eq!(bytes(value), text);
        }
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        let cases = [
            (0.0, "0 µs"),
            (1e-7, "100 ns"),
            (0.000_25, "250 µs"),
            (0.001_2, "1.2 ms"),
            (0.25, "250 ms"),
            (1.26, "1.3 s"),
            (119.0, "119.0 s"),
            (180.0, "3 min"),
        ];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn a_bound_is_never_rounded_downwards() {
        assert_eq!(bound(2.1e-9), "3e-9");
        assert_eq!(bound(1.96e-9), "2e-9");
        assert_eq!(bound(9.6e-9), "1e-8");
        assert_eq!(bound(9.2e-9), "1e-8");
        assert_eq!(bound(0.0), "0e0");
        assert_eq!(bound(f64::INFINITY), "inf");
        for step in 1..10_000 {
            let value = f64::from(step) * 1.7e-7;
            let shown: f64 = bound(value).parse().unwrap();
            assert!(shown >= value && shown <= 2.0 * value, "{value} {shown}");
        }
    }
}
