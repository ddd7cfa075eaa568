use proptest::prelude::*;

use super::*;
use crate::read::{CsvOptions, Input, read_table};
use crate::schema::{Kind, SchemaOptions};
use crate::table::Table;

fn read(text: &str) -> Result<(Table, Vec<Kind>), ReadError> {
    let input = Input::bytes("t.jsonl", text.as_bytes().to_vec());
    let (table, schema, _) = read_table(&input, &CsvOptions::default(), &SchemaOptions::default())?;
    let kinds = schema.columns.iter().map(|column| column.kind).collect();
    Ok((table, kinds))
}

fn fails(line: &str) -> String {
    read(&format!("{{\"a\":1}}\n{line}\n"))
        .unwrap_err()
        .to_string()
}

#[test]
fn values_are_cells() {
    let text = concat!(
        "{\"n\": 1, \"t\": \"x\", \"b\": true, \"e\": \"\\u00e9\\n\\\"\"}\n\n",
        " { \"t\" : \"y\" , \"n\" : -2.5E+1 } \r\n",
        "{\"b\":false,\"n\":null,\"late\":\"7\"}",
    );
    let (table, kinds) = read(text).unwrap();
    assert_eq!(
        kinds,
        [
            Kind::Numeric,
            Kind::Categorical,
            Kind::Boolean,
            Kind::Categorical,
            Kind::Numeric
        ]
    );
    let cells = |name: &str| {
        let column = table.column(name).unwrap();
        (0..3)
            .map(|row| column.cell(row).unwrap_or("-".into()))
            .collect::<Vec<_>>()
    };
    assert_eq!(cells("n"), ["1", "-25", "-"]);
    assert_eq!(cells("t"), ["x", "y", "-"]);
    assert_eq!(cells("b"), ["true", "-", "false"]);
    assert_eq!(cells("e"), ["é\n\"", "-", "-"]);
    assert_eq!(cells("late"), ["-", "-", "7"]);
    assert_eq!((table.line(0), table.line(1), table.line(2)), (1, 3, 4));
}

#[test]
fn mistakes_have_a_place() {
    for (line, message) in [
        (
            "[1]",
            "t.jsonl:2: a line starts with { at byte 1 of the line",
        ),
        (
            "{\"a\" 1}",
            "t.jsonl:2: a colon is missing at byte 6 of the line",
        ),
        (
            "{a:1}",
            "t.jsonl:2: a key in quotes is missing at byte 2 of the line",
        ),
        (
            "{\"a\":1,}",
            "t.jsonl:2: a key in quotes is missing at byte 8 of the line",
        ),
        (
            "{\"a\":01}",
            "t.jsonl:2: not a number of JSON at byte 6 of the line",
        ),
        (
            "{\"a\":1.}",
            "t.jsonl:2: not a number of JSON at byte 6 of the line",
        ),
        (
            "{\"a\":NaN}",
            "t.jsonl:2: a value is missing at byte 6 of the line",
        ),
        (
            "{\"a\":1} {",
            "t.jsonl:2: something stands behind the object at byte 9 of the line",
        ),
        (
            "{\"a\":\"x}",
            "t.jsonl:2: a text is not closed at byte 6 of the line",
        ),
        (
            "{\"a\":\"\\q\"}",
            "t.jsonl:2: a wrong escape in a text at byte 6 of the line",
        ),
        (
            "{\"a\":\"\u{1}\"}",
            "t.jsonl:2: a control character stands unescaped in a text at byte 7 of the line",
        ),
        (
            "{\"a\":{\"b\":1}}",
            "t.jsonl:2: column `a` holds an object, not one value",
        ),
        (
            "{\"a\":[1]}",
            "t.jsonl:2: column `a` holds a list, not one value",
        ),
        ("{\"a\":1,\"a\":2}", "t.jsonl:2: the key `a` stands twice"),
        (
            "{\"a\":1e400}",
            "t.jsonl:2: column `a`: \"1e400\" is not a finite number",
        ),
    ] {
        assert_eq!(fails(line), message);
    }
    let error = read_table(
        &Input::bytes("t", b"{\"a\":1}\n{\"a\":\"\xff\"}\n".as_slice()),
        &CsvOptions::default(),
        &SchemaOptions::default(),
    );
    assert_eq!(error.unwrap_err().to_string(), "t:2: not UTF-8 text");
    let error = read("{}\n{}\n").unwrap_err().to_string();
    assert!(error.contains("t.jsonl"), "{error}");
}

proptest! {
    #[test]
    fn what_serde_json_reads_is_read_and_nothing_else(
        text in "[{}\\[\\]\":,0-9.eE+\\- atrufalsn\\\\\u{e9}]{0,24}",
    ) {
        for line in [text.clone(), format!("{{\"k\":{text}}}"), format!("{{\"k\":\"{text}\"}}")] {
            let expected = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&line);
            let (grid, error) = grid("t", line.clone().into_bytes(), 1);
            match (expected, error) {
                (Ok(map), None) => {
                    prop_assert_eq!(grid.rows(), 1);
                    for (column, name) in grid.names.iter().flatten().enumerate() {
                        let cell = grid.raw(0, column).map(|cell| {
                            String::from_utf8_lossy(cell).into_owned()
                        });
                        let expected = match &map[name] {
                            serde_json::Value::Null => None,
                            serde_json::Value::String(text) => Some(text.clone()),
                            serde_json::Value::Bool(bool) => Some(bool.to_string()),
                            serde_json::Value::Number(number) => {
                                let read = cell.as_ref().unwrap().parse::<f64>().ok();
                                prop_assert_eq!(read, number.as_f64());
                                continue;
                            }
                            other => return Err(TestCaseError::fail(other.to_string())),
                        };
                        prop_assert_eq!(cell, expected);
                    }
                }
                // serde_json takes the last of equal keys, and refuses numbers beyond f64.
                (Ok(map), Some(error)) => {
                    let nested = map.values().any(|value| value.is_array() || value.is_object());
                    let repeated = matches!(error, ReadError::RepeatedKey { .. });
                    prop_assert!(nested || repeated, "{}: {}", line, error);
                }
                (Err(error), None) => {
                    let blank = line.trim().is_empty();
                    prop_assert!(blank || error.to_string().contains("range"), "{}", line);
                }
                (Err(_), Some(_)) => {}
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = grid("t", bytes.clone(), 1);
        let _ = starts(&bytes, true);
        let _ = grid("t", [b"{\"a\":", &bytes[..]].concat(), 1);
    }
}
