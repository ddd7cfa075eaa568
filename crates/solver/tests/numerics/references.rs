//! Fits of real tables against scikit-learn's and statsmodels', from a folder that is not shipped.
//!
//! `KINDLING_SHARED` names a folder with `data/` and `reference/`: each reference states its table, its
//! encoding and the fits. The tables that ship with the project are checked through the program, always.

use std::fs;
use std::path::{Path, PathBuf};

use dataset::{
    CsvOptions, DesignMatrix, Element, Input, MissingPolicy, Pipeline, PipelineOptions,
    SchemaOptions, Target, TargetOptions, TaskChoice, prepare, read_table,
};
use serde_json::Value;
use solver::{
    Fit, HostObjective, Lbfgs, LeastSquaresMethod, Newton, Objective, Penalty, Problem, Separation,
    Solver, Status, Stop, TargetValues, Verdict, dependences, fit, least_squares, minimize,
    separation,
};

/// A coefficient in `f64`, relative.
const DOUBLE: f64 = 1e-8;
/// A coefficient from rows rounded to `f32`, relative to the largest: their unit roundoff of 6e-8, times
/// conditions up to a hundred.
const SINGLE: f64 = 1e-5;

/// A table and its references.
struct Case {
    name: String,
    reference: Value,
    pipeline: Option<Pipeline>,
    names: Vec<String>,
    double: DesignMatrix<f64>,
    single: DesignMatrix<f32>,
    target: Vec<f64>,
}

fn folder() -> Option<PathBuf> {
    std::env::var_os("KINDLING_SHARED").map(PathBuf::from)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(text).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|x| x.as_f64().unwrap()).collect()
}

impl Case {
    fn read(folder: &Path, name: &str) -> Self {
        let path = folder
            .join("reference")
            .join(name)
            .with_added_extension("json");
        let reference: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let file = folder.join(reference["file"].as_str().unwrap());
        if file.extension().is_some_and(|e| e == "svm") {
            return Self::sparse(name, &file, reference);
        }
        let kind = |wanted: &str| {
            let columns = reference["columns"].as_object().unwrap();
            let of = |(name, column): (&String, &Value)| {
                (column["type"] == wanted).then(|| name.clone())
            };
            columns.iter().filter_map(of).collect::<Vec<_>>()
        };
        let features = texts(&reference["kept_columns"]);
        let schema = SchemaOptions {
            target: text(&reference["target"]),
            drop: texts(&reference["dropped_columns"]),
            features: (!features.is_empty()).then_some(features),
            categorical: kind("categorical"),
            numeric: kind("numeric"),
            ..SchemaOptions::default()
        };
        let input = Input::file(&file).unwrap();
        let (table, schema, _) = read_table(&input, &CsvOptions::default(), &schema).unwrap();
        let policy = reference["missing_policy"].as_str().unwrap();
        let missing = if policy.starts_with("complete") {
            MissingPolicy::Drop
        } else {
            MissingPolicy::Impute
        };
        let linear = reference["task"] == "linear regression";
        // "quality >= 6" of integers
        let positive = text(&reference["positive"]).map(|label| match label.split_once(">=") {
            Some((_, least)) => format!(">{}", least.trim().parse::<f64>().unwrap() - 0.5),
            None => label.trim_end_matches(".0").to_owned(),
        });
        let options = TargetOptions {
            task: if linear {
                TaskChoice::Linear
            } else {
                TaskChoice::Binary
            },
            positive,
            missing,
        };
        let prepared = prepare(&table, &schema, &options).unwrap();
        let options = PipelineOptions {
            missing,
            ..PipelineOptions::default()
        };
        let pipeline = Pipeline::fit(&table, &schema, &prepared.rows, None, &options).unwrap();
        let target = match prepared.target {
            Target::Binary { values, .. } | Target::Linear { values } => values,
            Target::Multinomial { .. } => panic!("no reference is multinomial"),
        };
        Self {
            name: name.to_owned(),
            names: pipeline.columns.iter().map(|c| c.name.clone()).collect(),
            double: pipeline.design(&table, &prepared.rows).unwrap().0,
            single: pipeline.design(&table, &prepared.rows).unwrap().0,
            pipeline: Some(pipeline),
            reference,
            target,
        }
    }

