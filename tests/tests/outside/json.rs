//! The keys and types of every JSON document.

use serde_json::{Value, json};
use tests::{Folder, Report, Table};

/// Asserts that `value` has every key of `shape`, and the type that stands there.
///
/// A shape is an object of shapes, a list of one shape (for every element), or a text: the type's
/// name, with `?` where null is allowed.
#[track_caller]
pub(crate) fn assert_shape(path: &str, value: &Value, shape: &Value) {
    match shape {
        Value::Object(keys) => {
            assert!(value.is_object(), "{path} is not an object: {value}");
            for (key, shape) in keys {
                let inner = value
                    .get(key)
                    .unwrap_or_else(|| panic!("{path} has no {key}"));
                assert_shape(&format!("{path}.{key}"), inner, shape);
            }
        }
        Value::Array(shapes) => {
            let list = value
                .as_array()
                .unwrap_or_else(|| panic!("{path} is not a list: {value}"));
            assert!(!list.is_empty(), "{path} is empty");
            for (index, element) in list.iter().enumerate() {
                assert_shape(&format!("{path}[{index}]"), element, &shapes[0]);
            }
        }
        _ => {
            let name = shape.as_str().expect("a type's name");
            let right = match name.trim_end_matches('?') {
                "text" => value.is_string(),
                "number" => value.is_number(),
                "count" => value.is_u64(),
                "bool" => value.is_boolean(),
                "list" => value.is_array(),
                "object" => value.is_object(),
                "null" => value.is_null(),
                other => panic!("no type {other}"),
            };
            let allowed = name.ends_with('?') && value.is_null();
            assert!(right || allowed, "{path} is not a {name}: {value}");
        }
    }
}

fn report_shape(task: &str) -> Value {
    let metrics = match task {
        "binary" => json!({
            "rows": "count", "correct": "count", "log_loss": "number", "auc": "number?",
            "accuracy": "number", "brier": "number", "precision": "number?", "recall": "number?",
            "f1": "number?", "confusion": { "tp": "number", "fp": "number", "tn": "number",
            "fn": "number" }, "threshold": "number", "undefined": "list",
        }),
        "multinomial" => json!({
            "rows": "count", "correct": "count", "log_loss": "number", "auc": "number?",
            "accuracy": "number", "confusion": [["number"]],
            "classes": [{ "label": "text", "precision": "number?", "recall": "number?" }],
            "macro_average": { "precision": "number?" }, "weighted_average": { "f1": "number?" },
        }),
        _ => json!({ "rows": "count", "mse": "number", "rmse": "number", "mae": "number",
            "r2": "number?" }),
    };
    let mut coefficient = json!({ "name": "text", "source": "text", "level": "text?",
        "estimate": "number", "standardized": "number" });
    if task == "multinomial" {
        coefficient["class"] = json!("text");
    }
    json!({
        "status": "text", "detail": "text?", "task": "text",
        "positive": if task == "binary" { "text" } else { "null" },
        "labels": "list",
        "table": { "name": "text", "source": "text", "sha256": "text", "bytes": "count",
            "rows": "count", "numeric": "count", "categorical": "count", "dates": "count", "target": "text",
            "counts": "list" },
        "rows": { "train": "count", "validation": "count", "test": "count" },
        "solver": "text", "solver_reason": "text", "gradient": "text", "backend": "text", "backend_reason": "text",
        "adapter": "text?", "precision": "text",
        "penalty": { "lambda": "number", "l1_ratio": "number", "c": "number?" },
        "standardized": "bool", "seed": "count", "stochastic": "object?",
        "iterations": "count", "sample_steps": "count", "condition_number": "number?", "objective": "number",
        "certificate": { "gradient_max": "number", "newton_decrement": "number?",
            "probability_error": if task == "linear" { "null" } else { "number?" },
            "score_error": "number?", "reason": "text?", "basis": "text" },
        "duality_gap": "object?", "zero_coefficients": "count?",
        "intercept": if task == "multinomial" { "null" } else { "number" },
        "intercepts": if task == "multinomial" {
            json!([{ "class": "text", "estimate": "number", "standardized": "number" }])
        } else {
            json!("list")
        },
        "coefficients": [coefficient],
        "dropped": "list", "notes": "list", "notices": "list",
        "metrics": { "train": metrics, "validation": "null", "test": metrics },
        "seconds": { "read": "number", "prepare": "number", "fit": "number", "certify": "number",
            "evaluate": "number" },
        "versions": { "kindling": "text", "burn": "text" },
        "out": "text",
    })
}

