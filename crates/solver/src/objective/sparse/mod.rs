//! Rows of which little is stored: the same sums, from the stored numbers alone.

mod gram;
mod pass;
mod stored;

pub(crate) use pass::{Point, evaluate, scores, total};
pub(super) use pass::{score_change, sums};
pub(crate) use stored::{SparseRows, gathered};
