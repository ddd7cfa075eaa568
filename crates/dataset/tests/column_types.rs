//! Every type of column that a file of columns may have: nulls, and dates as they are in CSV.

#![cfg(feature = "parquet")]
#![allow(
    clippy::unwrap_used,
    reason = "what the helpers of these tests make is sound"
)]

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Date64Array,
    Decimal128Array, DictionaryArray, DurationMillisecondArray, FixedSizeBinaryArray, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, LargeBinaryArray,
    LargeStringArray, RecordBatch, StringArray, StringViewArray, Time32MillisecondArray,
    Time32SecondArray, Time64MicrosecondArray, Time64NanosecondArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt8Array,
    UInt16Array, UInt32Array, UInt64Array, new_null_array,
};
use arrow_ipc::writer::StreamWriter;
use dataset::{Cells, CsvOptions, Input, Kind, Schema, SchemaOptions, Table, read_table};
use parquet::arrow::ArrowWriter;

fn batch(columns: &[ArrayRef]) -> RecordBatch {
    let named = columns.iter().enumerate();
    RecordBatch::try_from_iter_with_nullable(
        named.map(|(position, array)| (format!("c{position}"), Arc::clone(array), true)),
    )
    .unwrap()
}

/// The same rows as Parquet and as Arrow IPC.
fn files(columns: &[ArrayRef]) -> [Vec<u8>; 2] {
    let batch = batch(columns);
    let mut parquet = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    parquet.write(&batch).unwrap();
    let mut stream = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    stream.write(&batch).unwrap();
    [parquet.into_inner().unwrap(), stream.into_inner().unwrap()]
}

fn read(bytes: impl Into<Vec<u8>>) -> (Table, Schema) {
    let input = Input::bytes("t", bytes.into());
    let (table, schema, _) =
        read_table(&input, &CsvOptions::default(), &SchemaOptions::default()).unwrap();
    (table, schema)
}

/// For each type a cell, a null and a cell.
fn every_type() -> Vec<ArrayRef> {
    let text = [Some("a"), None, Some("b")];
    let bytes = [Some(&b"a"[..]), None, Some(&b"b"[..])];
    macro_rules! numbers {
        ($($array:ty),*) => { vec![$(Arc::new(<$array>::from(vec![Some(1), None, Some(2)])) as ArrayRef),*] };
    }
    let mut columns = numbers![
        Int8Array,
        Int16Array,
        Int32Array,
        Int64Array,
        UInt8Array,
        UInt16Array,
        UInt32Array,
        UInt64Array,
        Date32Array,
        Date64Array,
        Time32SecondArray,
        Time32MillisecondArray,
        Time64MicrosecondArray,
        Time64NanosecondArray,
        TimestampSecondArray,
        TimestampMillisecondArray,
        TimestampMicrosecondArray,
        TimestampNanosecondArray,
        DurationMillisecondArray,
        Decimal128Array
    ];
    let zoned = TimestampSecondArray::from(vec![Some(1), None, Some(2)]).with_timezone("UTC");
    let coded: DictionaryArray<Int32Type> = text.into_iter().collect();
    let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(bytes.into_iter(), 1);
    columns.extend([
        Arc::new(zoned) as ArrayRef,
        Arc::new(Float32Array::from(vec![Some(1.5), None, Some(2.5)])),
        Arc::new(Float64Array::from(vec![Some(1.5), None, Some(2.5)])),
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        Arc::new(StringArray::from_iter(text)),
        Arc::new(LargeStringArray::from_iter(text)),
        Arc::new(StringViewArray::from_iter(text)),
        Arc::new(BinaryArray::from_iter(bytes)),
        Arc::new(LargeBinaryArray::from_iter(bytes)),
        Arc::new(BinaryViewArray::from_iter(bytes)),
        Arc::new(fixed.unwrap()),
        Arc::new(coded),
    ]);
    columns
}

#[test]
fn nulls_in_every_type() {
    let columns = every_type();
    let none: Vec<ArrayRef> = columns
        .iter()
        .map(|column| new_null_array(column.data_type(), 3))
        .collect();
    for (bytes, empty) in files(&columns).into_iter().zip(files(&none)) {
        let ((table, _), (missing, _)) = (read(bytes), read(empty));
        assert_eq!(table.columns().len(), columns.len());
        for (column, array) in table.columns().iter().zip(&columns) {
            let kind = array.data_type();
            let there: Vec<bool> = (0..3).map(|row| column.cell(row).is_some()).collect();
            assert_eq!(there, [true, false, true], "{kind}");
            let missing = missing.column(&column.name).unwrap();
            assert!((0..3).all(|row| missing.cell(row).is_none()), "{kind}");
        }
    }
}

