use super::*;
use crate::fingerprint::Fingerprint;
use crate::read::assembly::Plan;
use crate::read::blocks::Sizes;
use crate::read::{CsvOptions, Input, read_table, whole};
use crate::schema::Mention;
use crate::table::Table;

fn read(text: &str) -> Result<(Table, Schema, Fingerprint), ReadError> {
    read_with(text, &SchemaOptions::default())
}

fn read_with(
    text: &str,
    options: &SchemaOptions,
) -> Result<(Table, Schema, Fingerprint), ReadError> {
    read_table(
        &Input::bytes("t.csv", text.as_bytes().to_vec()),
        &CsvOptions::default(),
        options,
    )
}

fn kinds(text: &str) -> Vec<Kind> {
    read(text)
        .unwrap()
        .1
        .columns
        .iter()
        .map(|column| column.kind)
        .collect()
}

fn fails(text: &str) -> ReadError {
    fails_with(text, &SchemaOptions::default())
}

fn fails_with(text: &str, options: &SchemaOptions) -> ReadError {
    let error = read_with(text, options).unwrap_err();
    assert!(error.to_string().starts_with("t.csv"), "{error}");
    assert!(error.remedy().is_some());
    error
}

/// A column `a` of ten numbers in which some rows have another cell.
fn mostly_numbers(cells: &[(usize, &str)]) -> String {
    let cell = |row: usize| {
        let other = cells.iter().find(|(other, _)| *other == row);
        other.map_or_else(|| row.to_string(), |(_, cell)| (*cell).to_string())
    };
    let rows: Vec<_> = (0..10).map(|row| cell(row) + ",x").collect();
    format!("a,b\n{}\n", rows.join("\n"))
}

fn options(change: impl FnOnce(&mut SchemaOptions)) -> SchemaOptions {
    let mut options = SchemaOptions::default();
    change(&mut options);
    options
}

#[test]
fn kinds_are_inferred() {
    use Kind::{Boolean, Categorical, Numeric};
    let text = "n,c,b,m,e\n1,x,Yes,true,\n -2.5e3 ,2,no,no,NA\nNA,null,NULL,,N/A\n";
    assert_eq!(
        kinds(text),
        [Numeric, Categorical, Boolean, Categorical, Numeric]
    );
    for column in [
        "t\nT\nF\n",
        "t\ny\nN\n",
        "t\nTRUE\nfalse\n",
        "t\nyes\nYES\n",
    ] {
        assert_eq!(kinds(column), [Boolean], "{column}");
    }
    assert_eq!(kinds("zero_one\n0\n1\n"), [Numeric]);
    assert_eq!(kinds("mixed\n1\nyes\n"), [Categorical]);
}

#[test]
fn cells_become_numbers_and_levels() {
    let (table, _, fingerprint) = read("n, c ,b\n1, x y ,Yes\nNA,x y,no\n-0,,\n").unwrap();
    assert_eq!(fingerprint.rows, 3);
    assert_eq!(fingerprint.columns, 3);
    let cells = |name: &str| {
        let column = table.column(name).unwrap();
        (0..3)
            .map(|row| column.cell(row).unwrap_or("-".into()))
            .collect::<Vec<_>>()
    };
    assert_eq!(cells("n"), ["1", "-", "-0"]);
    assert_eq!(cells("c"), ["x y", "x y", "-"]);
    assert_eq!(cells("b"), ["yes", "no", "-"]);
}

#[test]
fn rows_know_their_lines() {
    let (table, ..) = read("a,b\n\"x\ny\",1\n\nz,2\n").unwrap();
    assert_eq!((table.line(0), table.line(1)), (2, 5));
}

#[test]
fn codes_can_be_declared_categorical() {
    let categorical = options(|options| options.categorical = vec!["a".into()]);
    let (table, schema, _) = read_with("a\n01\n1\n", &categorical).unwrap();
    assert_eq!(schema.columns[0].kind, Kind::Categorical);
    let column = table.column("a").unwrap();
    assert_eq!(
        (column.cell(0).unwrap(), column.cell(1).unwrap()),
        ("01".into(), "1".into())
    );
}

#[test]
fn a_number_can_be_missing_by_declaration() {
    let csv = CsvOptions {
        na: vec!["-999".into(), "?".into()],
        ..CsvOptions::default()
    };
    let input = Input::bytes("t.csv", b"a\n-999\n?\n3\n".as_slice());
    let (table, ..) = read_table(&input, &csv, &SchemaOptions::default()).unwrap();
    assert_eq!(
        (0..3)
            .filter(|&row| table.columns()[0].cells.is_missing(row))
            .count(),
        2
    );
}

