//! Mini-batches: which rows, in which order, and how they are gathered.

use dataset::{Element, RowSource};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use solver::ObjectiveError;

/// The rows of one epoch in a seeded order.
///
/// The order depends on the seed and the epoch alone: not on the backend, and not on the epochs
/// before, so that a run can start again at any epoch.
pub fn order(rows: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(epoch);
    order.shuffle(&mut random);
    order
}

/// Copies rows out of their source, row after row.
///
/// # Errors
/// [`ObjectiveError::Rows`] where the source fails.
pub fn gather<T: Element>(
    source: &dyn RowSource<T>,
    rows: &[usize],
) -> Result<Vec<T>, ObjectiveError> {
    let mut values = Vec::new();
    source.gather(rows, &mut values)?;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_visits_every_row_once() {
        let mut visited = order(1000, 3, 7);
        assert_ne!(visited[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        visited.sort_unstable();
        assert!(visited.iter().copied().eq(0..1000));
    }

    #[test]
    fn the_order_depends_on_seed_and_epoch_alone() {
        assert_eq!(order(50, 1, 4), order(50, 1, 4));
        assert_ne!(order(50, 1, 4), order(50, 1, 5));
        assert_ne!(order(50, 1, 4), order(50, 2, 4));
    }
}
