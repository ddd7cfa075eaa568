//! `train search`: what it chooses, what it prints and saves, and what it refuses.

use serde_json::{Value, json};
use tests::{Folder, Outcome, Table, tolerance};

use crate::json::assert_shape;

pub(crate) fn search(folder: &Folder, arguments: &[&str]) -> Outcome {
    folder.train(["search"].iter().chain(arguments))
}

fn search_json(folder: &Folder, arguments: &[&str]) -> Value {
    let all = [arguments, &["--format", "json"]].concat();
    search(folder, &all).ok().json()
}

fn shape() -> Value {
    json!({
        "table": { "name": "text", "rows": "count", "sha256": "text", "target": "text" },
        "task": "text", "labels": "list", "rows": "count", "test": "count", "loss": "text",
        "folds": { "kind": "text", "column": "text?", "sizes": ["count"], "unseen": "count" },
        "rule": "text",
        "trials": [{ "settings": "object", "path": "bool", "l1_ratio": "number",
            "minimum": "count?", "one_standard_error": "count?", "seconds": "number",
            "scores": [{ "lambda": "number", "mean": "number?", "standard_error": "number?",
                "folds": ["number?"], "nonzero": "count?", "status": "text" }] }],
        "best": { "trial": "count", "at": "count", "mean": "number", "standard_error": "number",
            "penalty": { "lambda": "number", "l1_ratio": "number", "c": "number?" },
            "at_edge": "bool" },
        "nested": "object?", "fit": { "status": "text", "out": "text" }, "interrupted": "bool",
        "fits": "count", "threads": "count", "notes": "list", "picture": "text?", "csv": "text?",
        "seconds": { "read": "number", "search": "number", "nested": "number", "refit": "number" },
        "versions": { "kindling": "text", "burn": "text" },
    })
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap())
        .collect()
}

/// glmnet's rules, plainly: the least mean, the largest penalty within its standard error, of equal ones the
/// larger penalty; means and errors from the folds' losses and sizes.
fn assert_rules(report: &Value) {
    let sizes = numbers(&report["folds"]["sizes"]);
    let total: f64 = sizes.iter().sum();
    for trial in report["trials"].as_array().unwrap() {
        let scores = trial["scores"].as_array().unwrap();
        let mut plain = Vec::new();
        for score in scores {
            let losses = numbers(&score["folds"]);
            let mean = losses.iter().zip(&sizes).map(|(l, n)| l * n).sum::<f64>() / total;
            let squares = losses
                .iter()
                .zip(&sizes)
                .map(|(l, n)| n * (l - mean).powi(2));
            let error = (squares.sum::<f64>() / total / (sizes.len() - 1) as f64).sqrt();
            let near = |key: &str, value: f64| {
                let said = score[key].as_f64().unwrap();
                assert!(
                    (said - value).abs() <= 1e-12 * value.abs().max(1.0),
                    "{key}: {score}"
                );
            };
            near("mean", mean);
            near("standard_error", error);
            plain.push((
                score["mean"].as_f64().unwrap(),
                score["standard_error"].as_f64().unwrap(),
            ));
        }
        let least = plain.iter().map(|one| one.0).fold(f64::INFINITY, f64::min);
        // Penalties fall, so that the first is the largest.
        let minimum = plain.iter().position(|one| one.0 == least).unwrap();
        assert_eq!(trial["minimum"], minimum);
        let limit = least + plain[minimum].1;
        let simplest = plain.iter().position(|one| one.0 <= limit).unwrap();
        assert_eq!(trial["one_standard_error"], simplest);
    }
}

