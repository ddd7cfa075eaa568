//! Parquet and Arrow IPC: what other programs write, and files as they should not be.

#![cfg(feature = "parquet")]
#![allow(clippy::float_cmp, reason = "tests compare numbers that are exact")]
#![allow(
    clippy::unwrap_used,
    reason = "what the helpers of these tests make is sound"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, UInt64Array,
};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use dataset::{
    BatchOptions, Batches, Cells, CsvOptions, Format, Input, Kind, ReadError, ReadProgress, Role,
    Schema, SchemaOptions, Table, read_table,
};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/columns")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        let ending = path.extension().unwrap();
        ending == "parquet" || ending == "arrow"
    });
    paths.sort();
    assert_eq!(paths.len(), 12);
    paths
}

fn read_with(
    input: &Input,
    change: impl FnOnce(&mut SchemaOptions),
) -> Result<(Table, Schema), ReadError> {
    let mut options = SchemaOptions::default();
    change(&mut options);
    let (table, schema, fingerprint) = read_table(input, &CsvOptions::default(), &options)?;
    assert_eq!(fingerprint.rows, table.rows());
    Ok((table, schema))
}

fn read(bytes: Vec<u8>) -> Result<Table, ReadError> {
    read_with(&Input::bytes("t", bytes), |_| {}).map(|(table, _)| table)
}

fn message(bytes: Vec<u8>) -> String {
    let error = read(bytes).unwrap_err();
    assert!(error.remedy().is_some(), "{error}");
    error.to_string()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)))
        .unwrap()
}

fn parquet(batch: &RecordBatch, rows_per_group: usize) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(rows_per_group))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn stream(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn texts(table: &Table, column: &str) -> Vec<Option<String>> {
    let column = table.column(column).unwrap();
    (0..table.rows()).map(|row| column.cell(row)).collect()
}

fn strings(cells: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(cells.to_vec()))
}

fn nested() -> RecordBatch {
    let list = ListArray::from_iter_primitive::<Int8Type, _, _>([
        Some(vec![Some(1)]),
        None,
        Some(vec![Some(2), None]),
    ]);
    let inner: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let structs = StructArray::from(vec![
        (
            Arc::new(Field::new("x", DataType::Int64, false)),
            inner.clone(),
        ),
        (
            Arc::new(Field::new("y", DataType::Int64, false)),
            inner.clone(),
        ),
    ]);
    batch(vec![
        ("list", Arc::new(list)),
        ("struct", Arc::new(structs)),
        ("n", inner),
    ])
}

#[test]
fn files_of_other_programs_are_the_table_that_csv_is() {
    let (csv, _) = read_with(&Input::file(folder().join("mixed.csv")).unwrap(), |_| {}).unwrap();
    for path in files() {
        for categorical in [false, true] {
            let all = |options: &mut SchemaOptions| {
                if categorical {
                    let names = ["i8", "i64", "u64", "coded", "digits"];
                    options.categorical = names.map(str::to_owned).to_vec();
                }
            };
            let plain = Input::file(folder().join("mixed.csv")).unwrap();
            let (expected, kinds) = read_with(&plain, all).unwrap();
            let (found, schema) = read_with(&Input::file(&path).unwrap(), all).unwrap();
            assert_eq!(schema, kinds, "{path:?}");
            for (column, other) in found.columns().iter().zip(expected.columns()) {
                for row in 0..60 {
                    let (cell, other) = (column.cell(row), other.cell(row));
                    assert_eq!(cell, other, "{path:?} {} {row}", column.name);
                }
            }
        }
    }
    assert_eq!(csv.rows(), 60);
}

#[test]
fn nested_columns_are_named_and_can_be_dropped() {
    for bytes in [parquet(&nested(), 10), stream(&nested())] {
        assert_eq!(
            message(bytes.clone()),
            "t: column `list` is a list, not one value a row"
        );
        let input = Input::bytes("t", bytes);
        let dropping = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            read_with(&input, |options| options.drop = names)
        };
        let error = dropping(&["list"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "t: column `struct` is a struct, not one value a row"
        );
        assert!(error.remedy().unwrap().contains("--drop struct"));
        let (table, schema) = dropping(&["list", "struct"]).unwrap();
        assert_eq!(
            texts(&table, "n"),
            ["1", "2", "3"].map(|n| Some(n.to_owned()))
        );
        assert_eq!(schema.columns[0].role, Role::Ignored);
        let (_, schema) = dropping(&["list", "struct", "n"]).unwrap();
        assert_eq!(schema.columns[2].kind, Kind::Numeric);
    }
}

