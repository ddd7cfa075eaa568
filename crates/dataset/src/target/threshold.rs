//! A comparison that makes a yes/no target of a number.

use crate::number::{Parsed, parse, text};

/// `value ∘ bound`, with one of four comparisons for `∘`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Threshold {
    comparison: Comparison,
    bound: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Threshold {
    /// Reads `>15`, `>=15`, `<3` or `<=3`.
    pub(super) fn parse(written: &str) -> Option<Self> {
        let written = written.trim();
        let (comparison, bound) = [
            (">=", Comparison::AtLeast),
            ("<=", Comparison::AtMost),
            (">", Comparison::Above),
            ("<", Comparison::Below),
        ]
        .into_iter()
        .find_map(|(sign, comparison)| Some((comparison, written.strip_prefix(sign)?)))?;
        match parse(bound.trim().as_bytes()) {
            Parsed::Number(bound) => Some(Self {
                comparison,
                bound: bound + 0.0,
            }),
            Parsed::NotFinite | Parsed::Word => None,
        }
    }

    pub(super) fn holds(self, value: f64) -> bool {
        match self.comparison {
            Comparison::Above => value > self.bound,
            Comparison::AtLeast => value >= self.bound,
            Comparison::Below => value < self.bound,
            Comparison::AtMost => value <= self.bound,
        }
    }

    /// The opposite, then the comparison itself.
    pub(super) fn labels(self) -> [String; 2] {
        let (opposite, sign) = match self.comparison {
            Comparison::Above => ("<=", ">"),
            Comparison::AtLeast => ("<", ">="),
            Comparison::Below => (">=", "<"),
            Comparison::AtMost => (">", "<="),
        };
        let bound = text(self.bound);
        [format!("{opposite}{bound}"), format!("{sign}{bound}")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comparison_and_its_opposite() {
        for (written, labels, at_bound) in [
            (">15", ["<=15", ">15"], false),
            (">= 15.0", ["<15", ">=15"], true),
            ("<-3", [">=-3", "<-3"], false),
            ("<=1e-9", [">1e-9", "<=1e-9"], true),
        ] {
            let threshold = Threshold::parse(written).unwrap();
            assert_eq!(threshold.labels(), labels);
            assert_eq!(threshold.holds(threshold.bound), at_bound);
        }
    }

    #[test]
    fn other_texts_are_labels() {
        for written in ["15", ">50K", ">", "=3", ">inf", ""] {
            assert_eq!(Threshold::parse(written), None, "{written}");
        }
    }
}
