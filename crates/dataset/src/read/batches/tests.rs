use super::*;
use crate::read::ReadProgress;
use crate::schema::Mention;
use crate::table::Cells;

fn options(columns: &[(&str, Kind)], keep: &[&str], rows_per_batch: usize) -> BatchOptions {
    BatchOptions {
        columns: columns
            .iter()
            .map(|(name, kind)| ((*name).to_string(), *kind))
            .collect(),
        keep: keep.iter().map(ToString::to_string).collect(),
        rows_per_batch,
        ..BatchOptions::default()
    }
}

fn read(text: &str, options: &BatchOptions) -> Result<Vec<Batch>, ReadError> {
    Batches::new("t.csv", text.as_bytes(), &CsvOptions::default(), options)?.collect()
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    let wanted = options(
        &[("n", Kind::Numeric), ("c", Kind::Categorical)],
        &["id"],
        2,
    );
    let text = "extra,c,id,n\n,x, 01 ,1\noops,y,02,NA\n,x,03,3\n";
    let batches = read(text, &wanted).unwrap();
    assert_eq!(
        batches
            .iter()
            .map(|batch| batch.table.rows())
            .collect::<Vec<_>>(),
        [2, 1]
    );
    assert_eq!(batches[0].kept, [[" 01 "], ["02"]]);
    let names: Vec<_> = batches[0]
        .table
        .columns()
        .iter()
        .map(|column| &column.name)
        .collect();
    assert_eq!(names, ["n", "c"]);
    let Cells::Numeric(numbers) = &batches[0].table.columns()[0].cells else {
        panic!()
    };
    assert!(numbers[0] == 1.0 && numbers[1].is_nan());
    assert_eq!(batches[1].table.columns()[1].cell(0).as_deref(), Some("x"));
    assert_eq!(batches[1].table.line(0), 4);
}

#[test]
fn batches_together_are_the_whole_table() {
    let entry = crate::catalog::find("penguins").unwrap();
    let csv = CsvOptions::default();
    let (table, schema, _) =
        crate::read::read_table(&entry.input(), &csv, &entry.schema_options()).unwrap();
    let columns = schema
        .columns
        .iter()
        .map(|column| (column.name.clone(), column.kind))
        .collect();
    let wanted = BatchOptions {
        columns,
        notations: schema.notations(),
        keep: vec![],
        rows_per_batch: 100,
    };
    let input = entry.input();
    let mut row = 0;
    for batch in Batches::input(&input, &csv, &wanted).unwrap() {
        let batch = batch.unwrap();
        for position in 0..batch.table.rows() {
            assert_eq!(batch.table.line(position), table.line(row));
            for (part, whole) in batch.table.columns().iter().zip(table.columns()) {
                assert_eq!(part.cell(position), whole.cell(row));
            }
            row += 1;
        }
    }
    assert_eq!(row, table.rows());
}

#[test]
fn a_boolean_is_read_in_lower_case_and_other_words_stay() {
    let batches = read("b\nYES\nMaybe\n", &options(&[("b", Kind::Boolean)], &[], 9)).unwrap();
    let column = &batches[0].table.columns()[0];
    assert_eq!(column.cell(0).as_deref(), Some("yes"));
    assert_eq!(column.cell(1).as_deref(), Some("Maybe"));
}

#[test]
fn a_needed_column_that_is_missing_is_an_error() {
    let wanted = options(&[("income", Kind::Numeric)], &[], 9);
    let error = read("Incom,b\n1,2\n", &wanted).unwrap_err();
    assert!(
        matches!(&error, ReadError::MissingColumn { name, nearest: Some(nearest), .. }
            if name == "income" && nearest == "Incom"),
        "{error}"
    );
    let message = "t.csv: no column `income`, which the model needs (nearest: `Incom`)";
    assert_eq!(error.to_string(), message);
    assert_eq!(error.remedy().unwrap(), "rename column `Incom` to `income`");
    let error = read("b\n1\n", &wanted).unwrap_err();
    assert_eq!(error.remedy().unwrap(), "add a column `income`");
}