#[test]
fn numbers_at_the_edge() {
    let whole = Int64Array::from(vec![9_007_199_254_740_993, -7, i64::MIN]);
    let large = UInt64Array::from(vec![Some(u64::MAX), None, Some(0)]);
    let columns = batch(vec![("i", Arc::new(whole)), ("u", Arc::new(large))]);
    let input = Input::bytes("t", parquet(&columns, 2));
    let (table, _) = read_with(&input, |_| {}).unwrap();
    let Cells::Numeric(values) = &table.column("i").unwrap().cells else {
        panic!("not numbers");
    };
    assert_eq!(
        values[..],
        [9_007_199_254_740_992.0, -7.0, -9_223_372_036_854_775_808.0]
    );
    // As text they are exact.
    let (table, _) = read_with(&input, |options| {
        options.categorical = vec!["i".to_owned(), "u".to_owned()];
    })
    .unwrap();
    assert_eq!(texts(&table, "i")[0].as_deref(), Some("9007199254740993"));
    assert_eq!(
        texts(&table, "u")[0].as_deref(),
        Some("18446744073709551615")
    );
    assert_eq!(texts(&table, "u")[1], None);

    for (value, name) in [
        (f64::NAN, "NaN"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
    ] {
        let array = Float64Array::from(vec![Some(1.0), None, Some(value), Some(-999.0)]);
        let bytes = parquet(&batch(vec![("a", Arc::new(array))]), 3);
        assert_eq!(
            message(bytes.clone()),
            format!("t:3: column `a`: {name:?} is not a finite number")
        );
        let mut csv = CsvOptions::default();
        csv.na.extend([name.to_owned(), "-999".to_owned()]);
        let input = Input::bytes("t", bytes);
        let (table, ..) = read_table(&input, &csv, &SchemaOptions::default()).unwrap();
        assert_eq!(texts(&table, "a"), [Some("1".to_owned()), None, None, None]);
    }
}

#[test]
fn texts_follow_the_rules_of_csv() {
    let words = strings(&[" yes ", "NO", "NA", ""]);
    let numbers = strings(&["1", " 2.5", "NA", "-3e2"]);
    let late = strings(&["1", "2", "x", "y"]);
    let columns = batch(vec![("b", words), ("n", numbers), ("late", late)]);
    for rows in [1, 2, 4] {
        let input = Input::bytes("t", parquet(&columns, rows));
        let (table, schema) = read_with(&input, |_| {}).unwrap();
        let kinds: Vec<Kind> = schema.columns.iter().map(|column| column.kind).collect();
        assert_eq!(kinds, [Kind::Boolean, Kind::Numeric, Kind::Categorical]);
        let some = |cell: &str| Some(cell.to_owned());
        assert_eq!(texts(&table, "b"), [some("yes"), some("no"), None, None]);
        assert_eq!(
            texts(&table, "n"),
            [some("1"), some("2.5"), None, some("-300")]
        );
        assert_eq!(texts(&table, "late"), ["1", "2", "x", "y"].map(some));
    }
}

#[test]
fn values_of_a_dictionary_that_no_row_has_are_not_levels() {
    let keys = arrow_array::Int32Array::from(vec![Some(2), None, Some(0), Some(2), Some(3)]);
    let values: StringArray = [Some("a"), Some("b"), Some("c"), None]
        .into_iter()
        .collect();
    let coded = DictionaryArray::new(keys, Arc::new(values));
    let columns = batch(vec![("c", Arc::new(coded) as ArrayRef)]);
    for bytes in [parquet(&columns, 2), stream(&columns)] {
        let table = read(bytes).unwrap();
        let Cells::Text { levels, codes } = &table.columns()[0].cells else {
            panic!("not text");
        };
        assert_eq!(levels[..], ["c", "a"]);
        let missing = dataset::MISSING;
        assert_eq!(codes[..], [0, missing, 1, 0, missing]);
    }
}

#[test]
fn no_rows_no_columns_and_names_that_stand_twice() {
    let none = batch(vec![("a", strings(&[]))]);
    let empty = RecordBatch::new_empty(Arc::new(ArrowSchema::empty()));
    let field = || Field::new("a", DataType::Int64, false);
    let array = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    let twice = ArrowSchema::new(vec![
        field(),
        Field::new("b", DataType::Int64, false),
        field(),
    ]);
    let twice = RecordBatch::try_new(Arc::new(twice), vec![array(), array(), array()]).unwrap();
    let nameless = batch(vec![("", array())]);
    for (batch, expected) in [
        (&none, "t has a header and no rows"),
        (&empty, "t is empty"),
        (&twice, "t:1: columns 1 and 3 are both named `a`"),
        (&nameless, "t:1: column 1 has no name"),
    ] {
        assert_eq!(message(parquet(batch, 10)), expected);
        assert_eq!(message(stream(batch)), expected);
    }
}

#[test]
fn files_that_are_cut_off_or_damaged() {
    let cut = |bytes: &[u8], length: usize| read(bytes[..length].to_vec());
    for path in files() {
        let bytes = std::fs::read(&path).unwrap();
        let stream = path.ends_with("stream.arrow");
        for length in (8..bytes.len()).step_by(if stream { 13 } else { 97 }) {
            match cut(&bytes, length) {
                Err(ReadError::Damaged { .. }) => {}
                // A stream that ends between two batches may be whole.
                Ok(table) if stream => assert!(table.rows() % 25 == 0 || table.rows() == 60),
                Err(ReadError::NoRows { .. }) if stream => {}
                other => panic!("{path:?} {length}: {:?}", other.map(|table| table.rows())),
            }
        }
        // A bit that is wrong ends in an error or in another table, and never in a panic. (The
        // library takes a length that Arrow IPC states for a compressed buffer at its word.)
        if path.extension().unwrap() == "arrow" {
            continue;
        }
        for place in (0..bytes.len()).step_by(41) {
            let mut wrong = bytes.clone();
            wrong[place] ^= 1 << (place % 8);
            let _ = read(wrong);
        }
    }
    let error = message(b"PAR1 and then something else".to_vec());
    assert!(
        error.starts_with("t is damaged or cut off Parquet: "),
        "{error}"
    );
    assert!(message(b"PARE".to_vec()).contains("encrypted"));
}

#[test]
fn compressed_files_and_options_of_csv() {
    let bytes = std::fs::read(folder().join("snappy.parquet")).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&bytes).unwrap();
    let table = read(encoder.finish().unwrap()).unwrap();
    assert_eq!(table.rows(), 60);
    let csv = CsvOptions {
        delimiter: Some(b';'),
        ..CsvOptions::default()
    };
    let input = Input::bytes("t", bytes);
    let (_, _, print) = read_table(&input, &csv, &SchemaOptions::default()).unwrap();
    assert_eq!(
        (print.rows, print.columns, Some(print.bytes)),
        (60, 20, input.size())
    );
}

