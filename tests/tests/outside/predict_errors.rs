//! Tables that cannot be scored, and settings of `infer predict` that make no sense.

use std::fs;

use tests::{Folder, Report, Table};

/// A folder with a model of the small table, as `m`, and the table, as `t.csv`.
fn fitted() -> Folder {
    let folder = Folder::new();
    folder.write(
        "t.csv",
        Table::small()
            .with_column("id", |row| format!("{row}"))
            .csv(),
    );
    Report::fit(
        &folder,
        &["t.csv", "--target", "y", "--drop", "id", "--out", "m"],
    );
    folder
}

#[track_caller]
fn refused(code: i32, content: impl AsRef<[u8]>, more: &[&str], essentials: &[&str]) {
    let folder = fitted();
    folder.write("n.csv", content);
    for out in [None, Some("s.csv")] {
        let mut arguments = vec!["predict", "m", "n.csv"];
        arguments.extend(more);
        arguments.extend(out.iter().flat_map(|out| ["-o", out]));
        let outcome = folder.infer(arguments).exits(code).says(essentials);
        assert!(outcome.stderr.starts_with("error: "), "{outcome}");
        assert_eq!(
            folder.names(),
            ["m", "n.csv", "t.csv"],
            "neither half a file nor a temporary"
        );
    }
}

#[test]
fn a_column_that_the_model_needs_is_absent() {
    refused(
        3,
        Table::small().without(&["b"]).csv(),
        &[],
        &["n.csv: no column `b`, which the model needs", "try"],
    );
    refused(
        3,
        "a,B2\n1,2\n",
        &[],
        &[
            "n.csv: no column `b`, which the model needs (nearest: `B2`)",
            "rename column `B2` to `b`",
        ],
    );
}

#[test]
fn tables_that_cannot_be_read() {
    refused(3, "", &[], &["n.csv is empty"]);
    refused(3, "a,b\n", &[], &["n.csv has a header and no rows"]);
    refused(
        3,
        "a,b\n1,2\n1\n",
        &[],
        &["n.csv:3: 1 cell where the header has 2"],
    );
    refused(
        3,
        "a,b,a\n1,2,3\n",
        &[],
        &["n.csv:1: columns 1 and 3 are both named `a`"],
    );
    refused(3, b"a,b\n1,\xff\n", &[], &["n.csv:2: not UTF-8 text"]);
    let folder = fitted();
    folder
        .infer(["predict", "m", "nowhere.csv"])
        .fails(3, &["nowhere.csv: no such file", "try"]);
}

#[test]
fn cells_that_are_not_numbers() {
    let remedy = "try correct the cell";
    refused(
        3,
        "a,b\n1,2\n1,two\n",
        &[],
        &["n.csv:3: column `b`: \"two\" is not a number", remedy],
    );
    refused(
        3,
        "a,b\n1,2\ninf,2\n",
        &[],
        &["n.csv:3: column `a`: \"inf\" is not a finite", remedy],
    );
    refused(
        3,
        "a,b\n1,1e400\n",
        &[],
        &["n.csv:2: column `b`: \"1e400\" is not a finite", remedy],
    );
    // In a later batch, on its own line, and with rows before it already computed.
    let rows = "0.5,0.5\n".repeat(20_000);
    refused(
        3,
        format!("a,b\n{rows}0.5,two\n"),
        &[],
        &["n.csv:20002: column `b`: \"two\""],
    );
}

#[test]
fn remedies_are_options_that_exist() {
    let folder = fitted();
    folder.write("n.csv", "a,b\n1,2\n1,two\n");
    let said = folder.infer(["predict", "m", "n.csv"]).exits(3).stderr;
    let help = folder.infer(["predict", "--help"]).ok().stdout;
    for word in said
        .split_whitespace()
        .filter(|word| word.starts_with("--"))
    {
        assert!(help.contains(word), "infer predict has no {word}: {said}");
    }
}

#[test]
fn columns_to_keep_that_are_absent() {
    refused(
        2,
        Table::small().csv(),
        &["--keep", "bb"],
        &[
            "n.csv: no column `bb` for a kept column (nearest: `b`)",
            "try --keep b",
        ],
    );
}

#[test]
fn json_without_a_file_for_the_predictions() {
    let folder = fitted();
    folder
        .infer(["predict", "m", "t.csv", "--format", "json"])
        .fails(2, &["--format json", "standard output", "try add -o FILE"]);
}

#[test]
fn usage() {
    let folder = fitted();
    folder.infer(["predict", "m"]).fails(2, &["<TABLE>"]);
    folder.infer(["score", "m"]).fails(2, &["'score'"]);
    folder
        .infer(["predict", "m", "t.csv", "--backend", "cuda"])
        .fails(2, &["backend `cuda`"]);
    folder
        .infer(["predict", "m", "t.csv", "--delimiter", "::"])
        .fails(2, &["one character"]);
}

#[test]
fn files_that_cannot_be_written() {
    let folder = fitted();
    folder.write("file", "");
    for out in ["nowhere/s.csv", "file/s.csv"] {
        folder
            .infer(["predict", "m", "t.csv", "-o", out])
            .fails(1, &[out]);
    }
    // A folder stands where the file should be.
    fs::create_dir(folder.path("taken")).unwrap();
    folder
        .infer(["predict", "m", "t.csv", "-o", "taken"])
        .fails(1, &["taken"]);
    assert_eq!(folder.names(), ["file", "m", "t.csv", "taken"]);
}

#[test]
fn a_failing_run_leaves_the_old_file_alone() {
    let folder = fitted();
    folder.write("s.csv", "old");
    folder.write("n.csv", "a,b\n1,2\n1,two\n");
    folder
        .infer(["predict", "m", "n.csv", "-o", "s.csv"])
        .exits(3);
    assert_eq!(folder.read("s.csv"), "old");
    folder.infer(["predict", "m", "t.csv", "-o", "s.csv"]).ok();
    assert_eq!(folder.read("s.csv").lines().count(), 61);
    assert_eq!(folder.names(), ["m", "n.csv", "s.csv", "t.csv"]);
}

#[test]
fn offsets_are_needed_too() {
    let folder = Folder::new();
    let table = Table::small().with_column("o", |row| format!("0.{row}"));
    folder.write("t.csv", table.csv());
    Report::fit(
        &folder,
        &["t.csv", "--target", "y", "--offset", "o", "--out", "m"],
    );
    folder.write("n.csv", table.without(&["o"]).csv());
    folder
        .infer(["predict", "m", "n.csv"])
        .fails(3, &["n.csv: no column `o`, which the model needs"]);
    folder.write("n.csv", table.with_cell(7, "o", "").csv());
    folder
        .infer(["predict", "m", "n.csv", "-o", "s.csv"])
        .fails(
            3,
            &[
                "n.csv:9: column `o`: the offset is missing",
                "try give the row an offset",
            ],
        );
}
