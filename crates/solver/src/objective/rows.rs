//! The rows that count, visited in fixed pieces and added up in a fixed order.

use std::ops::Range;
use std::sync::Arc;

use dataset::{Element, RowSource, SparseDesign};
use rayon::prelude::*;

use super::ObjectiveError;

/// Memory that partial sums of one wave of chunks may take, unless one per thread takes more.
const WAVE_BYTES: usize = 32 << 20;

/// The golden ratio's fractional part, in units of `2⁻⁶⁴`.
const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;

/// The rows of positive weight, cut into chunks and blocks.
///
/// The cut depends on the number of columns alone. A chunk is the unit of parallel work; within it
/// sums run block after block, and the chunks' sums are added in their order. So any number of
/// threads gives the same bits, and a row of weight zero leaves no trace, not even in the cut.
#[derive(Debug, Clone)]
pub(crate) struct Rows<'a, T> {
    source: &'a dyn RowSource<T>,
    /// Row of each position, where some rows do not count.
    active: Option<Arc<[usize]>>,
    /// Binary logarithm of the rows that a sample takes one of; zero for all rows.
    shift: u32,
}

impl<'a, T: Element> Rows<'a, T> {
    /// Finds the rows that count and checks that their cells are finite.
    pub(crate) fn new(
        source: &'a dyn RowSource<T>,
        weights: Option<&[f64]>,
    ) -> Result<Self, ObjectiveError> {
        let active = weights
            .filter(|weights| weights.contains(&0.0))
            .map(|weights| {
                (0..source.rows())
                    .filter(|&row| weights[row] > 0.0)
                    .collect()
            });
        let rows = Self {
            source,
            active,
            shift: 0,
        };
        if source.sparse().is_some() {
            return Ok(rows); // what is stored is finite, and scaled elsewhere
        }
        let wrong = rows.fold(
            1,
            || None,
            |wrong: &mut Option<(usize, usize)>, chunk| {
                let mut scratch = Vec::new();
                for block in rows.blocks(chunk) {
                    let cells = rows.cells(block.clone(), &mut scratch)?;
                    if !finite(cells)
                        && let Some(at) = cells.iter().position(|x| !x.to_f64().is_finite())
                    {
                        let (row, column) = (at / rows.columns(), at % rows.columns());
                        *wrong = wrong.or(Some((rows.index(block.start + row), column)));
                    }
                }
                Ok(())
            },
            |first, next| *first = first.or(next),
        )?;
        match wrong {
            Some((row, column)) => Err(ObjectiveError::CellNotFinite { row, column }),
            None => Ok(rows),
        }
    }

    /// At least `count` of these rows, at most twice as many: one of every `2ˢ` neighbours. None where
    /// that would be all of them.
    ///
    /// Which one of its neighbours a row is, is the fractional part of multiples of the golden ratio: a
    /// sequence that keeps step with no period of the table, spread over all of it (Knuth 1998, §6.4).
    pub(crate) fn sample(&self, count: usize) -> Option<Self> {
        let shift = (self.len() / count.max(1)).checked_ilog2()?;
        (self.shift == 0 && shift > 0).then(|| Self {
            shift,
            ..self.clone()
        })
    }

    /// The rows of a batch that count, in its order.
    pub(crate) fn only(&self, batch: &[usize], weights: Option<&[f64]>) -> Self {
        let active = match weights {
            None => batch.into(),
            Some(weights) => {
                let counts = |row: &usize| weights[*row] > 0.0;
                batch.iter().copied().filter(counts).collect()
            }
        };
        Self {
            source: self.source,
            active: Some(active),
            shift: 0,
        }
    }

    /// Number of rows that count.
    pub(crate) fn len(&self) -> usize {
        let all = (self.active.as_ref()).map_or(self.source.rows(), |active| active.len());
        all >> self.shift
    }

    pub(crate) fn columns(&self) -> usize {
        self.source.columns()
    }

