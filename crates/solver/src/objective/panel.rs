//! Rows on their way into the curvature.

use dataset::Element;
use faer::{Mat, MatRef};

use super::gram::{add_gram, scale_rows};
use super::kernel::Block;
use super::narrow::{self, NARROW};

/// Rows whose curvature is added up in one product.
pub(crate) const PANEL: usize = 512;

/// `Σ c xxᵀ`, as the products of rows scaled by `√c` with themselves: block by block where rows are narrow,
/// otherwise several blocks at once.
#[derive(Debug, Default)]
pub(super) struct Panel {
    rows: usize,
    /// `[PANEL × stride]`: rows with their one for the intercept; those of a single output are scaled.
    cells: Vec<f64>,
    /// `[pairs × PANEL]`: roots of the curvatures of several outputs.
    roots: Vec<f64>,
    /// `[PANEL × stride]`: rows scaled for one pair of outputs.
    scaled: Vec<f64>,
}

impl Panel {
    /// Takes a block of rows, with the roots of their weighted curvatures, pair after pair.
    pub(super) fn add<T: Element>(
        &mut self,
        block: Block<'_, T>,
        roots: &[f64],
        grams: &mut [Mat<f64>],
    ) {
        let (stride, count) = (grams[0].nrows(), roots.len() / grams.len());
        if stride == 0 {
            return; // neither columns nor an intercept
        }
        if stride <= NARROW {
            for (gram, roots) in grams.iter_mut().zip(roots.chunks_exact(count)) {
                narrow::add_gram(gram, block, roots, &mut self.cells);
            }
            return;
        }
        if self.rows + count > PANEL {
            self.finish(grams);
        }
        self.cells.resize(PANEL * stride, 0.0);
        let single = grams.len() == 1;
        let cells = self.cells[self.rows * stride..].chunks_exact_mut(stride);
        for (i, cells) in cells.take(count).enumerate() {
            let root = if single { roots[i] } else { 1.0 };
            for (cell, x) in cells.iter_mut().zip(block.row(i)) {
                *cell = root * x.to_f64();
            }
            if stride > block.columns {
                cells[stride - 1] = root;
            }
        }
        if !single {
            self.roots.resize(PANEL * grams.len(), 0.0);
            let all = self.roots.chunks_exact_mut(PANEL);
            for (all, roots) in all.zip(roots.chunks_exact(count)) {
                all[self.rows..self.rows + count].copy_from_slice(roots);
            }
        }
        self.rows += count;
    }

    /// Adds what is left.
    pub(super) fn finish(&mut self, grams: &mut [Mat<f64>]) {
        let rows = std::mem::take(&mut self.rows);
        if rows == 0 {
            return;
        }
        let (stride, single) = (grams[0].nrows(), grams.len() == 1);
        let cells = &self.cells[..rows * stride];
        for (pair, gram) in grams.iter_mut().enumerate() {
            if single {
                add_gram(gram, MatRef::from_row_major_slice(cells, rows, stride));
                continue;
            }
            self.scaled.resize(PANEL * stride, 0.0);
            let scaled = &mut self.scaled[..rows * stride];
            scale_rows(scaled, cells, &self.roots[pair * PANEL..][..rows]);
            add_gram(gram, MatRef::from_row_major_slice(scaled, rows, stride));
        }
    }
}
