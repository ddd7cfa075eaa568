use proptest::prelude::*;

use super::*;
use crate::read::{BatchOptions, Batches, CsvOptions, Input, read_table};
use crate::schema::{Kind, SchemaOptions};
use crate::table::{Cells, Table};

fn read(text: &str) -> Result<Table, ReadError> {
    let input = Input::bytes("t.svm", text.as_bytes().to_vec());
    let options = SchemaOptions::default();
    read_table(&input, &CsvOptions::default(), &options).map(|(table, ..)| table)
}

fn columns(table: &Table) -> Vec<(&str, Vec<f64>)> {
    let column = |column: &'_ crate::table::Column| match &column.cells {
        Cells::Numeric(values) => values.clone(),
        Cells::Text { .. } => panic!("text"),
    };
    let columns = table.columns().iter();
    columns.map(|c| (c.name.as_str(), column(c))).collect()
}

#[test]
fn what_is_not_written_is_zero() {
    let table = read("# head\n+1 1:0.5 3:2 # note\n\n-1 qid:4 2:1e-3\r\n0\n").unwrap();
    let expected = [
        ("label", vec![1.0, -1.0, 0.0]),
        ("f1", vec![0.5, 0.0, 0.0]),
        ("f2", vec![0.0, 1e-3, 0.0]),
        ("f3", vec![2.0, 0.0, 0.0]),
    ];
    assert_eq!(columns(&table), expected);
    assert_eq!((table.line(0), table.line(1)), (2, 4));
}

#[test]
fn indices_from_0_are_kept() {
    let table = read("1 1:5\n0 0:7 2:1\n").unwrap();
    let names: Vec<_> = columns(&table).iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["label", "f0", "f1", "f2"]);
    assert_eq!(columns(&table)[1].1, [0.0, 7.0]);
}

#[test]
fn mistakes_have_a_place() {
    for (line, message) in [
        (
            "1 2:1 2:3",
            "t.svm:2: \"2:3\": the index stands twice in the line",
        ),
        (
            "1 2:1 1:3",
            "t.svm:2: \"1:3\": the indices are not in ascending order",
        ),
        ("x 2:1", "t.svm:2: \"x\": the label is not a finite number"),
        ("1 2", "t.svm:2: \"2\": not an index:value pair"),
        ("1 a:2", "t.svm:2: \"a:2\": the index is not a whole number"),
        (
            "1 -1:2",
            "t.svm:2: \"-1:2\": the index is not a whole number",
        ),
        ("1 1:x", "t.svm:2: \"1:x\": the value is not a number"),
        (
            "1 1:nan",
            "t.svm:2: \"1:nan\": the value is not a finite number",
        ),
        (
            "1 4294967296:1",
            "t.svm:2: \"4294967296:1\": the index is larger than 4,294,967,295",
        ),
    ] {
        let error = read(&format!("1 1:1\n{line}\n")).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.remedy().is_some());
    }
    let error = read("1 1:1\n1 4294967295:1\n").unwrap_err();
    assert!(matches!(error, ReadError::TooWide { .. }), "{error}");
}

#[test]
fn batches_have_zeros_where_the_file_has_no_column() {
    let options = BatchOptions {
        columns: vec![("f7".into(), Kind::Numeric), ("f1".into(), Kind::Numeric)],
        ..BatchOptions::default()
    };
    let csv = CsvOptions::default();
    let batches = Batches::new("t", &b"1 1:2\n0 3:1\n"[..], &csv, &options).unwrap();
    let batches: Vec<_> = batches.map(Result::unwrap).collect();
    let expected = [("f7", vec![0.0, 0.0]), ("f1", vec![2.0, 0.0])];
    assert_eq!(columns(&batches[0].table), expected);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        rows in proptest::collection::vec(
            (-5i32..5, proptest::collection::btree_map(0usize..40, -1e3..1e3f64, 0..6)), 1..20),
    ) {
        let mut text = "1 1:1\n".to_owned();
        for (label, pairs) in &rows {
            let pairs: Vec<_> = pairs.iter().map(|(index, value)| format!("{index}:{value}")).collect();
            text = text + &label.to_string() + " " + &pairs.join(" ") + "\n";
        }
        let table = read(&text).unwrap();
        for (row, (label, pairs)) in rows.iter().enumerate() {
            for (name, values) in columns(&table) {
                let expected = match index(name) {
                    Some(index) => pairs.get(&index).copied().unwrap_or(0.0),
                    None => f64::from(*label),
                };
                prop_assert_eq!(values[row + 1], expected);
            }
        }
    }

    #[test]
    fn no_bytes_panic(text in "[0-3: #.\\-\nqidx]{0,40}") {
        let _ = starts(text.as_bytes(), true);
        let _ = grid("t", text.into_bytes(), 1);
    }
}
