//! `train rates`: the text, the JSON, the pictures, what it refuses; and the advice that fits give.

use serde_json::{Value, json};
use tests::{Folder, Outcome, Report};

use crate::json::assert_shape;

/// Few steps, so that the tests are quick.
const QUICK: [&str; 4] = ["--steps", "60", "--epochs", "8"];

fn rates(folder: &Folder, arguments: &[&str]) -> Outcome {
    folder.train(["rates"].iter().chain(arguments).chain(&QUICK))
}

fn rates_json(folder: &Folder, arguments: &[&str]) -> Value {
    let all = [arguments, &["--format", "json"]].concat();
    rates(folder, &all).ok().json()
}

fn shape() -> Value {
    let steepness = json!({ "value": "number", "upper": "number", "basis": "text" });
    json!({
        "table": { "name": "text", "rows": "count", "sha256": "text", "target": "text" },
        "task": "text", "rows": "count", "columns": "count", "precision": "text",
        "penalty": { "lambda": "number", "l1_ratio": "number", "c": "number?" },
        "standardized": "bool",
        "theory": { "anywhere": steepness, "safe_rate": "number", "best_sure_rate": "number",
            "start": steepness, "optimum": steepness, "limit_at_optimum": "number",
            "batch_rate": "number" },
        "start": "number",
        "optimum": { "status": "text", "objective": "number", "solver": "text" },
        "sweeps": [{ "solver": "text", "batch_size": "count", "full_batch": "bool",
            "epochs": "count", "recommended": "number",
            "runs": [{ "rate": "number", "verdict": "text", "theory": "text?", "agrees": "bool?",
                "distances": "list" }] }],
        "notes": "list", "picture": "text?",
        "versions": { "kindling": "text", "burn": "text" },
    })
}

#[test]
fn every_task_has_safe_rates_and_runs_that_keep_to_them() {
    for (table, target, methods) in [
        ("breast_cancer", "diagnosis", 4),
        ("iris", "species", 3),
        ("penguins", "body_mass_g", 4),
    ] {
        let report = rates_json(&Folder::new(), &[table, "--target", target]);
        assert_shape(table, &report, &shape());
        assert_eq!(report["optimum"]["status"], "converged");
        let sweeps = report["sweeps"].as_array().unwrap();
        assert_eq!(sweeps.len(), methods, "{table}");
        let theory = &report["theory"];
        let safe = theory["safe_rate"].as_f64().unwrap();
        let limit = theory["limit_at_optimum"].as_f64().unwrap();
        assert!(safe <= limit * (1.0 + 1e-9), "{table}: {safe} {limit}");
        let mut verdicts = Vec::new();
        for run in sweeps[0]["runs"].as_array().unwrap() {
            let rate = run["rate"].as_f64().unwrap();
            let distances = run["distances"].as_array().unwrap();
            if rate < safe {
                let numbers: Vec<f64> = distances.iter().map(|d| d.as_f64().unwrap()).collect();
                let start = numbers[0];
                let falls = |pair: &[f64]| pair[1] <= pair[0] + 1e-12 * start.abs();
                assert!(numbers.windows(2).all(falls), "{table}: {rate}");
                assert_eq!(run["theory"], "descends");
                assert_eq!(run["agrees"], true);
            }
            verdicts.push(run["verdict"].as_str().unwrap().to_owned());
        }
        assert_eq!(verdicts[0], "too-slow", "{table}: {verdicts:?}");
        let last = verdicts.last().unwrap();
        assert!(
            ["diverges", "oscillates"].contains(&last.as_str()),
            "{table}: {verdicts:?}"
        );
    }
}

/// The largest eigenvalue of the curvature, by the power method on numbers that anybody can check: one
/// column of ±1 has `XᵀX/n = 1`, and log loss a quarter of it.
#[test]
fn the_safe_rate_is_the_one_worked_out_by_hand() {
    let folder = Folder::new();
    let rows = ["1,a", "-1,b", "1,b", "-1,a", "1,a", "-1,b", "1,a", "-1,b"];
    folder.write("t.csv", format!("x,y\n{}\n", rows.join("\n")));
    let arguments = ["t.csv", "--target", "y", "--lambda", "0.5"];
    let report = rates_json(&folder, &arguments);
    // ¼ + λ for the column; ¼ for the intercept
    let steepest = report["theory"]["anywhere"]["value"].as_f64().unwrap();
    assert!((steepest - 0.75).abs() < 1e-12, "{steepest}");
    let safe = report["theory"]["safe_rate"].as_f64().unwrap();
    assert!((safe - 2.0 / 0.75).abs() < 1e-9, "{safe}");
    // Half of squared loss, exact and the same everywhere: 1 + λ.
    folder.write("n.csv", "x,y\n1,3\n-1,1\n1,5\n-1,0\n");
    let arguments = [
        "n.csv", "--target", "y", "--task", "linear", "--lambda", "0.5",
    ];
    let theory = &rates_json(&folder, &arguments)["theory"];
    for place in ["anywhere", "start", "optimum"] {
        let value = theory[place]["value"].as_f64().unwrap();
        assert!((value - 1.5).abs() < 1e-12, "{place}: {value}");
    }
}

