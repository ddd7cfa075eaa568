//! Parquet in and out, through the programs.

use std::fs;

use dataset::{CsvOptions, Input, SchemaOptions, read_table};
use tests::{Folder, Report};

const GENERATE: [&str; 7] = [
    "generate",
    "classification",
    "--rows",
    "400",
    "--columns",
    "4",
    "--out",
];

/// The columns of a table.
fn columns(folder: &Folder, name: &str) -> Vec<dataset::Column> {
    let input = Input::file(folder.path(name)).unwrap();
    let (table, ..) =
        read_table(&input, &CsvOptions::default(), &SchemaOptions::default()).unwrap();
    table.columns().to_vec()
}

#[test]
fn what_is_written_as_parquet_is_what_csv_has() {
    let folder = Folder::new();
    for name in ["rows.csv", "rows.parquet"] {
        folder.train([&GENERATE[..], &[name]].concat()).ok();
    }
    assert!(
        fs::read(folder.path("rows.parquet"))
            .unwrap()
            .starts_with(b"PAR1")
    );
    assert_eq!(
        columns(&folder, "rows.parquet"),
        columns(&folder, "rows.csv")
    );
    let fitted = Report::fit(&folder, &["rows.parquet", "--target", "y", "--out", "run"]);
    let expected = Report::fit(&folder, &["rows.csv", "--target", "y"]);
    assert_eq!(fitted.estimates(), expected.estimates());

    for precision in ["f32", "f64"] {
        for out in ["scores.csv", "scores.parquet"] {
            let table = ["predict", "run", "rows.parquet", "--keep", "x1", "--quiet"];
            let how = ["--precision", precision, "-o", out];
            folder.infer([table.as_slice(), &how].concat()).ok();
        }
        let scores = columns(&folder, "scores.parquet");
        let names: Vec<&str> = scores.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["x1", "probability", "label", "flags"]);
        // What is kept is handed on as text, which CSV does not tell from numbers.
        assert_eq!(scores[1], columns(&folder, "scores.csv")[1]);
        assert_eq!(columns(&folder, "scores.csv")[1].cells.len(), 400);
    }
}

#[test]
fn a_damaged_file_is_an_error_of_one_kind() {
    let folder = Folder::new();
    folder
        .train([&GENERATE[..], &["rows.parquet"]].concat())
        .ok();
    let whole = fs::read(folder.path("rows.parquet")).unwrap();
    for place in (4..whole.len()).step_by(whole.len() / 60) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x5a;
        folder.write("damaged.parquet", bytes);
        let outcome = folder.train(["schema", "damaged.parquet"]);
        let code = outcome.code.unwrap_or_default();
        assert!([0, 3].contains(&code), "{place}: {outcome}");
        outcome.exits(code); // … and nothing of a panic was said
    }
}
