//! Numbers for people: as many digits as say something.

/// `digits` significant digits; an exponent only where a plain number would be long.
///
/// Zeros at the end are kept for numbers from 0.001 to 9999999, so that columns of numbers line up
/// by eye.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    // Rounding may carry into another digit: ask the formatter, not the logarithm.
    let scientific = format!("{value:.*e}", digits - 1);
    let exponent: i32 = scientific
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0);
    if !(-3..7).contains(&exponent) {
        return scientific;
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    format!("{value:.decimals$}")
}

/// A count with its thousands apart: 336,776.
pub fn count(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and its noun, in the plural where it is due.
pub fn counted(value: usize, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(value))
}

/// A time in the unit that fits.
pub fn duration(seconds: f64) -> String {
    if seconds < 1e-3 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{} ms", significant(seconds * 1e3, 2))
    } else if seconds < 120.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}

/// An upper bound with two digits, rounded upwards so that it stays true.
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
            (99_999.6, "100000"),
            (0.0, "0"),
            (1.5e9, "1.500e9"),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value, 4), text);
        }
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(123), "123");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(2000, "row"), "2,000 rows");
    }

    #[test]
    fn a_bound_is_never_rounded_downwards() {
        assert_eq!(bound(2.1e-9), "3e-9");
        assert_eq!(bound(1.96e-9), "2e-9");
        assert_eq!(bound(9.6e-9), "1e-8");
        assert_eq!(bound(9.2e-9), "1e-8");
        assert_eq!(bound(0.0), "0e0");
    }
}