#[test]
fn several_files_are_one_table_if_they_are_alike() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let numbers = |cells: Vec<i64>| Arc::new(Int64Array::from(cells)) as ArrayRef;
    let first = file("1", &parquet(&batch(vec![("a", numbers(vec![1, 2]))]), 1));
    let halves: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.5), None]));
    let second = file("2", &parquet(&batch(vec![("a", halves)]), 9));
    let progress = ReadProgress::default();
    let input = Input::files("both", [&first, &second])
        .unwrap()
        .with_progress(&progress);
    let (table, _) = read_with(&input, |_| {}).unwrap();
    assert_eq!(texts(&table, "a")[2].as_deref(), Some("0.5"));
    assert_eq!((table.rows(), table.line(3)), (4, 2));
    assert_eq!(table.file(3), second.display().to_string());
    assert_eq!((Some(progress.bytes()), progress.rows()), (input.size(), 4));
    let wanted = BatchOptions {
        columns: vec![("a".to_owned(), Kind::Numeric)],
        ..BatchOptions::default()
    };
    let batches = Batches::input(&input, &CsvOptions::default(), &wanted).unwrap();
    assert_eq!(
        batches
            .map(|batch| batch.unwrap().table.rows())
            .sum::<usize>(),
        4
    );

    let error = |other: &Path| {
        let input = Input::files("both", [first.as_path(), other]).unwrap();
        read_with(&input, |_| {}).unwrap_err()
    };
    let words = file("3", &parquet(&batch(vec![("a", strings(&["x"]))]), 9));
    let text = error(&words).to_string();
    let expected = format!(
        "column `a` is a text where in {} it is a number",
        first.display()
    );
    assert!(text.ends_with(&expected), "{text}");
    let renamed = file("4", &parquet(&batch(vec![("b", numbers(vec![1]))]), 9));
    assert!(matches!(
        error(&renamed),
        ReadError::OtherColumns { position: 1, .. }
    ));
    let csv = file("5", b"a\n1\n");
    let mixed = error(&csv);
    assert!(matches!(
        mixed,
        ReadError::MixedFormats {
            found: Format::Csv,
            ..
        }
    ));
}

