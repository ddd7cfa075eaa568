//! Plain decimals (`-12.345`) straight from the text around them, without a branch for each digit.
//!
//! Eight digits are one multiplication (Lemire, "Number parsing at a gigabyte per second", 2021), and
//! `w · 10^-n` is rounded by its algorithm with the first 128 bits of `10^-n`, which is exact for the
//! 19 digits that are taken here (Mushtak and Lemire, "Fast number parsing without fallback", 2023).

/// Digits behind the point, at most; `10^19` is below `2^64`.
const DIGITS: usize = 19;

/// Bytes that are looked at before the end of a cell.
const TAIL: usize = 24;

const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The number in `text[start..end]`, rounded to the nearest `f64`: digits with or without a sign and a
/// point. `None` says nothing: what is written otherwise, has more digits, or lies at an end of the
/// text is left to [`parse`](super::parse).
#[inline]
pub(crate) fn plain(text: &[u8], start: usize, end: usize) -> Option<f64> {
    let negative = *text.get(start)? == b'-';
    let start = start + usize::from(negative);
    let length = end.checked_sub(start)?;
    let head = word(text.get(start..start + 8)?);
    let tail = text.get(end.checked_sub(TAIL)?..end)?;
    // 1. Where the point is. Without one all digits are behind it, and count as they are.
    let point = first_point(head);
    let pointed = point < length.min(8);
    let (whole, behind) = if pointed {
        (point, length - point - 1)
    } else {
        (0, length)
    };
    if behind > DIGITS || whole + behind == 0 {
        return None;
    }
    // 2. The digits, each run with its last one in the highest byte and nothing before its first.
    let before = (head ^ ZEROS)
        .checked_shl(64 - 8 * whole as u32)
        .unwrap_or(0);
    let low = (word(&tail[16..]) ^ ZEROS) & KEEP[behind.min(8)];
    if (others(before) | others(low)) != 0 {
        return None;
    }
    // 3. The number without its point, and where the point belongs.
    let (before, low) = (eight(before), eight(low));
    let places = if pointed { behind } else { 0 };
    let value = if behind <= 8 {
        // 15 digits at most, and a power of ten: both are exact, and their quotient is rounded once.
        (before * TENS[behind] + low) as f64 / POWERS[places]
    } else {
        long(before, whole, &tail[..16], low, behind, places)?
    };
    Some(if negative { -value } else { value })
}

