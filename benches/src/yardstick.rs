//! The time that no pass over the data can beat.

use rayon::prelude::*;

/// Values that one thread adds up at a time: 64 KiB, at home in the cache of a core.
const CHUNK: usize = 16 * 1024;

/// Sums kept apart, so that no addition waits for the one before it.
const LANES: usize = 32;

/// Reads every value once, on every core, and does with them the least that a compiler does not
/// leave out: adds them up.
///
/// # Examples
/// ```
/// assert_eq!(benches::read_once(&[1.0; 100_001]), 100_001.0);
/// ```
pub fn read_once(values: &[f32]) -> f32 {
    values
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut sums = [0.0; LANES];
            let (blocks, rest) = chunk.as_chunks::<LANES>();
            for block in blocks {
                for (sum, value) in sums.iter_mut().zip(block) {
                    *sum += value;
                }
            }
            sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
        })
        .sum()
}
