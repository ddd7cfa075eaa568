//! `train compare`: the text, the JSON, the picture, and what it refuses.

use serde_json::{Value, json};
use tests::{Folder, Outcome, Table, gpu, tolerance};

use crate::json::assert_shape;

/// One evaluation each, so that the tests are quick.
const QUICK: [&str; 2] = ["--repetitions", "1"];

fn compare(folder: &Folder, arguments: &[&str]) -> Outcome {
    folder.train(["compare"].iter().chain(arguments).chain(&QUICK))
}

fn compare_json(folder: &Folder, arguments: &[&str]) -> Value {
    let all = [arguments, &["--format", "json"]].concat();
    compare(folder, &all).ok().json()
}

/// The lines with this backend.
fn lines<'a>(report: &'a Value, backend: &str) -> Vec<&'a Value> {
    let all = report["comparison"].as_array().unwrap();
    all.iter().filter(|one| one["backend"] == backend).collect()
}

fn shape() -> Value {
    json!({
        "table": { "name": "text", "rows": "count", "sha256": "text", "target": "text" },
        "task": "text", "labels": "list", "rows": "count", "columns": "count",
        "parameters": "count", "precision": "text",
        "penalty": { "lambda": "number", "l1_ratio": "number", "c": "number?" },
        "standardized": "bool", "solver": "text", "threads": "count", "read_seconds": "number",
        "certified": { "status": "text", "detail": "text?", "iterations": "count",
            "objective": "number", "seconds": "number",
            "certificate": { "gradient_max": "number", "newton_decrement": "number?",
                "probability_error": "number?", "score_error": "number?", "reason": "text?", "basis": "text" } },
        "comparison": [{ "backend": "text", "gradient": "text", "adapter": "text?",
            "software": "bool", "measured": "object?", "reason": "text?", "remedy": "text?" }],
        "textbook": {
            "gradients": [{ "method": "text", "backend": "text", "evaluations": "count",
                "components": "count", "seconds": "number", "difference": "number" }],
            "formulations": "list",
        },
        "explanation": "text", "notes": "list", "picture": "text?",
        "versions": { "kindling": "text", "burn": "text" },
    })
}

fn measured_shape() -> Value {
    let timing =
        json!({ "median_seconds": "number", "least_seconds": "number", "repetitions": "count" });
    json!({
        "evaluation": timing, "single_row": timing, "gradient_error": "number",
        "fit": { "status": "text", "detail": "text?", "iterations": "count", "time": timing,
            "objective": "number", "gradient_max": "number", "coefficient_difference": "number?",
            "coefficient_error": "number?" },
    })
}

#[test]
fn every_backend_and_gradient_is_a_line_with_every_key() {
    for (table, target) in [
        ("breast_cancer", "diagnosis"),
        ("iris", "species"),
        ("penguins", "body_mass_g"),
    ] {
        let report = compare_json(&Folder::new(), &[table, "--target", target]);
        assert_shape(table, &report, &shape());
        assert_eq!(report["comparison"].as_array().unwrap().len(), 7, "{table}");
        for backend in ["host", "ndarray", "flex"] {
            for line in lines(&report, backend) {
                assert_shape(table, &line["measured"], &measured_shape());
                assert!(line["reason"].is_null(), "{line}");
                let error = &line["measured"]["fit"]["coefficient_error"];
                let largest = tolerance::COMPARED_F32;
                assert!(error.as_f64().unwrap() < largest, "{table}: {line}");
                let error = line["measured"]["gradient_error"].as_f64().unwrap();
                assert!(error < tolerance::DEVICE_F32, "{table}: {line}");
            }
        }
        assert_eq!(report["certified"]["status"], "converged");
        let rows = report["rows"].as_u64().unwrap();
        let columns = report["columns"].as_u64().unwrap();
        let words = report["explanation"].as_str().unwrap();
        let cells = terminal_count(rows * columns);
        assert!(words.contains(&format!("are {cells} numbers")), "{words}");
        assert!(words.ends_with('.'), "{words}");
        let binary = report["task"] == "binary";
        let formulations = report["textbook"]["formulations"].as_array().unwrap();
        assert_eq!(formulations.len(), if binary { 10 } else { 0 });
    }
}

/// A count with its thousands apart.
fn terminal_count(value: u64) -> String {
    let digits = value.to_string();
    if digits.len() > 3 {
        let (front, back) = digits.split_at(digits.len() - 3);
        format!("{front},{back}")
    } else {
        digits
    }
}

#[test]
fn a_gpu_backend_is_measured_or_says_why_not() {
    let report = compare_json(&Folder::new(), &["iris"]);
    let lines = lines(&report, "wgpu");
    assert_eq!(lines.len(), 2);
    if gpu::choice("compare::a_gpu_backend_is_measured_or_says_why_not").is_some() {
        for line in lines {
            assert_shape("wgpu", &line["measured"], &measured_shape());
            assert!(line["adapter"].is_string(), "{line}");
            if line["software"] == true {
                let text = compare(&Folder::new(), &["iris"]).ok();
                text.shows(&["wgpu* analytic", "software adapter"]);
            }
        }
    } else {
        for line in lines {
            assert!(line["measured"].is_null(), "{line}");
            assert!(line["reason"].as_str().unwrap().contains("wgpu"), "{line}");
            assert!(!line["remedy"].as_str().unwrap().is_empty(), "{line}");
        }
    }
}