    /// What is stored of the rows, where the source has them so.
    pub(crate) fn sparse(&self) -> Option<&'a SparseDesign> {
        self.source.sparse()
    }

    /// The row at a position among those that count.
    pub(crate) fn index(&self, position: usize) -> usize {
        let position = if self.shift == 0 {
            position
        } else {
            let fraction = (position as u64).wrapping_mul(GOLDEN_RATIO);
            (position << self.shift) + (fraction >> (u64::BITS - self.shift)) as usize
        };
        self.active
            .as_ref()
            .map_or(position, |active| active[position])
    }

    /// The cells of a range of positions, row after row without gaps.
    pub(crate) fn cells<'s>(
        &'s self,
        positions: Range<usize>,
        scratch: &'s mut Vec<T>,
    ) -> Result<&'s [T], ObjectiveError> {
        Ok(match &self.active {
            None if self.shift == 0 => self.source.cells(positions, scratch)?,
            Some(active) if self.shift == 0 => self.source.gather(&active[positions], scratch)?,
            _ => {
                let rows: Vec<usize> = positions.map(|at| self.index(at)).collect();
                self.source.gather(&rows, scratch)?
            }
        })
    }

    /// Whether positions are rows.
    fn is_whole(&self) -> bool {
        self.active.is_none() && self.shift == 0
    }

    /// Values of a range of positions out of one for each row, without gaps.
    pub(crate) fn pick<'s>(
        &self,
        positions: Range<usize>,
        values: &'s [f64],
        scratch: &'s mut Vec<f64>,
    ) -> &'s [f64] {
        if self.is_whole() {
            &values[positions]
        } else {
            scratch.clear();
            scratch.extend(positions.map(|at| values[self.index(at)]));
            scratch
        }
    }

    /// Rows of a chunk.
    fn chunk(&self) -> usize {
        if self.columns() < 128 { 4096 } else { 1024 }
    }

    /// Rows of a block: its cells fill a good part of a first-level cache; where there are many columns, of
    /// a second-level one. A power of two, so that whole blocks make a chunk.
    pub(crate) fn block(&self) -> usize {
        let columns = self.columns().max(1);
        let rows = (4096 / columns).max(32.min(32_768 / columns)).clamp(8, 128);
        1 << rows.ilog2()
    }

    /// The blocks of a chunk.
    pub(crate) fn blocks(&self, chunk: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let block = self.block();
        chunk
            .clone()
            .step_by(block)
            .map(move |from| from..(from + block).min(chunk.end))
    }

    /// Additions in a row that a sum over all rows goes through, at most.
    pub(crate) fn depth(&self) -> usize {
        let (rows, chunk, block) = (self.len(), self.chunk(), self.block());
        block.min(rows) + chunk.min(rows).div_ceil(block) + rows.div_ceil(chunk)
    }

    /// Visits all chunks, in parallel where there are several, each with an accumulator of its
    /// own, and merges the accumulators in the chunks' order. `bytes` is the accumulator's size.
    pub(crate) fn fold<A: Send>(
        &self,
        bytes: usize,
        start: impl Fn() -> A + Sync,
        visit: impl Fn(&mut A, Range<usize>) -> Result<(), ObjectiveError> + Sync,
        mut merge: impl FnMut(&mut A, A),
    ) -> Result<A, ObjectiveError> {
        let (chunk, rows) = (self.chunk(), self.len());
        let visit_one = |from: usize| {
            let mut sums = start();
            visit(&mut sums, from..(from + chunk).min(rows))?;
            Ok(sums)
        };
        if rows <= chunk {
            return visit_one(0);
        }
        let wave = (WAVE_BYTES / bytes.max(1)).clamp(rayon::current_num_threads(), 4096);
        let starts: Vec<usize> = (0..rows).step_by(chunk).collect();
        let mut total: Option<A> = None;
        for wave in starts.chunks(wave) {
            let sums: Vec<Result<A, ObjectiveError>> =
                wave.par_iter().map(|&from| visit_one(from)).collect();
            for next in sums {
                match &mut total {
                    Some(total) => merge(total, next?),
                    None => total = Some(next?),
                }
            }
        }
        Ok(total.unwrap_or_else(start))
    }

    /// [`fold`](Self::fold), row by row: `visit` is told the position and the cells.
    pub(crate) fn fold_rows<A: Send>(
        &self,
        bytes: usize,
        start: impl Fn() -> A + Sync,
        visit: impl Fn(&mut A, usize, &[T]) + Sync,
        merge: impl FnMut(&mut A, A),
    ) -> Result<A, ObjectiveError> {
        let columns = self.columns();
        self.fold(
            bytes,
            start,
            |sums, chunk| {
                let mut scratch = Vec::new();
                for block in self.blocks(chunk) {
                    let cells = self.cells(block.clone(), &mut scratch)?;
                    for (i, at) in block.enumerate() {
                        visit(sums, at, &cells[i * columns..(i + 1) * columns]);
                    }
                }
                Ok(())
            },
            merge,
        )
    }
}

