//! Mini-batches: which rows, in which order.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The rows of one epoch in a seeded order; in their own where one batch has them all.
///
/// The order depends on the seed and the epoch alone: not on the device, and not on the epochs before,
/// so that a run can start again at any epoch.
///
/// # Examples
/// ```
/// use solver::stochastic::batches::order;
///
/// let mut rows = order(100, 10, 7, 1);
/// assert_ne!(rows, order(100, 10, 7, 2));
/// rows.sort_unstable();
/// assert!(rows.into_iter().eq(0..100));
/// assert_eq!(order(3, 3, 7, 1), [0, 1, 2]);
/// ```
pub fn order(rows: usize, batch_size: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    if batch_size < rows {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(epoch);
        order.shuffle(&mut random);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_visits_every_row_once() {
        let mut visited = order(1000, 10, 3, 7);
        assert_ne!(visited[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        visited.sort_unstable();
        assert!(visited.iter().copied().eq(0..1000));
    }

    #[test]
    fn the_order_depends_on_seed_and_epoch_alone() {
        assert_eq!(order(50, 7, 1, 4), order(50, 9, 1, 4));
        assert_ne!(order(50, 7, 1, 4), order(50, 7, 1, 5));
        assert_ne!(order(50, 7, 1, 4), order(50, 7, 2, 4));
    }
}
