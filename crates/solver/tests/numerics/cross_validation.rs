//! Cross-validated paths beside every fold fitted on its own, from nothing, at every penalty.

#![allow(
    clippy::print_stdout,
    reason = "a check by hand prints what it measured"
)]

use std::path::PathBuf;

use dataset::split::folds::Fold;
use dataset::{
    CsvOptions, Input, Pipeline, PipelineOptions, PreparedRows, Schema, SchemaOptions, Table,
    Target, TargetOptions, TaskChoice, catalog, folds, grouped_folds, ordered_folds, prepare,
    read_table,
};
use solver::objective::pointwise::{log_loss, softmax_loss};
use solver::{
    CrossValidated, CrossValidation, CrossValidationError, HostObjective, Penalty, Problem, Rule,
    Status, Stop, TargetValues, coordinate, fit, penalties,
};

/// Losses of a path's folds and of the same folds fitted separately.
const SAME_LOSS: f64 = 1e-8;

struct Case {
    name: String,
    table: Table,
    schema: Schema,
    rows: PreparedRows,
}

impl Case {
    fn new(name: &str, input: &Input, schema: &SchemaOptions, target: &TargetOptions) -> Self {
        let (table, schema, _) = read_table(input, &CsvOptions::default(), schema).unwrap();
        let rows = prepare(&table, &schema, target).unwrap();
        let name = name.to_owned();
        Self {
            name,
            table,
            schema,
            rows,
        }
    }

    /// A table that ships.
    fn shipped(name: &str) -> Self {
        let (input, entry) = catalog::resolve(name).unwrap();
        let schema = entry.unwrap().schema_options();
        Self::new(name, &input, &schema, &TargetOptions::default())
    }

    fn classes(&self) -> Option<Vec<u32>> {
        self.rows.target.codes()
    }

    fn folds(&self, k: usize) -> Vec<Fold> {
        folds(self.rows.rows.len(), self.classes().as_deref(), k, 0).unwrap()
    }

    fn lambdas(&self, l1_ratio: f64, count: usize) -> Vec<f64> {
        let rows = &self.rows.rows;
        let options = PipelineOptions::default();
        let pipeline = Pipeline::fit(&self.table, &self.schema, rows, None, &options).unwrap();
        let design = pipeline.design::<f64>(&self.table, rows).unwrap().0;
        let problem = Problem {
            weights: self.rows.weights.as_deref(),
            ..Problem::new(&design, values(&self.rows.target))
        };
        penalties(problem, l1_ratio, count, None).unwrap()
    }

    fn run(&self, folds: &[Fold], l1_ratio: f64, lambdas: &[f64]) -> CrossValidated {
        self.asked(folds, l1_ratio, lambdas).unwrap()
    }

    fn asked(
        &self,
        folds: &[Fold],
        l1_ratio: f64,
        lambdas: &[f64],
    ) -> Result<CrossValidated, CrossValidationError> {
        CrossValidation {
            table: &self.table,
            schema: &self.schema,
            rows: &self.rows,
            folds,
            encoding: &PipelineOptions::default(),
            intercept: true,
            l1_ratio,
            lambdas,
            stop: Stop::default(),
        }
        .run(&|_| ())
    }

