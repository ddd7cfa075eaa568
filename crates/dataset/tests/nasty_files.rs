//! Files as they should not be: each ends in the right table or in an error with its place.

#![allow(clippy::float_cmp, reason = "tests compare numbers that are exact")]
#![allow(
    clippy::unwrap_used,
    reason = "what the helpers of these tests make is sound"
)]

use std::fmt::Write as _;
use std::io::Write as _;

use dataset::{
    BatchOptions, Batches, Cells, CsvOptions, Format, Input, Kind, ReadError, Schema,
    SchemaOptions, Table, read_table,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

fn read_with(
    bytes: impl Into<Vec<u8>>,
    change: impl FnOnce(&mut SchemaOptions),
) -> Result<(Table, Schema), ReadError> {
    let mut options = SchemaOptions::default();
    change(&mut options);
    let input = Input::bytes("t", bytes.into());
    let (table, schema, fingerprint) = read_table(&input, &CsvOptions::default(), &options)?;
    assert_eq!(fingerprint.rows, table.rows());
    Ok((table, schema))
}

fn read(bytes: impl Into<Vec<u8>>) -> Result<Table, ReadError> {
    read_with(bytes, |_| {}).map(|(table, _)| table)
}

fn numbers(table: &Table, column: usize) -> &[f64] {
    match &table.columns()[column].cells {
        Cells::Numeric(values) => values,
        _ => panic!("column {column} is no dense column of numbers"),
    }
}

fn texts(table: &Table, column: usize) -> Vec<Option<String>> {
    let column = &table.columns()[column];
    assert!(matches!(column.cells, Cells::Text { .. }));
    (0..table.rows()).map(|row| column.cell(row)).collect()
}

fn message(bytes: impl Into<Vec<u8>>) -> String {
    let error = read(bytes).unwrap_err();
    assert!(error.remedy().is_some(), "{error}");
    error.to_string()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Longer than any block that is read at a time, its cells not all alike.
fn long_table(rows: usize) -> String {
    let mut text = "n,c\n".to_owned();
    for row in 0..rows {
        writeln!(text, "{}.5,level {}", row, row % 7).unwrap();
    }
    text
}

#[test]
fn a_byte_order_mark_and_every_line_end() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["\u{feff}a,b", "1,x", "", "2,\"y", "z\"", ""].join(end);
        let table = read(text).unwrap();
        assert_eq!(table.columns()[0].name, "a");
        assert_eq!(numbers(&table, 0), [1.0, 2.0]);
        assert_eq!((table.line(0), table.line(1)), (2, 4));
        assert_eq!(texts(&table, 1)[1], Some(format!("y{end}z")));
    }
}

#[test]
fn quotes_that_cross_every_border_of_a_block() {
    // Cells with line breaks in them, of every length around that of a block.
    let mut text = "a,b,c\n".to_owned();
    let mut expected = Vec::new();
    for row in 0..3000 {
        let cell = format!("{}\n\"\"\r\n,{row}", "x".repeat(1 + row % 401));
        writeln!(text, "{row},\"{cell}\",{}", row * 2).unwrap();
        expected.push(cell.replace("\"\"", "\""));
    }
    let (table, _) = read_with(text, |options| options.keep = vec!["b".into()]).unwrap();
    assert_eq!(table.rows(), 3000);
    assert_eq!(numbers(&table, 2)[2999], 5998.0);
    for (found, expected) in texts(&table, 1).iter().zip(&expected) {
        assert_eq!(found.as_ref(), Some(expected));
    }
    assert_eq!(table.line(2999), 2 + 2999 * 3);
}

#[test]
fn characters_that_cross_every_border_of_a_block() {
    for lead in 0..4 {
        let text = format!("a\n{}{}\n", "y".repeat(lead), "€".repeat(300_000));
        let table = read(text + &"é\n".repeat(300_000)).unwrap();
        assert_eq!(table.rows(), 300_001);
        let Cells::Text { levels, .. } = &table.columns()[0].cells else {
            panic!("not text");
        };
        assert_eq!(
            (levels[0].chars().count(), levels[1].as_str()),
            (300_000 + lead, "é")
        );
    }
    let half = [long_table(60_000).as_bytes(), b"1,\xe2\x82\n"].concat();
    assert_eq!(message(half), "t:60002: not UTF-8 text");
}

#[test]
fn ragged_rows_and_headers() {
    assert_eq!(
        message("a,b\n1,2\n3\n"),
        "t:3: 1 cell where the header has 2"
    );
    assert_eq!(
        message("a,b\n1,2,\n"),
        "t:2: 3 cells where the header has 2"
    );
    let late = long_table(60_000) + "1,2,3\n";
    assert_eq!(message(late), "t:60002: 3 cells where the header has 2");
    assert_eq!(
        message("a,b,a\n1,2,3\n"),
        "t:1: columns 1 and 3 are both named `a`"
    );
    assert_eq!(message("a,,b\n1,2,3\n"), "t:1: column 2 has no name");
    assert_eq!(message("\n\n"), "t is empty");
    assert_eq!(message("a,b\n"), "t has a header and no rows");
    let unclosed = long_table(60_000) + "1,\"x\n" + &"2,y\n".repeat(100_000);
    assert_eq!(
        message(unclosed),
        "t:60002: a quote is opened in this row and never closed"
    );
}