/// The seconds of a column of dates, to the bit.
fn seconds(table: &Table, schema: &Schema, position: usize) -> Vec<u64> {
    assert_eq!(schema.columns[position].kind, Kind::Date);
    let Cells::Numeric(values) = &table.columns()[position].cells else {
        panic!("dates are stored as numbers");
    };
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn dates_are_those_that_csv_has() {
    // Years 0, 1582, 1969, 2026 and 9999, and times with a fraction that no `f64` is exactly.
    let days = [-719_528, -141_427, -1, 20_484, 2_932_896];
    let of_day = [0, 1, 43_199_123_457, 59_100_000, 86_399_999_999_i64]; // microseconds
    let micros = days
        .iter()
        .zip(of_day)
        .map(|(day, time)| i64::from(*day) * 86_400_000_000 + time);
    let micros: Vec<Option<i64>> = micros.map(Some).chain([None]).collect();
    let days: Vec<Option<i32>> = days.into_iter().map(Some).chain([None]).collect();
    let columns = [
        Arc::new(Date32Array::from(days)) as ArrayRef,
        Arc::new(TimestampMicrosecondArray::from(micros.clone())),
        Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC")),
    ];
    let csv = "c0,c1,c2\n\
        0000-01-01,0000-01-01T00:00:00,0000-01-01T00:00:00Z\n\
        1582-10-15,1582-10-15T00:00:00.000001,1582-10-15T00:00:00.000001Z\n\
        1969-12-31,1969-12-31T11:59:59.123457,1969-12-31T11:59:59.123457Z\n\
        2026-01-31,2026-01-31T00:00:59.1,2026-01-31T00:00:59.1Z\n\
        9999-12-31,9999-12-31T23:59:59.999999,9999-12-31T23:59:59.999999Z\n,,\n";
    let (expected, described) = read(csv);
    for bytes in files(&columns) {
        let (found, schema) = read(bytes);
        assert_eq!(schema, described);
        for position in 0..3 {
            assert_eq!(
                seconds(&found, &schema, position),
                seconds(&expected, &described, position)
            );
        }
    }
}

#[test]
fn dates_beyond_four_figures_stay_text_in_every_format() {
    let days = Date32Array::from(vec![Some(0), None, Some(2_932_897)]);
    for bytes in files(&[Arc::new(days) as ArrayRef]) {
        let (table, schema) = read(bytes);
        assert_eq!(schema.columns[0].kind, Kind::Categorical);
        let cells: Vec<_> = (0..3).map(|row| table.columns()[0].cell(row)).collect();
        assert_eq!(cells[0].as_deref(), Some("1970-01-01"));
        assert_eq!(
            (cells[1].as_deref(), cells[2].as_deref()),
            (None, Some("+10000-01-01"))
        );
    }
}

#[test]
fn a_date_that_means_missing_is_missing() {
    let days = Date32Array::from(vec![Some(0), Some(2_932_896), Some(1)]);
    let mut csv = CsvOptions::default();
    csv.na.push("9999-12-31".to_owned());
    for bytes in files(&[Arc::new(days) as ArrayRef]) {
        let input = Input::bytes("t", bytes);
        let (table, schema, _) = read_table(&input, &csv, &SchemaOptions::default()).unwrap();
        assert_eq!(schema.columns[0].kind, Kind::Date);
        let there: Vec<bool> = (0..3)
            .map(|row| table.columns()[0].cell(row).is_some())
            .collect();
        assert_eq!(there, [true, false, true]);
    }
}

/// Dates of thousands of rows, and what a late cell makes of them.
#[test]
fn a_late_cell_that_is_no_date_makes_all_of_them_text() {
    let mut text = "day,y\n".to_owned();
    for row in 0..60_000 {
        let _ = writeln!(text, "2026-01-{:02},1", row % 28 + 1);
    }
    let (table, schema) = read(text.clone());
    assert_eq!(schema.columns[0].kind, Kind::Date);
    assert_eq!(table.columns()[0].cell(1).as_deref(), Some("1767312000"));
    for (late, levels) in [
        ("soon,1\n", 29),
        ("7,1\n", 29),
        ("2026-01-1x,1\n", 29),
        (",1\n", 0),
    ] {
        let (table, schema) = read(text.clone() + late);
        let kind = if levels == 0 {
            Kind::Date
        } else {
            Kind::Categorical
        };
        assert_eq!(schema.columns[0].kind, kind, "{late}");
        if let Cells::Text { levels: found, .. } = &table.columns()[0].cells {
            assert_eq!((found.len(), found[0].as_str()), (levels, "2026-01-01"));
        }
    }
    // A target stays what it is written as.
    let options = SchemaOptions {
        target: Some("day".to_owned()),
        ..SchemaOptions::default()
    };
    let input = Input::bytes("t", text.into_bytes());
    let (_, schema, _) = read_table(&input, &CsvOptions::default(), &options).unwrap();
    assert_eq!(schema.columns[0].kind, Kind::Categorical);
}