    /// svmlight: a label, then `column:number`, counted from one.
    fn sparse(name: &str, file: &Path, reference: Value) -> Self {
        let columns = reference["p"].as_u64().unwrap() as usize;
        let (mut values, mut target) = (Vec::new(), Vec::new());
        for line in fs::read_to_string(file).unwrap().lines() {
            let mut words = line.split_whitespace();
            let label: f64 = words.next().unwrap().parse().unwrap();
            target.push(f64::from(label > 0.0));
            let mut row = vec![0.0; columns];
            for (column, value) in words.map(|word| word.split_once(':').unwrap()) {
                row[column.parse::<usize>().unwrap() - 1] = value.parse::<f64>().unwrap();
            }
            values.extend(row);
        }
        let single = values.iter().map(|&x| f32::from_f64(x)).collect();
        Self {
            name: name.to_owned(),
            names: (1..=columns).map(|j| j.to_string()).collect(),
            double: DesignMatrix::new(target.len(), columns, values).unwrap(),
            single: DesignMatrix::new(target.len(), columns, single).unwrap(),
            pipeline: None,
            reference,
            target,
        }
    }

    fn problem<'a, T: Element>(
        &'a self,
        design: &'a DesignMatrix<T>,
        penalty: Penalty,
    ) -> Problem<'a, T> {
        let target = if self.reference["task"] == "linear regression" {
            TargetValues::Linear(&self.target)
        } else {
            TargetValues::Binary(&self.target)
        };
        Problem {
            penalty,
            ..Problem::new(design, target)
        }
    }

    /// On the table's scale, the intercept last.
    fn original(&self, theta: &[f64]) -> Vec<f64> {
        let (intercept, coefficients) = theta.split_last().unwrap();
        match &self.pipeline {
            None => theta.to_vec(),
            Some(pipeline) => {
                let (mut all, intercept) = pipeline.unstandardize(coefficients, *intercept);
                all.push(intercept);
                all
            }
        }
    }

    fn expected(&self, fit: &str) -> Vec<f64> {
        let fit = &self.reference[fit];
        let mut all = numbers(&fit["coef"]);
        all.push(fit["intercept"].as_f64().unwrap());
        all
    }

    fn solve<T: Element, S: Solver>(
        &self,
        design: &DesignMatrix<T>,
        penalty: Penalty,
        solver: &S,
        start: Option<&[f64]>,
    ) -> Fit {
        let objective = HostObjective::new(self.problem(design, penalty)).unwrap();
        let zeros = vec![0.0; objective.dimension()];
        let stop = Stop {
            max_iterations: 2000,
            ..Stop::default()
        };
        fit(&objective, solver, start.unwrap_or(&zeros), &stop).unwrap()
    }

    /// Fits in every way and compares; returns the largest differences for the table that is printed.
    fn check(&self, fit: &str, lambda: f64) -> [f64; 4] {
        let expected = self.expected(fit);
        let penalty = Penalty::ridge(lambda);
        let newton = self.solve(&self.double, penalty, &Newton::default(), None);
        let single = self.solve(&self.single, penalty, &Newton::default(), None);
        let start = Some(single.solution.theta.as_slice());
        let polished = self.solve(&self.double, penalty, &Newton::default(), start);
        let mut lbfgs = self.solve(&self.double, penalty, &Lbfgs::default(), None);
        for found in [&newton, &single, &polished, &lbfgs] {
            assert_eq!(
                found.solution.status,
                Status::Converged,
                "{} {fit}",
                self.name
            );
        }
        // a gradient of 1e-10 leaves eight digits of a coefficient only where its curvature is near one
        let objective = HostObjective::new(self.problem(&self.double, penalty)).unwrap();
        let stop = Stop {
            gradient_tolerance: 1e-13,
            max_iterations: 5000,
            ..Stop::default()
        };
        lbfgs.solution =
            minimize(&Lbfgs::default(), &objective, &lbfgs.solution.theta, &stop).unwrap();
        [
            difference(&self.original(&newton.solution.theta), &expected),
            share(&self.original(&single.solution.theta), &expected),
            difference(&self.original(&polished.solution.theta), &expected),
            difference(&self.original(&lbfgs.solution.theta), &expected),
        ]
    }
}

/// The largest relative difference of a coefficient.
fn difference(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let relative = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs();
    found.iter().zip(expected).map(relative).fold(0.0, f64::max)
}

/// The largest difference, relative to the largest coefficient.
fn share(found: &[f64], expected: &[f64]) -> f64 {
    let size = expected.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let parts = found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs() / size);
    parts.fold(0.0, f64::max)
}

const BINARY: [&str; 11] = [
    "anes96_vote",
    "bank_additional",
    "bank_additional.nosep",
    "breast_cancer_wdbc",
    "challenger_orings",
    "german_credit",
    "heart_cleveland",
    "heart_cleveland.impute",
    "heart_scale",
    "penguins_sex",
    "wine_quality_good",
];