#[test]
fn ignored_columns_are_in_the_schema_only() {
    let text = mostly_numbers(&[(3, "oops"), (4, "inf")]);
    let drop = options(|options| options.drop = vec!["a".into()]);
    let (table, schema, fingerprint) = read_with(&text, &drop).unwrap();
    assert!(table.column("a").is_none());
    assert_eq!(schema.columns[0].role, Role::Ignored);
    assert_eq!((schema.columns.len(), fingerprint.columns), (2, 2));
}

#[test]
fn nothing_to_read_is_an_error() {
    for text in ["", "\n\r\n", "  \n"] {
        assert!(matches!(fails(text), ReadError::Empty { .. }), "{text:?}");
    }
    for text in ["a,b", "a,b\n\n"] {
        assert!(matches!(fails(text), ReadError::NoRows { .. }), "{text:?}");
    }
}

#[test]
fn a_ragged_row_is_an_error() {
    let error = fails("a,b\n1,2\n\n3\n");
    assert!(
        matches!(
            error,
            ReadError::Ragged {
                line: 4,
                expected: 2,
                found: 1,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(error.to_string(), "t.csv:4: 1 cell where the header has 2");
}

#[test]
fn names_must_be_there_and_differ() {
    let error = fails("a,b, a\n1,2,3\n");
    assert!(matches!(
        error,
        ReadError::DuplicateName {
            line: 1,
            first: 1,
            second: 3,
            ..
        }
    ));
    assert_eq!(
        error.to_string(),
        "t.csv:1: columns 1 and 3 are both named `a`"
    );
    let error = fails("a,,b\n1,2,3\n");
    assert!(
        matches!(
            error,
            ReadError::EmptyName {
                line: 1,
                position: 2,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let text = "income,sex\n1,f\n";
    for expected in [
        Mention::Target,
        Mention::Weight,
        Mention::Offset,
        Mention::Feature,
        Mention::Drop,
        Mention::Categorical,
        Mention::Numeric,
        Mention::Boolean,
        Mention::Date,
        Mention::Keep,
    ] {
        let name = || "incone".to_owned();
        let mistaken = options(|options| match expected {
            Mention::Target => options.target = Some(name()),
            Mention::Weight => options.weight = Some(name()),
            Mention::Offset => options.offset = Some(name()),
            Mention::Feature => options.features = Some(vec![name()]),
            Mention::Drop => options.drop.push(name()),
            Mention::Categorical => options.categorical.push(name()),
            Mention::Numeric => options.numeric.push(name()),
            Mention::Boolean => options.boolean.push(name()),
            Mention::Date => options.date.push(name()),
            Mention::Keep => options.keep.push(name()),
            Mention::Schema => options.only = Some(vec![name()]),
        });
        let error = fails_with(text, &mistaken);
        assert!(
            matches!(&error, ReadError::UnknownColumn { mention, nearest: Some(nearest), .. }
                if *mention == expected && nearest == "income"),
            "{error}"
        );
        assert_eq!(
            error.remedy().unwrap(),
            format!("{} income", expected.option())
        );
    }
    let error = fails_with(
        text,
        &options(|options| options.target = Some("height".into())),
    );
    assert_eq!(
        error.to_string(),
        "t.csv: no column `height` for the target"
    );
    assert_eq!(error.remedy().unwrap(), "one of income, sex");
}

#[test]
fn contradictions_are_an_error() {
    let both = options(|options| {
        options.target = Some("a".into());
        options.drop = vec!["a".into()];
    });
    let error = fails_with("a,b\n1,2\n", &both);
    let message = "t.csv: column `a` cannot be both the target and a dropped column";
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_stray_word_in_a_numeric_column() {
    let error = fails(&mostly_numbers(&[(7, "12,5OO")]).replace("12,5OO", "\"12,5OO\""));
    assert_eq!(
        error.to_string(),
        "t.csv:9: column `a`: \"12,5OO\" is not a number\n(the other 9 cells of the column are)"
    );
    // Half of the cells are words: the column is text.
    let words: Vec<_> = (0..5).map(|row| (row, "w")).collect();
    assert_eq!(kinds(&mostly_numbers(&words))[0], Kind::Categorical);
    // Unless it is declared to be numeric.
    let numeric = options(|options| options.numeric = vec!["a".into()]);
    let error = fails_with(&mostly_numbers(&words), &numeric);
    assert!(
        matches!(
            error,
            ReadError::NotANumber {
                line: 2,
                numeric_cells: 5,
                cells: 10,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .ends_with("(5 of the 10 cells of the column are)"),
        "{error}"
    );
    // A declared categorical column takes the word as a level.
    let categorical = options(|options| options.categorical = vec!["a".into()]);
    assert!(read_with(&mostly_numbers(&[(7, "x")]), &categorical).is_ok());
    // A weight must be a number.
    let weight = options(|options| options.weight = Some("b".into()));
    let error = fails_with(&mostly_numbers(&[]), &weight);
    assert!(
        matches!(
            error,
            ReadError::NotANumber {
                line: 2,
                numeric_cells: 0,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn numbers_that_are_not_finite() {
    for cell in ["NaN", "inf", "-Infinity", "1e400"] {
        let error = fails(&mostly_numbers(&[(2, cell)]));
        let ReadError::NotFinite {
            line: 4,
            column,
            value,
            ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!((column.as_str(), value.as_str()), ("a", cell));
    }
    // In text they are text.
    assert_eq!(kinds("name\nNan\nBob\n"), [Kind::Categorical]);
}

#[test]
fn the_mistake_on_the_earliest_line_is_reported() {
    let text = mostly_numbers(&[(5, "inf")])
        .replace(",x", ",1")
        .replace("3,1", "3,oops");
    assert!(matches!(
        fails(&text),
        ReadError::NotANumber { line: 5, .. }
    ));
    assert!(matches!(
        fails(&mostly_numbers(&[(5, "inf")])),
        ReadError::NotFinite { line: 7, .. }
    ));
    // The line is that of the cell, not of the row.
    let text = mostly_numbers(&[(5, "oops")])
        .replace("a,b", "b,a")
        .replace(",x", "");
    let rows: Vec<_> = text
        .lines()
        .skip(1)
        .map(|a| format!("\"x\ny\",{a}"))
        .collect();
    let text = format!("b,a\n{}\n", rows.join("\n"));
    assert!(
        matches!(fails(&text), ReadError::NotANumber { line: 13, .. }),
        "{}",
        fails(&text)
    );
}

#[test]
fn a_declared_boolean_has_one_spelling() {
    let boolean = options(|options| options.boolean = vec!["a".into()]);
    let (table, schema, _) = read_with("a\n1\n0\n", &boolean).unwrap();
    assert_eq!(schema.columns[0].kind, Kind::Boolean);
    assert_eq!(table.columns()[0].cell(1).as_deref(), Some("0"));
    let error = fails_with("a\nyes\nmaybe\nno\n", &boolean);
    assert!(
        matches!(error, ReadError::NotABoolean { line: 3, .. }),
        "{error}"
    );
    let error = fails_with("a\nyes\ntrue\n", &boolean);
    assert!(
        matches!(error, ReadError::NotABoolean { line: 3, .. }),
        "{error}"
    );
}

#[test]
fn a_file_that_changes_underneath_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    // Numbers, and words much later: the numbers are read again, as text.
    let sizes = Sizes {
        block: 8,
        rows: 1,
        ..Sizes::default()
    };
    let text = "a\n01\n22\n33\nxx\nyy\nzz\n";
    std::fs::write(&path, text).unwrap();
    let input = Input::file(&path).unwrap();
    let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
    let told = options.told();
    let pass = || whole::pass(&input, &csv, &Plan::First(&told), sizes, None).unwrap();
    let finish = |first| whole::finish(&input, &csv, &told, sizes, first, Vec::new(), None);

    let (table, ..) = finish(pass()).unwrap();
    assert_eq!(table.columns()[0].cell(0).as_deref(), Some("01"));
    for other in ["a\n01\n22\n33\nxx\n", "a\n02\n22\n33\nxx\nyy\nzz\n"] {
        std::fs::write(&path, text).unwrap();
        let first = pass();
        std::fs::write(&path, other).unwrap();
        let error = finish(first).unwrap_err();
        assert!(matches!(error, ReadError::Changed { .. }), "{error}");
        assert!(error.remedy().is_some());
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(
        bytes in proptest::collection::vec(
            proptest::prelude::prop::sample::select(b"a1,;\"\n\r .eNA-\xc3\xa9\0".to_vec()),
            0..80,
        ),
    ) {
        let input = Input::bytes("t.csv", bytes);
        let options = options(|options| options.target = Some("a".into()));
        let _ = read_table(&input, &CsvOptions::default(), &options);
        let _ = read_table(&input, &CsvOptions::default(), &SchemaOptions::default());
    }

    #[test]
    fn numbers_are_read_to_the_bit(values in proptest::collection::vec(-1e300..1e300_f64, 1..30)) {
        let cells: Vec<_> = values.iter().map(|value| format!("{value:e}")).collect();
        let (table, ..) = read(&format!("a\n{}\n", cells.join("\n"))).unwrap();
        let crate::table::Cells::Numeric(read) = &table.columns()[0].cells else {
            panic!("not numeric");
        };
        proptest::prop_assert_eq!(read, &values);
    }
}
