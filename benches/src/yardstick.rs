//! The time that no pass over the data can beat.

use std::iter::Sum;
use std::ops::AddAssign;

use rayon::prelude::*;

/// Values that one thread adds up at a time: at home in the cache of a core.
const CHUNK: usize = 16 * 1024;

/// Sums kept apart, so that no addition waits for the one before it.
const LANES: usize = 32;

/// Reads every value once, on every core, and does with them the least that a compiler does not
/// leave out: adds them up.
///
/// # Examples
/// ```
/// assert_eq!(benches::read_once(&[1.0_f32; 100_001]), 100_001.0);
/// ```
pub fn read_once<T>(values: &[T]) -> T
where
    T: AddAssign + Copy + Default + Send + Sum + Sync,
{
    values
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut sums = [T::default(); LANES];
            let (blocks, rest) = chunk.as_chunks::<LANES>();
            for block in blocks {
                for (sum, value) in sums.iter_mut().zip(block) {
                    *sum += *value;
                }
            }
            sums.into_iter().chain(rest.iter().copied()).sum()
        })
        .sum()
}