#[test]
fn a_cell_of_five_megabytes_and_ten_thousand_columns() {
    let table = read(format!("a,b\n1,{}\n2,y\n", "x".repeat(5_000_000))).unwrap();
    assert_eq!(
        texts(&table, 1)[0].as_ref().map(String::len),
        Some(5_000_000)
    );
    let names: Vec<_> = (0..10_000)
        .map(|column| format!("column{column}"))
        .collect();
    let row: Vec<_> = (0..10_000).map(|column| column.to_string()).collect();
    let text = names.join(",") + "\n" + &(row.join(",") + "\n").repeat(300);
    let table = read(text).unwrap();
    assert_eq!((table.rows(), table.columns().len()), (300, 10_000));
    assert_eq!(numbers(&table, 9_999)[299], 9_999.0);
}

#[test]
fn bytes_that_are_no_letters() {
    let table = read("a,b\n\0,1\nx\0y,2\n").unwrap();
    assert_eq!(texts(&table, 0)[1].as_deref(), Some("x\0y"));
    assert!(message(b"\xff\xfea\0,\0b\0\n\0".as_slice()).ends_with("not UTF-8 text"));
}

#[test]
fn numbers_at_the_edge() {
    let text = "a,b\n9007199254740993,-0\n1e308,0.1\n4.9e-324,+1\n123456789012345678901,.5\n";
    let table = read(text).unwrap();
    assert_eq!(
        numbers(&table, 0),
        [
            9_007_199_254_740_992.0,
            1e308,
            4.9e-324,
            1.234_567_890_123_456_8e20
        ]
    );
    assert!(numbers(&table, 1)[0].is_sign_negative());
    for cell in ["1e400", "-1e400", "inf", "-Infinity", "NaN", "nan"] {
        let late = format!("{}{cell},x\n", long_table(60_000));
        assert_eq!(
            message(late),
            format!("t:60002: column `n`: {cell:?} is not a finite number")
        );
    }
}

#[test]
fn a_late_surprise_has_its_place_or_is_read_again() {
    let late = long_table(60_000) + "12;5,x\n";
    assert_eq!(
        message(late.replace("12;5", "\"12,5\"")),
        "t:60002: column `n`: \"12,5\" is not a number\n(the other 60,000 cells of the column are)"
    );
    // Where many are words it is text, and the numbers before are the text that they were.
    let mut text = "n\n".to_owned();
    text += &"007\n".repeat(100_000);
    text += &"x\n".repeat(100_000);
    let table = read(text).unwrap();
    let cells = texts(&table, 0);
    assert_eq!(
        (cells[0].as_deref(), cells[199_999].as_deref()),
        (Some("007"), Some("x"))
    );
}

#[test]
fn decimal_commas() {
    let table = read("a;b\n1,5;x\n2,5;y\n").unwrap();
    assert_eq!(numbers(&table, 0), [1.5, 2.5]);
    // A comma that may stand between groups of digits is not decided.
    let table = read("a;b\n1,500;x\n2,500;y\n").unwrap();
    assert_eq!(texts(&table, 0)[0].as_deref(), Some("1,500"));
    let mixed = "a;b\n".to_owned() + &"1.5;x\n".repeat(20) + "2,5;y\n";
    assert!(message(mixed).starts_with("t:22: column `a`: \"2,5\" is not a number"));
}

#[test]
fn every_format_compressed() {
    let json = "{\"n\": 1, \"c\": \"x\"}\n{\"n\": 2}\n";
    for (text, rows) in [
        (long_table(50_000), 50_000),
        (long_table(10).replace(',', "\t"), 10),
        (json.to_owned(), 2),
        ("1 1:2\n0 2:1\n".to_owned(), 2),
    ] {
        let plain = read(text.clone()).unwrap();
        assert_eq!(plain.rows(), rows);
        let (head, tail) = text.as_bytes().split_at(text.len() / 2);
        let zstd = |bytes| compress_to_vec(bytes, CompressionLevel::Fastest);
        for bytes in [
            gzip(text.as_bytes()),
            [gzip(head), gzip(tail)].concat(),
            zstd(text.as_bytes()),
            [zstd(head), zstd(tail)].concat(),
        ] {
            let table = read(bytes).unwrap();
            for (found, expected) in table.columns().iter().zip(plain.columns()) {
                assert!((0..rows).all(|row| found.cell(row) == expected.cell(row)));
            }
        }
    }
}