const CASES: [(&str, &str, &str); 3] = [
    ("binary", "breast_cancer", "diagnosis"),
    ("multinomial", "iris", "species"),
    ("linear", "penguins", "body_mass_g"),
];

#[test]
fn fit_prints_one_object_with_every_key() {
    for (task, table, target) in CASES {
        let folder = Folder::new();
        let report = Report::fit(&folder, &[table, "--target", target, "--test", "0.2"]);
        assert_shape(task, &report.0, &report_shape(task));
        assert_eq!(report.0["task"], task);
        let solver = if task == "linear" {
            "least-squares"
        } else {
            "newton"
        };
        assert_eq!(report.0["solver"], solver);
        assert_eq!(report.0["gradient"], "fused");
        assert_eq!(report.0["backend"], "flex");
        assert_eq!(report.0["precision"], "f32");
        let rows = &report.0["rows"];
        let all = [&rows["train"], &rows["validation"], &rows["test"]];
        let sum: u64 = all.iter().map(|count| count.as_u64().unwrap()).sum();
        let dropped = if table == "penguins" { 2 } else { 0 };
        assert_eq!(Some(sum + dropped), report.0["table"]["rows"].as_u64());
        assert_eq!(report.0["metrics"]["test"]["rows"], rows["test"]);
        assert!(folder.path(report.0["out"].as_str().unwrap()).is_dir());
    }
}

