use proptest::prelude::*;

use super::*;
use crate::schema::{ColumnSchema, Schema};
use crate::{Input, Pipeline, PipelineOptions, Table, TargetOptions, catalog, prepare, read_table};

fn fails(text: &str) -> SchemaFileError {
    SchemaFile::parse("s.toml", text).unwrap_err()
}

/// The schema of a table is read back from its text, and so are its cells and its fit.
fn check_round_trip(input: &Input, options: &SchemaOptions) {
    let csv = CsvOptions::default();
    let (table, schema, _) = read_table(input, &csv, options).unwrap();
    let written = text(input.name(), &schema, &csv);
    let file = SchemaFile::parse("s.toml", &written).unwrap();
    assert_eq!(file.csv_options(csv.clone()), csv);
    let said = file.options(&SchemaOptions::default());
    let (again, same, _) = read_table(input, &file.csv_options(csv), &said).unwrap();
    let names = |table: &Table| {
        let names = table.columns().iter().map(|column| column.name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&again), names(&table), "{written}");
    for (one, other) in again.columns().iter().zip(table.columns()) {
        let same = |row| one.cell(row) == other.cell(row);
        assert!((0..table.rows()).all(same), "{}\n{written}", one.name);
    }
    let silent = |schema: &Schema| {
        let columns = schema.columns.iter().map(|column| {
            // What is not read is not looked at.
            let ignored = column.role == Role::Ignored;
            ColumnSchema {
                finding: None,
                kind: if ignored {
                    Kind::Categorical
                } else {
                    column.kind
                },
                ..column.clone()
            }
        });
        columns.collect::<Vec<_>>()
    };
    assert_eq!(silent(&same), silent(&schema), "{written}");
    if schema.target().is_none() {
        return;
    }
    let prepared = prepare(&table, &schema, &TargetOptions::default()).unwrap();
    let fit = |schema| {
        let options = PipelineOptions::default();
        Pipeline::fit(&table, schema, &prepared.rows, None, &options).unwrap()
    };
    assert_eq!(fit(&same), fit(&schema));
}

#[test]
fn shipped_tables_come_back_from_their_schema() {
    for entry in catalog::catalog() {
        check_round_trip(&entry.input(), &entry.schema_options());
        let target = SchemaOptions {
            target: Some(entry.target.clone()),
            ..SchemaOptions::default()
        };
        check_round_trip(&entry.input(), &target);
    }
}

fn messy() -> Input {
    let rows = (0..60)
        .map(|row| {
            format!(
                "{row};{}.000,5;{}.2.2026 {:02}:00;{}%;{};{}\n",
                row * 37 % 900 + 1,
                row % 28 + 1,
                row % 24,
                row * 7 % 50,
                if row % 3 == 0 { "Yes" } else { "no" },
                row % 2
            )
        })
        .collect::<Vec<_>>()
        .concat();
    Input::bytes(
        "messy",
        format!("id;price;\"when \"\"it\"\" was\";rate;ok;y\n{rows}").into_bytes(),
    )
}

#[test]
fn everything_that_is_recognised_comes_back() {
    let options = SchemaOptions {
        target: Some("y".into()),
        ..SchemaOptions::default()
    };
    check_round_trip(&messy(), &options);
    let csv = CsvOptions::default();
    let (_, schema, _) = read_table(&messy(), &csv, &options).unwrap();
    let written = text("messy", &schema, &csv);
    let columns: Vec<&str> = written
        .lines()
        .skip_while(|line| *line != "[columns]")
        .collect();
    assert_eq!(
        columns[1..],
        [
            r#"id = { role = "ignored", kind = "numeric" } # is left out: it looks like an identifier; role = "feature" keeps it"#,
            r#"price = { role = "feature", kind = "numeric", notation = "1.234,5" } # is read as numbers: 1.234,5 as 1234.5"#,
            r#""when \"it\" was" = { role = "feature", kind = "date", notation = "31.01.2026", parts = ["days", "weekday", "hour"] } # holds dates, written like 31.01.2026: a model sees days, weekday, hour"#,
            r#"rate = { role = "feature", kind = "numeric", notation = "1234.5%" } # is read as numbers: 1234.5% as 1234.5"#,
            r#"ok = { role = "feature", kind = "boolean" }"#,
            r#"y = { role = "target", kind = "numeric" }"#,
        ]
    );
}

