//! What past steps tell of the curvature: the memory of L-BFGS.

use std::collections::VecDeque;

use crate::line_search::inner;
use crate::tolerance::PAIR_CURVATURE;

/// The last few steps `s` with the changes `y` of the gradient along them, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Pairs {
    memory: usize,
    pairs: VecDeque<Pair>,
}

#[derive(Debug, Clone)]
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// `s·y`, positive.
    product: f64,
}

impl Pairs {
    /// Room for at least one pair.
    pub(crate) fn new(memory: usize) -> Self {
        Self {
            memory: memory.max(1),
            pairs: VecDeque::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.pairs.clear();
    }

    /// Remembers a step, unless its curvature is rounding.
    pub(crate) fn push(&mut self, step: Vec<f64>, change: Vec<f64>) {
        let product = inner(&step, &change);
        let lengths = inner(&change, &change).sqrt() * inner(&step, &step).sqrt();
        if product > PAIR_CURVATURE * lengths {
            self.pairs.push_back(Pair {
                step,
                change,
                product,
            });
            if self.pairs.len() > self.memory {
                self.pairs.pop_front();
            }
        }
    }

    /// `s·y/y·y` of the last step: a curvature's inverse, if it were a multiple of the identity.
    pub(crate) fn scale(&self) -> Option<f64> {
        let pair = self.pairs.back()?;
        Some(pair.product / inner(&pair.change, &pair.change))
    }

    /// `−Hg` by the two-loop recursion, with `H` the BFGS update of `inverse`, which it multiplies by
    /// (Nocedal and Wright 2006, algorithm 7.4).
    pub(crate) fn direction(
        &self,
        gradient: &[f64],
        inverse: impl FnOnce(Vec<f64>) -> Vec<f64>,
    ) -> Vec<f64> {
        let mut q = gradient.to_vec();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let share = inner(&pair.step, &q) / pair.product;
            add(&mut q, -share, &pair.change);
            shares.push(share);
        }
        let mut q = inverse(q);
        for (pair, share) in self.pairs.iter().zip(shares.iter().rev()) {
            let other = inner(&pair.change, &q) / pair.product;
            add(&mut q, share - other, &pair.step);
        }
        for q in &mut q {
            *q = -*q;
        }
        q
    }
}

/// `a − b`.
pub(crate) fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn add(q: &mut [f64], factor: f64, other: &[f64]) {
    q.iter_mut().zip(other).for_each(|(q, o)| *q += factor * o);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_pairs_of_a_parabola_give_its_newton_step() {
        // the curvature diag(2, 5): after a pair along each axis the inverse is exact, whatever it began as
        let mut pairs = Pairs::new(3);
        assert!(pairs.is_empty() && pairs.scale().is_none());
        pairs.push(vec![1.0, 0.0], vec![2.0, 0.0]);
        pairs.push(vec![0.0, 3.0], vec![0.0, 15.0]);
        let direction = pairs.direction(&[4.0, -10.0], |q| q.iter().map(|q| 7.0 * q).collect());
        assert!((direction[0] + 2.0).abs() < 1e-15 && (direction[1] - 2.0).abs() < 1e-15);
        assert_eq!(pairs.scale(), Some(0.2));
    }

    #[test]
    fn pairs_without_curvature_and_old_ones_are_forgotten() {
        let mut pairs = Pairs::new(1);
        pairs.push(vec![1.0, 0.0], vec![0.0, 1.0]);
        pairs.push(vec![1.0, 0.0], vec![-1.0, 0.0]);
        assert!(pairs.is_empty());
        pairs.push(vec![1.0, 0.0], vec![2.0, 0.0]);
        pairs.push(vec![0.0, 1.0], vec![0.0, 4.0]);
        assert_eq!(pairs.direction(&[1.0, 1.0], |q| q), [-1.0, -0.25]);
        pairs.clear();
        assert_eq!(pairs.direction(&[1.0, 1.0], |q| q), [-1.0, -1.0]);
    }
}