#[test]
fn batches_read_what_the_whole_table_reads() {
    for path in files() {
        let input = Input::file(&path).unwrap();
        let (table, schema) = read_with(&input, |_| {}).unwrap();
        let mut columns: Vec<(String, Kind)> = schema
            .columns
            .iter()
            .filter(|column| column.role != Role::Ignored)
            .map(|column| (column.name.clone(), column.kind))
            .collect();
        columns.reverse();
        let options = BatchOptions {
            columns,
            notations: schema.notations(),
            keep: vec!["text".to_owned(), "i32".to_owned()],
            rows_per_batch: 7,
        };
        let csv = CsvOptions::default();
        let bytes = std::fs::read(&path).unwrap();
        for batches in [
            Batches::input(&input, &csv, &options).unwrap(),
            Batches::new("t", &bytes[..], &csv, &options).unwrap(),
        ] {
            let mut row = 0;
            for batch in batches {
                let batch = batch.unwrap();
                assert!((1..=7).contains(&batch.table.rows()));
                for position in 0..batch.table.rows() {
                    for column in batch.table.columns() {
                        let expected = table.column(&column.name).unwrap().cell(row);
                        assert_eq!(column.cell(position), expected, "{path:?} {row}");
                    }
                    let text = table.column("text").unwrap().cell(row).unwrap_or_default();
                    assert_eq!(batch.kept[position][0], text);
                    assert_eq!(batch.table.line(position), row as u64 + 1);
                    row += 1;
                }
            }
            assert_eq!(row, 60);
        }
    }
}

#[test]
fn batches_refuse_what_does_not_fit_the_model() {
    let columns = batch(vec![("a", strings(&["1", "x"]))]);
    let options = BatchOptions {
        columns: vec![("a".to_owned(), Kind::Numeric)],
        ..BatchOptions::default()
    };
    let bytes = parquet(&columns, 1);
    let batches = Batches::new("t", &bytes[..], &CsvOptions::default(), &options).unwrap();
    let outcomes: Vec<_> = batches
        .map(|batch| batch.map_err(|e| e.to_string()))
        .collect();
    assert_eq!(
        outcomes[1],
        Err("t:2: column `a`: \"x\" is not a number".to_owned())
    );
    let list = BatchOptions {
        columns: vec![("list".to_owned(), Kind::Numeric)],
        ..BatchOptions::default()
    };
    let bytes = stream(&nested());
    let error = Batches::new("t", &bytes[..], &CsvOptions::default(), &list)
        .err()
        .unwrap();
    assert!(matches!(error, ReadError::ColumnType { .. }));
}

#[test]
fn the_table_does_not_depend_on_threads() {
    for path in files() {
        let input = Input::file(&path).unwrap();
        let read = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let outcome = pool.build().unwrap().install(|| read_with(&input, |_| {}));
            let (table, schema) = outcome.unwrap();
            format!("{:?} {schema:?}", table.columns())
        };
        assert!(read(1) == read(3), "{path:?}");
    }
}
