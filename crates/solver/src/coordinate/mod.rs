//! Proximal Newton with coordinate descent: L1 and elastic-net penalties, one at a time or a whole path.
//!
//! What is held of the rows depends on their shape (see [`coordinate()`]); the model, the line search and
//! the test for the minimum are the same.

mod columns;
mod covariance;
mod entry;
mod gap;
mod path;
mod quadratic;
mod stored;
mod subgradient;
mod trail;
mod wide;
mod working;

use crate::objective::Gauge;

pub use covariance::{Coordinate, CoordinateState};
pub(crate) use entry::lost_class;
pub use entry::{coordinate, coordinate_observed};
pub use gap::{DualityGap, duality_gap};
pub use path::{Lambdas, Path, PathOptions, PathPoint, path};
pub(crate) use path::{evenly, first_lambda, null_model, usual_ratio};

/// A gauge for parameters of which each class keeps `stride`, the last ones among them.
fn within(gauge: Gauge, stride: usize) -> Gauge {
    let free = gauge.stride - gauge.from;
    Gauge {
        classes: gauge.classes,
        stride,
        from: stride - free.min(stride),
    }
}