#[test]
fn an_edited_schema_is_followed() {
    let edited = r#"
        others = "ignored"
        missing = ["", "?"]
        [columns]
        y = { role = "target" }
        id = {}
        rate = { kind = "categorical" }
    "#;
    let file = SchemaFile::parse("s.toml", edited).unwrap();
    let csv = file.csv_options(CsvOptions {
        na: [CsvOptions::default().na, vec!["-".into()]].concat(),
        ..CsvOptions::default()
    });
    assert_eq!(csv.na, ["", "?", "-"]);
    let options = file.options(&SchemaOptions::default());
    let (table, schema, _) = read_table(&messy(), &csv, &options).unwrap();
    let names: Vec<_> = table.columns().iter().map(|column| &*column.name).collect();
    assert_eq!(names, ["id", "rate", "y"]);
    assert_eq!(schema.column("rate").unwrap().kind, Kind::Categorical);
    // By default a column too many is a mistake.
    let strict = SchemaFile::parse("s.toml", "columns.y.role = 'target'").unwrap();
    let error = read_table(&messy(), &csv, &strict.options(&SchemaOptions::default())).unwrap_err();
    assert_eq!(error.to_string(), "messy: column `id` is not in the schema");
    let loose = SchemaFile::parse(
        "s.toml",
        "others = 'feature'\n[columns]\ny = {role = 'target'}",
    )
    .unwrap();
    let (table, _, _) =
        read_table(&messy(), &csv, &loose.options(&SchemaOptions::default())).unwrap();
    assert_eq!(table.columns().len(), 5);
}

#[test]
fn flags_win_over_the_file() {
    let file = SchemaFile::parse(
        "s.toml",
        r#"
        [columns]
        id = { role = "ignored" }
        price = { kind = "numeric", notation = "1.234,5" }
        "when \"it\" was" = { kind = "date", notation = "31.01.2026", parts = ["year-cycle"] }
        rate = { role = "weight", kind = "numeric", notation = "1234.5%" }
        ok = { kind = "boolean" }
        y = { role = "target" }
        "#,
    )
    .unwrap();
    let flags = SchemaOptions {
        target: Some("ok".into()),
        keep: vec!["id".into()],
        categorical: vec!["price".into()],
        ..SchemaOptions::default()
    };
    let options = file.options(&flags);
    let (table, schema, _) = read_table(&messy(), &CsvOptions::default(), &options).unwrap();
    let roles: Vec<Role> = schema.columns.iter().map(|column| column.role).collect();
    let [feature, target] = [Role::Feature, Role::Target];
    // The target of the file must not become a feature.
    assert_eq!(
        roles,
        [
            feature,
            feature,
            feature,
            Role::Weight,
            target,
            Role::Ignored
        ]
    );
    assert_eq!(schema.columns[1].kind, Kind::Categorical);
    assert_eq!(schema.columns[1].notation, None);
    assert_eq!(schema.columns[2].parts, [DatePart::YearCycle]);
    assert_eq!(table.column("rate").unwrap().cell(1).as_deref(), Some("7"));
    let features = SchemaOptions {
        features: Some(vec!["price".into()]),
        drop: vec!["ok".into()],
        ..SchemaOptions::default()
    };
    let options = file.options(&features);
    let (table, _, _) = read_table(&messy(), &CsvOptions::default(), &options).unwrap();
    let names: Vec<_> = table.columns().iter().map(|column| &*column.name).collect();
    assert_eq!(names, ["price", "rate", "y"]);
}

