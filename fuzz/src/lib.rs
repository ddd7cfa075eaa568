//! What must hold for any bytes, whichever reader takes them.

use dataset::{
    BatchOptions, Batches, CsvOptions, Format, Input, Role, SchemaOptions, read_table,
};

/// Reads bytes as they look and as this format: each gives a table or an error, and the batches of
/// a table have its cells and its lines.
///
/// # Panics
/// Where they have not.
pub fn check(format: Format, bytes: &[u8]) {
    let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
    // As it looks, whatever that is.
    let input = Input::bytes("bytes", bytes.to_vec());
    let _ = read_table(&input, &csv, &options);
    let input = input.with_format(format);
    let Ok((table, schema, fingerprint)) = read_table(&input, &csv, &options) else {
        return;
    };
    assert_eq!(table.rows(), fingerprint.rows);
    let columns = schema
        .columns
        .iter()
        .filter(|column| column.role != Role::Ignored)
        .map(|column| (column.name.clone(), column.kind));
    let options = BatchOptions {
        columns: columns.collect(),
        notations: schema.notations(),
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
}
