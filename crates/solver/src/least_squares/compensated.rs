//! Gradients of least squares in twice the working precision.

#![expect(
    clippy::inline_always,
    reason = "a function of its own would be compiled for a plain x86-64"
)]

use std::ops::Range;

use dataset::Element;
use pulp::Arch;

use super::system::System;
use crate::objective::ObjectiveError;

/// Rows that are worked on together.
const BLOCK: usize = 64;
/// Sums that run side by side.
const LANES: usize = 8;

/// `s + e = a + b` exactly, `s` rounded (Knuth 1969).
#[inline(always)]
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

/// The upper and the lower half of a number's digits (Veltkamp 1968).
#[inline(always)]
fn split(a: f64) -> (f64, f64) {
    let c = 134_217_729.0 * a;
    let high = c - (c - a);
    (high, a - high)
}

/// `p + e = a · b` exactly, `p` rounded (Dekker 1971). The processor's fused operation would give the same,
/// where there is one.
#[inline(always)]
pub(crate) fn two_product(a: f64, b: f64) -> (f64, f64) {
    let ((a1, a2), (b1, b2)) = (split(a), split(b));
    let p = a * b;
    (p, a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2))
}

/// Sums with what their rounding left out (Ogita, Rump and Oishi 2005, `Dot2`).
struct Sums {
    rounded: Vec<f64>,
    rest: Vec<f64>,
}

impl Sums {
    fn add(&mut self, at: usize, value: f64, rest: f64) {
        let (sum, error) = two_sum(self.rounded[at], value);
        self.rounded[at] = sum;
        self.rest[at] += error + rest;
    }
}

/// `Aᵀ W (y − Ax) − ridge·x`, as if computed in twice the working precision and then rounded.
pub(super) fn gradient<T: Element>(
    system: &System<'_, '_, T>,
    x: &[f64],
) -> Result<Vec<f64>, ObjectiveError> {
    let rows = system.rows();
    let arch = Arch::new();
    let start = || Sums {
        rounded: vec![0.0; x.len()],
        rest: vec![0.0; x.len()],
    };
    let mut sums = rows.fold(
        16 * x.len(),
        start,
        |sums, chunk| {
            let mut block = Block::new(x.len());
            for from in chunk.clone().step_by(BLOCK) {
                block.read(system, from..(from + BLOCK).min(chunk.end))?;
                arch.dispatch(
                    #[inline(always)]
                    || {
                        block.residuals(x);
                        block.accumulate(sums);
                    },
                );
            }
            Ok(())
        },
        |total, next| {
            for (at, (value, rest)) in next.rounded.into_iter().zip(next.rest).enumerate() {
                total.add(at, value, rest);
            }
        },
    )?;
    for (at, (ridge, x)) in system.ridge().into_iter().zip(x).enumerate() {
        let (product, error) = two_product(ridge, -x);
        sums.add(at, product, error);
    }
    let rounded = sums.rounded.into_iter().zip(sums.rest);
    Ok(rounded.map(|(sum, rest)| sum + rest).collect())
}

/// Some rows, column by column, with their residuals as sums of two numbers. What lies behind the last row
/// is zero.
struct Block {
    cells: Vec<f64>,
    high: [f64; BLOCK],
    low: [f64; BLOCK],
    weights: [f64; BLOCK],
}

impl Block {
    fn new(parameters: usize) -> Self {
        Self {
            cells: vec![0.0; BLOCK * parameters],
            high: [0.0; BLOCK],
            low: [0.0; BLOCK],
            weights: [0.0; BLOCK],
        }
    }

    fn read<T: Element>(
        &mut self,
        system: &System<'_, '_, T>,
        positions: Range<usize>,
    ) -> Result<(), ObjectiveError> {
        if positions.len() < BLOCK {
            self.cells.fill(0.0);
            (self.high, self.low, self.weights) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
        }
        system.copy(positions.clone(), &mut self.cells, BLOCK)?;
        for (i, at) in positions.enumerate() {
            let (target, offset) = system.target(at);
            (self.high[i], self.low[i]) = two_sum(target, -offset);
            self.weights[i] = system.weight(at);
        }
        Ok(())
    }

    /// `w(y − Ax)`.
    #[inline(always)]
    fn residuals(&mut self, x: &[f64]) {
        let Self {
            cells,
            high,
            low,
            weights,
        } = self;
        let (columns, _) = cells.as_chunks::<BLOCK>();
        for (column, &x) in columns.iter().zip(x) {
            for i in 0..BLOCK {
                let (product, error) = two_product(column[i], x);
                let (sum, rest) = two_sum(high[i], -product);
                high[i] = sum;
                low[i] += rest - error;
            }
        }
        for i in 0..BLOCK {
            let (residual, rest) = two_sum(high[i], low[i]);
            let (product, error) = two_product(weights[i], residual);
            high[i] = product;
            low[i] = error + weights[i] * rest;
        }
    }

    /// Adds every column's product with the residuals.
    #[inline(always)]
    fn accumulate(&self, sums: &mut Sums) {
        let (columns, _) = self.cells.as_chunks::<BLOCK>();
        for (at, column) in columns.iter().enumerate() {
            let (mut lanes, mut rests) = ([0.0; LANES], [0.0; LANES]);
            for from in (0..BLOCK).step_by(LANES) {
                for lane in 0..LANES {
                    let i = from + lane;
                    let (product, error) = two_product(column[i], self.high[i]);
                    let (sum, rest) = two_sum(lanes[lane], product);
                    lanes[lane] = sum;
                    rests[lane] += (rest + error) + column[i] * self.low[i];
                }
            }
            for lane in 0..LANES {
                sums.add(at, lanes[lane], rests[lane]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_products_lose_nothing() {
        let (s, e) = two_sum(1e16, 1.0);
        assert!(s.to_bits() == 1e16_f64.to_bits() && e.to_bits() == 1.0_f64.to_bits());
        // (1 + 2⁻³⁰)² = 1 + 2⁻²⁹ + 2⁻⁶⁰
        let a = 1.0 + 2.0_f64.powi(-30);
        let (p, e) = two_product(a, a);
        assert_eq!(p.to_bits(), (1.0 + 2.0_f64.powi(-29)).to_bits());
        assert_eq!(e.to_bits(), 2.0_f64.powi(-60).to_bits());
    }
}