#[test]
#[allow(clippy::too_many_lines, reason = "a list of mistakes")]
fn mistakes_have_a_place_and_a_next_step() {
    for (text, message, remedy) in [
        (
            "[columns]\na = { rol = \"feature\" }",
            "2:7: no key `rol` here (nearest: `role`)",
            "write role",
        ),
        (
            "[colums]",
            "1:2: no key `colums` here (nearest: `columns`)",
            "write columns",
        ),
        (
            "zzz = 1",
            "1:1: no key `zzz` here",
            "one of others, missing, columns",
        ),
        (
            "[columns]\n\"é\" = { kind = \"nummeric\" }",
            "2:16: \"nummeric\" is no kind (nearest: `numeric`)",
            "write numeric",
        ),
        (
            "[columns]\na = { role = \"x\" }",
            "2:14: \"x\" is no role",
            "one of feature, target, weight, offset, ignored",
        ),
        (
            "[columns]\na = { role = 3 }",
            "2:14: `role` is a number, not a text in quotes",
            "write a text in quotes",
        ),
        (
            "[columns]\na = 2026-01-31",
            "2:5: `a` is a date, not a table",
            "write a table",
        ),
        (
            "columns = []",
            "1:11: `columns` is a list, not a table",
            "write a table",
        ),
        (
            "missing = \"NA\"",
            "1:11: `missing` is a text, not a list of texts",
            "write a list of texts",
        ),
        (
            "missing = [true]",
            "1:12: `missing` is true or false, not a text in quotes",
            "write a text in quotes",
        ),
        (
            "others = \"eror\"",
            "1:10: \"eror\" is no others (nearest: `error`)",
            "write error",
        ),
        (
            "[columns]\na = { parts = [\"months\"] }",
            "2:16: \"months\" is no part (nearest: `month`)",
            "write month",
        ),
        (
            "[columns]\na = { notation = \"1,234\" }",
            "2:18: \"1,234\" is no notation (nearest: `1,234.5`)",
            "write 1,234.5",
        ),
        (
            "[columns]\na = {}\nb = { kind = \"date\", notation = \"1,234.5\" }",
            "3:1: column `b`: the notation is not one of its kind",
            "leave one of the two out",
        ),
        (
            "[columns]\nb = { kind = \"numeric\", parts = [\"year\"] }",
            "2:1: column `b`: only a column of kind date has parts",
            "leave one of the two out",
        ),
        (
            "[columns]\nb = { role = \"weight\", kind = \"boolean\" }",
            "2:1: column `b`: a weight or an offset is numeric",
            "leave one of the two out",
        ),
        (
            "[columns]\nb = { role = \"target\", kind = \"date\" }",
            "2:1: column `b`: a target is no date",
            "leave one of the two out",
        ),
        (
            "[columns]\na = { role = \"target\" }\nb = { role = \"target\" }",
            "3:1: `b` is the target, and so is `a`",
            "leave one target",
        ),
    ] {
        let error = fails(text);
        assert_eq!(error.to_string(), format!("s.toml:{message}"));
        assert_eq!(error.remedy().unwrap(), remedy);
    }
    let error = fails("[columns]\na = { role = \"feature\" }\na = {}");
    assert!(
        matches!(
            error,
            SchemaFileError::Syntax {
                line: 3,
                column: 1,
                ..
            }
        ),
        "{error}"
    );
    let error = fails("[columns]\na = {");
    assert!(
        matches!(error, SchemaFileError::Syntax { line: 2, .. }),
        "{error}"
    );
    assert!(error.remedy().is_some());
    let error = SchemaFile::read("no/such/file.toml").unwrap_err();
    assert!(matches!(error, SchemaFileError::Io { .. }));
}