    /// One fold at one penalty, from nothing: preprocessing, fit from zero, and the loss row by row.
    fn separately(&self, fold: &Fold, penalty: Penalty) -> f64 {
        let (train, held_out) = (
            self.rows.select(&fold.train),
            self.rows.select(&fold.held_out),
        );
        let pipeline = Pipeline::fit(
            &self.table,
            &self.schema,
            &train.rows,
            train.weights.as_deref(),
            &PipelineOptions::default(),
        )
        .unwrap();
        let design = pipeline.design::<f64>(&self.table, &train.rows).unwrap().0;
        let problem = Problem {
            weights: train.weights.as_deref(),
            penalty,
            ..Problem::new(&design, values(&train.target))
        };
        let stop = Stop {
            gradient_tolerance: 1e-12,
            ..Stop::default()
        };
        let start = vec![0.0; problem.dimension()];
        let objective = HostObjective::new(problem).unwrap();
        let found = if penalty.l1_ratio > 0.0 {
            coordinate(&objective, &start, &stop).unwrap()
        } else {
            fit(&objective, &solver::Newton::default(), &start, &stop)
                .unwrap()
                .solution
        };
        assert_eq!(found.status, Status::Converged, "{}", self.name);
        let theta = found.theta;
        let unknown = pipeline
            .design::<f64>(&self.table, &held_out.rows)
            .unwrap()
            .0;
        let stride = design.columns() + 1;
        let outputs = theta.len() / stride;
        let (mut sum, mut total) = (0.0, 0.0);
        for row in 0..held_out.rows.len() {
            let weight = held_out
                .weights
                .as_ref()
                .map_or(1.0, |weights| weights[row]);
            let mut scores: Vec<f64> = (0..outputs)
                .map(|k| {
                    let (beta, rest) = theta[k * stride..(k + 1) * stride].split_at(stride - 1);
                    let product: f64 = beta.iter().zip(unknown.row(row)).map(|(b, x)| b * x).sum();
                    product + rest[0]
                })
                .collect();
            sum += weight
                * match &held_out.target {
                    Target::Binary { values, .. } => log_loss(scores[0], values[row]).loss,
                    Target::Linear { values } => (values[row] - scores[0]).powi(2),
                    Target::Multinomial { codes, .. } => {
                        let mut residuals = vec![0.0; outputs];
                        softmax_loss(&mut scores, codes[row] as usize, &mut residuals)
                    }
                };
            total += weight;
        }
        sum / total
    }

    /// Everything again, one fit after the other: the same losses, and the same choice.
    fn assert_same_as_separate_fits(&self, folds: &[Fold], l1_ratio: f64, count: usize) {
        let lambdas = self.lambdas(l1_ratio, count);
        let found = self.run(folds, l1_ratio, &lambdas);
        let variance = match &self.rows.target {
            Target::Linear { values } => {
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                values.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / values.len() as f64
            }
            _ => 1.0,
        };
        let mut worst: f64 = 0.0;
        let mut means = Vec::new();
        for score in &found.scores {
            let penalty = Penalty {
                lambda: score.lambda,
                l1_ratio,
            };
            let mut sum = 0.0;
            for ((fold, loss), weight) in folds.iter().zip(&score.folds).zip(&found.weights) {
                let alone = self.separately(fold, penalty);
                let loss = loss.unwrap_or_else(|| panic!("{}: {score:?}", self.name));
                worst = worst.max((loss - alone).abs() / variance);
                sum += weight * alone;
            }
            means.push(sum / found.weights.iter().sum::<f64>());
        }
        println!(
            "{} α = {l1_ratio}: largest difference of a loss {worst:.1e}",
            self.name
        );
        assert!(worst < SAME_LOSS, "{} {l1_ratio}: {worst:e}", self.name);
        let least = means.iter().copied().fold(f64::INFINITY, f64::min);
        let exhaustive = means.iter().position(|mean| mean.total_cmp(&least).is_eq());
        assert_eq!(found.best(Rule::Minimum), exhaustive, "{}", self.name);
    }
}

fn values(target: &Target) -> TargetValues<'_> {
    match target {
        Target::Binary { values, .. } => TargetValues::Binary(values),
        Target::Linear { values } => TargetValues::Linear(values),
        Target::Multinomial { labels, codes } => TargetValues::Multinomial {
            codes,
            classes: labels.len(),
        },
    }
}

#[test]
fn shipped_tables_as_if_every_fold_were_fitted_alone() {
    for (name, l1_ratio) in [
        ("breast_cancer", 0.0),
        ("breast_cancer", 1.0),
        ("penguins", 0.0),
        ("penguins", 0.5),
        ("iris", 0.0),
        ("iris", 1.0),
        ("longley", 0.0),
        ("longley", 1.0),
    ] {
        let case = Case::shipped(name);
        case.assert_same_as_separate_fits(&case.folds(4), l1_ratio, 12);
    }
}

/// A file, its target, the positive label, columns to drop, and categorical ones.
type Asked = (
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static [&'static str],
    &'static [&'static str],
);

