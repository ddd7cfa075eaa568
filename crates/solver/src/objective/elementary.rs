//! `eˣ` and `log(1 + e)` without branches and library calls, so that loops over rows become vector
//! instructions.
//!
//! Only additions, multiplications fused with them, divisions and bit shifts, each rounded once: the same
//! digits on every processor (see [`kernel`](super::kernel)).

#![expect(
    clippy::inline_always,
    reason = "a call from code compiled for wider vectors would leave them"
)]

/// `1.5 · 2⁵²`: adding it rounds a small number to an integer, in the low bits of the sum.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// The first 32 bits of `log 2` and the rest (Sun's fdlibm): a multiple below 2²⁰ of the first is
/// exact.
const LN_2: (f64, f64) = (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10);

/// Bits of 1, and of a number a little below `√½`.
const ONE: u64 = 0x3FF0_0000_0000_0000;
const ROOT_HALF: u64 = 0x3FE6_A09E_0000_0000;

/// `1/k!` from 2 up to 13. On `|r| ≤ ½ log 2` what follows is below `r¹⁴/14! < 5e-18`.
const EXP: [f64; 12] = [
    0.5,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
];

/// `2/(2k + 1)` from 1 up to 12. On `s² ≤ 1/25` what follows is below `25⁻¹³/27 < 1e-19` of the whole.
const LN: [f64; 12] = [
    2.0 / 3.0,
    2.0 / 5.0,
    2.0 / 7.0,
    2.0 / 9.0,
    2.0 / 11.0,
    2.0 / 13.0,
    2.0 / 15.0,
    2.0 / 17.0,
    2.0 / 19.0,
    2.0 / 21.0,
    2.0 / 23.0,
    2.0 / 25.0,
];

/// `Σ cₖxᵏ` in a tree (Estrin 1960): a third of the waiting of Horner's chain.
#[inline(always)]
fn polynomial(c: &[f64; 12], x: f64) -> f64 {
    let x2 = x * x;
    let x4 = x2 * x2;
    let pair = |k: usize| x.mul_add(c[k + 1], c[k]);
    let low = x2.mul_add(pair(2), pair(0));
    let middle = x2.mul_add(pair(6), pair(4));
    let high = x2.mul_add(pair(10), pair(8));
    x4.mul_add(x4.mul_add(high, middle), low)
}

/// `eˣ` for `x ≤ 0`, within 2 units in the last place; NaN stays NaN.
///
/// 1. `x = k log 2 + r` with an integer `k` and `|r| ≤ ½ log 2`.
/// 2. `eʳ` by its Taylor series.
/// 3. `2ᵏ` by its exponent bits, with `2⁶⁴` taken out and put back so that results below the smallest
///    normal number are rounded once.
#[inline(always)]
pub(super) fn exp_negative(x: f64) -> f64 {
    let x = if x < -746.0 { -746.0 } else { x }; // e^-746 is zero
    let shifted = x.mul_add(std::f64::consts::LOG2_E, ROUND);
    let k = shifted - ROUND;
    let r = (-k).mul_add(LN_2.1, (-k).mul_add(LN_2.0, x));
    let power = 1.0 + (r * r).mul_add(polynomial(&EXP, r), r);
    let scale = f64::from_bits(shifted.to_bits().wrapping_add(1023 + 64) << 52);
    (power * scale) * f64::from_bits((1023 - 64) << 52)
}

/// `log(1 + q)` for `q ≥ 0`, within 2 units in the last place; infinity and NaN give NaN.
///
/// 1. `1 + q = 2ᵏ(1 + f)` with `1 + f` between `√½` and `√2`, and what `1 + q` rounds away put back into
///    `f`.
/// 2. As [`ln_1p_fraction`], plus `k log 2`.
#[inline(always)]
pub(super) fn ln_1p(q: f64) -> f64 {
    let y = 1.0 + q;
    let lost = q - (y - 1.0);
    let bits = y.to_bits().wrapping_add(ONE - ROOT_HALF);
    let biased = bits >> 52;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)).wrapping_add(ROOT_HALF));
    // `biased` as a number: its bits below those of 2⁵²
    let k = f64::from_bits(biased | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let inverse = f64::from_bits(2046_u64.wrapping_sub(biased) << 52);
    let f = (mantissa - 1.0) + lost * inverse;
    let s = f / (2.0 + f);
    let square = s * s;
    let series = square * polynomial(&LN, square);
    let half = 0.5 * f * f;
    k * LN_2.0 - ((half - (s * (half + series) + k * LN_2.1)) - f)
}

