//! Random numbers from a seed.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random numbers, the same for the same seed on every machine.
pub(super) struct Random {
    stream: ChaCha8Rng,
    spare: Option<f64>,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            stream: ChaCha8Rng::seed_from_u64(seed),
            spare: None,
        }
    }

    /// Uniform in `0 ≤ u < 1`.
    pub(super) fn uniform(&mut self) -> f64 {
        self.stream.random::<f64>()
    }

    /// Uniform in `-1 ≤ u < 1`.
    pub(super) fn symmetric(&mut self) -> f64 {
        2.0 * self.uniform() - 1.0
    }

    /// Uniform in `0..count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.stream.random_range(0..count)
    }

    /// Standard normal, by Marsaglia's polar method.
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (u, v) = (self.symmetric(), self.symmetric());
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let factor = (-2.0 * s.ln() / s).sqrt();
                self.spare = Some(v * factor);
                return u * factor;
            }
        }
    }

    /// The numbers `0..count` in random order.
    pub(super) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        order.shuffle(&mut self.stream);
        order
    }

    /// Different corners of the unit cube, each as its coordinates.
    pub(super) fn corners(&mut self, count: usize, dimensions: usize) -> Vec<Vec<bool>> {
        const FEW_DIMENSIONS: usize = 16;
        if dimensions <= FEW_DIMENSIONS {
            let all = self.order(1 << dimensions);
            let bits = |corner: usize| (0..dimensions).map(|bit| corner >> bit & 1 == 1).collect();
            return all.into_iter().take(count).map(bits).collect();
        }
        let mut seen = std::collections::HashSet::with_capacity(count);
        let mut corners = Vec::with_capacity(count);
        while corners.len() < count {
            let corner: Vec<bool> = (0..dimensions).map(|_| self.stream.random()).collect();
            if seen.insert(corner.clone()) {
                corners.push(corner);
            }
        }
        corners
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let mut random = Random::new(1);
        let n = 200_000;
        let draws: Vec<f64> = (0..n).map(|_| random.normal()).collect();
        let moment = |power: i32| draws.iter().map(|x| x.powi(power)).sum::<f64>() / f64::from(n);
        // Standard errors are √(1, 2, 15, 96) / √n = 0.0022, 0.0032, 0.0087, 0.022.
        assert!(moment(1).abs() < 0.01);
        assert!((moment(2) - 1.0).abs() < 0.015);
        assert!(moment(3).abs() < 0.04);
        assert!((moment(4) - 3.0).abs() < 0.1);
    }

    #[test]
    fn corners_are_different() {
        for (count, dimensions) in [(4, 2), (8, 3), (50, 20)] {
            let corners = Random::new(0).corners(count, dimensions);
            let different: std::collections::HashSet<_> = corners.iter().collect();
            assert_eq!((corners.len(), different.len()), (count, count));
            assert!(corners.iter().all(|corner| corner.len() == dimensions));
        }
    }
}