#[test]
fn every_table_of_the_shared_folder_as_if_every_fold_were_fitted_alone() {
    let Some(shared) = std::env::var_os("KINDLING_SHARED").map(PathBuf::from) else {
        println!("skipped: KINDLING_SHARED names no folder with data/");
        return;
    };
    let tables: [Asked; 11] = [
        (
            "breast_cancer_wdbc.csv",
            "diagnosis",
            Some("malignant"),
            &[],
            &[],
        ),
        ("penguins.csv", "sex", Some("male"), &[], &[]),
        ("penguins.csv", "body_mass_g", None, &[], &[]),
        ("anes96.csv", "vote", Some("1"), &["popul"], &[]),
        (
            "heart_cleveland.csv",
            "disease",
            Some("yes"),
            &["num"],
            &["sex", "cp", "fbs", "restecg", "exang", "slope", "thal"],
        ),
        ("german_credit.csv", "class", Some("bad"), &[], &[]),
        ("bank_additional.csv", "y", Some("yes"), &[], &[]),
        (
            "challenger_orings.csv",
            "any_distress",
            Some("1"),
            &["distressed", "flight"],
            &[],
        ),
        ("wine_quality_red.csv", "quality", Some(">5.5"), &[], &[]),
        ("wine_quality_red.csv", "quality", None, &[], &[]),
        ("auto_mpg.csv", "mpg", None, &[], &["origin"]),
    ];
    let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
    for (file, target, positive, drop, categorical) in tables {
        let input = Input::file(shared.join("data").join(file)).unwrap();
        let schema = SchemaOptions {
            target: Some(target.to_owned()),
            drop: names(drop),
            categorical: names(categorical),
            ..SchemaOptions::default()
        };
        let question = TargetOptions {
            positive: positive.map(str::to_owned),
            task: if positive.is_some() {
                TaskChoice::Binary
            } else {
                TaskChoice::Linear
            },
            ..TargetOptions::default()
        };
        let case = Case::new(&format!("{file} {target}"), &input, &schema, &question);
        for l1_ratio in [0.0, 0.5, 1.0] {
            case.assert_same_as_separate_fits(&case.folds(5), l1_ratio, 15);
        }
    }
    let input = Input::file(shared.join("data/heart_scale.svm")).unwrap();
    let case = Case::new(
        "heart_scale.svm",
        &input,
        &SchemaOptions::default(),
        &TargetOptions {
            task: TaskChoice::Binary,
            ..TargetOptions::default()
        },
    );
    case.assert_same_as_separate_fits(&case.folds(5), 1.0, 15);
}

#[test]
fn groups_and_times_are_folds_like_others() {
    let case = Case::shipped("penguins");
    let islands = &case.table.column("island").unwrap().cells;
    let groups: Vec<u32> = case
        .rows
        .rows
        .iter()
        .map(|&row| match islands {
            dataset::Cells::Text { codes, .. } => codes[row],
            _ => panic!("islands have names"),
        })
        .collect();
    let by_island = grouped_folds(&groups, case.classes().as_deref(), 3, 0).unwrap();
    case.assert_same_as_separate_fits(&by_island, 0.0, 6);
    let found = case.run(&by_island, 0.0, &[0.1]);
    // An island that is held out is a level that nobody has seen.
    assert!(found.unseen > 0);
    let years: Vec<f64> = (case.rows.rows.iter())
        .map(|&row| match &case.table.column("year").unwrap().cells {
            dataset::Cells::Numeric(years) => years[row],
            _ => panic!("years are numbers"),
        })
        .collect();
    let by_year = ordered_folds(&years, 2).unwrap();
    case.assert_same_as_separate_fits(&by_year, 1.0, 6);
}

#[test]
fn the_number_of_threads_changes_no_digit() {
    let case = Case::shipped("breast_cancer");
    let lambdas = case.lambdas(0.5, 20);
    let folds = case.folds(5);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| case.run(&folds, 0.5, &lambdas))
    };
    assert_eq!(with(1), with(4));
}

