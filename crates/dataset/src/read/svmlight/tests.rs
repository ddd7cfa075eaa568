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
    let column = |column: &'_ crate::table::Column| {
        let numbers = column.cells.numbers();
        numbers.expect("numbers").into_owned()
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

#[test]
fn only_indices_that_are_written_are_columns() {
    let table = read("1 2:1 4294967295:3\n0 7:0\n").unwrap();
    let expected = [
        ("label", vec![1.0, 0.0]),
        ("f2", vec![1.0, 0.0]),
        ("f7", vec![0.0, 0.0]),
        ("f4294967295", vec![3.0, 0.0]),
    ];
    assert_eq!(columns(&table), expected);
    // A column that a person names is there, and nothing but zeros.
    let input = Input::bytes("t.svm", b"1 2:1\n0 4:1\n".as_slice());
    let options = SchemaOptions {
        keep: vec!["f3".into()],
        categorical: vec!["f9".into()],
        ..SchemaOptions::default()
    };
    let (table, schema, fingerprint) =
        read_table(&input, &CsvOptions::default(), &options).unwrap();
    let names: Vec<_> = table.columns().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["label", "f2", "f3", "f4", "f9"]);
    assert_eq!(fingerprint.columns, 5);
    assert_eq!(schema.columns[4].kind, Kind::Categorical);
    assert_eq!(
        table.column("f3").unwrap().cells.numbers().unwrap()[..],
        [0.0, 0.0]
    );
    assert_eq!(table.column("f9").unwrap().cell(1).as_deref(), Some("0"));
    let options = SchemaOptions {
        drop: vec!["age".into()],
        ..SchemaOptions::default()
    };
    assert!(read_table(&input, &CsvOptions::default(), &options).is_err());
}

#[test]
fn a_column_is_stored_sparse_where_a_quarter_is_written_at_most() {
    let table = read("1 1:1 2:1 3:NOT\n".replace(" 3:NOT", "").as_str()).unwrap();
    assert!(matches!(
        table.column("f1").unwrap().cells,
        Cells::Numeric(_)
    ));
    let rows: String = (1..=8)
        .map(|row| match row {
            2 => "1 1:4 2:1 3:0\n",
            5 => "0 1:-3 2:1 4:-7\n",
            6 => "0 2:1\n",
            _ => "1\n",
        })
        .collect();
    let input = Input::bytes("t.svm", rows.into_bytes());
    let csv = CsvOptions {
        na: vec!["-7".into()],
        ..CsvOptions::default()
    };
    let options = SchemaOptions::default();
    let (table, schema, _) = read_table(&input, &csv, &options).unwrap();
    let cells = |name: &str| &table.column(name).unwrap().cells;
    let Cells::Sparse(f1) = cells("f1") else {
        panic!("two of eight")
    };
    assert_eq!((f1.rows(), f1.values()), (&[1, 4][..], &[4.0, -3.0][..]));
    assert!(matches!(cells("f2"), Cells::Numeric(_)), "three of eight");
    let Cells::Sparse(f3) = cells("f3") else {
        panic!("zeros")
    };
    assert_eq!((f3.len(), f3.stored()), (8, 0));
    // What is written like a missing cell is one; what is not written never is.
    assert!(cells("f4").is_missing(4) && !cells("f4").is_missing(0));
    assert!(
        schema
            .columns
            .iter()
            .all(|column| column.kind == Kind::Numeric)
    );
}

#[test]
fn batches_are_the_table_and_say_what_nobody_asked_for() {
    let text = "1 1:2 3:5 9:1\n0 2:x\n".replace(" 2:x", " 3:4");
    let rows = text.repeat(6) + "0 1:7 12:1\n";
    let options = BatchOptions {
        columns: vec![
            ("f3".into(), Kind::Numeric),
            ("f1".into(), Kind::Categorical),
            ("f8".into(), Kind::Numeric),
            ("label".into(), Kind::Numeric),
        ],
        keep: vec!["label".into(), "f9".into()],
        rows_per_batch: 5,
        ..BatchOptions::default()
    };
    let csv = CsvOptions::default();
    let mut batches = Batches::new("t", rows.as_bytes(), &csv, &options).unwrap();
    let (mut cells, mut kept) = (vec![Vec::new(); 4], Vec::new());
    for batch in batches.by_ref() {
        let batch = batch.unwrap();
        for (column, cells) in batch.table.columns().iter().zip(&mut cells) {
            cells.extend((0..batch.table.rows()).map(|row| column.cell(row).unwrap()));
        }
        kept.extend(batch.kept);
    }
    let all = |pair: [&'static str; 2], last: &'static str| [&pair.repeat(6)[..], &[last]].concat();
    assert_eq!(cells[0], all(["5", "4"], "0"));
    assert_eq!(cells[1], all(["2", "0"], "7"));
    assert_eq!(cells[2], all(["0", "0"], "0"));
    assert_eq!(cells[3], all(["1", "0"], "0"));
    assert_eq!(
        (&kept[0], &kept[1]),
        (
            &vec!["1".to_owned(), "1".into()],
            &vec!["0".to_owned(), "0".into()]
        )
    );
    let unasked: Vec<_> = batches.unasked().into_iter().collect();
    assert_eq!(unasked, ["f12"]);
    let options = BatchOptions {
        columns: vec![("age".into(), Kind::Numeric)],
        ..BatchOptions::default()
    };
    let refused = Batches::new("t", rows.as_bytes(), &csv, &options)
        .map(drop)
        .unwrap_err();
    assert!(
        matches!(refused, ReadError::MissingColumn { .. }),
        "{refused}"
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        rows in proptest::collection::vec(
            (-5i32..5, proptest::collection::btree_map(0u32..40, -1e3..1e3f64, 0..6)), 1..20),
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
        let _ = pairs("t", text.into_bytes(), 1);
    }
}
