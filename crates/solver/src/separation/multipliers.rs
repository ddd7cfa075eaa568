//! Non-negative least squares over the constraints that entered so far.

use crate::tolerance::SEPARATION_COSINE;

/// The constraints that entered, with an orthonormal basis of their vectors.
#[derive(Debug, Default)]
pub(super) struct Active {
    pub(super) constraints: Vec<usize>,
    vectors: Vec<Vec<f64>>,
    multipliers: Vec<f64>,
    basis: Vec<Vec<f64>>,
    /// Column `j` of the triangular factor: the components of vector `j` in the basis.
    factor: Vec<Vec<f64>>,
}

impl Active {
    /// Lets a constraint enter and restores `multipliers ≥ 0`; false where it cannot stay: its
    /// vector lies within rounding of the span of the others.
    pub(super) fn enter(&mut self, constraint: usize, vector: Vec<f64>, sum: &[f64]) -> bool {
        if !self.push(constraint, vector, 0.0) {
            return false;
        }
        loop {
            let wanted = self.least_squares(sum);
            // the longest step towards it that keeps every multiplier from below zero
            let reach: Vec<f64> = (self.multipliers.iter().zip(&wanted))
                .map(|(&now, &wanted)| match wanted <= 0.0 {
                    true if now > wanted => now / (now - wanted),
                    true => 0.0,
                    false => f64::INFINITY,
                })
                .collect();
            let step = reach.iter().copied().fold(1.0, f64::min);
            for (now, wanted) in self.multipliers.iter_mut().zip(&wanted) {
                *now = (*now + step * (wanted - *now)).max(0.0);
            }
            let leaves: Vec<bool> = reach.iter().map(|&reach| reach <= step).collect();
            match leaves.iter().position(|&leaves| leaves) {
                Some(first) => self.remove(first, &leaves),
                None => return self.constraints.contains(&constraint),
            }
        }
    }

    fn push(&mut self, constraint: usize, vector: Vec<f64>, multiplier: f64) -> bool {
        // Gram-Schmidt, twice is enough (Giraud et al. 2005)
        let mut rest = vector.clone();
        let mut components = vec![0.0; self.basis.len()];
        for _ in 0..2 {
            for (component, q) in components.iter_mut().zip(&self.basis) {
                let part: f64 = q.iter().zip(&rest).map(|(q, r)| q * r).sum();
                *component += part;
                rest.iter_mut().zip(q).for_each(|(r, q)| *r -= part * q);
            }
        }
        let size = length(&rest);
        if size <= SEPARATION_COSINE {
            return false;
        }
        components.push(size);
        self.basis.push(rest.iter().map(|r| r / size).collect());
        self.factor.push(components);
        self.constraints.push(constraint);
        self.vectors.push(vector);
        self.multipliers.push(multiplier);
        true
    }

    /// Drops the constraints that leave and rebuilds the basis from the first of them on.
    fn remove(&mut self, first: usize, leaves: &[bool]) {
        let constraints = self.constraints.split_off(first);
        let vectors = self.vectors.split_off(first);
        let multipliers = self.multipliers.split_off(first);
        self.basis.truncate(first);
        self.factor.truncate(first);
        let rest = constraints.into_iter().zip(vectors).zip(multipliers);
        for (((constraint, vector), multiplier), leaves) in rest.zip(&leaves[first..]) {
            if !leaves {
                self.push(constraint, vector, multiplier);
            }
        }
    }

    /// Multipliers, of either sign, that make `sum + Σ multiplier · vector` shortest.
    fn least_squares(&self, sum: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = (self.basis.iter())
            .map(|q| -q.iter().zip(sum).map(|(q, s)| q * s).sum::<f64>())
            .collect();
        for at in (0..x.len()).rev() {
            x[at] /= self.factor[at][at];
            let (before, solved) = x.split_at_mut(at);
            for (x, r) in before.iter_mut().zip(&self.factor[at]) {
                *x -= r * solved[0];
            }
        }
        x
    }

    /// The part of `sum` orthogonal to the vectors: the shortest vector over them.
    pub(super) fn residual(&self, sum: &[f64]) -> Vec<f64> {
        let mut rest = sum.to_vec();
        for _ in 0..3 {
            for q in &self.basis {
                let part: f64 = q.iter().zip(&rest).map(|(q, r)| q * r).sum();
                rest.iter_mut().zip(q).for_each(|(r, q)| *r -= part * q);
            }
        }
        rest
    }
}

/// The candidate that makes the most obtuse angle with `w`, if any does.
pub(super) fn worst(candidates: &[(usize, Vec<f64>)], w: &[f64]) -> Option<usize> {
    let mut least = -SEPARATION_COSINE * length(w);
    let mut worst = None;
    for (at, (_, vector)) in candidates.iter().enumerate() {
        let product: f64 = vector.iter().zip(w).map(|(a, w)| a * w).sum();
        if product < least {
            (least, worst) = (product, Some(at));
        }
    }
    worst
}

pub(super) fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}