#[test]
fn weights_count_as_rows_do() {
    // A fold's loss is a mean by weight, and so is the mean of the folds.
    let text = "y,x,w\n0,1,1\n1,2,2\n0,3,1\n1,4,1\n0,2,1\n1,3,2\n0,0,1\n1,5,1\n";
    let twice = "y,x\n0,1\n1,2\n1,2\n0,3\n1,4\n0,2\n1,3\n1,3\n0,0\n1,5\n";
    let case = |text: &str, weight: Option<&str>| {
        let schema = SchemaOptions {
            target: Some("y".into()),
            weight: weight.map(str::to_owned),
            ..SchemaOptions::default()
        };
        let input = Input::bytes("rows.csv", text.as_bytes().to_vec());
        Case::new("rows", &input, &schema, &TargetOptions::default())
    };
    let fold = |train: &[usize], held_out: &[usize]| Fold {
        train: train.to_vec(),
        held_out: held_out.to_vec(),
    };
    let weighted = [
        fold(&[0, 1, 2, 3], &[4, 5, 6, 7]),
        fold(&[4, 5, 6, 7], &[0, 1, 2, 3]),
    ];
    let repeated = [
        fold(&[0, 1, 2, 3, 4], &[5, 6, 7, 8, 9]),
        fold(&[5, 6, 7, 8, 9], &[0, 1, 2, 3, 4]),
    ];
    let weighted = case(text, Some("w")).run(&weighted, 0.0, &[0.1]);
    let repeated = case(twice, None).run(&repeated, 0.0, &[0.1]);
    let (a, b) = (&weighted.scores[0], &repeated.scores[0]);
    assert!((a.mean.unwrap() - b.mean.unwrap()).abs() < 1e-12);
    assert!((a.standard_error.unwrap() - b.standard_error.unwrap()).abs() < 1e-12);
    assert_eq!(weighted.weights, repeated.weights);
}

#[test]
fn a_fold_without_a_class_says_which() {
    let case = Case::shipped("penguins");
    let class = |row: usize| case.classes().unwrap()[row];
    let (first, second): (Vec<usize>, Vec<usize>) =
        (0..case.rows.rows.len()).partition(|&row| class(row) == 0);
    let folds = [
        Fold {
            train: first.clone(),
            held_out: second.clone(),
        },
        Fold {
            train: second,
            held_out: first,
        },
    ];
    let error = case.asked(&folds, 0.0, &[0.1]).unwrap_err();
    assert!(matches!(
        error,
        CrossValidationError::MissingClass { fold: 1, .. }
    ));
    assert!(error.remedy().unwrap().contains("fewer folds"));
}

#[test]
fn separated_folds_without_a_penalty_have_no_loss() {
    let case = Case::shipped("breast_cancer");
    let found = case.run(&case.folds(3), 0.0, &[0.01, 0.0]);
    assert_eq!(found.scores[0].status, Status::Converged);
    assert_eq!(found.scores[1].mean, None);
    assert_ne!(found.scores[1].status, Status::Converged);
    assert_eq!(found.best(Rule::Minimum), Some(0));
}

#[test]
#[ignore = "prints times; needs KINDLING_SHARED"]
fn speed() {
    let shared = PathBuf::from(std::env::var_os("KINDLING_SHARED").unwrap());
    let input = Input::file(shared.join("data/german_credit.csv")).unwrap();
    let schema = SchemaOptions {
        target: Some("class".to_owned()),
        ..SchemaOptions::default()
    };
    let case = Case::new("german_credit", &input, &schema, &TargetOptions::default());
    for l1_ratio in [0.0, 0.5, 1.0] {
        let (folds, lambdas) = (case.folds(10), case.lambdas(l1_ratio, 100));
        let times: Vec<f64> = (0..5)
            .map(|_| {
                let started = std::time::Instant::now();
                let found = case.run(&folds, l1_ratio, &lambdas);
                assert!(found.best(Rule::Minimum).is_some());
                started.elapsed().as_secs_f64()
            })
            .collect();
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        println!(
            "α = {l1_ratio}: 100 penalties × 10 folds in {:.0} ms",
            1e3 * least
        );
    }
}
