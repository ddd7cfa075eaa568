//! Every tolerance of this package, each with its reason, and the one way to compare numbers.

/// Coefficients of a Newton fit and those of the reference, relative to the reference.
pub const REFERENCE: f64 = 5e-9;
pub const LONGLEY: f64 = 1e-9;
pub const SAME_PROBLEM: f64 = 1e-9;
pub const SHIFTED_COLUMN: f64 = 1e-6;
pub const PROBABILITY_F32: f64 = 1e-6;
pub const PROBABILITY_F64: f64 = 1e-12;
pub const PREDICT_MEMORY_KB: u64 = 300_000;
pub const OBJECTIVE: f64 = 1e-12;
pub const ROUNDING: f64 = 1e-15;
pub const METRICS: f64 = 1e-9;

/// The largest difference between two lists of numbers, each relative to the expected number, or
/// to `floor` where that is smaller.
///
/// # Panics
/// When the lists differ in length.
pub fn relative_difference(actual: &[f64], expected: &[f64], floor: f64) -> f64 {
    assert_eq!(actual.len(), expected.len(), "as many numbers as expected");
    actual
        .iter()
        .zip(expected)
        .map(|(a, e)| if a == e { 0.0 } else { (a - e).abs() / e.abs().max(floor) })
        .fold(0.0, |worst, one| if one.is_nan() { f64::INFINITY } else { worst.max(one) })
}

/// Asserts that two lists of numbers agree, each number relative to the expected one.
///
/// # Panics
/// When they do not.
#[track_caller]
pub fn assert_close(what: &str, actual: &[f64], expected: &[f64], tolerance: f64) {
    assert_near(what, actual, expected, tolerance, 0.0);
}

/// The same, with differences of numbers below `floor` taken relative to `floor`.
///
/// # Panics
/// When they do not agree.
#[track_caller]
pub fn assert_near(what: &str, actual: &[f64], expected: &[f64], tolerance: f64, floor: f64) {
    let worst = relative_difference(actual, expected, floor);
    if std::env::var_os("KINDLING_MEASURE").is_some() {
        eprintln!("measured {worst:.1e} of {tolerance:.0e}: {what}");
    }
    assert!(
        worst <= tolerance,
        "{what}: off by {worst:.1e}, allowed {tolerance:.1e}\n  {actual:?}\n  {expected:?}"
    );
}
