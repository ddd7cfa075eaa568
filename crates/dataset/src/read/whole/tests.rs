use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::columns::ColumnSource;
use crate::schema::Kind;
use crate::table::Cells;

type Outcome = Result<(Table, Schema, Fingerprint), ReadError>;

fn read_in(bytes: &[u8], block: usize, threads: usize) -> Outcome {
    let sizes = Sizes {
        block,
        rows: 1,
        ..Sizes::default()
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let input = Input::bytes("t", bytes.to_vec());
    let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
    pool.install(|| read(&input, &csv, &options, sizes))
}

/// The same table by way of the disk, in this much memory.
fn read_by_disk(bytes: &[u8], block: usize, threads: usize, memory: u64) -> Outcome {
    let sizes = Sizes {
        block,
        rows: 1,
        ..Sizes::default()
    };
    let pool = rayon::ThreadPoolBuilder::new();
    let pool = pool.num_threads(threads).build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage {
        folder: folder.path().to_owned(),
        bytes: memory,
    };
    let input = Input::bytes("t", bytes.to_vec());
    let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
    let read = || read_stored(&input, &csv, &options, sizes, &storage);
    let (table, schema, fingerprint) = pool.install(read)?;
    let used = schema.columns.iter().map(|column| &*column.name);
    let whole = table.load(&used.collect::<Vec<_>>())?.into_owned();
    Ok((whole, schema, fingerprint))
}

/// Numbers by their bits, so that missing cells are equal.
fn written(outcome: Outcome) -> String {
    match outcome {
        Err(error) => error.to_string(),
        Ok((table, schema, fingerprint)) => {
            let cells = |column: &Column| match &column.cells {
                Cells::Numeric(values) => {
                    let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
                    format!("{bits:?}")
                }
                cells @ Cells::Text { .. } => format!("{cells:?}"),
            };
            let cells: Vec<String> = table.columns().iter().map(cells).collect();
            let lines: Vec<u64> = (0..table.rows()).map(|row| table.line(row)).collect();
            format!("{schema:?} {fingerprint:?} {cells:?} {lines:?}")
        }
    }
}

fn same_in_blocks(bytes: &[u8]) -> Result<(), TestCaseError> {
    let expected = written(read_in(bytes, 1 << 20, 1));
    for (block, threads) in [(1, 3), (7, 1), (20, 2), (64, 4)] {
        prop_assert_eq!(&written(read_in(bytes, block, threads)), &expected);
    }
    let by_disk = read_by_disk(bytes, 20, 2, 32 << 10);
    if !matches!(
        &by_disk,
        Err(ReadError::Storage(StorageError::WholeOnly { .. }))
    ) {
        prop_assert_eq!(&written(by_disk), &expected);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn csv_does_not_depend_on_blocks_or_threads(
        rows in proptest::collection::vec(
            proptest::collection::vec(prop::sample::select(vec![
                "1", "02", "-3.5e2", "", "NA", "x", "yes", "No", "true", "\"a\nb\"", "\"q\"\"q\"",
                "inf", "é", " 7 ", "\"8\"",
            ]), 3), 0..30),
        ragged in any::<prop::sample::Index>(),
        end in prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n"]),
        tail in prop::sample::select(vec!["", "1,2", "\"open,", "\u{e9}"]),
    ) {
        let mut lines: Vec<String> = rows.iter().map(|cells| cells.join(",")).collect();
        lines.insert(0, "a,b,c".to_owned());
        same_in_blocks((lines.join(end) + end).as_bytes())?;
        same_in_blocks((lines.join(end) + end + tail).as_bytes())?;
        let position = ragged.index(lines.len());
        lines[position] += ",more";
        same_in_blocks(lines.join(end).as_bytes())?;
    }

    #[test]
    fn json_lines_do_not_depend_on_blocks_or_threads(
        rows in proptest::collection::vec(prop::sample::select(vec![
            r#"{"a":1,"b":"x"}"#, r#"{"b":"y\n","a":2.5}"#, r#"{"c":true}"#, "{}", "",
            r#"{"a":null,"d":"4"}"#, r#"{"a":"word"}"#, r#"{"c":false,"c":1}"#, r#"{"e":[1]}"#,
        ]), 0..30),
    ) {
        same_in_blocks(format!("{{\"a\":1}}\n{}", rows.join("\n")).as_bytes())?;
    }

    #[test]
    fn svmlight_does_not_depend_on_blocks_or_threads(
        rows in proptest::collection::vec(prop::sample::select(vec![
            "1 1:2", "-1 0:3 5:1e-3", "0 2:1 # note", "# note", "", "1", "2 qid:7 3:-0",
            "1 2:1 2:1", "1 3:1 2:1",
        ]), 0..30),
    ) {
        same_in_blocks(format!("1 1:1\n{}", rows.join("\n")).as_bytes())?;
    }
}

#[test]
fn numbers_before_words_are_read_again_as_text() {
    let numbers = "007,1\n".repeat(40);
    let words = "x,2\ny,3\n".repeat(200);
    let text = format!("code,n\n{numbers}{words}");
    let (table, schema, _) = read_in(text.as_bytes(), 32, 2).unwrap();
    assert_eq!(schema.columns[0].kind, Kind::Categorical);
    let Cells::Text { codes, levels } = &table.columns()[0].cells else {
        panic!("not text");
    };
    assert_eq!(levels, &["007", "x", "y"]);
    assert_eq!((codes.len(), codes[39], codes[40]), (440, 0, 1));
}

#[test]
fn several_files_are_one_table() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("p1.csv", "a,b\n1,x\n2,y\n");
    write("p2.csv", "a,b\n3,x\n");
    let pattern = folder.path().join("p*.csv").display().to_string();
    let read = || {
        let input = Input::named(&pattern).unwrap();
        let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
        read(&input, &csv, &options, Sizes::default())
    };
    let (table, _, fingerprint) = read().unwrap();
    assert_eq!((table.rows(), fingerprint.rows), (3, 3));
    assert_eq!(table.columns()[1].cell(2).as_deref(), Some("x"));
    assert_eq!((table.line(1), table.line(2)), (3, 2));
    assert!(table.file(1).ends_with("p1.csv") && table.file(2).ends_with("p2.csv"));
    assert!(table.select(&[2]).file(0).ends_with("p2.csv"));
    assert!(table.source().ends_with("p*.csv"));

    // A word in another file is named with its file.
    write("p3.csv", &format!("a,b\n{}oops,x\n", "4,x\n".repeat(20)));
    let error = read().unwrap_err().to_string();
    assert!(error.contains("p3.csv:22: column `a`: \"oops\""), "{error}");
    write("p3.csv", "a,c\n1,2\n");
    let error = read().unwrap_err();
    assert!(
        matches!(&error, ReadError::OtherColumns { path, position: 2, found: Some(found), .. }
            if path.ends_with("p3.csv") && found == "c"),
        "{error}"
    );
    assert!(error.remedy().is_some());
    write("p3.csv", "a\n1\n");
    let error = read().unwrap_err();
    assert!(
        matches!(
            &error,
            ReadError::OtherColumns {
                position: 2,
                found: None,
                ..
            }
        ),
        "{error}"
    );
    write("p3.csv", "{\"a\":1}\n");
    let error = read().unwrap_err();
    assert!(matches!(error, ReadError::MixedFormats { .. }), "{error}");

    let nothing = folder.path().join("q*.csv").display().to_string();
    let error = Input::named(&nothing).unwrap_err();
    assert!(matches!(error, ReadError::NoMatch { .. }), "{error}");
    let error = Input::named("data/[").unwrap_err();
    assert!(matches!(error, ReadError::Pattern { .. }), "{error}");
}

#[test]
fn the_checksum_is_that_of_the_text() {
    let (_, _, fingerprint) = read_in(b"a\n1\n", 2, 1).unwrap();
    assert_eq!(fingerprint.sha256, crate::fingerprint::sha256(b"a\n1\n"));
    assert_eq!(fingerprint.bytes, 4);
}

#[test]
fn a_second_pass_counts_from_zero_again() {
    let late = format!("n\n{}{}", "1\n".repeat(300_000), "x\n".repeat(300_000));
    let progress = crate::read::ReadProgress::default();
    let input = Input::bytes("t", late.into_bytes()).with_progress(&progress);
    let read =
        |input| super::super::read_table(input, &CsvOptions::default(), &SchemaOptions::default());
    read(&input).unwrap();
    assert_eq!(
        (progress.pass(), progress.rows(), progress.bytes()),
        (2, 600_000, 1_200_002)
    );
}

/// Columns that change their mind late, begin late, are written for people, or stand on several lines.
fn changing(rows: usize) -> String {
    let mut text = "n,late,word,word2,flag,date,money,none,level,note\n".to_owned();
    for row in 0..rows {
        let late = if row < rows / 2 {
            String::new()
        } else {
            format!("{row}.25")
        };
        let word = if row > rows - rows / 5 {
            "x".to_owned()
        } else {
            format!("0{}", row % 400)
        };
        let word2 = if row < rows / 3 {
            ""
        } else {
            ["p", "q", "7"][row % 3]
        };
        let flag = ["Yes", "no", ""][row % 3];
        let (day, money) = (1 + row % 28, row % 500 * 1234);
        let note = if row % 97 == 0 {
            "\"two\nlines\""
        } else {
            "one"
        };
        let _ = writeln!(
            text,
            "{row}e-1,{late},{word},{word2},{flag},2026-03-{day:02},\"{}{:03}\",NA,l{},{note}",
            format_args!("{},", 1 + money / 1000),
            money % 1000,
            row % 13,
        );
    }
    text
}

#[test]
fn a_table_on_the_disk_is_the_table_in_memory() {
    let text = changing(3000);
    let expected = written(read_in(text.as_bytes(), 1 << 20, 1));
    assert!(expected.contains("Date"), "{expected:.300}");
    for (block, threads, memory) in [
        (64, 3, 384 << 10),
        (2000, 1, 512 << 10),
        (1 << 14, 2, 8 << 20),
    ] {
        let found = written(read_by_disk(text.as_bytes(), block, threads, memory));
        assert!(found == expected, "blocks of {block}: {found:.300}");
    }
}

#[test]
fn what_the_bound_has_no_room_for_is_named() {
    let text = changing(3000);
    let numbers = "x\n".to_owned() + &"1.5\n".repeat(3000);
    let refused = |text: &str, memory| match read_by_disk(text.as_bytes(), 64, 1, memory) {
        Err(ReadError::Storage(error)) => error,
        other => panic!("{}", written(other)),
    };
    let block = refused(&numbers, 2000);
    assert_eq!(
        block.to_string(),
        "reading a block of rows needs 2.5 KiB, and 2.0 KiB are allowed"
    );
    let column = refused(&numbers, 200 << 10);
    assert_eq!(
        column.to_string(),
        "a column of 3,000 rows needs 218.8 KiB, and 200.0 KiB are allowed"
    );
    assert_eq!(
        column.remedy().unwrap(),
        "a bound that is at least 18.8 KiB larger"
    );
    let levels = refused(&text, 40 << 10);
    assert!(matches!(&levels, StorageError::TooManyLevels { column, .. } if column == "money"));
    assert!(levels.remedy().unwrap().starts_with("--drop money"));
}

#[test]
fn a_disk_that_refuses_is_an_error() {
    let input = Input::bytes("t", b"a\n1\n".as_slice());
    let storage = Storage {
        folder: "/dev/null/no/folder".into(),
        bytes: 1 << 20,
    };
    let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
    let sizes = Sizes {
        block: 64,
        ..Sizes::default()
    };
    let error = read_stored(&input, &csv, &options, sizes, &storage).unwrap_err();
    assert!(
        matches!(&error, ReadError::Storage(StorageError::Io { .. })),
        "{error}"
    );
    assert!(error.remedy().unwrap().contains("--cache"));
}

#[test]
fn svmlight_is_refused_in_bounded_memory() {
    let error = read_by_disk(b"1 1:2\n-1 3:1\n", 64, 1, 1 << 20).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("t cannot be read in bounded memory"),
        "{error}"
    );
}