#[test]
fn a_kept_column_that_is_missing_is_an_error() {
    let error = read("a,b\n1,2\n", &options(&[], &["id"], 9)).unwrap_err();
    assert!(
        matches!(
            error,
            ReadError::UnknownColumn {
                mention: Mention::Keep,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_stray_word_has_its_place_and_ends_the_reading() {
    let wanted = options(&[("a", Kind::Numeric)], &[], 1);
    let csv = CsvOptions::default();
    let text = "b,a\n\"x\ny\",1\n\"x\ny\",one\nz,3\n";
    let mut batches = Batches::new("t.csv", text.as_bytes(), &csv, &wanted).unwrap();
    assert!(batches.next().unwrap().is_ok());
    let error = batches.next().unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv:5: column `a`: \"one\" is not a number"
    );
    assert!(batches.next().is_none());
    let error = read("a\n1e999\n", &wanted).unwrap_err();
    assert!(
        matches!(error, ReadError::NotFinite { line: 2, .. }),
        "{error}"
    );
}

#[test]
fn files_without_rows_and_ragged_rows_are_errors() {
    let wanted = options(&[("a", Kind::Numeric)], &[], 9);
    assert!(matches!(
        read("", &wanted).unwrap_err(),
        ReadError::Empty { .. }
    ));
    assert!(matches!(
        read("a\n", &wanted).unwrap_err(),
        ReadError::NoRows { .. }
    ));
    let error = read("a\n1\n2,3\n", &wanted).unwrap_err();
    assert!(
        matches!(
            error,
            ReadError::Ragged {
                line: 3,
                expected: 1,
                found: 2,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_missing_file_is_an_error() {
    let wanted = BatchOptions::default();
    let error = Batches::open("/no/such.csv", &CsvOptions::default(), &wanted).map(|_| ());
    assert!(matches!(error.unwrap_err(), ReadError::FileNotFound { .. }));
}

#[test]
fn new_levels_do_not_pile_up_over_batches() {
    let ids: Vec<String> = (0..50).map(|id| format!("id{id}")).collect();
    let text = format!(
        "c
{}
",
        ids.join(
            "
"
        )
    );
    for batch in read(&text, &options(&[("c", Kind::Categorical)], &[], 10)).unwrap() {
        let Cells::Text { levels, .. } = &batch.table.columns()[0].cells else {
            panic!()
        };
        assert_eq!(levels.len(), 10);
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(
        bytes in proptest::collection::vec(
            proptest::prelude::prop::sample::select(b"ab1,;\"\n\r .eNA-\xc3\xa9\0".to_vec()),
            0..80,
        ),
    ) {
        let text = [b"a,b\n", &bytes[..]].concat();
        let wanted = options(&[("a", Kind::Numeric), ("b", Kind::Boolean)], &["b"], 2);
        for bytes in [bytes, text] {
            if let Ok(batches) =
                Batches::new("t.csv", &bytes[..], &CsvOptions::default(), &wanted)
            {
                batches.for_each(drop);
            }
        }
    }
}

#[test]
fn rows_and_stored_bytes_count_as_progress() {
    let text = format!("n\n{}", "1\n".repeat(1_000_000));
    let progress = ReadProgress::default();
    let input = Input::bytes("t", text.into_bytes()).with_progress(&progress);
    let wanted = options(&[("n", Kind::Numeric)], &[], 150_000);
    let csv = CsvOptions::default();
    for pass in 1..=2 {
        let mut batches = Batches::input(&input, &csv, &wanted).unwrap();
        assert_eq!((progress.pass(), progress.rows()), (pass, 0));
        batches.next();
        assert_eq!(progress.rows(), 150_000);
        assert!((300_000..1_500_000).contains(&progress.bytes()));
        assert!(batches.all(|batch| batch.is_ok()));
        assert_eq!((progress.rows(), progress.bytes()), (1_000_000, 2_000_002));
        assert_eq!(input.size(), Some(2_000_002));
    }
}
