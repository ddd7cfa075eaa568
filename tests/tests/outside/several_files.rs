//! Several files are one table: a pattern, several arguments, and what goes wrong with one of them.

use tests::{Folder, Report, Table};

/// A small table as a whole, and cut into three files.
fn cut() -> (Folder, Report) {
    let folder = Folder::new();
    let table = Table::small();
    folder.write("whole.csv", table.csv());
    let header = table.header.join(",");
    let third = table.rows.len() / 3;
    for (part, rows) in [
        &table.rows[..third],
        &table.rows[third..2 * third],
        &table.rows[2 * third..],
    ]
    .iter()
    .enumerate()
    {
        let lines: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
        let text = format!("{header}\n{}\n", lines.join("\n"));
        folder.write(&format!("part-{}.csv", part + 1), text);
    }
    let whole = Report::fit(&folder, &["whole.csv", "--target", "y"]);
    (folder, whole)
}

#[test]
fn a_pattern_and_several_names_are_the_table_that_they_were_cut_from() {
    let (folder, whole) = cut();
    for (names, source) in [
        (&["part-*.csv"][..], "part-*.csv"),
        (&["part-?.csv"], "part-?.csv"),
        (
            &["part-1.csv", "part-2.csv", "part-3.csv"],
            "part-1.csv and 2 more",
        ),
        (&["part-[12].csv", "part-3.csv"], "part-[12].csv and 1 more"),
    ] {
        let report = Report::fit(&folder, &[names, &["--target", "y"]].concat());
        assert_eq!(
            report.0["coefficients"], whole.0["coefficients"],
            "{names:?}"
        );
        assert_eq!(report.0["intercept"], whole.0["intercept"], "{names:?}");
        assert_eq!(report.0["table"]["source"], source);
        let out = report.0["out"].as_str().unwrap();
        assert!(out.starts_with("runs/part-1+2-"), "{out}");
    }
    folder
        .train(["part-1.csv", "part-2.csv", "part-3.csv", "--target", "y"])
        .ok()
        .shows(&["part-1+2", "fit on", "wrote runs/part-1+2-"]);
}

#[test]
fn standard_input_can_be_one_of_them() {
    let (folder, whole) = cut();
    let piped = folder
        .program("train")
        .args(["fit", "part-1.csv", "-", "part-3.csv", "--target", "y"])
        .args(["--test", "0", "--backend", "flex", "--format", "json"])
        .stdin(folder.read("part-2.csv"))
        .run();
    let report = Report(piped.ok().json());
    assert_eq!(report.0["coefficients"], whole.0["coefficients"]);
}

#[test]
fn compare_takes_them_too() {
    let (folder, _) = cut();
    let outcome = folder.train([
        "compare",
        "part-1.csv",
        "part-2.csv",
        "part-3.csv",
        "--target",
        "y",
        "--backend",
        "flex",
        "--repetitions",
        "1",
        "--format",
        "json",
    ]);
    let rows = Table::small().rows.len();
    assert_eq!(outcome.ok().json()["rows"], rows);
}

#[test]
fn a_mistake_is_told_with_the_file_that_it_is_in() {
    let (folder, _) = cut();
    let fit =
        |more: &[&str]| folder.train([&["fit", "part-*.csv", "--target", "y"], more].concat());
    let second = folder.read("part-2.csv");
    // A row that is too short, a word among numbers, a missing cell, a negative weight.
    folder.write("part-2.csv", format!("{second}1,2\n"));
    let line = second.lines().count() + 1;
    let at = |rest: &str| format!("part-2.csv:{line}: {rest}");
    fit(&[]).fails(3, &[&at("2 cells where the header has 3")]);
    folder.write("part-2.csv", format!("{second}one,2,no\n"));
    fit(&[]).fails(3, &[&at("column `a`")]);
    folder.write("part-2.csv", format!("{second},2,no\n"));
    fit(&["--missing", "error"]).fails(3, &[&at("column `a`")]);
    folder.write("part-2.csv", format!("{second}1,-2,no\n"));
    fit(&["--weight", "b"]).fails(3, &[&at("weight `b` is -2")]);
    folder.write("part-2.csv", format!("{second}1,,no\n"));
    fit(&["--offset", "b"]).fails(3, &[&at("offset `b`")]);
    // A number that f32 does not hold.
    folder.write("part-2.csv", format!("{second}1e300,2,no\n"));
    fit(&["--no-standardize", "--test", "0"]).fails(3, &[&at("column `a`")]);
    // Other columns.
    folder.write("part-2.csv", second.replace("a,b,y", "a,c,y"));
    fit(&[]).fails(3, &["part-2.csv", "part-1.csv", "`b`", "`c`"]);
    folder
        .train(["fit", "part-1.csv", "part-4.csv", "--target", "y"])
        .fails(3, &["part-4.csv: no such file"]);
    folder
        .train(["fit", "other-*.csv", "--target", "y"])
        .fails(3, &["other-*.csv"]);
}

#[test]
fn predictions_go_through_all_of_them() {
    let (folder, _) = cut();
    Report::fit(&folder, &["whole.csv", "--target", "y", "--out", "run"]);
    let whole = folder.infer(["predict", "run", "whole.csv", "-q"]).ok();
    assert_eq!(whole.stdout.lines().count(), Table::small().rows.len() + 1);
    for names in [
        &["part-*.csv"][..],
        &["part-1.csv", "part-2.csv", "part-3.csv"],
        &["part-[12].csv", "part-3.csv"],
    ] {
        let parts = folder
            .infer([&["predict", "run", "-q"], names].concat())
            .ok();
        assert_eq!(parts.stdout, whole.stdout, "{names:?}");
    }
    let piped = folder
        .program("infer")
        .args(["predict", "run", "part-1.csv", "-", "part-3.csv", "-q"])
        .stdin(folder.read("part-2.csv"))
        .run();
    assert_eq!(piped.ok().stdout, whole.stdout);
    // Each file has a header of its own, in its own order.
    let mut swapped = Table::parse(&folder.read("part-2.csv"));
    swapped.header.reverse();
    swapped.rows.iter_mut().for_each(|cells| cells.reverse());
    folder.write("part-2.csv", swapped.csv());
    let parts = folder.infer(["predict", "run", "part-*.csv", "-q"]).ok();
    assert_eq!(parts.stdout, whole.stdout);
    // What is wrong is told with its file, and nothing half is left.
    folder.write("part-2.csv", "a,b\n1,2\none,2\n");
    let failed = folder.infer(["predict", "run", "part-*.csv", "-o", "s.csv"]);
    failed.fails(3, &["part-2.csv:3: column `a`"]);
    assert!(!folder.path("s.csv").exists());
}