#[test]
fn the_design_example_reads_back() {
    // What the design promises for the default fit, value by value where it is exact.
    let report = Report::fit(&Folder::new(), &["breast_cancer", "--test", "0.2"]);
    for (key, value) in [
        ("status", json!("converged")),
        ("positive", json!("malignant")),
        (
            "rows",
            json!({ "train": 455, "validation": 0, "test": 114 }),
        ),
        ("labels", json!(["benign", "malignant"])),
    ] {
        assert_eq!(report.0[key], value, "{key}");
    }
    assert!(report.number("iterations") < 20.0);
    assert!((report.0["penalty"]["lambda"].as_f64().unwrap() - 1.0 / 455.0).abs() < 1e-12);
    assert!((report.0["penalty"]["c"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    assert!(report.0["metrics"]["test"]["auc"].as_f64().unwrap() > 0.98);
    assert!(
        report.0["certificate"]["probability_error"]
            .as_f64()
            .unwrap()
            < 1e-6
    );
}

#[test]
fn categories_say_where_they_come_from() {
    let report = Report::fit(&Folder::new(), &["penguins", "--missing", "drop"]);
    let first = &report.0["coefficients"][0];
    assert_eq!(first["name"], "species=Chinstrap");
    assert_eq!(
        (&first["source"], &first["level"]),
        (&json!("species"), &json!("Chinstrap"))
    );
    let last = report.0["coefficients"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["name"], &last["level"]),
        (&json!("year"), &Value::Null)
    );
}

#[test]
fn stochastic_fits_say_what_they_ran_with() {
    let arguments = [
        "iris",
        "--solver",
        "adam",
        "--epochs",
        "3",
        "--validation",
        "0.2",
    ];
    let folder = Folder::new();
    let report = Report::fit(&folder, &[&arguments[..], &["--out", "run"]].concat());
    assert_eq!(report.status(), "completed");
    assert_shape(
        "stochastic",
        &report.0["stochastic"],
        &json!({ "solver": "text", "gradient": "text", "epochs": "count", "batch_size": "count",
            "learning_rate": "number", "schedule": "text", "seed": "count", "rule": "text",
            "beta1": "number", "beta2": "number", "epsilon": "number", "amsgrad": "bool",
            "warmup": "count", "period": "count?", "period_growth": "number", "decay_factor": "number",
            "floor": "number?", "plateau_patience": "count", "clip": "number?", "accumulate": "count",
            "average": "count", "stopping": "object?" }),
    );
    assert_eq!(report.0["iterations"], 3);
    assert!(report.0["metrics"]["validation"].is_object());
    assert!(report.0["metrics"]["test"].is_null());
    let lines: Vec<Value> = history(&folder);
    assert_eq!(lines.len(), 3);
    for (line, epoch) in lines.iter().zip(1..) {
        let shape = json!({ "epoch": "count", "learning_rate": "number", "batch_loss": "number",
            "objective": "number", "gradient_max": "number", "validation_loss": "number" });
        assert_shape("epoch", line, &shape);
        assert_eq!(line["epoch"], epoch);
    }
    assert_eq!(lines[2]["objective"], report.0["objective"]);
}

fn history(folder: &Folder) -> Vec<Value> {
    let text = folder.read("run/history.jsonl");
    assert!(text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a JSON document a line"))
        .collect()
}

#[test]
fn the_runs_folder_holds_the_same_document() {
    for (task, table, target) in CASES {
        let folder = Folder::new();
        let arguments = [table, "--target", target, "--test", "0.2", "--out", "run"];
        let report = Report::fit(&folder, &arguments);
        let manifest: Value = serde_json::from_str(&folder.read("run/run.json")).unwrap();
        assert_shape(task, &manifest, &report_shape(task));
        for (key, value) in report.0.as_object().unwrap() {
            assert_eq!(&manifest[key], value, "{key}");
        }
        assert_shape(
            "manifest",
            &manifest,
            &json!({ "format": "count", "created": "text", "arguments": ["text"],
                "hyperparameters": "object" }),
        );
        assert_eq!(manifest["arguments"][1], table);
        let created = manifest["created"].as_str().unwrap();
        assert!(created.len() == 20 && created.ends_with('Z'), "{created}");

        let lines = history(&folder);
        let shape = json!({ "iteration": "count", "objective": "number", "gradient_max": "number",
            "step": "number" });
        for (line, iteration) in lines.iter().zip(0..) {
            assert_shape("iteration", line, &shape);
            assert_eq!(line["iteration"], iteration);
        }
        assert_eq!(lines.len() as f64, report.number("iterations") + 1.0);
    }
}

#[test]
fn inspect_prints_one_object_with_every_key() {
    for (task, table, target) in CASES {
        let folder = Folder::new();
        let report = Report::fit(&folder, &[table, "--target", target, "--out", "run"]);
        let inspected = folder
            .infer(["inspect", "run", "--format", "json"])
            .ok()
            .json();
        let mut coefficient =
            json!({ "name": "text", "estimate": "number", "standardized": "number" });
        if task == "multinomial" {
            coefficient["class"] = json!("text");
        }
        let shape = json!({
            "format": "count", "task": "text", "target": "text", "labels": "list",
            "threshold": if task == "binary" { "number" } else { "null" },
            "offset": "null", "precision": "text",
            "inputs": [{ "name": "text", "kind": "text" }], "notes": "list",
            "coefficients": [coefficient], "intercepts": ["number"], "golden_rows": "count",
            "training": {
                "data": { "source": "text", "sha256": "text", "bytes": "count", "rows": "count" },
                "rows": { "train": "count", "validation": "count", "test": "count" },
                "seed": "count", "solver": "text", "gradient": "text", "backend": "text",
                "adapter": "text?",
                "penalty": { "lambda": "number", "l1_ratio": "number", "c": "number?" },
                "status": "text", "iterations": "count", "objective": "number",
                "certificate": { "gradient_max": "number" }, "metrics": "object",
                "hyperparameters": "object", "versions": { "kindling": "text", "burn": "text" },
                "created": "text",
            },
        });
        assert_shape(task, &inspected, &shape);
        assert_eq!(inspected["target"], target);
        assert_eq!(inspected["training"]["status"], report.0["status"]);
        let estimates = |value: &Value| -> Vec<Value> {
            let list = value["coefficients"].as_array().unwrap();
            list.iter().map(|one| one["estimate"].clone()).collect()
        };
        assert_eq!(estimates(&inspected), estimates(&report.0), "{task}");
    }
}

#[test]
fn predict_prints_its_counts() {
    let folder = Folder::new();
    Report::fit(&folder, &["penguins", "--out", "run"]);
    let table = Table::shipped("penguins").with_cell(0, "species", "Martian");
    folder.write("t.csv", table.csv());
    let arguments = ["predict", "run", "t.csv", "-o", "s.csv", "--format", "json"];
    let counts = folder.infer(arguments).ok().json();
    let expected = json!({ "rows": 344, "unseen": 1, "missing": 2, "unscored": 0, "out": "s.csv" });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&counts[key], value, "{key}");
    }
}

#[test]
fn json_comes_with_every_status() {
    let folder = Folder::new();
    let arguments = ["iris", "--max-iterations", "1", "--precision", "f64"];
    let outcome = Report::outcome(&folder, &arguments).exits(4);
    assert_shape(
        "stopped",
        &outcome.json()["certificate"],
        &json!({ "gradient_max": "number" }),
    );
    // An error is no result: nothing on standard output.
    let outcome = Report::outcome(&folder, &["iris", "--target", "sepal"]).exits(2);
    assert_eq!(outcome.stdout, "");
}