#[test]
fn gradients_by_hand_by_tape_and_by_differences_agree() {
    let folder = Folder::new();
    folder.write("t.csv", Table::small().csv());
    let report = compare_json(&folder, &["t.csv", "--target", "y"]);
    let gradients = report["textbook"]["gradients"].as_array().unwrap();
    let found: Vec<(&str, u64)> = gradients
        .iter()
        .map(|one| {
            let evaluations = one["evaluations"].as_u64().unwrap();
            (one["method"].as_str().unwrap(), evaluations)
        })
        .collect();
    let expected = [
        ("by hand", 1),
        ("by hand", 1),
        ("autodiff", 1),
        ("forward differences", 4),
        ("central differences", 6),
    ];
    assert_eq!(found, expected, "three parameters");
    for (one, allowed) in gradients.iter().zip([
        0.0,
        tolerance::DEVICE_F64,
        tolerance::DEVICE_F64,
        tolerance::FORWARD_DIFFERENCES,
        tolerance::DIFFERENCES,
    ]) {
        let difference = one["difference"].as_f64().unwrap();
        assert!(difference <= allowed, "{one}");
    }
}

#[test]
fn the_textbooks_loss_is_wrong_where_the_sigmoid_saturates() {
    let report = compare_json(&Folder::new(), &["breast_cancer", "--gradient", "fused"]);
    assert_eq!(report["comparison"].as_array().unwrap().len(), 1);
    let at = |point: &str, formula: &str, precision: &str| -> Value {
        let all = report["textbook"]["formulations"].as_array().unwrap();
        let found = all.iter().find(|one| {
            one["point"] == point && one["formula"] == formula && one["precision"] == precision
        });
        found.unwrap().clone()
    };
    let textbook = "-log(p + 1e-12)";
    let near = at("the solution", textbook, "f64");
    assert!(near["difference"].as_f64().unwrap().abs() < 1e-9, "{near}");
    let far = at("ten times the solution", textbook, "f64");
    assert!(far["difference"].as_f64().unwrap() < -1e-3, "{far}");
}

#[test]
fn the_text_fits_a_terminal_and_names_every_line() {
    let outcome = compare(&Folder::new(), &["breast_cancer"]).ok();
    for line in outcome.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert_eq!(line, line.trim_end());
    }
    outcome.shows(&[
        "569 rows, 30 columns -> diagnosis",
        "L2, lambda 0.0018 (scikit-learn C = 1)",
        "converged",
        "no fitted probability is more than",
        "time one row error time steps objective gradient error",
        "host fused",
        "ndarray analytic",
        "flex autodiff",
        "forward differences (host) 32",
        "central differences (host) 62",
        "so 569 rows × 30 columns are 17,070 numbers:",
    ]);
}

#[test]
fn the_picture_is_an_svg_file_with_every_line() {
    let folder = Folder::new();
    let report = compare_json(&folder, &["iris", "--picture", "p.svg"]);
    assert_eq!(report["picture"], "p.svg");
    let svg = folder.read("p.svg");
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    for text in ["host fused", "flex analytic", "one evaluation", "one read"] {
        assert!(svg.contains(text), "{text}");
    }
    assert_eq!(folder.names(), ["p.svg"], "nothing else is left behind");
    compare(&folder, &["iris", "--picture", "none/p.svg"]).fails(1, &["none/p.svg"]);
}

#[test]
fn f64_rows_agree_to_rounding_and_a_gpu_says_that_it_cannot() {
    let report = compare_json(&Folder::new(), &["iris", "--precision", "f64"]);
    for backend in ["host", "ndarray", "flex"] {
        for line in lines(&report, backend) {
            let error = line["measured"]["gradient_error"].as_f64().unwrap();
            assert!(error < tolerance::DEVICE_F64, "{line}");
        }
    }
    for line in lines(&report, "wgpu") {
        assert!(line["measured"].is_null() && line["reason"].is_string());
    }
}

#[test]
fn without_an_optimum_there_is_nothing_to_be_compared_with() {
    let outcome = compare(
        &Folder::new(),
        &[
            "breast_cancer",
            "--penalty",
            "none",
            "--gradient",
            "fused",
            "--format",
            "json",
        ],
    );
    let report = outcome.exits(4).json();
    assert_eq!(report["certified"]["status"], "separated");
    let fit = &report["comparison"][0]["measured"]["fit"];
    assert!(fit["coefficient_difference"].is_null(), "{fit}");
}

#[test]
fn what_cannot_be_compared() {
    let folder = Folder::new();
    let refused = |arguments: &[&str], essentials: &[&str]| {
        compare(&folder, arguments).fails(2, essentials);
    };
    refused(&["iris", "--backend", "cuda"], &["no backend `cuda`"]);
    refused(&["iris", "--gradient", "tape"], &["no gradient `tape`"]);
    refused(
        &["iris", "--penalty", "l1"],
        &["an L1 penalty", "try --penalty l2"],
    );
    refused(
        &["iris", "--solver", "adam"],
        &[
            "--solver adam does not work by the gradient over all rows",
            "--solver newton",
        ],
    );
    refused(&["iris", "--time-limit", "0"], &["--time-limit 0"]);
    folder
        .train(["compare", "iris", "--repetitions", "0"])
        .fails(2, &["--repetitions 0: it must be at least 1"]);
    compare(&folder, &["nowhere.csv"]).fails(3, &["nowhere.csv"]);
    #[cfg(not(feature = "wgpu"))]
    refused(
        &["iris", "--backend", "flex,wgpu"],
        &["wgpu is not compiled into this program", "--features wgpu"],
    );
    assert_eq!(folder.names(), Vec::<String>::new());
}
