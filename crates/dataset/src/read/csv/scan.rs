//! Where the bytes that matter to CSV are, 64 bytes at a time.

/// Bytes of one look.
pub(super) const WIDTH: usize = 64;

/// A way to compare 64 bytes with one byte.
pub(super) trait Scan: Copy {
    /// One bit for each byte that equals `byte`, the first byte in the lowest bit.
    fn equal(self, chunk: &[u8; WIDTH], byte: u8) -> u64;
}

/// Eight bytes at a time in ordinary registers: works on every processor.
#[derive(Clone, Copy)]
pub(super) struct Words;

impl Scan for Words {
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the masks must stay in registers")]
    fn equal(self, chunk: &[u8; WIDTH], byte: u8) -> u64 {
        const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
        let (words, _) = chunk.as_chunks::<8>();
        let mut mask = 0;
        for (position, word) in words.iter().enumerate() {
            let differing = u64::from_le_bytes(*word) ^ (u64::from(byte) * 0x0101_0101_0101_0101);
            // The high bit of each byte that is zero; no carry passes from byte to byte.
            let zero = !(((differing & LOW) + LOW) | differing | LOW);
            let bits = (zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            mask |= bits << (8 * position);
        }
        mask
    }
}

/// 32 bytes at a time in AVX2 registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Vectors(pub(super) pulp::x86::V3);

#[cfg(target_arch = "x86_64")]
impl Scan for Vectors {
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the masks must stay in registers")]
    fn equal(self, chunk: &[u8; WIDTH], byte: u8) -> u64 {
        let simd = self.0;
        let wanted = simd.avx._mm256_set1_epi8(byte.cast_signed());
        let (halves, _) = chunk.as_chunks::<32>();
        let [low, high] = [halves[0], halves[1]].map(|half| {
            let equal = simd.avx2._mm256_cmpeq_epi8(pulp::cast(half), wanted);
            u64::from(simd.avx2._mm256_movemask_epi8(equal).cast_unsigned())
        });
        low | high << 32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_way_finds_the_same_bytes(
            bytes in proptest::collection::vec(
                prop::sample::select(vec![0, 1, 0x2b, 0x2c, 0x2d, 0x7f, 0x80, 0xac, 0xff]), WIDTH),
            byte in prop::sample::select(vec![0, 1, 0x2c, 0x80, 0xac, 0xff]),
        ) {
            let chunk: [u8; WIDTH] = bytes.try_into().unwrap();
            let mut expected = 0;
            for (position, found) in chunk.iter().enumerate() {
                expected |= u64::from(*found == byte) << position;
            }
            prop_assert_eq!(Words.equal(&chunk, byte), expected);
            #[cfg(target_arch = "x86_64")]
            if let Some(simd) = pulp::x86::V3::try_new() {
                prop_assert_eq!(Vectors(simd).equal(&chunk, byte), expected);
            }
        }
    }
}
