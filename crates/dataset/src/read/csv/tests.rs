use proptest::prelude::*;

use super::*;

/// A reader that gives a few bytes at a time.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

type Row = (u64, Vec<String>);

fn read(bytes: &[u8], delimiter: Option<u8>) -> Result<Vec<Row>, ReadError> {
    drain(Records::open("t.csv", bytes, delimiter)?)
}

fn drain<R: Read>(mut records: Records<R>) -> Result<Vec<Row>, ReadError> {
    let (mut record, mut rows) = (Record::default(), Vec::new());
    while records.next(&mut record)? {
        let cells = (0..record.len())
            .map(|cell| record.text(cell).to_owned())
            .collect();
        rows.push((record.line(), cells));
    }
    Ok(rows)
}

fn row(line: u64, cells: &[&str]) -> Row {
    (line, cells.iter().map(ToString::to_string).collect())
}

#[test]
fn quotes_commas_and_line_breaks_in_cells() {
    let bytes = b"a,b\n\"x, \"\"y\"\"\",\"1\n2\"\nz,\n";
    let rows = read(bytes, None).unwrap();
    let expected = [
        row(1, &["a", "b"]),
        row(2, &["x, \"y\"", "1\n2"]),
        row(4, &["z", ""]),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn lines_are_counted_whatever_ends_them() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a", "", "\"1", "2\"", "3", ""].join(end);
        let rows = read(text.as_bytes(), None).unwrap();
        let quoted = format!("1{end}2");
        assert_eq!(
            rows,
            [row(1, &["a"]), row(3, &[&quoted]), row(5, &["3"])],
            "{end:?}"
        );
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let rows = read(b"\xef\xbb\xbfa,b\n1,2", None).unwrap();
    assert_eq!(rows, [row(1, &["a", "b"]), row(2, &["1", "2"])]);
}

#[test]
fn a_given_delimiter_is_taken() {
    let rows = read(b"a;b,c\n", Some(b';')).unwrap();
    assert_eq!(rows, [row(1, &["a", "b,c"])]);
}

#[test]
fn bytes_that_are_not_text_have_a_line() {
    let error = read(b"a,b\n1,2\n\"x\ny\xff\",2\n", None).unwrap_err();
    assert!(
        matches!(error, ReadError::NotUtf8 { line: 4, .. }),
        "{error}"
    );
    assert_eq!(error.to_string(), "t.csv:4: not UTF-8 text");
    // A character that is split between two cells is text in neither.
    let error = read(b"a,b\n\xc3,\xa9\n", None).unwrap_err();
    assert!(
        matches!(error, ReadError::NotUtf8 { line: 2, .. }),
        "{error}"
    );
    // UTF-16 begins with such bytes.
    let error = read(b"\xff\xfea\0,\0b\0", None).unwrap_err();
    assert!(
        matches!(error, ReadError::NotUtf8 { line: 1, .. }),
        "{error}"
    );
}

#[test]
fn a_quote_that_is_never_closed_is_an_error() {
    for text in ["a,b\n1,2\n\"3,4\n5,6\n", "a,b\n1,2\n3,\"4"] {
        let error = read(text.as_bytes(), None).unwrap_err();
        assert!(
            matches!(error, ReadError::UnclosedQuote { line: 3, .. }),
            "{error}"
        );
    }
    for text in ["a\n\"\"", "a\n\"b\"", "a\nb\"", "a\n\"b\"\"\""] {
        assert!(read(text.as_bytes(), None).is_ok(), "{text}");
    }
}

#[test]
fn a_row_without_end_is_an_error() {
    let text = format!("a\n\"{}", "x".repeat(10_000));
    let mut records = Records::open("t.csv", text.as_bytes(), None).unwrap();
    records.longest_row = 4096;
    let error = drain(records).unwrap_err();
    assert!(
        matches!(
            error,
            ReadError::RowTooLong {
                line: 2,
                limit: 4096,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_long_cell_and_many_columns() {
    let long = "x".repeat(5_000_000);
    let rows = read(format!("a,b\n{long},1\n").as_bytes(), None).unwrap();
    assert_eq!(rows[1].1[0].len(), 5_000_000);
    let wide = vec!["c"; 10_000].join(",");
    assert_eq!(read(wide.as_bytes(), None).unwrap()[0].1.len(), 10_000);
}

#[test]
fn nul_bytes_are_text() {
    assert_eq!(read(b"a\n\0\n", None).unwrap()[1], row(2, &["\0"]));
}

#[test]
fn a_failing_reader_is_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no disk"))
        }
    }
    let error = Records::open("t.csv", Broken, None)
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, ReadError::Io { .. }));
    assert_eq!(error.to_string(), "t.csv: no disk");
}

/// How the rows are written, with cells quoted where they must be.
fn written(rows: &[Vec<String>], delimiter: char, end: &str) -> String {
    let cell = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    rows.iter()
        .map(|row| {
            let cells: Vec<_> = row.iter().map(cell).collect();
            cells.join(&delimiter.to_string()) + end
        })
        .collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        rows in proptest::collection::vec(
            proptest::collection::vec("[a\" ,;\n\ré]{0,4}", 3), 1..6),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let text = written(&rows, delimiter, end);
        let read = read(text.as_bytes(), Some(delimiter as u8)).unwrap();
        let cells: Vec<_> = read.iter().map(|(_, cells)| cells.clone()).collect();
        prop_assert_eq!(&cells, &rows);
        // Each row starts where the rows before it end.
        let mut line = 1;
        for ((found, _), row) in read.iter().zip(&rows) {
            prop_assert_eq!(*found, line);
            let text = written(std::slice::from_ref(row), delimiter, end).replace("\r\n", "\n");
            line += text.matches(['\n', '\r']).count() as u64;
        }
    }

    #[test]
    fn no_bytes_panic_and_pieces_do_not_matter(
        bytes in proptest::collection::vec(
            prop::sample::select(b"a1,;\"\n\r \xc3\xa9\xff\xef\xbb\xbf\0".to_vec()), 0..60),
        delimiter in any::<u8>(),
        drop in 1usize..5,
        size in 4usize..9,
    ) {
        let _ = read(&bytes, None);
        let _ = read(&bytes, Some(delimiter));
        let whole = read(&bytes, Some(b','));
        let pieces = Records::prepare("t.csv", Drops(&bytes, drop), Some(b','), None, size);
        let pieces = pieces.and_then(drain);
        match (whole, pieces) {
            (Ok(whole), Ok(pieces)) => prop_assert_eq!(whole, pieces),
            (Err(whole), Err(pieces)) => prop_assert_eq!(whole.to_string(), pieces.to_string()),
            (whole, pieces) => prop_assert!(false, "{:?} {:?}", whole, pieces),
        }
    }
}