#[test]
fn a_column_that_the_table_lacks_is_the_schemas_mistake() {
    let input = Input::bytes("t.csv", b"x,y\n1,2\n3,4\n".as_slice());
    for others in ["error", "ignored", "feature"] {
        let text = format!("others = \"{others}\"\n[columns]\nx = {{}}\nyy = {{}}\n");
        let options = SchemaFile::parse("s.toml", &text)
            .unwrap()
            .options(&SchemaOptions::default());
        let error = read_table(&input, &CsvOptions::default(), &options).unwrap_err();
        assert!(error.to_string().contains("the schema file"), "{error}");
        assert_eq!(error.remedy().unwrap(), "rename `yy` in the schema to `y`");
    }
}

fn schemas() -> impl Strategy<Value = Schema> {
    let notations: Vec<Notation> = Notation::all().collect();
    let column = (
        ".{0,6}",
        0usize..3,
        proptest::option::of(0..notations.len()),
        proptest::collection::vec(0usize..DatePart::ALL.len(), 1..4),
    );
    proptest::collection::vec(column, 0..8).prop_map(move |columns| {
        let mut schema = Schema::default();
        for (name, kind, notation, parts) in columns {
            if schema.column(&name).is_some() {
                continue;
            }
            let kinds = [Kind::Numeric, Kind::Categorical, Kind::Boolean];
            let role = if kind == 0 {
                Role::Ignored
            } else {
                Role::Feature
            };
            let mut column = ColumnSchema::new(name, kinds[kind], role);
            if let Some(notation) = notation {
                column.notation = Some(notations[notation]);
                column.kind = notations[notation].kind();
            }
            if column.kind == Kind::Date && role != Role::Ignored {
                column.parts = parts.iter().map(|&part| DatePart::ALL[part]).collect();
            }
            schema.columns.push(column);
        }
        schema
    })
}

proptest! {
    #[test]
    fn any_schema_is_read_back(schema in schemas(), source in ".{0,9}", na in ".{0,3}") {
        let csv = CsvOptions { na: vec![na], ..CsvOptions::default() };
        let written = text(&source, &schema, &csv);
        let file = SchemaFile::parse("s.toml", &written);
        let file = file.map_err(|error| TestCaseError::fail(format!("{error}\n{written}")))?;
        prop_assert_eq!(file.missing.as_ref(), Some(&csv.na));
        prop_assert_eq!(file.columns.len(), schema.columns.len());
        for (entry, column) in file.columns.iter().zip(&schema.columns) {
            prop_assert_eq!(&entry.name, &column.name);
            prop_assert_eq!((entry.role, entry.kind), (column.role, Some(column.kind)));
            prop_assert_eq!(entry.notation, column.notation);
            prop_assert_eq!(entry.parts.clone().unwrap_or_default(), column.parts.clone());
        }
        let options = file.options(&SchemaOptions::default());
        prop_assert_eq!(options.contradiction(), None);
    }

    #[test]
    fn a_damaged_text_is_a_schema_or_an_error_with_its_place(
        schema in schemas(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), ".{0,2}"), 1..5),
    ) {
        let mut written = text("t", &schema, &CsvOptions::default());
        for (at, insert) in damage {
            let mut at = at.index(written.len());
            while !written.is_char_boundary(at) {
                at -= 1;
            }
            // Something in place of a character.
            if !insert.is_empty() && written[at..].chars().next().is_some_and(|c| c != '\n') {
                written.remove(at);
            }
            written.insert_str(at, &insert);
        }
        match SchemaFile::parse("s.toml", &written) {
            Ok(file) => {
                let options = file.options(&SchemaOptions::default());
                prop_assert_eq!(options.contradiction(), None);
            }
            Err(error) => {
                let message = error.to_string();
                let line = message.split(':').nth(1).and_then(|line| line.parse::<usize>().ok());
                let lines = written.matches('\n').count() + 1;
                prop_assert!(line.is_some_and(|line| (1..=lines).contains(&line)), "{}", message);
            }
        }
    }
}
