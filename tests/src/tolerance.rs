//! Every tolerance of this package, each with its reason, and the one way to compare numbers.
//!
//! "Measured" is the largest error seen on x86-64, by `KINDLING_MEASURE=1`, which prints it for
//! every comparison (with `--nocapture`).

/// Coefficients of a Newton fit and those of other software, relative to the latter.
///
/// Fits stop at a gradient of 1e-10. Measured: 1.9e-9 (penguins), most below 1e-11.
pub const REFERENCE: f64 = 5e-9;

/// The same of an L-BFGS fit, whose last step is not quadratic: a gradient of 1e-10 over the smallest
/// curvature of the set, about 1e-3. Measured: 1.3e-7 (wine).
pub const LBFGS: f64 = 1e-6;

/// Longley's coefficients and those that NIST certifies to 15 digits, on columns so collinear
/// (condition 5e9 before standardising) that six digits were once an achievement. Measured: 1.5e-11.
pub const LONGLEY: f64 = 1e-10;

/// The objective at the optimum: its error is the square of the coefficients'. Measured: 1.3e-14.
pub const OBJECTIVE: f64 = 1e-13;

/// Metrics of a fit: the error of the coefficients, of first order. Measured: 2.8e-10.
pub const METRICS: f64 = 1e-9;

/// The same fit asked for in two ways, each stopped at a gradient of 1e-10. Measured: 4.3e-10.
pub const SAME_PROBLEM: f64 = 2e-9;

/// A column moved to 1.7e9 with a spread of 3e5: rounding leaves its cells 1e-12 of the spread,
/// and the stop at a gradient of 1e-10 the rest. Measured: 4.4e-10.
pub const SHIFTED_COLUMN: f64 = 1e-8;

/// Numbers that two formulas give, each with a few roundings: four units of f64. Measured: 0.
pub const ROUNDING: f64 = 1e-15;

/// A probability computed in f32 on standardised columns, absolute; predictions of a number,
/// relative. The promise of the program. Measured: 4.3e-7 on a million rows.
pub const PROBABILITY_F32: f64 = 1e-6;

/// The same in f64, against sums on the table's own scale, whose terms cancel: the promise of the
/// program. Measured: 1.1e-14.
pub const PROBABILITY_F64: f64 = 1e-12;

/// Most memory that `infer predict` may hold for any number of rows, in kB. The promise is 300 MB;
/// measured on a CPU backend: 18 MB.
pub const PREDICT_MEMORY_KB: u64 = 100_000;

/// Value, gradient and curvature of 120 rows on an f32 device, relative to the largest entry: some
/// ten units of f32, 6e-8 each. Measured: 6.0e-7.
pub const DEVICE_F32: f64 = 5e-6;

/// Loss and gradient of 150,000 rows on an f32 device, summed in blocks, relative to the largest
/// component: what 1,024 additions and the rounded cells leave.
pub const BLOCKED_SUMS_F32: f64 = 1e-6;

/// The same in f64. Measured: 1e-15.
pub const DEVICE_F64: f64 = 1e-13;

/// Coefficients of a fit of `f32` rows by a device alone, against the certified fit of the `f64` rows,
/// on standardised columns: the rounding of cells and sums, and a first solution's tolerance, by the
/// condition of the shipped tables. Measured: 3e-6 (`breast_cancer`).
pub const COMPARED_F32: f64 = 1e-3;

/// Forward differences with steps of 1.5e-8: half the second derivative times the step, and the
/// rounding of a value over the step, 1e-16 / 1.5e-8. Measured: 2e-9.
pub const FORWARD_DIFFERENCES: f64 = 1e-7;

/// Step of central differences: the error of the third derivative's term is its square, that of
/// rounding 1e-16 over it; together smallest near 1e-5.
pub const DIFFERENCE_STEP: f64 = 1e-5;

/// Central differences and derivatives of order one: the square of the step. Measured: 1.6e-10.
pub const DIFFERENCES: f64 = 2e-9;

/// Parameters after up to 32 steps in f32 by two gradients or backends, relative to the largest.
/// The steps contract, so that roundings do not pile up. Measured: 3.8e-7.
pub const STEPS_F32: f64 = 5e-6;

/// The same in f64. Measured: 6.2e-15.
pub const STEPS_F64: f64 = 1e-13;

/// Objective that a stochastic fit reaches, above the optimum: the promise of the program.
/// Measured: 3.3e-4 (sgd), 7.3e-6 (adam).
pub const STOCHASTIC: f64 = 1e-3;

/// The same for `AdamW`, which is not after the optimum of this objective: its decay is not divided
/// by the gradient's size, so that here, where gradients are small, it shrinks less. Measured: 0.40.
pub const DECOUPLED_DECAY: f64 = 0.6;

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
        .map(|(a, e)| {
            // Two zeros agree, and have no relative difference.
            if a.to_bits() == e.to_bits() {
                0.0
            } else {
                (a - e).abs() / e.abs().max(floor)
            }
        })
        .fold(0.0, |worst, one| {
            if one.is_nan() {
                f64::INFINITY
            } else {
                worst.max(one)
            }
        })
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
#[allow(
    clippy::print_stderr,
    reason = "asked for by a variable, for the comments above"
)]
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
