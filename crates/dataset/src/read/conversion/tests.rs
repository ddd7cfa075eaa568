use crate::date::DatePart;
use crate::recognition::Finding;
use crate::schema::{Kind, Role, Schema};
use crate::table::Table;
use crate::{BatchOptions, Batches, CsvOptions, Input, ReadError, SchemaOptions, read_table};

fn read(text: &str, options: &SchemaOptions) -> Result<(Table, Schema), ReadError> {
    let input = Input::bytes("t.csv", text.as_bytes().to_vec());
    let (table, schema, _) = read_table(&input, &CsvOptions::default(), options)?;
    Ok((table, schema))
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn cells(table: &Table, column: &str) -> Vec<Option<String>> {
    let column = table.column(column).unwrap();
    (0..table.rows()).map(|row| column.cell(row)).collect()
}

const MESSY: &str = "price;rate;day;sum\n1.234,50 €;5%;31.1.2026;1'000'000\nNA;12.5 %;1.2.2026;7\n";

#[test]
fn a_column_in_one_notation_is_read_as_what_it_stands_for() {
    let (table, schema) = read(MESSY, &SchemaOptions::default()).unwrap();
    let numbers = |column: &str| cells(&table, column);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(numbers("price"), [some("1234.5"), None]);
    assert_eq!(numbers("rate"), [some("5"), some("12.5")]);
    assert_eq!(numbers("day"), [some("1769817600"), some("1769904000")]);
    assert_eq!(numbers("sum"), [some("1000000"), some("7")]);
    let kinds: Vec<Kind> = schema.columns.iter().map(|column| column.kind).collect();
    assert_eq!(
        kinds,
        [Kind::Numeric, Kind::Numeric, Kind::Date, Kind::Numeric]
    );
    assert_eq!(
        schema.columns[2].parts,
        [DatePart::Days, DatePart::Month, DatePart::Weekday]
    );
    let said: Vec<String> = schema.notices().iter().map(ToString::to_string).collect();
    assert_eq!(said[1], "`rate` is read as numbers: 1234.5% as 1234.5");
}

#[test]
fn batches_read_the_same_cells_with_the_same_notations() {
    let (table, schema) = read(MESSY, &SchemaOptions::default()).unwrap();
    let columns = schema
        .columns
        .iter()
        .map(|column| (column.name.clone(), column.kind));
    let options = BatchOptions {
        columns: columns.collect(),
        notations: schema.notations(),
        ..BatchOptions::default()
    };
    let csv = CsvOptions::default();
    let batch = |text: &str| {
        let mut batches = Batches::new("t.csv", text.as_bytes(), &csv, &options).unwrap();
        batches.next().unwrap()
    };
    for column in ["price", "rate", "day", "sum"] {
        let scored = batch(MESSY).unwrap().table;
        assert_eq!(cells(&scored, column), cells(&table, column), "{column}");
    }
    let json = "{\"price\":\"12 €\",\"rate\":\"3%\",\"day\":\"2.1.1970\",\"sum\":1000}\n";
    let scored = batch(json).unwrap().table;
    assert_eq!(cells(&scored, "day"), [Some("86400".to_owned())]);
    assert_eq!(cells(&scored, "sum"), [Some("1000".to_owned())]);
    // What is written otherwise has its place.
    let error = batch("day;price;rate;sum\n1.1.2026;1 €;1%;1\n2026-01-31;1 €;1%;1\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv:3: column `day`: \"2026-01-31\" is not written like 31.01.2026"
    );
    assert!(error.remedy().unwrap().contains("notation"));
}

#[test]
fn a_late_number_in_another_notation_is_converted_or_named() {
    // Nine of ten are plain numbers, so that another word would be a mistake.
    let plain = (0..40).map(|row| format!("{}.5,x\n", 900 + row));
    let plain = plain.collect::<Vec<_>>().concat();
    let with = |cell: &str| format!("v,c\n{plain}\"{cell}\",y\n");
    let (table, schema) = read(&with("1,000.5"), &SchemaOptions::default()).unwrap();
    assert_eq!(cells(&table, "v")[40].as_deref(), Some("1000.5"));
    assert_eq!(schema.columns[0].notation, "1,234.5".parse().ok());
    let error = read(&with("1,00O.5"), &SchemaOptions::default()).unwrap_err();
    assert!(
        matches!(error, ReadError::NotANumber { line: 42, .. }),
        "{error}"
    );
    // A comma that may be either is not guessed where the rest are whole numbers.
    let whole = (0..40).map(|row| format!("{row},x\n"));
    let whole = whole.collect::<Vec<_>>().concat();
    let error = read(
        &format!("v,c\n{whole}\"1,000\",y\n"),
        &SchemaOptions::default(),
    );
    assert!(
        matches!(error, Err(ReadError::NotANumber { line: 42, .. })),
        "{error:?}"
    );
    // Who says how it is written is believed.
    let options = SchemaOptions {
        notations: [("v".to_owned(), "1,234.5".parse().unwrap())].into(),
        ..SchemaOptions::default()
    };
    let (table, _) = read(&format!("v,c\n{whole}\"1,000\",y\n"), &options).unwrap();
    assert_eq!(cells(&table, "v")[40].as_deref(), Some("1000"));
    // Who says that it is a number has it read as one.
    let options = SchemaOptions {
        numeric: names(&["v"]),
        ..SchemaOptions::default()
    };
    let (table, _) = read(&with("1,000.5"), &options).unwrap();
    assert_eq!(cells(&table, "v")[40].as_deref(), Some("1000.5"));
    let options = SchemaOptions {
        categorical: names(&["v"]),
        ..SchemaOptions::default()
    };
    let (table, schema) = read(&with("1,000.5"), &options).unwrap();
    assert_eq!(cells(&table, "v")[40].as_deref(), Some("1,000.5"));
    assert_eq!(schema.columns[0].finding, None);
}

#[test]
fn weights_and_targets_are_numbers_and_offsets_are_plain() {
    let text = "x,w,y\n1,\"1,000.5\",1%\n2,\"2,000\",2%\n3,7,3%\n";
    let options = |offset: bool| SchemaOptions {
        target: Some("y".into()),
        weight: (!offset).then(|| "w".into()),
        offset: offset.then(|| "w".into()),
        ..SchemaOptions::default()
    };
    let (table, schema) = read(text, &options(false)).unwrap();
    assert_eq!(cells(&table, "w")[1].as_deref(), Some("2000"));
    assert_eq!(schema.target().unwrap().kind, Kind::Numeric);
    let error = read(text, &options(true)).unwrap_err();
    assert!(
        matches!(error, ReadError::NotANumber { line: 2, .. }),
        "{error}"
    );
    // Two labels are classes, and dates no target.
    let (_, schema) = read(
        "x,y\n1,5%\n2,10%\n3,5%\n",
        &SchemaOptions {
            target: Some("y".into()),
            ..SchemaOptions::default()
        },
    )
    .unwrap();
    assert_eq!(schema.columns[1].kind, Kind::Categorical);
}

#[test]
fn declared_dates() {
    let date = |text: &str| {
        let options = SchemaOptions {
            date: names(&["d"]),
            ..SchemaOptions::default()
        };
        read(text, &options)
    };
    let (table, schema) = date("d,x\n86400,1\n,2\n").unwrap();
    assert_eq!(cells(&table, "d"), [Some("86400".to_owned()), None]);
    assert_eq!(
        (schema.columns[0].kind, schema.columns[0].notation),
        (Kind::Date, "unix".parse().ok())
    );
    let error = date("d,x\n2026-01-31,1\n2026-02-31,2\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv:3: column `d`: \"2026-02-31\" is not written like 2026-01-31"
    );
    let error = date("d,x\n01/02/2026,1\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv: the dates of column `d` may be written like 31/01/2026 or like 01/31/2026"
    );
    assert_eq!(
        error.remedy().unwrap(),
        "say which in a schema file: notation = \"31/01/2026\""
    );
    // Without being asked, text.
    let (_, schema) = read("d,x\n01/02/2026,1\n", &SchemaOptions::default()).unwrap();
    assert!(matches!(
        schema.columns[0].finding,
        Some(Finding::Ambiguous(..))
    ));
    let (_, schema) = date("d,x\n,1\n,2\n").unwrap();
    assert_eq!(
        (schema.columns[0].kind, schema.columns[0].notation),
        (Kind::Date, None)
    );
}

#[test]
fn identifiers_are_left_out_unless_they_are_named() {
    let rows = (0..30).map(|row| format!("{row},p{row},{row},{}\n", row % 2));
    let rows = rows.collect::<Vec<_>>().concat();
    let text = format!("id,name,week,y\n{rows}");
    let (table, schema) = read(&text, &SchemaOptions::default()).unwrap();
    let roles: Vec<Role> = schema.columns.iter().map(|column| column.role).collect();
    assert_eq!(
        roles,
        [Role::Ignored, Role::Ignored, Role::Feature, Role::Feature]
    );
    assert_eq!(schema.columns[2].finding, Some(Finding::Numbering));
    assert!(table.column("id").is_none() && table.column("week").is_some());
    for options in [
        SchemaOptions {
            keep: names(&["id"]),
            ..SchemaOptions::default()
        },
        SchemaOptions {
            numeric: names(&["id"]),
            ..SchemaOptions::default()
        },
        SchemaOptions {
            categorical: names(&["id"]),
            ..SchemaOptions::default()
        },
        SchemaOptions {
            features: Some(names(&["id", "week"])),
            ..SchemaOptions::default()
        },
        SchemaOptions {
            target: Some("id".into()),
            ..SchemaOptions::default()
        },
    ] {
        let (table, schema) = read(&text, &options).unwrap();
        assert!(table.column("id").is_some(), "{options:?}");
        assert_eq!(schema.columns[0].finding, None, "{options:?}");
    }
}

#[test]
fn a_schema_that_lists_all_columns_allows_no_other() {
    let only = |listed: &[&str]| SchemaOptions {
        only: Some(names(listed)),
        ..SchemaOptions::default()
    };
    assert!(read("a,b\n1,2\n", &only(&["a", "b"])).is_ok());
    let error = read("a,b c\n1,2\n", &only(&["a"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv: column `b c` is not in the schema"
    );
    assert!(error.remedy().unwrap().contains("[columns.\"b c\"]"));
    let error = read("a,b\n1,2\n", &only(&["a", "b", "beta"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv: no column `beta` for the schema file"
    );
    assert_eq!(error.remedy().unwrap(), "take `beta` out of the schema");
}