#[test]
fn classifications_from_a_folder() {
    let Some(folder) = folder() else {
        println!("skipped: KINDLING_SHARED names no folder with data/ and reference/");
        return;
    };
    for name in BINARY {
        let case = Case::read(&folder, name);
        let rows = case.target.len() as f64;
        assert_eq!(case.reference["n"].as_f64(), Some(rows), "{name}");
        assert_eq!(
            case.reference["p"].as_u64(),
            Some(case.names.len() as u64),
            "{name}"
        );
        for (fit, lambda) in [("l2_C1", 1.0 / rows), ("unpenalised", 0.0)] {
            if case.reference.get(fit).is_none() {
                continue;
            }
            let [newton, single, polished, lbfgs] = case.check(fit, lambda);
            println!(
                "{name} {fit}: newton {newton:.1e}, f32 {single:.1e}, polished {polished:.1e}, lbfgs {lbfgs:.1e}"
            );
            assert!(
                newton < DOUBLE && polished < DOUBLE && lbfgs < DOUBLE,
                "{name} {fit}"
            );
            assert!(single < SINGLE, "{name} {fit}");
        }
        println!("{}", check_verdict(&case));
    }
}

/// Separation and rank as linear programming and singular values have them.
fn check_verdict(case: &Case) -> String {
    let name = &case.name;
    let objective = HostObjective::new(case.problem(&case.double, Penalty::NONE)).unwrap();
    let expected = case.reference["separation"].as_str().unwrap();
    let found = case.solve(&case.double, Penalty::NONE, &Newton::default(), None);
    let rank = |key: &str| case.reference[key].as_u64();
    let missing = rank("design_cols_with_intercept").zip(rank("design_rank"));
    let dependent = dependences(&objective).unwrap();
    let missing = missing.map_or(0, |(columns, rank)| columns - rank);
    assert_eq!(dependent.len() as u64, missing, "{name}");
    match (separation(&objective, None).unwrap(), expected) {
        (Verdict::Overlap, "none") => assert_eq!(found.solution.status, Status::Converged),
        (Verdict::Separated(verdict), _) => {
            assert_eq!(verdict.complete, expected == "complete", "{name}");
            if !verdict.complete {
                let rows = format!("quasi-complete ({} of", verdict.rows);
                assert!(expected.starts_with(&rows), "{name}: {}", verdict.rows);
            }
            assert_eq!(found.solution.status, Status::Separated, "{name}");
            check_names(case, &verdict);
        }
        (verdict, _) => panic!("{name}: {verdict:?} against {expected}"),
    }
    let status = found.solution.status;
    format!(
        "{name}: {status}, {expected}, {} dependent",
        dependent.len()
    )
}

fn check_names(case: &Case, verdict: &Separation) {
    if case.name != "bank_additional" {
        return;
    }
    let alone: Vec<&str> = verdict
        .alone
        .iter()
        .map(|a| case.names[a.column].as_str())
        .collect();
    assert_eq!(alone, ["education=illiterate", "default=yes"]);
    let objective = HostObjective::new(case.problem(&case.double, Penalty::NONE)).unwrap();
    let dependence = &dependences(&objective).unwrap()[0];
    assert_eq!(case.names[dependence.column], "loan=unknown");
    assert_eq!(dependence.terms.len(), 1);
    assert_eq!(case.names[dependence.terms[0].0], "housing=unknown");
}

#[test]
fn regressions_from_a_folder() {
    let Some(folder) = folder() else {
        println!("skipped: KINDLING_SHARED names no folder with data/ and reference/");
        return;
    };
    for name in ["auto_mpg.ols", "penguins_mass.ols", "wine_quality_red.ols"] {
        let case = Case::read(&folder, name);
        let rows = case.target.len() as f64;
        let mut expected = numbers(&case.reference["coef"]);
        expected.rotate_left(1); // the constant comes first
        let ridge = case.expected("ridge_alpha1");
        for (fit, lambda, expected) in [("none", 0.0, expected), ("ridge", 1.0 / rows, ridge)] {
            let penalty = Penalty::ridge(lambda);
            let problem = case.problem(&case.double, penalty);
            let qr = least_squares(&problem, LeastSquaresMethod::Qr).unwrap();
            let qr = difference(&case.original(&qr.theta), &expected);
            let newton = case.solve(&case.double, penalty, &Newton::default(), None);
            assert_eq!(newton.solution.status, Status::Converged);
            let newton = difference(&case.original(&newton.solution.theta), &expected);
            let problem = case.problem(&case.single, penalty);
            let single = least_squares(&problem, LeastSquaresMethod::Qr).unwrap();
            let single = share(&case.original(&single.theta), &expected);
            println!("{name} {fit}: qr {qr:.1e}, newton {newton:.1e}, f32 {single:.1e}");
            assert!(
                qr < DOUBLE && newton < DOUBLE && single < SINGLE,
                "{name} {fit}"
            );
        }
    }
}
