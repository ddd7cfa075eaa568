//! Columns that become numbers in other ways than one each.

use serde_json::Value;
use tests::{Folder, Report, Table};

/// Two numbers, and towns of which some are rare.
fn folder() -> Folder {
    let folder = Folder::new();
    let towns = ["Aachen", "Bonn", "Celle", "Daun", "Emden"];
    let town = |row: usize| towns[(row % 3) + usize::from(row % 10 == 9) * 2].to_owned();
    let table = Table::small()
        .with_column("town", town)
        .with_cell(5, "a", "")
        .with_cell(9, "a", "")
        .with_cell(14, "a", "");
    folder.write("x.csv", table.csv());
    folder
}

fn fit(folder: &Folder, more: &[&str]) -> Report {
    let all = [&["x.csv", "--target", "y", "--test", "0"][..], more].concat();
    Report::fit(folder, &all)
}

fn notes(report: &Report) -> String {
    let notes = report.0["notes"].as_array().unwrap();
    let notes: Vec<&str> = notes.iter().filter_map(Value::as_str).collect();
    notes.join("\n")
}

#[test]
fn numbers_have_functions() {
    let folder = folder();
    for (encoding, columns, note) in [
        (
            "b=polynomial:3",
            &["b", "b^2", "b^3"][..],
            "polynomial of degree 3",
        ),
        (
            "b=spline:4",
            &["b", "b~2", "b~3"],
            "natural cubic spline with knots at",
        ),
        (
            "b=spline@0.2,0.5,0.8",
            &["b", "b~2"],
            "knots at 0.2, 0.5, 0.8",
        ),
        (
            "b=bins@0.25,0.75",
            &[],
            "cut into 3 intervals at 0.25, 0.75",
        ),
    ] {
        let report = fit(&folder, &["--encode", encoding, "--drop", "a,town"]);
        if columns.is_empty() {
            assert_eq!(report.columns().len(), 2, "{:?}", report.columns());
        } else {
            assert_eq!(report.columns(), columns);
        }
        assert!(notes(&report).contains(note), "{}", notes(&report));
        let coefficients = report.0["coefficients"].as_array().unwrap();
        assert!(coefficients.iter().all(|one| one["source"] == "b"));
        folder.infer(["inspect", "runs/latest"]).ok().shows(&[note]);
        folder.infer(["predict", "runs/latest", "x.csv"]).ok();
    }
}

#[test]
fn levels_are_grouped_and_hashed() {
    let folder = folder();
    let most = fit(&folder, &["--drop", "a,b", "--max-levels", "3"]);
    assert_eq!(most.columns().len(), 2, "{:?}", most.columns());
    assert!(
        notes(&most).contains("grouped as (other)"),
        "{}",
        notes(&most)
    );
    for fewest in ["10", "10%"] {
        let rare = fit(&folder, &["--drop", "a,b", "--min-level-rows", fewest]);
        assert!(
            rare.columns().contains(&"town=(other)".to_owned()),
            "{:?}",
            rare.columns()
        );
    }
    let hashed = fit(&folder, &["--drop", "a,b", "--encode", "town=hash:6"]);
    assert!(
        notes(&hashed).contains("hashed to 64 buckets"),
        "{}",
        notes(&hashed)
    );
    assert!(
        hashed
            .columns()
            .iter()
            .all(|name| name.starts_with("town=#"))
    );
    // A hundred levels are the default's limit.
    let many = Table::small();
    let mut wide = many.clone();
    for _ in 0..4 {
        wide.rows.extend(many.rows.clone());
    }
    let wide = wide.with_column("place", |row| format!("p{}", row % 120));
    folder.write("x.csv", wide.csv());
    let report = fit(&folder, &[]);
    assert!(report.columns().contains(&"place=(other)".to_owned()));
    let all = fit(&folder, &["--max-levels", "200"]);
    assert!(!all.columns().contains(&"place=(other)".to_owned()));
}

#[test]
fn missing_cells_can_have_a_column() {
    let folder = folder();
    let report = fit(&folder, &["--missing-indicators", "--drop", "town"]);
    assert_eq!(report.columns(), ["a", "a=(missing)", "b"]);
    let arguments = [
        "x.csv",
        "--target",
        "y",
        "--missing-indicators",
        "--missing",
        "drop",
    ];
    folder
        .train(arguments)
        .fails(2, &["missing cells", "--missing impute"]);
}

#[test]
fn products_are_those_of_the_cells_and_fold_back_to_their_pair() {
    let folder = folder();
    let report = fit(
        &folder,
        &[
            "--interact",
            "a:b",
            "--interact",
            "b:town",
            "--precision",
            "f64",
        ],
    );
    let coefficients = report.0["coefficients"].as_array().unwrap();
    let of = |source: &str| {
        coefficients
            .iter()
            .filter(|one| one["source"] == source)
            .count()
    };
    assert_eq!((of("a:b"), of("b:town"), of("b")), (1, 4, 1));
    // By hand, from the printed coefficients and the cells as they stand.
    let table = Table::parse(&folder.read("x.csv"));
    let scored = folder
        .infer(["predict", "runs/latest", "x.csv", "--keep", "a"])
        .ok()
        .stdout;
    let scored = Table::parse(&scored);
    for row in [0, 20, 41] {
        let (a, b) = (table.number(row, "a"), table.number(row, "b"));
        let town = table.cell(row, "town");
        let mut score = report.number("intercept");
        for (name, estimate) in report.columns().iter().zip(report.estimates()) {
            score += estimate
                * match name.as_str() {
                    "a" => a,
                    "b" => b,
                    "a:b" => a * b,
                    other => {
                        let (head, level) = other.split_once("town=").unwrap();
                        let dummy = f64::from(u8::from(level == town));
                        if head.is_empty() { dummy } else { b * dummy }
                    }
                };
        }
        let probability = 1.0 / (1.0 + (-score).exp());
        let printed = scored.number(row, "probability");
        assert!(
            (probability - printed).abs() < 1e-6,
            "{probability} {printed}"
        );
    }
    let every = fit(&folder, &["--interact", "b:*"]);
    assert!(
        every.columns().contains(&"b:a".to_owned()),
        "{:?}",
        every.columns()
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = folder();
    let refused = |arguments: &[&str], essentials: &[&str]| {
        let all = [&["x.csv", "--target", "y"][..], arguments].concat();
        folder.train(all).fails(2, essentials);
    };
    refused(
        &["--encode", "a=splin:4"],
        &["--encode", "`splin` is no encoding", "spline"],
    );
    refused(&["--encode", "a"], &["--encode", "column=encoding"]);
    refused(
        &["--encode", "a=spline:99"],
        &["spline:99", "spline:3 up to spline:20"],
    );
    refused(
        &["--encode", "town=spline:4"],
        &["column `town` is categorical", "spline:4"],
    );
    refused(
        &["--encode", "a=hash:4"],
        &["column `a` is numeric", "--categorical a"],
    );
    refused(&["--encode", "c=spline:4"], &["`c` is not a feature"]);
    refused(
        &["--encode", "a=spline:4", "--encode", "a=bins:3"],
        &["column `a` is spline:4 already"],
    );
    refused(
        &["--interact", "a"],
        &["--interact", "does not name two columns"],
    );
    refused(
        &["--interact", "a:a"],
        &["paired with itself", "a=polynomial:2"],
    );
    refused(&["--interact", "a:bb"], &["`bb`", "--interact"]);
    refused(
        &["--max-levels", "1"],
        &["at most 1 level", "--max-levels 2"],
    );
    refused(&["--min-level-rows", "101%"], &["--min-level-rows", "101%"]);
}
