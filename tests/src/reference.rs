//! Fits by other software: `tests/reference/*/expected.json`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One fit of a reference document.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Names of the design columns.
    pub columns: Vec<String>,
    /// For each class (or once): coefficients, then the intercept, on the table's scale.
    pub original: Vec<Vec<f64>>,
    /// The same on the standardised columns.
    pub standardized: Vec<Vec<f64>>,
    /// Mean loss and penalty.
    pub objective: f64,
    /// glmnet's λ.
    pub lambda: f64,
    /// Rows that the fit used.
    pub rows: u64,
    /// The document, for whatever else it holds.
    pub document: Value,
    /// The part of the document that is this fit.
    pub fit: Value,
}

/// The repository's folder.
///
/// # Panics
/// Never: the package is in it.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package is in the repository")
}

/// The file of a table that ships.
pub fn shipped(name: &str) -> PathBuf {
    repository().join("datasets").join(format!("{name}.csv"))
}

/// A fit of a case, such as `l2_c1` of `penguins`.
///
/// # Panics
/// When the document does not hold it.
pub fn fit(case: &str, name: &str) -> Fit {
    let path = repository()
        .join("tests/reference")
        .join(case)
        .join("expected.json");
    let text = fs::read_to_string(&path).expect("the case has a document");
    let document: Value = serde_json::from_str(&text).expect("it is JSON");
    let fit = document["fits"][name].clone();
    assert!(fit.is_object(), "{case} has a fit {name}");
    let classes: Vec<Value> = fit["classes"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![fit.clone()]);
    let numbers = |one: &Value| -> Vec<f64> {
        let coefficients = one["coefficients"].as_array().expect("coefficients");
        coefficients
            .iter()
            .chain([&one["intercept"]])
            .map(number)
            .collect()
    };
    Fit {
        columns: strings(&document["columns"]),
        original: classes.iter().map(numbers).collect(),
        standardized: classes
            .iter()
            .map(|one| numbers(&one["standardized"]))
            .collect(),
        objective: number(&fit["objective"]),
        lambda: number(&fit["penalty"]["lambda"]),
        rows: document["rows"]["used"].as_u64().expect("a count"),
        document,
        fit,
    }
}

/// A number of a JSON document.
///
/// # Panics
/// When it is something else.
#[track_caller]
pub fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is not a number"))
}

/// The texts of a JSON list.
///
/// # Panics
/// When it is something else.
#[track_caller]
pub fn strings(value: &Value) -> Vec<String> {
    let list = value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is not a list"));
    list.iter()
        .map(|one| one.as_str().expect("a text").to_owned())
        .collect()
}
