//! Which shapes to measure.

use std::env;

const GIB: f64 = (1_u64 << 30) as f64;

/// A few, so that every bench ends within minutes.
const QUICK: [Shape; 4] = [
    Shape::new(1_000, 28),
    Shape::new(100_000, 28),
    Shape::new(1_000_000, 28),
    Shape::new(10_000, 200),
];

/// The whole grid: every number of rows with every number of columns.
const ROWS: [usize; 5] = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const COLUMNS: [usize; 5] = [5, 28, 200, 1_000, 5_000];

/// Columns up to which the curvature, columns² numbers from as many products a row, is measured.
const CURVATURE_COLUMNS: usize = 1_000;

/// Rows and columns of a design matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns, without the intercept.
    pub columns: usize,
}

impl Shape {
    const fn new(rows: usize, columns: usize) -> Self {
        Self { rows, columns }
    }

    /// `rows x columns`, for the name of a bench.
    pub fn name(self) -> String {
        format!("{}x{}", self.rows, self.columns)
    }

    /// Whether the curvature is small enough to be worth its time.
    pub fn has_curvature(self) -> bool {
        self.columns <= CURVATURE_COLUMNS
    }

    /// Bytes of the matrix in `f32`.
    fn bytes(self) -> f64 {
        (self.rows * self.columns * size_of::<f32>()) as f64
    }
}

/// The shapes to measure: a few, or with `KINDLING_BENCH_GRID=full` all whose `f32` matrix is at
/// most `KINDLING_BENCH_MEMORY` GiB (1 where it is not set). `cargo xtask bench --grid --memory GIB`
/// sets both.
///
/// # Panics
/// When `KINDLING_BENCH_MEMORY` is not a number.
pub fn shapes() -> Vec<Shape> {
    if env::var("KINDLING_BENCH_GRID").is_ok_and(|grid| grid == "full") {
        let memory = env::var("KINDLING_BENCH_MEMORY").map_or(1.0, |gib| {
            gib.parse()
                .expect("KINDLING_BENCH_MEMORY is a number of GiB")
        });
        grid(memory)
    } else {
        QUICK.to_vec()
    }
}

/// The shapes of the grid that are at most as large.
fn grid(gib: f64) -> Vec<Shape> {
    ROWS.into_iter()
        .flat_map(|rows| COLUMNS.map(|columns| Shape::new(rows, columns)))
        .filter(|shape| shape.bytes() <= gib * GIB)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_bounds_the_grid() {
        let shapes = grid(1.0);
        assert!(shapes.contains(&Shape::new(1_000_000, 200)));
        assert!(!shapes.contains(&Shape::new(10_000_000, 28)));
        assert_eq!(grid(1e6).len(), ROWS.len() * COLUMNS.len());
    }
}