#[test]
fn the_text_fits_a_terminal_and_says_what_to_type() {
    let folder = Folder::new();
    let outcome = rates(&folder, &["breast_cancer"]).ok();
    let text = &outcome.stdout;
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for essential in ["safe", "limit", "never increases", "diverges", "* "] {
        assert!(text.contains(essential), "{essential}: {text}");
    }
    // What it says to type can be typed.
    let advice: Vec<&str> = (text.lines())
        .filter_map(|line| line.strip_prefix("take (*)"))
        .map(str::trim)
        .collect();
    assert_eq!(advice.len(), 4, "{text}");
    for typed in advice {
        let arguments: Vec<&str> = typed.split(' ').collect();
        let all = [&["breast_cancer", "--epochs", "3"], &arguments[..]].concat();
        assert_eq!(Report::fit(&folder, &all).status(), "completed", "{typed}");
    }
}

#[test]
fn curves_are_drawn_as_a_picture_or_a_page() {
    let folder = Folder::new();
    for name in ["rates.svg", "rates.html"] {
        let outcome = rates(&folder, &["breast_cancer", "--picture", name]).ok();
        assert!(outcome.stdout.contains(name));
        let drawn = folder.read(name);
        let curves = drawn.matches("<polyline").count();
        assert!(curves >= 30, "{name}: {curves}");
        assert!(!drawn.contains("NaN"), "{name}");
    }
    assert!(folder.read("rates.svg").starts_with("<svg"));
    assert!(folder.read("rates.html").starts_with("<!doctype html>"));
}

#[test]
fn what_cannot_be_examined() {
    let folder = Folder::new();
    let refused = |arguments: &[&str], essentials: &[&str]| {
        let all = ["rates"].iter().chain(arguments);
        folder.train(all).fails(2, essentials);
    };
    refused(&["iris", "--penalty", "l1"], &["an L1 penalty", "try --"]);
    refused(
        &["iris", "--steps", "0"],
        &["--steps 0: it must be at least 1"],
    );
    refused(&["iris", "--epochs", "0"], &["--epochs 0", "try --epochs"]);
    refused(
        &["iris", "--batch-size", "151"],
        &[
            "--batch-size 151: a batch has no more rows",
            "try --batch-size all",
        ],
    );
    refused(
        &["iris", "--momentum", "1"],
        &["--momentum 1: it is the share"],
    );
    refused(&["iris", "--batch-size", "few"], &["'few'", "auto or all"]);
    assert_eq!(folder.names(), Vec::<String>::new());
}

/// A fit that diverges, oscillates or crawls names the rate to use instead.
#[test]
fn a_sick_fit_says_which_rate_to_take() {
    let folder = Folder::new();
    let fit = |rate: &str| {
        let arguments = [
            "breast_cancer",
            "--solver",
            "sgd",
            "--learning-rate",
            rate,
            "--epochs",
            "20",
            "--batch-size",
            "64",
        ];
        Report(Report::outcome(&folder, &arguments).json())
    };
    // So large that it overshoots, and yet below 2 / lambda, beyond which the penalty alone explodes.
    let worse = fit("1000");
    assert_eq!(worse.status(), "diverged");
    let crawling = fit("1e-6");
    assert_eq!(crawling.status(), "completed");
    for (report, what) in [
        (&worse, "above its start"),
        (&crawling, "thousandth of the way"),
    ] {
        let detail = report.0["detail"].as_str().unwrap();
        assert!(detail.contains(what), "{detail}");
        let rate = detail.split("--learning-rate ").nth(1).unwrap();
        let rate = rate.split(' ').next().unwrap();
        // That rate is a good one.
        let cured = fit(rate);
        assert_eq!(cured.status(), "completed", "{rate}");
        assert!(cured.number("objective") < 0.2, "{rate}");
    }
}
