//! What is recognised in a table is said, with what to do about it.

use serde_json::{Value, json};
use tests::{Folder, Report, Table};

/// A table with an identifier, a column of dates and one that knows the answer.
fn folder() -> Folder {
    let folder = Folder::new();
    let small = Table::small();
    let table = small
        .clone()
        .with_column("id", |row| format!("{}", 1000 + row))
        .with_column("day", |row| format!("2026-0{}-1{}", row % 3 + 1, row % 7))
        .with_column("answer", |row| {
            let yes = small.cell(row, "y") == "yes";
            format!("{}", if yes { 50 + row % 9 } else { row % 9 })
        });
    folder.write("t.csv", table.csv());
    folder
}

#[test]
fn notices_stand_on_stderr_with_what_to_do() {
    let folder = folder();
    let arguments = ["t.csv", "--target", "y", "--test", "0", "--backend", "flex"];
    let outcome = folder.train(arguments).ok().says(&[
        "notice `id` is left out: it looks like an identifier try --keep id",
        "notice `day` holds dates, written like 2026-01-31: a model sees",
        "notice `answer`: it alone tells the target (AUC 1.0000 in 60 rows) try --drop answer",
    ]);
    assert!(!outcome.stdout.contains("identifier"), "{outcome}");
    assert!(!outcome.stdout.contains("  id "), "{outcome}");
    let quiet = folder.train([&arguments[..], &["--quiet"]].concat()).ok();
    assert_eq!(quiet.stderr, "");
    let followed = folder.train([&arguments[..], &["--drop", "id,day,answer"]].concat());
    assert_eq!(followed.ok().stderr, "");
    let kept = folder.train([&arguments[..], &["--keep", "id", "--drop", "day,answer"]].concat());
    assert!(kept.ok().stdout.contains("  id "));
}

#[test]
fn a_comparison_says_them_too() {
    let compared = ["compare", "t.csv", "--target", "y", "--repetitions", "1"];
    let backend = ["--backend", "flex", "--gradient", "analytic"];
    let outcome = folder().train([&compared[..], &backend].concat()).ok();
    outcome.says(&["notice `id` is left out: it looks like an identifier"]);
}

#[test]
fn json_has_them_as_a_list() {
    let folder = folder();
    let report = Report::fit(&folder, &["t.csv", "--target", "y"]);
    let notices = report.0["notices"].as_array().unwrap();
    let columns: Vec<&Value> = notices.iter().map(|notice| &notice["column"]).collect();
    assert_eq!(columns, ["id", "day", "answer"]);
    assert_eq!(
        notices[0],
        json!({
            "column": "id",
            "message": "`id` is left out: it looks like an identifier",
            "remedy": "--keep id",
        })
    );
    assert_eq!(report.0["table"]["dates"], 1);
    assert_eq!(report.0["table"]["categorical"], 0);
    let arguments = ["t.csv", "--target", "y", "--drop", "id,day,answer"];
    assert_eq!(Report::fit(&folder, &arguments).0["notices"], json!([]));
}

#[test]
fn the_shipped_tables_have_none() {
    let folder = Folder::new();
    for table in crate::SHIPPED_TABLES {
        let report = Report::fit(&folder, &[table]);
        assert_eq!(report.0["notices"], json!([]), "{table}");
    }
}