#[test]
fn every_task_has_every_key_and_keeps_the_rules() {
    for (table, target, penalty, loss) in [
        ("breast_cancer", "diagnosis", "l1", "log loss"),
        ("iris", "species", "l2", "log loss"),
        ("penguins", "body_mass_g", "elastic-net", "squared error"),
    ] {
        let folder = Folder::new();
        let arguments = [
            table,
            "--target",
            target,
            "--penalty",
            penalty,
            "--folds",
            "4",
            "--penalties",
            "30",
            "--out",
            "run",
        ];
        let report = search_json(&folder, &arguments);
        assert_shape(table, &report, &shape());
        assert_eq!(
            (&report["loss"], &report["interrupted"]),
            (&json!(loss), &json!(false))
        );
        let sizes = numbers(&report["folds"]["sizes"]);
        assert_eq!(sizes.len(), 4);
        assert_eq!(
            Some(sizes.iter().sum::<f64>()),
            report["rows"].as_f64(),
            "{table}"
        );
        assert_eq!(report["fits"], 120);
        assert_rules(&report);
        let best = &report["best"];
        assert_eq!(best["at"], report["trials"][0]["minimum"]);
        // The model that was saved is the one that was chosen, fitted to all rows.
        assert_eq!(
            best["penalty"]["lambda"],
            report["fit"]["penalty"]["lambda"]
        );
        assert_eq!(report["rows"], report["fit"]["rows"]["train"]);
        assert_eq!(folder.names(), ["run"]);
        let fit = [
            "fit", table, "--target", target, "--test", "0", "--format", "json",
        ];
        let lambda = best["penalty"]["lambda"].as_f64().unwrap().to_string();
        let penalty = ["--penalty", penalty, "--lambda", &lambda, "--out", "alone"];
        let alone = folder.train(fit.iter().chain(&penalty)).ok().json();
        assert_eq!(
            alone["coefficients"], report["fit"]["coefficients"],
            "{table}"
        );
        folder.infer(["inspect", "run"]).ok();
    }
}

#[test]
fn a_path_of_one_penalty_on_one_fold_is_a_fit_and_its_test() {
    // The rows of the last year are held out: by a search, and by hand in a file of their own.
    let folder = Folder::new();
    let table = Table::small().with_column("year", |row| format!("{}", 2000 + row / 20));
    folder.write("t.csv", table.csv());
    folder.write(
        "early.csv",
        table.filtered(|row| row < 40).without(&["year"]).csv(),
    );
    folder.write(
        "late.csv",
        table.filtered(|row| row >= 40).without(&["year"]).csv(),
    );
    let arguments = [
        "t.csv", "--target", "y", "--time", "year", "--folds", "2", "--lambda", "0.05", "--drop",
        "year",
    ];
    let report = search_json(&folder, &arguments);
    assert_eq!(report["folds"]["kind"], "ordered");
    assert_eq!(numbers(&report["folds"]["sizes"]), [20.0, 20.0]);
    let score = &report["trials"][0]["scores"][0];
    folder
        .train([
            "fit",
            "early.csv",
            "--target",
            "y",
            "--lambda",
            "0.05",
            "--test",
            "0",
        ])
        .ok();
    let predicted = folder
        .infer(["predict", "runs/latest", "late.csv", "--quiet"])
        .ok()
        .stdout;
    let predicted = Table::parse(predicted.trim_end());
    let late = Table::open(&folder.path("late.csv"));
    let column = predicted
        .header
        .iter()
        .position(|name| name == "probability")
        .unwrap();
    let losses: f64 = (0..20)
        .map(|row| {
            let p: f64 = predicted.rows[row][column].parse().unwrap();
            if late.cell(row, "y") == "yes" {
                -p.ln()
            } else {
                -(1.0 - p).ln()
            }
        })
        .sum();
    let said = score["folds"][1].as_f64().unwrap();
    assert!(
        (said - losses / 20.0).abs() < tolerance::PROBABILITY_F32 * 10.0,
        "{said}"
    );
}

#[test]
fn groups_are_held_out_together_and_are_no_feature() {
    let folder = Folder::new();
    let table = Table::small().with_column("patient", |row| format!("p{}", row % 6));
    folder.write("t.csv", table.csv());
    let report = search_json(
        &folder,
        &[
            "t.csv",
            "--target",
            "y",
            "--group",
            "patient",
            "--folds",
            "6",
            "--penalties",
            "5",
        ],
    );
    assert_eq!(report["folds"]["kind"], "grouped");
    assert_eq!(report["folds"]["column"], "patient");
    assert_eq!(numbers(&report["folds"]["sizes"]), [10.0; 6]);
    let names: Vec<&str> = (report["fit"]["coefficients"].as_array().unwrap().iter())
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a", "b"]);
    // What was saved is a run like any other.
    let replay = folder
        .train(["replay", "runs/latest", "--format", "json"])
        .ok();
    assert_eq!(replay.json()["verdict"], "equal", "{replay}");
    let more = ["--folds", "7"];
    let arguments = ["t.csv", "--target", "y", "--group", "patient"];
    search(&folder, &[&arguments[..], &more].concat())
        .fails(2, &["7 folds of only 6 groups", "try at most 6 folds"]);
}

