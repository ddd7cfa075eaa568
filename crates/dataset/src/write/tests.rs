use super::*;
use crate::read::{CsvOptions, Input, read_table};
use crate::schema::SchemaOptions;

fn columns() -> Vec<Column> {
    let text = [
        Some("a,b"),
        None,
        Some("quo\"te"),
        Some("é\nline"),
        Some("x"),
    ];
    vec![
        Column::numeric(
            "n",
            vec![1.5, f64::NAN, -0.0, 1e300, 9_007_199_254_740_993.0],
        ),
        Column::text("t", text),
        Column::text(
            "a \"name\", quoted",
            [Some("yes"), Some("no"), None, None, Some("yes")],
        ),
    ]
}

fn names() -> Vec<(String, Kind)> {
    let kinds = [Kind::Numeric, Kind::Categorical, Kind::Boolean];
    let columns = columns();
    columns
        .iter()
        .map(|column| column.name.clone())
        .zip(kinds)
        .collect()
}

fn formats() -> Vec<OutputFormat> {
    let mut formats = vec![OutputFormat::Csv];
    if cfg!(feature = "parquet") {
        formats.push(OutputFormat::Parquet);
    }
    formats
}

#[test]
fn what_is_written_reads_back() {
    for format in formats() {
        let mut writer = TableWriter::new(Vec::new(), format, &names()).unwrap();
        for _ in 0..3 {
            writer.write(&columns()).unwrap();
        }
        let bytes = writer.finish().unwrap();
        let input = Input::bytes("t", bytes);
        let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
        let (table, schema, _) = read_table(&input, &csv, &options).unwrap();
        let found: Vec<_> = schema
            .columns
            .iter()
            .map(|c| (c.name.clone(), c.kind))
            .collect();
        assert_eq!(found, names());
        assert_eq!(table.rows(), 15);
        for (column, written) in table.columns().iter().zip(columns()) {
            for row in 0..15 {
                assert_eq!(column.cell(row), written.cell(row % 5), "{format:?} {row}");
            }
        }
    }
}

#[test]
fn rows_of_another_table_are_refused() {
    for format in formats() {
        let mut writer = TableWriter::new(Vec::new(), format, &names()).unwrap();
        let mut fewer = columns();
        fewer.pop();
        let mut renamed = columns();
        renamed[1].name = "u".to_owned();
        let mut other = columns();
        other[0] = Column::text("n", [None; 5]);
        let mut short = columns();
        short[2] = Column::text("a \"name\", quoted", [None; 4]);
        for (columns, wrong) in [(fewer, 3), (renamed, 2), (other, 1), (short, 3)] {
            let error = writer.write(&columns).unwrap_err();
            assert!(matches!(error, WriteError::Column { position, .. } if position == wrong));
        }
    }
}

#[test]
fn a_full_disk_is_an_error_of_the_disk() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for format in formats() {
        let outcome = TableWriter::new(Full, format, &names()).and_then(|mut writer| {
            writer.write(&columns())?;
            writer.finish().map(drop)
        });
        let error = outcome.unwrap_err();
        assert!(
            matches!(&error, WriteError::Io(io) if io.kind() == io::ErrorKind::StorageFull),
            "{error:?}"
        );
    }
}

#[test]
fn the_ending_of_a_path_says_the_format() {
    let of = |path: &str| OutputFormat::of_path(Path::new(path));
    assert_eq!(of("a/b.parquet"), OutputFormat::Parquet);
    assert_eq!(of("B.PQ"), OutputFormat::Parquet);
    assert_eq!(of("parquet"), OutputFormat::Csv);
    assert_eq!(of("x.csv"), OutputFormat::Csv);
}

#[test]
fn a_missing_cell_alone_in_its_row_is_a_row() {
    let names = [("t".to_owned(), Kind::Categorical)];
    let mut writer = TableWriter::new(Vec::new(), OutputFormat::Csv, &names).unwrap();
    writer
        .write(&[Column::text("t", [None, Some("x")])])
        .unwrap();
    let bytes = writer.finish().unwrap();
    assert_eq!(bytes, b"t\n\"\"\nx\n");
    let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
    let (table, ..) = read_table(&Input::bytes("t", bytes), &csv, &options).unwrap();
    assert_eq!((table.rows(), table.columns()[0].cell(0)), (2, None));
}
