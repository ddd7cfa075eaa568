//! What was decided while fitting, in sentences.

use super::{Basis, Encoding, Feature, OTHER_LEVEL, Pipeline};
use crate::number::{counted, texts};

impl Pipeline {
    /// What fitting decided and a reader of the coefficients should know, in sentences: which levels
    /// are grouped, how often hashed levels collide, where knots and edges are.
    pub fn notes(&self) -> Vec<String> {
        self.features.iter().filter_map(note).collect()
    }
}

fn note(feature: &Feature) -> Option<String> {
    let name = &feature.name;
    match &feature.encoding {
        Encoding::Numeric { basis, .. } => match basis {
            Basis::Identity => None,
            Basis::Polynomial(polynomial) => Some(format!(
                "`{name}` is a polynomial of degree {}",
                polynomial.degree()
            )),
            Basis::Spline(spline) => Some(format!(
                "`{name}` is a natural cubic spline with knots at {}",
                texts(&spline.knots, ", ")
            )),
            Basis::Bins(bins) => Some(format!(
                "`{name}` is cut into {} intervals at {}, with {} as the reference",
                bins.edges.len() + 1,
                texts(&bins.edges, ", "),
                bins.level(bins.reference)
            )),
        },
        // Its parts are in the names of its columns.
        Encoding::Date { .. } => None,
        Encoding::Categorical { grouped, .. } => grouped.as_ref().map(|grouped| {
            format!(
                "`{name}`: {} of {} of the training rows grouped as {OTHER_LEVEL}",
                counted(grouped.levels.len(), "level"),
                percent(grouped.share)
            )
        }),
        Encoding::Hashed {
            bits,
            levels,
            shared_levels,
            shared_rows,
            ..
        } => Some(format!(
            "`{name}`: {} hashed to {}, where {} of the levels and {} of the training rows \
             collide",
            counted(*levels, "level"),
            counted(1 << bits.min(&31), "bucket"),
            percent(*shared_levels as f64 / *levels as f64),
            percent(*shared_rows)
        )),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}
