//! Tables that are wide and nearly empty: text as svmlight, from the file to the scores.

use std::fmt::Write as _;

use tests::tolerance::{PROBABILITY_F32, SAME_PROBLEM, assert_close, assert_near};
use tests::{Folder, Report, Table};

const ROWS: u64 = 500;
const COLUMNS: u64 = 3000;

/// The high bits of a multiplicative hash, below `limit`.
fn scattered(seed: u64, limit: u64) -> u64 {
    ((seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) * limit) >> 31
}

/// The cells of a row that are not 0, by index: a dozen, the low indices more often, as words are.
fn row(row: u64) -> Vec<(u64, u64)> {
    let index = |k: u64| {
        let seed = 12 * row + k;
        1 + scattered(seed, scattered(seed + 1_000_003, COLUMNS) + 1)
    };
    let mut indices: Vec<u64> = (0..12).map(index).collect();
    indices.sort_unstable();
    indices.dedup();
    let value = |index: u64| 1 + scattered(row + 7_000_003 * index, 9);
    indices
        .into_iter()
        .map(|index| (index, value(index)))
        .collect()
}

/// Whether a row is positive: mostly by whether its even indices weigh more.
fn label(cells: &[(u64, u64)], row: u64) -> i32 {
    let odd = |(index, _): &&(u64, u64)| index % 2 == 1;
    let odd: u64 = cells.iter().filter(odd).map(|(_, value)| value).sum();
    let all: u64 = cells.iter().map(|(_, value)| value).sum();
    if 2 * odd + scattered(row, 21) > all + 10 {
        1
    } else {
        -1
    }
}

fn svmlight(rows: std::ops::Range<u64>) -> String {
    let mut text = String::new();
    for at in rows {
        let cells = row(at);
        let _ = write!(text, "{:+}", label(&cells, at));
        for (index, value) in cells {
            let _ = write!(text, " {index}:{value}");
        }
        text.push('\n');
    }
    text
}

/// The same rows with every zero written out; the columns are those of the first `ROWS` rows.
fn csv(rows: std::ops::Range<u64>) -> String {
    let mut indices: Vec<u64> = (0..ROWS).flat_map(row).map(|(index, _)| index).collect();
    indices.sort_unstable();
    indices.dedup();
    let table = Table {
        header: std::iter::once("label".to_owned())
            .chain(indices.iter().map(|index| format!("f{index}")))
            .collect(),
        rows: rows
            .map(|at| {
                let cells = row(at);
                let cell = |index: &u64| {
                    let found = cells.iter().find(|(own, _)| own == index);
                    found.map_or(0, |(_, value)| *value).to_string()
                };
                std::iter::once(label(&cells, at).to_string())
                    .chain(indices.iter().map(cell))
                    .collect()
            })
            .collect(),
    };
    table.csv()
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("t.svm", svmlight(0..ROWS));
    folder.write("t.csv", csv(0..ROWS));
    folder
}

fn fit(folder: &Folder, table: &str, out: &str, more: &[&str]) -> Report {
    let mut arguments = vec![
        table,
        "--target",
        "label",
        "--precision",
        "f64",
        "--out",
        out,
    ];
    arguments.extend(more);
    Report::fit(folder, &arguments)
}

#[test]
fn sparse_rows_have_the_fit_and_the_scores_of_dense_ones() {
    let folder = folder();
    for (way, more) in [
        ("l2", &["--lambda", "0.01"][..]),
        ("l1", &["--lambda", "0.01", "--penalty", "l1"]),
        ("raw", &["--lambda", "0.01", "--no-standardize"]),
        ("lbfgs", &["--lambda", "0.01", "--solver", "lbfgs"]),
    ] {
        let [one, other] = [format!("sparse-{way}"), format!("dense-{way}")];
        let sparse = fit(&folder, "t.svm", &one, more);
        let dense = fit(&folder, "t.csv", &other, more);
        assert_eq!(
            (sparse.status(), dense.status()),
            ("converged".into(), "converged".into())
        );
        assert_eq!(sparse.columns(), dense.columns());
        let design = &sparse.0["design"];
        assert_eq!(design["sparse"], true);
        assert_eq!(design["columns"], sparse.columns().len());
        let fill = design["fill"].as_f64().unwrap();
        let stored = design["stored"].as_f64().unwrap();
        assert_eq!(fill, stored / (ROWS as f64 * sparse.columns().len() as f64));
        assert!(fill < 0.01, "{fill}");
        assert_eq!(dense.0["design"]["sparse"], false);
        assert_eq!(dense.0["design"]["stored"], serde_json::Value::Null);
        for report in [&sparse, &dense] {
            let certificate = &report.0["certificate"];
            let gap = &report.0["duality_gap"];
            let error = certificate["probability_error"]
                .as_f64()
                .or_else(|| gap["probability_error"].as_f64());
            assert!(
                // A gap loses half of the digits.
                error.is_some_and(|error| error < 1e-3),
                "{way} {certificate} {gap}"
            );
        }
        if way == "l1" {
            // Columns of one row each are alike: the minimum is unique, the coefficients are not.
            let [a, b] = [&sparse, &dense].map(|report| report.number("objective"));
            assert!((a - b).abs() < 1e-8, "{a} {b}");
            continue;
        }
        let [a, b] = [&sparse, &dense].map(|report| report.standardized().remove(0));
        assert_near(way, &a, &b, SAME_PROBLEM, 1.0);
        // Either model scores either table.
        let scores = |model: &str, table: &str| {
            let scored = folder
                .infer(["predict", model, table, "--backend", "flex"])
                .ok();
            Table::parse(&scored.stdout).numbers("probability")
        };
        let expected = scores(&other, "t.csv");
        for (model, table) in [(&one, "t.svm"), (&one, "t.csv"), (&other, "t.svm")] {
            assert_close(way, &scores(model, table), &expected, PROBABILITY_F32);
        }
    }
}

