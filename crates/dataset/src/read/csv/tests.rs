use std::io::Read;

use csv_core::ReadRecordResult;
use proptest::prelude::*;

use super::*;
use crate::read::blocks::{Blocks, Rows, Sizes};
use crate::read::grid::Grid;
use crate::read::source::Source;
use crate::read::{CsvOptions, Format};

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

/// Reads a file in pieces of any size, with blocks of any size.
fn rows(bytes: impl Read, delimiter: Option<u8>, sizes: Sizes) -> Result<Vec<Row>, ReadError> {
    let csv = CsvOptions {
        delimiter,
        ..CsvOptions::default()
    };
    let source = Source::open("t.csv", bytes, &csv, Some(Format::Csv), None, sizes.block)?;
    let mut blocks = Blocks::new(source, &csv, sizes)?;
    let names = blocks.header().map(|header| header.names.clone());
    let mut rows = vec![(1, names.unwrap_or_default())];
    while let Some(block) = blocks.next()? {
        let (cells, error) = blocks.layout().cut("t.csv", block);
        let Rows::Cells(grid) = cells else {
            panic!("pairs");
        };
        take(&grid, &mut rows);
        if let Some(error) = error {
            return Err(error);
        }
    }
    Ok(rows)
}

fn take(grid: &Grid, rows: &mut Vec<Row>) {
    for row in 0..grid.rows() {
        let cell = |column| grid.text(row, column).to_owned();
        rows.push((grid.lines.get(row), (0..grid.columns).map(cell).collect()));
    }
}

fn read(bytes: &[u8], delimiter: Option<u8>) -> Result<Vec<Row>, ReadError> {
    rows(bytes, delimiter, Sizes::default())
}

/// The rows of a text behind its header, by the state machine of csv-core, one byte at a time.
fn slow(text: &[u8], delimiter: u8) -> Result<Vec<Row>, String> {
    let mut core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (mut output, mut ends) = (vec![0; text.len() + 1], vec![0; text.len() + 1]);
    let (mut rows, mut at, mut written, mut ended) = (Vec::new(), 0, 0, 0);
    let (mut line, mut start) = (1, 1);
    let mut columns = None;
    let mut begun = false;
    loop {
        if !begun {
            while let Some(b'\n' | b'\r') = text.get(at) {
                let pair = at > 0 && text[at - 1..=at] == *b"\r\n";
                line += u64::from(!pair);
                at += 1;
            }
            if at == text.len() {
                return Ok(rows);
            }
            start = line;
            begun = true;
        }
        let end = at == text.len();
        let input = if end { &b"\n"[..] } else { &text[at..=at] };
        let (result, read, wrote, some) =
            core.read_record(input, &mut output[written..], &mut ends[ended..]);
        if !end && read == 1 {
            let pair = text[at] == b'\n' && at > 0 && text[at - 1] == b'\r';
            line += u64::from(matches!(text[at], b'\n' | b'\r') && !pair);
            at += 1;
        }
        written += wrote;
        ended += some;
        match result {
            ReadRecordResult::InputEmpty if end => return Err(format!("quote {start}")),
            ReadRecordResult::Record => {
                let mut cells = Vec::new();
                let mut from = 0;
                for &to in &ends[..ended] {
                    let cell = std::str::from_utf8(&output[from..to]);
                    cells.push(cell.map_err(|_| "not text".to_owned())?.to_owned());
                    from = to;
                }
                if *columns.get_or_insert(cells.len()) != cells.len() {
                    return Err(format!("ragged {start}"));
                }
                rows.push((start, cells));
                (written, ended, begun) = (0, 0, false);
            }
            _ => {}
        }
    }
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
    let sizes = Sizes {
        block: 64,
        rows: 1,
        longest_row: 4096,
    };
    let error = rows(text.as_bytes(), None, sizes).unwrap_err();
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
    let wide: Vec<_> = (0..10_000).map(|column| format!("c{column}")).collect();
    let wide = [wide.join(","), vec!["1"; 10_000].join(",")].join("\n");
    assert_eq!(read(wide.as_bytes(), None).unwrap()[1].1.len(), 10_000);
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
    let error = rows(Broken, None, Sizes::default()).unwrap_err();
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

const HEADER: &str = "first,second,third\n";

proptest! {
    #[test]
    fn what_is_written_is_read(
        rows in proptest::collection::vec(
            proptest::collection::vec("[a\" ,;\n\ré]{0,4}", 3), 1..6),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let header = HEADER.replace(',', &delimiter.to_string());
        let text = header + &written(&rows, delimiter, end);
        let read = read(text.as_bytes(), Some(delimiter as u8)).unwrap();
        let cells: Vec<_> = read[1..].iter().map(|(_, cells)| cells.clone()).collect();
        prop_assert_eq!(&cells, &rows);
        // Each row starts where the rows before it end.
        let mut line = 2;
        for ((found, _), row) in read[1..].iter().zip(&rows) {
            prop_assert_eq!(*found, line);
            let text = written(std::slice::from_ref(row), delimiter, end).replace("\r\n", "\n");
            line += text.matches(['\n', '\r']).count() as u64;
        }
    }

    #[test]
    fn no_bytes_panic_and_pieces_and_blocks_do_not_matter(
        bytes in proptest::collection::vec(
            prop::sample::select(b"a1,;\"\n\r \xc3\xa9\xff\xef\xbb\xbf\0".to_vec()), 0..60),
        delimiter in any::<u8>(),
        drop in 1usize..5,
        block in 1usize..40,
        header in prop::sample::select(vec!["", "a,b\n", "a,b\r\n", "a\n", "\r\n\r\na\r"]),
    ) {
        let _ = read(&bytes, None);
        let _ = read(&bytes, Some(delimiter));
        let bytes = [header.as_bytes(), &bytes[..]].concat();
        let whole = read(&bytes, Some(b','));
        let sizes = Sizes { block, rows: 1, ..Sizes::default() };
        let pieces = rows(Drops(&bytes, drop), Some(b','), sizes);
        match (whole, pieces) {
            (Ok(whole), Ok(pieces)) => prop_assert_eq!(whole, pieces),
            (Err(whole), Err(pieces)) => prop_assert_eq!(whole.to_string(), pieces.to_string()),
            (whole, pieces) => prop_assert!(false, "{:?} {:?}", whole, pieces),
        }
    }

    #[test]
    fn rows_are_those_of_csv_core(
        bytes in proptest::collection::vec(
            prop::sample::select(b"aab1,,\"\"\n\r \xc3\xa9".to_vec()), 0..200),
        columns in 1usize..4,
    ) {
        let names = ["x", "y", "z"][..columns].join(",");
        let bytes = [names.as_bytes(), b"\n", &bytes[..]].concat();
        match (read(&bytes, Some(b',')), slow(&bytes, b',')) {
            (Ok(found), Ok(expected)) => prop_assert_eq!(found, expected),
            (Err(found), Err(expected)) => {
                let found = match found {
                    ReadError::Ragged { line, .. } => format!("ragged {line}"),
                    ReadError::UnclosedQuote { line, .. } => format!("quote {line}"),
                    ReadError::NotUtf8 { .. } => "not text".to_owned(),
                    other => other.to_string(),
                };
                prop_assert_eq!(found, expected);
            }
            (found, expected) => prop_assert!(false, "{:?} {:?}", found, expected),
        }
    }
}