/// The same for more than eight digits behind the point, of which `low` is the last eight.
fn long(
    before: u64,
    whole: usize,
    tail: &[u8],
    low: u64,
    behind: usize,
    places: usize,
) -> Option<f64> {
    if before != 0 && whole + behind > DIGITS {
        return None;
    }
    let middle = (word(&tail[8..]) ^ ZEROS) & KEEP[(behind - 8).min(8)];
    let mut wrong = others(middle);
    let known = before * TENS[behind] + low;
    let mut digits = known.wrapping_add(eight(middle).wrapping_mul(TENS[8]));
    if behind > 16 {
        let high = (word(tail) ^ ZEROS) & KEEP[behind - 16];
        wrong |= others(high);
        // What is no digit makes a number that is not used.
        digits = digits.wrapping_add(eight(high).wrapping_mul(TENS[16]));
    }
    if wrong != 0 {
        return None;
    }
    Some(if places > 0 {
        divided(digits, places)
    } else {
        digits as f64
    })
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The position of the first point among eight bytes, 8 where there is none.
#[inline]
fn first_point(bytes: u64) -> usize {
    let differing = bytes ^ 0x2e2e_2e2e_2e2e_2e2e;
    // The high bit of the first byte that is zero; what a carry does above it does not matter.
    let zero = differing.wrapping_sub(0x0101_0101_0101_0101) & !differing & 0x8080_8080_8080_8080;
    zero.trailing_zeros() as usize / 8
}

/// Not zero where a byte is above 9.
#[inline]
fn others(digits: u64) -> u64 {
    (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
}

/// The number of eight digits, the first in the lowest byte.
#[inline]
fn eight(digits: u64) -> u64 {
    const EVERY_FOURTH: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let first = (pairs & EVERY_FOURTH).wrapping_mul(100 + (1_000_000 << 32));
    let second = ((pairs >> 16) & EVERY_FOURTH).wrapping_mul(1 + (10_000 << 32));
    first.wrapping_add(second) >> 32
}

/// `digits / 10^places`, rounded to the nearest `f64`, to the even one of two; `places` from 1 to 19.
#[inline]
fn divided(digits: u64, places: usize) -> f64 {
    if digits == 0 {
        return 0.0;
    }
    // 1. The leading 64 bits of the quotient, and those behind them as far as they can matter.
    let zeros = digits.leading_zeros();
    let digits = digits << zeros;
    let inverse = INVERSES[places];
    let product = u128::from(digits) * (inverse >> 64);
    let (mut upper, mut lower) = ((product >> 64) as u64, product as u64);
    if upper & 0x1ff == 0x1ff {
        let rest = u128::from(digits) * u128::from(inverse as u64);
        let (sum, carry) = lower.overflowing_add((rest >> 64) as u64);
        lower = sum;
        upper += u64::from(carry);
    }
    // 2. 53 bits, one to round by and one more.
    let top = (upper >> 63) as i32;
    let shift = top + 9;
    let mut mantissa = upper >> shift;
    // 3. Half-way between two: to the even one. Only quotients by 10^1 to 10^4 can be.
    if lower <= 1 && places <= 4 && mantissa & 3 == 1 && mantissa << shift == upper {
        mantissa &= !1;
    }
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    // 4. The exponent: a carry out of the mantissa has added to it.
    let exponent = EXPONENTS[places] + top - zeros.cast_signed();
    f64::from_bits(mantissa.wrapping_add(u64::from(exponent.cast_unsigned()).wrapping_sub(1) << 52))
}

/// The mask that keeps so many bytes, the highest ones.
const KEEP: [u64; 9] = {
    let mut masks = [0; 9];
    let mut count = 1;
    while count <= 8 {
        masks[count] = u64::MAX << (64 - 8 * count);
        count += 1;
    }
    masks
};

const TENS: [u64; DIGITS + 1] = {
    let mut powers = [1; DIGITS + 1];
    let mut power = 1;
    while power <= DIGITS {
        powers[power] = 10 * powers[power - 1];
        power += 1;
    }
    powers
};

/// Powers of ten that are exact as `f64`.
const POWERS: [f64; 9] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/// `2^(z + 127) / 5^n`, rounded up, where `2^z` is the first power of two not below `5^n`.
const INVERSES: [u128; DIGITS + 1] = {
    let mut inverses = [0; DIGITS + 1];
    let (mut places, mut five) = (1, 5_u64);
    while places <= DIGITS {
        // Long division of a one and that many zeros.
        let bits = 64 - (five - 1).leading_zeros() + 127;
        let (mut quotient, mut rest, mut bit) = (0_u128, 1_u64, 0);
        while bit < bits {
            rest *= 2;
            quotient <<= 1;
            if rest >= five {
                rest -= five;
                quotient |= 1;
            }
            bit += 1;
        }
        inverses[places] = quotient + 1;
        five *= 5;
        places += 1;
    }
    inverses
};

/// The exponent of `f64` that belongs to a product with the inverse whose highest bit is not set.
const EXPONENTS: [i32; DIGITS + 1] = {
    let mut exponents = [0; DIGITS + 1];
    let (mut places, mut power) = (1, -1);
    while places <= DIGITS {
        // floor(-n · log2(10)) + 63, and the bias of 1023.
        exponents[places] = ((217_706 * power) >> 16) + 63 + 1023;
        places += 1;
        power -= 1;
    }
    exponents
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The number of a cell in the middle of other text.
    fn within(cell: &str) -> Option<f64> {
        let text = format!("{}{cell}{}", ",9.5,".repeat(5), ",7.25,1.5");
        plain(text.as_bytes(), 25, 25 + cell.len())
    }

    fn check(cell: &str) -> Result<(), TestCaseError> {
        let expected: f64 = cell.parse().unwrap();
        let found = within(cell).map(f64::to_bits);
        prop_assert_eq!(found, Some(expected.to_bits()), "{}", cell);
        Ok(())
    }

    #[test]
    fn ends_of_the_range() {
        for cell in [
            "0",
            "-0",
            "7",
            "0.0",
            "-0.0",
            "5.",
            ".5",
            "-.5",
            "0.1",
            "1.15",
            "9007199254740993",
            "9999999999999999999",
            "0.9999999999999999999",
            "0.0000000000000000001",
            "1234567.123456789012",
            "999.9999999999999999",
            "0.3000000000000000444",
            "4503599627370496.5", // a tie, its point too far for this path
            "1152921504606846977",
        ] {
            if cell.find('.').is_none_or(|point| point < 8) {
                check(cell).unwrap();
            } else {
                assert_eq!(within(cell), None);
            }
        }
    }

    #[test]
    fn what_is_left_to_others() {
        for cell in [
            "",
            "-",
            ".",
            "-.",
            "+1",
            "1e5",
            "1.5e3",
            "NA",
            "nan",
            "inf",
            " 1",
            "1 ",
            "1,5",
            "1.2.3",
            "12345678.5",
            "99999999999999999999",
            "1.99999999999999999999",
            "--1",
            "1-",
            "0x1",
            "1:2",
            "é",
            "1/2",
            "\u{0}1",
        ] {
            assert_eq!(within(cell), None, "{cell}");
        }
        assert_eq!(plain(b"1.5", 0, 3), None);
        assert_eq!(plain(b"0123456789012345678901234567,1.5", 29, 32), None);
        assert_eq!(plain(b"", 0, 0), None);
    }

    /// Quotients that lie half-way between two numbers, and one digit beside them.
    #[test]
    fn half_way_is_to_even() {
        for places in 1..=4_u32 {
            for odd in (1_u64 << 53 | 1..1 << 54).step_by((1 << 41) + 2) {
                // odd · 5^p / 10^p = odd / 2^p, and an odd number of 54 bits is half-way.
                let digits = u128::from(odd) * 5_u128.pow(places);
                for digits in [digits - 1, digits, digits + 1] {
                    let Ok(digits) = u64::try_from(digits) else {
                        continue;
                    };
                    let width = places as usize + 1;
                    let written = format!("{digits:0>width$}");
                    let (whole, behind) = written.split_at(written.len() - places as usize);
                    let expected: f64 = format!("{whole}.{behind}").parse().unwrap();
                    let found = divided(digits, places as usize);
                    assert_eq!(found.to_bits(), expected.to_bits(), "{whole}.{behind}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn decimals_are_those_of_the_standard_library(
            short in "-?[0-9]{1,7}\\.[0-9]{0,12}",
            long in "-?[0-9]{1,3}\\.[0-9]{1,16}",
            small in "-?0{0,1}\\.0{0,5}[0-9]{1,14}",
            whole in "-?[0-9]{1,19}",
        ) {
            for cell in [short, long, small, whole] {
                check(&cell)?;
            }
        }

        #[test]
        fn numbers_with_all_their_digits_come_back(value in -1000.0_f64..1000.0) {
            let cell = format!("{value}");
            if cell.len() - cell.find('.').unwrap_or(0) <= DIGITS {
                prop_assert_eq!(within(&cell).map(f64::to_bits), Some(value.to_bits()), "{}", cell);
            }
        }

        #[test]
        fn quotients_are_those_of_the_standard_library(digits in any::<u64>(), places in 1_usize..=19) {
            let expected: f64 = format!("{digits}e-{places}").parse().unwrap();
            prop_assert_eq!(divided(digits, places).to_bits(), expected.to_bits());
        }

        #[test]
        fn whatever_is_found_is_what_parse_finds(bytes in "[-+.0-9 ,eN]{0,40}", start in 0_usize..40, end in 0_usize..40) {
            let bytes = format!("{bytes}{}", "1.5,2.25,3.125,4.0625,");
            let bytes = bytes.as_bytes();
            if let Some(found) = plain(bytes, start, end) {
                prop_assert_eq!(super::super::parse(&bytes[start..end]), super::super::Parsed::Number(found));
            }
        }
    }
}
