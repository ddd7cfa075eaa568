//! Columns that are not what they look like are pointed out, and nothing is changed.

use serde_json::{Value, json};
use tests::{Folder, Report, Table};

/// A table with an identifier and a column of dates.
fn folder() -> Folder {
    let folder = Folder::new();
    let table = Table::small()
        .with_column("id", |row| format!("{}", 1000 + row))
        .with_column("day", |row| format!("2026-0{}-1{}", row % 3 + 1, row % 7));
    folder.write("t.csv", table.csv());
    folder
}

#[test]
fn notices_stand_on_stderr_with_what_to_do() {
    let folder = folder();
    let arguments = ["t.csv", "--target", "y", "--test", "0", "--backend", "flex"];
    let outcome = folder.train(arguments).ok().says(&[
        "notice `id` looks like an identifier: no value stands twice try --drop id",
        "notice `day` holds dates",
    ]);
    assert!(!outcome.stdout.contains("identifier"), "{outcome}");
    // Nothing was changed: the column is in the fit.
    assert!(outcome.stdout.contains("  id "), "{outcome}");
    let quiet = folder.train([&arguments[..], &["--quiet"]].concat()).ok();
    assert_eq!(quiet.stderr, "");
    let followed = folder.train([&arguments[..], &["--drop", "id,day"]].concat());
    assert_eq!(followed.ok().stderr, "");
}

#[test]
fn json_has_them_as_a_list() {
    let folder = folder();
    let report = Report::fit(&folder, &["t.csv", "--target", "y"]);
    let notices = report.0["notices"].as_array().unwrap();
    let columns: Vec<&Value> = notices.iter().map(|notice| &notice["column"]).collect();
    assert_eq!(columns, ["id", "day"]);
    assert_eq!(
        notices[0],
        json!({
            "column": "id",
            "message": "`id` looks like an identifier: no value stands twice",
            "remedy": "--drop id",
        })
    );
    let plain = Report::fit(&folder, &["t.csv", "--target", "y", "--drop", "id,day"]);
    assert_eq!(plain.0["notices"], json!([]));
}

#[test]
fn the_shipped_tables_have_none() {
    let folder = Folder::new();
    for table in [
        "breast_cancer",
        "penguins",
        "anes96",
        "iris",
        "wine",
        "longley",
        "challenger",
    ] {
        let report = Report::fit(&folder, &[table]);
        assert_eq!(report.0["notices"], json!([]), "{table}");
    }
}