/// Whether all cells are finite: zero times anything finite is zero, times anything else NaN.
fn finite<T: Element>(cells: &[T]) -> bool {
    let (lanes, rest) = cells.as_chunks::<16>();
    let mut sums = [0.0; 16];
    for cells in lanes {
        for (sum, x) in sums.iter_mut().zip(cells) {
            *sum += 0.0 * x.to_f64();
        }
    }
    sums.iter().chain(&[0.0]).all(|&sum| sum == 0.0) && rest.iter().all(|x| x.to_f64().is_finite())
}

/// `Σ xⱼ bⱼ` in eight interleaved sums, whatever the processor.
#[inline]
pub(crate) fn dot<T: Element>(x: &[T], b: &[f64]) -> f64 {
    let (x_eights, x_rest) = x.as_chunks::<8>();
    let (b_eights, b_rest) = b.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (x, b) in x_eights.iter().zip(b_eights) {
        for lane in 0..8 {
            lanes[lane] += x[lane].to_f64() * b[lane];
        }
    }
    let mut rest = 0.0;
    for (x, b) in x_rest.iter().zip(b_rest) {
        rest += x.to_f64() * b;
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    (((a + e) + (b + f)) + ((c + g) + (d + h))) + rest
}

/// `Σ xⱼ²` in eight interleaved sums.
pub(crate) fn squared_length<T: Element>(x: &[T]) -> f64 {
    let (eights, rest) = x.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for x in eights {
        for lane in 0..8 {
            lanes[lane] += x[lane].to_f64() * x[lane].to_f64();
        }
    }
    let rest: f64 = rest.iter().map(|x| x.to_f64() * x.to_f64()).sum();
    lanes.iter().sum::<f64>() + rest
}

/// `Σ bⱼxⱼ²` in eight interleaved sums.
pub(crate) fn weighted_squares<T: Element>(x: &[T], b: &[f64]) -> f64 {
    let ((x_eights, x_rest), (b_eights, b_rest)) = (x.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for (x, b) in x_eights.iter().zip(b_eights) {
        for lane in 0..8 {
            lanes[lane] += b[lane] * (x[lane].to_f64() * x[lane].to_f64());
        }
    }
    let rest = x_rest
        .iter()
        .zip(b_rest)
        .map(|(x, b)| b * (x.to_f64() * x.to_f64()));
    lanes.iter().sum::<f64>() + rest.sum::<f64>()
}

/// `Σ |xⱼ||bⱼ|`.
pub(crate) fn dot_absolute<T: Element>(x: &[T], b: &[f64]) -> f64 {
    x.iter().zip(b).map(|(x, b)| (x.to_f64() * b).abs()).sum()
}

/// `y += a·x`.
#[inline]
pub(crate) fn add_scaled<T: Element>(y: &mut [f64], a: f64, x: &[T]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x.to_f64();
    }
}
