//! One output over a block of rows: scores, losses and gradient in one go.

#![expect(
    clippy::inline_always,
    reason = "a call from code compiled for wider vectors would leave them"
)]

use dataset::Element;
use pulp::{Simd, WithSimd};

use super::kernel::{ARCH, Accumulate, Block, Multiply, Term};
use super::losses::Losses;

/// Rows that go through all steps before the next: few enough for the processor to fetch the next ones
/// while these are at work.
const ROWS: usize = 32;

/// A block of rows and what one output adds to it.
pub(super) struct Single<'b, T> {
    pub(super) block: Block<'b, T>,
    pub(super) coefficients: &'b [f64],
    pub(super) bias: f64,
    /// `[rows]`, empty where there are none.
    pub(super) offsets: &'b [f64],
    pub(super) losses: Losses<'b>,
    /// What `Σ rᵢxᵢ` is added to, where it is wanted.
    pub(super) gradient: Option<&'b mut [f64]>,
}

impl<T: Element> Single<'_, T> {
    /// Writes residuals and curvatures, adds to the gradient, and returns the weighted sum of the losses.
    pub(super) fn visit(self) -> f64 {
        ARCH.dispatch(self)
    }
}

impl<T: Element> WithSimd for Single<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (mut losses, mut gradient) = (self.losses, self.gradient);
        let count = losses.scores.len();
        for from in (0..count).step_by(ROWS) {
            let rows = from..(from + ROWS).min(count);
            let block = self.block.rows(rows.clone());
            let scores = &mut losses.scores[rows.clone()];
            Multiply {
                block,
                coefficients: self.coefficients,
                bias: self.bias,
                term: Term::Product,
                scores: &mut *scores,
            }
            .with_simd(simd);
            if !self.offsets.is_empty() {
                for (score, offset) in scores.iter_mut().zip(&self.offsets[rows.clone()]) {
                    *score += offset;
                }
            }
            losses.visit(rows.clone());
            if let Some(gradient) = &mut gradient {
                Accumulate {
                    block,
                    residuals: &losses.residuals[rows],
                    absolute: false,
                    gradient,
                }
                .with_simd(simd);
            }
        }
        losses.total()
    }
}
