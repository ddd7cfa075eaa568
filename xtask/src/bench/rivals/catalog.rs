//! `benches/rivals/rivals.toml`: problems and rivals.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalog {
    #[serde(rename = "problem")]
    pub(crate) problems: Vec<Problem>,
    #[serde(rename = "rival")]
    pub(crate) rivals: Vec<Rival>,
}

/// Rows, and the penalty or penalties to fit them with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Problem {
    pub(crate) name: String,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// A kind of `generate.py`, or a CSV file.
    pub(crate) data: String,
    #[serde(default)]
    pub(crate) lambda: f64,
    /// Of a single penalty; a path has its own.
    #[serde(default)]
    pub(crate) l1_ratio: f64,
    pub(crate) path: Option<Penalties>,
    /// Rows of which only the numbers that are not zero are written, in svmlight's format, and fitted without an
    /// intercept: liblinear would penalise it.
    #[serde(default)]
    pub(crate) sparse: bool,
    /// One pass of mini-batches instead of a fit.
    pub(crate) epoch: Option<Epoch>,
}

impl Problem {
    /// The file of the rows.
    pub(crate) fn rows_file(&self) -> &'static str {
        if self.sparse { "x.svm" } else { "x.npy" }
    }
}

/// A pass over all rows in random order, a step for each batch.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Epoch {
    pub(crate) batch_size: usize,
    pub(crate) learning_rate: f64,
}

/// A decreasing geometric sequence of penalties.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Penalties {
    pub(crate) count: usize,
    /// The last as a part of the first.
    pub(crate) until: f64,
    pub(crate) l1_ratio: f64,
}

impl Penalties {
    /// The penalties, from the smallest that leaves every coefficient zero.
    pub(crate) fn downwards_from(self, lambda_max: f64) -> Vec<f64> {
        let last = (self.count.max(2) - 1) as f64;
        (0..self.count)
            .map(|k| lambda_max / self.l1_ratio * self.until.powf(k as f64 / last))
            .collect()
    }
}

/// A library with a solver and its settings.
#[allow(
    clippy::struct_excessive_bools,
    reason = "what a rival can do, one by one"
)]
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rival {
    pub(crate) name: String,
    /// A script of `benches/rivals`, a program of its `rust`, or `kindling`.
    pub(crate) adapter: String,
    pub(crate) solver: String,
    pub(crate) precision: String,
    pub(crate) tolerance: Option<f64>,
    /// Whether it fits paths; otherwise single fits.
    #[serde(default)]
    pub(crate) path: bool,
    /// Whether it makes epochs of mini-batches.
    #[serde(default)]
    pub(crate) epoch: bool,
    /// Whether it fits sparse rows; otherwise dense ones.
    #[serde(default)]
    pub(crate) sparse: bool,
    /// Whether it fits an L1 penalty to sparse rows, ...
    #[serde(default = "yes")]
    pub(crate) l1: bool,
    /// ... or an L2 penalty.
    #[serde(default = "yes")]
    pub(crate) l2: bool,
}

fn yes() -> bool {
    true
}

impl Rival {
    pub(crate) fn is_python(&self) -> bool {
        Path::new(&self.adapter)
            .extension()
            .is_some_and(|e| e == "py")
    }

    /// Whether it does what a problem asks for.
    pub(crate) fn suits(&self, problem: &Problem) -> bool {
        let penalised = if problem.l1_ratio > 0.0 {
            self.l1
        } else {
            self.l2
        };
        self.path == problem.path.is_some()
            && self.epoch == problem.epoch.is_some()
            && self.sparse == problem.sparse
            && penalised
    }

    pub(crate) fn is_kindling(&self) -> bool {
        self.adapter == "kindling"
    }
}

impl Catalog {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("rivals.toml")
    }

    /// The problems and rivals whose names contain one of the parts given; none given means all.
    pub(crate) fn chosen(mut self, problems: &[String], rivals: &[String]) -> Result<Self> {
        self.problems.retain(|p| contains(&p.name, problems));
        self.rivals.retain(|r| contains(&r.name, rivals));
        self.rivals
            .retain(|r| self.problems.iter().any(|p| r.suits(p)));
        if self.problems.is_empty() || self.rivals.is_empty() {
            bail!("no problem or no rival has such a name; --list names them");
        }
        Ok(self)
    }

    /// The rivals that fit this kind of problem.
    pub(crate) fn rivals_of<'a>(&'a self, problem: &'a Problem) -> impl Iterator<Item = &'a Rival> {
        self.rivals.iter().filter(|rival| rival.suits(problem))
    }
}

fn contains(name: &str, parts: &[String]) -> bool {
    let name = name.to_lowercase();
    parts.is_empty() || parts.iter().any(|part| name.contains(&part.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        let root = crate::tree::root().unwrap();
        let text = std::fs::read_to_string(root.join("benches/rivals/rivals.toml")).unwrap();
        Catalog::parse(&text).unwrap()
    }

    #[test]
    fn every_adapter_of_the_catalog_is_there() {
        let folder = crate::tree::root().unwrap().join("benches");
        for rival in catalog().rivals {
            let file = if rival.is_python() {
                format!("rivals/{}", rival.adapter)
            } else if rival.is_kindling() {
                "src/bin/kindling.rs".to_owned()
            } else {
                format!("rivals/rust/src/bin/{}.rs", rival.adapter)
            };
            assert!(folder.join(&file).exists(), "{}: {file}", rival.name);
            assert!(["f32", "f64"].contains(&rival.precision.as_str()));
        }
    }

    #[test]
    fn parts_of_names_choose() {
        let named = |name: &str| vec![name.to_owned()];
        let chosen = catalog().chosen(&named("x28"), &named("pytorch")).unwrap();
        assert_eq!(chosen.problems.len(), 2);
        let epochs = chosen.problems.iter().find(|p| p.epoch.is_some()).unwrap();
        assert!(chosen.rivals_of(epochs).all(|rival| rival.epoch));
        assert!(chosen.rivals.iter().all(|r| r.name.starts_with("PyTorch")));
        assert!(catalog().chosen(&named("x28"), &named("celer")).is_err());
        assert!(catalog().chosen(&named("nothing"), &[]).is_err());
    }

    #[test]
    fn a_path_goes_from_the_largest_penalty_to_its_part() {
        let penalties = Penalties {
            count: 3,
            until: 0.01,
            l1_ratio: 0.5,
        };
        let path = penalties.downwards_from(1.0);
        for (found, expected) in path.iter().zip([2.0, 0.2, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{path:?}");
        }
    }
}