#[test]
fn the_number_of_threads_changes_no_digit() {
    let lasting = |report: &Value| {
        let of = |trial: &Value| (trial["scores"].clone(), trial["settings"].clone());
        let trials = report["trials"].as_array().unwrap();
        (
            trials.iter().map(of).collect::<Vec<_>>(),
            report["best"].clone(),
        )
    };
    for more in [
        &["--penalty", "l1", "--vary", "max-levels=2,3"][..],
        &[
            "--solver",
            "adam",
            "--vary",
            "learning-rate=0.003,0.03",
            "--epochs",
            "4",
        ],
    ] {
        let folder = Folder::new();
        let with = |threads: &str| {
            let base = [
                "penguins",
                "--folds",
                "3",
                "--penalties",
                "8",
                "--threads",
                threads,
            ];
            search_json(&folder, &[&base, more].concat())
        };
        let (one, four) = (with("1"), with("4"));
        assert_eq!(lasting(&one), lasting(&four));
        assert_eq!(one["trials"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn mini_batches_near_the_optimum_have_its_loss() {
    let folder = Folder::new();
    folder.write("t.csv", Table::small().csv());
    let base = ["t.csv", "--target", "y", "--folds", "3", "--lambda", "0.1"];
    let exact = search_json(&folder, &base);
    let batches = [
        "--solver",
        "adam",
        "--schedule",
        "cosine",
        "--epochs",
        "400",
        "--batch-size",
        "40",
        "--learning-rate",
        "0.05",
        "--backend",
        "flex",
    ];
    let adam = search_json(&folder, &[&base[..], &batches].concat());
    let losses = |report: &Value| numbers(&report["trials"][0]["scores"][0]["folds"]);
    for (exact, adam) in losses(&exact).iter().zip(losses(&adam)) {
        assert!((exact - adam).abs() < 1e-4, "{exact} {adam}");
    }
    assert_eq!(adam["fit"]["solver"], "adam");
}

#[test]
fn a_nested_search_judges_its_choice_on_rows_that_it_did_not_see() {
    let folder = Folder::new();
    let report = search_json(
        &folder,
        &[
            "breast_cancer",
            "--folds",
            "3",
            "--penalties",
            "12",
            "--nested",
            "4",
        ],
    );
    let nested = &report["nested"];
    let folds = nested["folds"].as_array().unwrap();
    assert_eq!(folds.len(), 4);
    let losses: Vec<f64> = folds
        .iter()
        .map(|fold| fold["loss"].as_f64().unwrap())
        .collect();
    let mean = losses.iter().sum::<f64>() / 4.0;
    // Outer folds are nearly of one size.
    assert!((nested["mean"].as_f64().unwrap() - mean).abs() < 1e-2 * mean);
    let (low, high) = losses
        .iter()
        .fold((1.0_f64, 0.0_f64), |(l, h), &x| (l.min(x), h.max(x)));
    assert!(low < mean && mean < high && high < 0.3, "{losses:?}");
    let text = search(
        &folder,
        &["iris", "--folds", "3", "--penalties", "5", "--nested", "3"],
    );
    text.ok().shows(&["nested log loss", "over 3 outer folds"]);
}

#[test]
fn the_text_fits_a_terminal_and_says_what_was_chosen() {
    let folder = Folder::new();
    for more in [
        &[][..],
        &[
            "--penalty",
            "elastic-net",
            "--vary",
            "l1-ratio=0.2,1",
            "--rule",
            "1se",
        ],
    ] {
        let base = ["breast_cancer", "--folds", "5", "--penalties", "40"];
        let outcome = search(&folder, &[&base, more].concat()).ok();
        for line in outcome.stdout.lines() {
            assert!(line.chars().count() <= 80, "{line}");
            assert_eq!(line, line.trim_end());
        }
        outcome.shows(&[
            "569 rows -> diagnosis (binary)",
            "5 folds, stratified: 113 to 114 rows",
            "lambda log loss std error nonzero",
            "min",
            "1se",
            "best",
            "scikit-learn C =",
            "converged",
            "wrote runs/breast_cancer-",
            "next cargo run",
        ]);
    }
}

#[test]
fn the_picture_and_the_table_are_files() {
    let folder = Folder::new();
    let arguments = [
        "iris",
        "--folds",
        "3",
        "--penalties",
        "7",
        "--picture",
        "p.svg",
        "--csv",
        "t.csv",
        "--vary",
        "tolerance=1e-9,1e-10",
    ];
    let report = search_json(&folder, &arguments);
    assert_eq!(
        (&report["picture"], &report["csv"]),
        (&json!("p.svg"), &json!("t.csv"))
    );
    let svg = folder.read("p.svg");
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    for text in [
        "log loss on rows held out",
        "12 coefficients on all rows",
        ">min<",
        "petal",
    ] {
        assert!(svg.contains(text), "{text}");
    }
    let table = Table::open(&folder.path("t.csv"));
    assert_eq!(table.rows.len(), 14);
    assert_eq!(
        table.header[..5],
        ["trial", "tolerance", "lambda", "l1_ratio", "mean"]
    );
    assert_eq!(table.header.last().unwrap(), "fold_3");
    let scores = report["trials"][1]["scores"].as_array().unwrap();
    assert_eq!(Some(table.number(7, "mean")), scores[0]["mean"].as_f64());
    let chosen = table
        .rows
        .iter()
        .filter(|row| row.contains(&"true".to_owned()));
    assert_eq!(chosen.count(), 1);
    search(&folder, &["iris", "--picture", "none/p.svg"]).fails(1, &["none/p.svg"]);
}

#[test]
fn settings_stand_in_a_file_too() {
    let folder = Folder::new();
    folder.write(
        "s.toml",
        "folds = 3\npenalties = 4\nvary = [\"l1-ratio=0.5,1\"]\npenalty = \"elastic-net\"\n",
    );
    let report = search_json(&folder, &["iris", "--config", "s.toml"]);
    assert_eq!(report["trials"].as_array().unwrap().len(), 2);
    assert_eq!(report["fits"], 24);
    folder.write("s.toml", "folds = 3\npenaltys = 4\n");
    search(&folder, &["iris", "--config", "s.toml"]).fails(
        2,
        &["s.toml:2: there is no setting `penaltys`", "write penalty"],
    );
    folder.write("s.toml", "vary = [\"l1-ration=0.5,1\"]\n");
    search(&folder, &["iris", "--config", "s.toml"]).fails(
        2,
        &[
            "there is no setting `l1-ration` to vary",
            "--vary l1-ratio=0.5,1",
        ],
    );
}

#[test]
fn where_no_setting_converges_the_table_says_why_and_nothing_is_saved() {
    let folder = Folder::new();
    let outcome = search(
        &folder,
        &["breast_cancer", "--penalty", "none", "--folds", "3"],
    )
    .exits(4);
    outcome.shows(&["best none: no setting has a loss in every fold"]);
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
#[cfg(unix)]
fn an_interrupted_search_is_130_and_saves_nothing() {
    use std::time::{Duration, Instant};

    let folder = Folder::new();
    let started = Instant::now();
    let mut sent = false;
    let outcome = folder
        .program("train")
        .args([
            "search",
            "breast_cancer",
            "--solver",
            "sgd",
            "--epochs",
            "100000000",
        ])
        .args(["--folds", "2", "--backend", "flex", "--format", "json"])
        .run_with(|child| {
            if !sent && started.elapsed() > Duration::from_millis(1500) {
                sent = true;
                crate::exit_codes::interrupt(child.id());
            }
        })
        .exits(130);
    let report = outcome.json();
    assert_eq!(report["interrupted"], true);
    assert_eq!(report["trials"][0]["scores"][0]["status"], "interrupted");
    assert!(report["fit"].is_null() && report["best"].is_null());
    assert_eq!(folder.names(), Vec::<String>::new());
}