#[test]
fn a_wide_model_is_summarised_and_checks_itself() {
    let folder = folder();
    let fitted = folder
        .train([
            "t.svm", "--target", "label", "--lambda", "0.01", "--out", "run",
        ])
        .ok();
    fitted.shows(&[
        "sparse rows of",
        "% filled",
        "columns more: each is 0 in every row to fit on",
    ]);
    let inspected = folder.infer(["inspect", "run"]).ok();
    assert!(inspected.stdout.lines().count() < 300, "{inspected}");
    inspected.shows(&["golden row", "more: --format json"]);
    // The file is whole: a score that is not the model's is noticed.
    let path = folder.path("run/model.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    // Many coefficients: few of them stand in a golden row.
    let end = bytes.len();
    for coefficient in 0..2_000 {
        bytes[end - 2 - 4 * coefficient] ^= 0x40;
    }
    std::fs::write(&path, bytes).unwrap();
    folder.infer(["inspect", "run"]).fails(3, &["golden row"]);
}

#[test]
fn indices_that_the_model_does_not_know_are_counted() {
    let folder = folder();
    fit(&folder, "t.svm", "run", &["--lambda", "0.01"]);
    let known = row(0)[0].0;
    folder.write(
        "new.svm",
        format!("1 {known}:2 90001:1\n-1 90002:3 90003:1\n0\n"),
    );
    let scored = folder
        .infer(["predict", "run", "new.svm", "-o", "new.csv"])
        .ok();
    scored.says(&["3 columns of the table ignored", "f90001, f90002, f90003"]);
    let scored = folder
        .infer([
            "predict", "run", "new.svm", "-o", "new.csv", "--format", "json",
        ])
        .ok();
    assert_eq!(scored.json()["unknown_columns"], 3);
    assert_eq!(folder.read("new.csv").lines().count(), 4);
    folder.write("bad.svm", format!("1 {known}:2 {known}:1\n"));
    folder
        .infer(["predict", "run", "bad.svm"])
        .fails(3, &["bad.svm:1", "the index stands twice in the line"]);
}

#[test]
fn a_device_takes_dense_rows_while_they_fit() {
    let folder = folder();
    let penalty = ["--lambda", "0.01"];
    let sparse = fit(&folder, "t.svm", "sparse", &penalty);
    let on_tape = [&penalty[..], &["--gradient", "autodiff"]].concat();
    let dense = fit(&folder, "t.svm", "dense", &on_tape);
    assert_eq!(dense.0["design"]["sparse"], false);
    assert_eq!(dense.0["gradient"], "autodiff");
    assert_near(
        "autodiff",
        &sparse.standardized()[0],
        &dense.standardized()[0],
        SAME_PROBLEM,
        1.0,
    );
    let mut wide = String::new();
    for row in 0..30_000_u64 {
        let at = 1 + scattered(row, 100_000);
        let _ = writeln!(wide, "{} {at}:1 {}:1", row % 2, at + 1 + row % 90_000);
    }
    folder.write("wide.svm", wide);
    folder
        .train([
            "wide.svm", "--target", "label", "--solver", "adam", "--out", "adam",
        ])
        .fails(2, &["with every zero in its place", "leave out --gradient"]);
}

#[test]
fn keys_of_json_lines_may_turn_up_late() {
    let folder = Folder::new();
    let table = Table::small();
    folder.write("t.csv", table.csv());
    folder
        .train(["t.csv", "--target", "y", "--out", "run", "-q"])
        .ok();
    let names: Vec<String> = table
        .header
        .iter()
        .filter(|name| *name != "y")
        .cloned()
        .collect();
    let object = |names: &[String]| {
        let pairs: Vec<String> = names
            .iter()
            .map(|name| format!("{name:?}: {:?}", table.cell(0, name)))
            .collect();
        format!("{{{}}}\n", pairs.join(", "))
    };
    // The last key comes behind a megabyte of rows without it.
    let early = object(&names[..names.len() - 1]);
    let rows = (1 << 20) / early.len();
    folder.write("late.jsonl", early.repeat(rows) + &object(&names));
    let scored = folder.infer(["predict", "run", "late.jsonl"]).ok();
    assert_eq!(scored.stdout.lines().count(), rows + 2);
    let missing = format!("missing {}", names.last().unwrap());
    assert!(
        scored.stdout.lines().nth(1).unwrap().ends_with(&missing),
        "{missing}"
    );
    folder.write("never.jsonl", early.repeat(3));
    folder
        .infer(["predict", "run", "never.jsonl", "-o", "never.csv"])
        .fails(3, &[names.last().unwrap()]);
    assert!(!folder.path("never.csv").exists());
}
