//! A schema is written, edited and fitted with.

use tests::{Folder, Report, Table};

/// Numbers written for people, dates, an identifier.
fn folder() -> Folder {
    let folder = Folder::new();
    let table = Table::small()
        .with_column("id", |row| format!("k{row:03}"))
        .with_column("day", |row| {
            format!("{}.{}.2026", row % 28 + 1, row % 3 + 1)
        })
        .with_column("cost", |row| {
            format!("\"{},{:03}.5\"", row % 7 + 1, row * 13)
        })
        .with_column("zip", |row| format!("{}", 10 + row % 4));
    folder.write("x.csv", table.csv());
    folder
}

#[test]
fn a_schema_that_is_not_edited_changes_nothing() {
    let folder = folder();
    let written = folder.train(["schema", "x.csv", "--target", "y"]).ok();
    assert!(written.stderr.contains("`id` is left out"), "{written}");
    folder.write("s.toml", &written.stdout);
    let plain = Report::fit(&folder, &["x.csv", "--target", "y", "--out", "plain"]);
    let with = ["x.csv", "--schema", "s.toml", "--out", "with"];
    let with = Report::fit(&folder, &with);
    assert!(plain.columns().iter().any(|name| name == "day:month=2"));
    assert_eq!(plain.columns(), with.columns());
    assert_eq!(plain.estimates(), with.estimates());
    // And the models score a table alike.
    let score = |model: &str| folder.infer(["predict", model, "x.csv"]).ok().stdout;
    assert_eq!(score("plain"), score("with"));
    // Standard output is the schema alone, and --out has the same.
    folder
        .train([
            "schema", "x.csv", "--target", "y", "--out", "t.toml", "--quiet",
        ])
        .ok();
    assert_eq!(folder.read("t.toml"), written.stdout);
    let quiet = folder.train(["schema", "x.csv", "--quiet"]).ok();
    assert_eq!(quiet.stderr, "");
}

#[test]
fn an_edited_schema_is_followed_and_options_win() {
    let folder = folder();
    let written = folder
        .train(["schema", "x.csv", "--target", "y"])
        .ok()
        .stdout;
    let line = |name: &str| {
        let line = written.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name} in {written}"))
            .to_owned()
    };
    let edited = written
        .replace(
            &line("day"),
            "day = { kind = \"date\", parts = [\"weekday\"] }",
        )
        .replace(&line("zip"), "zip = { kind = \"categorical\" }");
    folder.write("s.toml", edited);
    let columns = Report::fit(&folder, &["x.csv", "--schema", "s.toml"]).columns();
    assert!(columns.iter().any(|name| name == "zip=11"), "{columns:?}");
    assert!(
        columns.iter().any(|name| name == "day:weekday=Tue"),
        "{columns:?}"
    );
    assert!(
        !columns.iter().any(|name| name == "day:days"),
        "{columns:?}"
    );
    let arguments = [
        "x.csv",
        "--schema",
        "s.toml",
        "--numeric",
        "zip",
        "--drop",
        "day",
    ];
    let columns = Report::fit(&folder, &arguments).columns();
    assert_eq!(columns, ["a", "b", "cost", "zip"]);
    let compared = folder.train([
        "compare",
        "x.csv",
        "--schema",
        "s.toml",
        "--backend",
        "flex",
        "--gradient",
        "analytic",
        "--repetitions",
        "1",
    ]);
    compared.ok();
}

#[test]
fn kinds_can_be_typed() {
    let folder = Folder::new();
    let table = Table::small()
        .with_column("flag", |row| format!("{}", row % 2))
        .with_column("at", |row| format!("{}", 1_700_000_000 + row * 100_000))
        .with_column("code", |row| format!("{}", row % 5));
    folder.write("x.csv", table.csv());
    let kinds = ["--boolean", "flag", "--date", "at", "--categorical", "code"];
    let all = [&["x.csv", "--target", "y"][..], &kinds].concat();
    let columns = Report::fit(&folder, &all).columns();
    for name in ["flag=", "at:weekday=Tue", "code=4"] {
        let close = columns.iter().any(|column| column.starts_with(name));
        assert!(close, "{name} in {columns:?}");
    }
    let words = folder.train(["x.csv", "--target", "a", "--numeric", "y"]);
    words.fails(3, &["x.csv:2", "column `y`", "is not a number"]);
}

#[test]
fn mistakes_in_the_file_have_their_place() {
    let folder = folder();
    let with = |text: &str| {
        folder.write("s.toml", text);
        folder.train(["x.csv", "--schema", "s.toml", "--target", "y"])
    };
    with("others = \"feature\"\n[columns]\na = { rule = \"feature\" }\n").fails(
        3,
        &[
            "s.toml:3",
            "no key `rule` here (nearest: `role`)",
            "write role",
        ],
    );
    with("[columns]\na = { kind = \"numerical\" }\n")
        .fails(3, &["s.toml:2", "numerical", "numeric"]);
    with("[columns\n").fails(3, &["s.toml:1"]);
    with("others = \"feature\"\n[columns]\nage = { role = \"feature\" }\n")
        .fails(2, &["x.csv: no column `age`", "nearest: `a`"]);
    let absent = folder.train(["x.csv", "--schema", "none.toml", "--target", "y"]);
    absent.fails(3, &["none.toml", "train schema TABLE"]);
    let table = folder.train(["schema", "none.csv"]);
    table.fails(3, &["none.csv"]);
}