/// `log(1 + e)` for `0 ≤ e ≤ 1`, within 2 units in the last place; NaN stays NaN.
///
/// 1. `1 + e = 2ᵏ(1 + f)` with `k` 0 or 1, and `f` exact.
/// 2. With `s = f/(2 + f)`, `log(1 + f) = 2 artanh(s) = f − (½f² − s(½f² + R))` with `R` the series of
///    `2 artanh(s)/s − 2`.
///
/// # References
/// Sun Microsystems' fdlibm, `s_log1p.c`, for the arrangement that keeps the last digits.
#[inline(always)]
pub(super) fn ln_1p_fraction(e: f64) -> f64 {
    let upper = e > 0.5;
    let f = if upper { 0.5 * (e - 1.0) } else { e };
    let (high, low) = if upper { LN_2 } else { (0.0, 0.0) };
    let s = f / (2.0 + f);
    let square = s * s;
    let series = square * polynomial(&LN, square);
    let half = 0.5 * f * f;
    high - ((half - (s * (half + series) + low)) - f)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance in units in the last place of the library's value, which is itself within one.
    fn units(value: f64, library: f64) -> u64 {
        value.to_bits().abs_diff(library.to_bits())
    }

    #[test]
    fn the_exponential_keeps_every_digit() {
        let mut most = 0;
        for i in 0..1_500_000_u32 {
            // from 0 to -750, through subnormal results to zero
            let x = -f64::from(i) * 5.000_001_3e-4;
            most = most.max(units(exp_negative(x), x.exp()));
        }
        for i in 0..40_000 {
            let x = -0.999_f64.powi(i); // down to 4e-18
            most = most.max(units(exp_negative(x), x.exp()));
        }
        assert!(most <= 1, "{most} units"); // measured: 1
        assert_eq!(exp_negative(0.0).to_bits(), 1.0_f64.to_bits());
        for x in [-746.0, -1e4, -f64::MAX, f64::NEG_INFINITY] {
            assert_eq!(exp_negative(x).to_bits(), 0);
        }
        assert!(exp_negative(f64::NAN).is_nan());
    }

    #[test]
    fn the_logarithm_keeps_every_digit() {
        let mut most = 0;
        for i in 0..=1_000_000_u32 {
            let e = f64::from(i) * 1e-6;
            most = most.max(units(ln_1p_fraction(e), e.ln_1p()));
        }
        for i in 0..740_000 {
            let e = 0.999_f64.powi(i); // down to the smallest numbers there are
            most = most.max(units(ln_1p_fraction(e), e.ln_1p()));
        }
        assert!(most <= 1, "{most} units"); // measured: 1
        assert_eq!(ln_1p_fraction(0.0).to_bits(), 0);
        assert_eq!(
            ln_1p_fraction(1.0).to_bits(),
            std::f64::consts::LN_2.to_bits()
        );
        assert!(ln_1p_fraction(f64::NAN).is_nan());
    }

    #[test]
    fn the_logarithm_of_any_sum_keeps_every_digit() {
        let mut most = 0;
        for i in 0..1_500_000_i32 {
            let q = 0.999_f64.powi(i - 6000); // from 404 down to zero
            most = most.max(units(ln_1p(q), q.ln_1p()));
        }
        for i in 0..=1_000_000_u32 {
            let q = f64::from(i) * 3e-6;
            most = most.max(units(ln_1p(q), q.ln_1p()));
        }
        assert!(most <= 1, "{most} units");
        assert_eq!(ln_1p(0.0).to_bits(), 0);
        assert_eq!(ln_1p(1.0).to_bits(), std::f64::consts::LN_2.to_bits());
        assert!(ln_1p(f64::NAN).is_nan() && ln_1p(1e300).is_finite());
    }
}
