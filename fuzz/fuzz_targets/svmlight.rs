//! Any bytes read as Svmlight: a table or an error, and batches that agree with the table.
//!
//! `cargo +nightly fuzz run svmlight`, or with a stable toolchain `RUSTC_BOOTSTRAP=1 cargo fuzz run svmlight`.

#![no_main]

use dataset::{BatchOptions, Batches, CsvOptions, Format, Input, SchemaOptions, read_table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
    // As it looks, whatever that is.
    let input = Input::bytes("bytes", bytes.to_vec());
    let _ = read_table(&input, &csv, &options);
    let input = input.with_format(Format::Svmlight);
    let Ok((table, schema, fingerprint)) = read_table(&input, &csv, &options) else {
        return;
    };
    assert_eq!(table.rows(), fingerprint.rows);
    let columns = schema
        .columns
        .iter()
        .map(|column| (column.name.clone(), column.kind));
    let options = BatchOptions {
        columns: columns.collect(),
        rows_per_batch: 3,
        ..BatchOptions::default()
    };
    let mut row = 0;
    for batch in Batches::input(&input, &csv, &options).expect("the table was read") {
        let batch = batch.expect("the table was read").table;
        for position in 0..batch.rows() {
            assert_eq!(batch.line(position), table.line(row));
            for (part, whole) in batch.columns().iter().zip(table.columns()) {
                assert_eq!(part.cell(position), whole.cell(row));
            }
            row += 1;
        }
    }
    assert_eq!(row, table.rows());
});