#[test]
fn compressed_files_that_are_cut_off() {
    let text = long_table(100_000);
    let zstd = compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
    for whole in [gzip(text.as_bytes()), zstd] {
        for length in [whole.len() / 3, whole.len() - 1] {
            let error = read(&whole[..length]).unwrap_err();
            assert!(
                matches!(error, ReadError::Truncated { bytes, .. } if bytes == length as u64),
                "{error}"
            );
            assert!(error.remedy().is_some());
        }
    }
    // A mistake before the cut is told first, as it would be in the whole file.
    let bytes = gzip(("a,b\n1,2,3\n".to_owned() + &text).as_bytes());
    assert_eq!(
        message(&bytes[..bytes.len() - 9]),
        "t:2: 3 cells where the header has 2"
    );
}

#[test]
fn svmlight_indices_out_of_order() {
    assert_eq!(
        message("1 1:1 3:1\n0 3:1 1:1\n"),
        "t:2: \"1:1\": the indices are not in ascending order"
    );
    assert_eq!(
        message("1 1:1 3:1\n0 3:1 3:2\n"),
        "t:2: \"3:2\": the index stands twice in the line"
    );
    let wide = "1 1:1\n".repeat(100_000) + "0 100000:1\n";
    // What is not written takes no memory.
    let table = read(wide).unwrap();
    let last = table.column("f100000").unwrap();
    assert_eq!(
        (last.cell(99_999), last.cell(100_000)),
        (Some("0".into()), Some("1".into()))
    );
}

#[test]
fn json_that_is_not_one_flat_object_a_line() {
    assert_eq!(
        message("{\"a\": 1}\n{\"a\": {\"b\": 1}}\n"),
        "t:2: column `a` holds an object, not one value"
    );
    assert!(message("[{\"a\": 1}]").contains("JSON document"));
    assert!(message("{\n\"a\": 1}").contains("JSON document"));
    assert!(message("{\"a\": 1}\n{\"a\": 1e400}\n").contains("not a finite number"));
}

#[test]
fn formats_that_are_not_read_are_named() {
    for (bytes, name) in [
        (&b"PARE\x15\x04"[..], "encrypted Parquet"),
        (b"FEA1\0\0", "Feather"),
        (b"PK\x03\x04\x14", "ZIP"),
        (b"BZh91AY", "bzip2"),
    ] {
        assert!(message(bytes).contains(name));
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_format_that_was_left_out_names_its_feature() {
    for (bytes, name) in [
        (&b"PAR1\x15\x04"[..], "Parquet"),
        (b"ARROW1\0\0", "Arrow IPC"),
    ] {
        let expected = format!("t is {name}, which this program was built without");
        assert_eq!(message(bytes), expected);
        let remedy = read(bytes).unwrap_err().remedy().unwrap();
        assert!(remedy.contains("--features parquet"));
    }
}

#[test]
fn a_format_can_be_said() {
    let bytes = b"1 1:2\n3 2:4\n".as_slice();
    let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
    let svmlight = Input::bytes("t", bytes);
    let as_csv = svmlight.clone().with_format(Format::Csv);
    let columns = |input: &Input| read_table(input, &csv, &options).unwrap().0.columns().len();
    assert_eq!((columns(&svmlight), columns(&as_csv)), (3, 1));
}

#[test]
fn batches_read_what_the_whole_table_reads() {
    let text = long_table(50_000);
    let table = read(text.clone()).unwrap();
    let options = BatchOptions {
        columns: vec![("c".into(), Kind::Categorical), ("n".into(), Kind::Numeric)],
        keep: vec!["n".into()],
        rows_per_batch: 777,
        ..BatchOptions::default()
    };
    let csv = CsvOptions::default();
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
        let mut row = 0;
        for batch in Batches::new("t", &bytes[..], &csv, &options).unwrap() {
            let batch = batch.unwrap();
            for position in 0..batch.table.rows() {
                assert_eq!(batch.table.line(position), table.line(row));
                assert_eq!(
                    batch.table.columns()[1].cell(position),
                    table.columns()[0].cell(row)
                );
                assert_eq!(
                    batch.table.columns()[0].cell(position),
                    table.columns()[1].cell(row)
                );
                assert_eq!(batch.kept[position], [format!("{row}.5")]);
                row += 1;
            }
        }
        assert_eq!(row, 50_000);
    }
    // A file that is cut off ends with an error, behind the rows that are there.
    let cut = gzip(text.as_bytes());
    let batches = Batches::new("t", &cut[..cut.len() - 20], &csv, &options).unwrap();
    let outcomes: Vec<_> = batches.collect();
    assert!(outcomes.len() > 1 && outcomes[0].is_ok());
    let last = outcomes.last().unwrap();
    assert!(matches!(last, Err(ReadError::Truncated { .. })));
}
