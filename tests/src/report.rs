//! What `train fit --format json` prints, and `run.json` keeps.

use serde_json::Value;

use crate::program::{Folder, Outcome};
use crate::reference::{number, strings};

/// The document of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Report(pub Value);

impl Report {
    /// What `train fit` says of a fit that goes well: every row fitted on and the backend flex,
    /// unless `arguments` ask for something else.
    #[track_caller]
    pub fn fit(folder: &Folder, arguments: &[&str]) -> Self {
        let outcome = Self::outcome(folder, arguments).ok();
        Self(outcome.json())
    }

    /// How that `train fit` ends.
    #[track_caller]
    pub fn outcome(folder: &Folder, arguments: &[&str]) -> Outcome {
        let mut all = vec!["fit"];
        all.extend(arguments);
        // `auto` would take a GPU where there is one, and few of them compute in f64.
        for (option, value) in [("--test", "0"), ("--backend", "flex"), ("--format", "json")] {
            if !arguments.contains(&option) {
                all.extend([option, value]);
            }
        }
        folder.train(all)
    }

    /// The classes that have coefficients of their own; one without a name for other tasks.
    pub fn classes(&self) -> Vec<Option<String>> {
        if self.0["task"] == "multinomial" {
            return strings(&self.0["labels"]).into_iter().map(Some).collect();
        }
        vec![None]
    }

    /// Names of the design columns.
    pub fn columns(&self) -> Vec<String> {
        let first = self.classes().swap_remove(0);
        self.own(first.as_deref())
            .map(|one| text(&one["name"]))
            .collect()
    }

    /// For each class (or once): coefficients, then the intercept, on the table's scale.
    ///
    /// The intercept is 0 where there is none.
    pub fn original(&self) -> Vec<Vec<f64>> {
        self.numbers("estimate")
    }

    /// The same on the standardised columns, without the intercept for a single output.
    pub fn standardized(&self) -> Vec<Vec<f64>> {
        self.numbers("standardized")
    }

    /// The only class's coefficients and intercept on the table's scale.
    ///
    /// # Panics
    /// When there are several.
    pub fn estimates(&self) -> Vec<f64> {
        let [only] = self.original().try_into().expect("one output");
        only
    }

    /// The coefficient of a column on the table's scale; of several classes, the first's.
    ///
    /// # Panics
    /// When there is no such column.
    #[track_caller]
    pub fn estimate(&self, column: &str) -> f64 {
        let coefficients = self.0["coefficients"].as_array().expect("a list");
        let one = coefficients.iter().find(|one| one["name"] == column);
        number(&one.unwrap_or_else(|| panic!("no column {column}"))["estimate"])
    }

    /// A number by its key.
    #[track_caller]
    pub fn number(&self, key: &str) -> f64 {
        number(&self.0[key])
    }

    /// The status.
    pub fn status(&self) -> String {
        text(&self.0["status"])
    }

    /// The document without what may differ between equal runs.
    ///
    /// # Panics
    /// When it is no object.
    #[must_use]
    pub fn lasting(&self) -> Value {
        let mut value = self.0.clone();
        let keys = value.as_object_mut().expect("an object");
        keys.remove("seconds");
        keys.remove("out");
        value
    }

    fn own<'a>(&'a self, class: Option<&'a str>) -> impl Iterator<Item = &'a Value> {
        let coefficients = self.0["coefficients"].as_array().expect("a list");
        coefficients
            .iter()
            .filter(move |one| one["class"].as_str() == class)
    }

    fn numbers(&self, key: &str) -> Vec<Vec<f64>> {
        let classes = self.classes();
        classes
            .iter()
            .map(|class| {
                let own = self.own(class.as_deref()).map(|one| number(&one[key]));
                let intercepts = self.0["intercepts"].as_array().expect("a list");
                let of_class = intercepts
                    .iter()
                    .find(|one| class.is_some() && one["class"].as_str() == class.as_deref());
                let intercept = match (class, key) {
                    (Some(_), _) => Some(of_class.map_or(0.0, |one| number(&one[key]))),
                    (None, "estimate") => Some(self.0["intercept"].as_f64().unwrap_or(0.0)),
                    (None, _) => None,
                };
                own.chain(intercept).collect()
            })
            .collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
