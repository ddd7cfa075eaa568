//! Any text read as a schema file: a schema whose options agree with themselves, or an error with a
//! next step. A table is then read by it, and what that gives is written and read again.
//!
//! `cargo +nightly fuzz run schema`, or with a stable toolchain `RUSTC_BOOTSTRAP=1 cargo fuzz run schema`.

#![no_main]

use dataset::schema::file::{SchemaFile, text};
use dataset::{CsvOptions, Input, SchemaOptions, read_table};
use libfuzzer_sys::fuzz_target;

const TABLE: &[u8] = b"id,a,day,y\n1,\"1,000.5\",31.01.2026 12:30,5%\n2,7,1.2.2026,12.5%\n";

fuzz_target!(|written: &str| {
    let file = match SchemaFile::parse("schema.toml", written) {
        Ok(file) => file,
        Err(error) => {
            assert!(error.remedy().is_some() && !error.to_string().is_empty());
            return;
        }
    };
    let csv = file.csv_options(CsvOptions::default());
    let options = file.options(&SchemaOptions::default());
    let input = Input::bytes("table", TABLE);
    let Ok((table, schema, _)) = read_table(&input, &csv, &options) else {
        return;
    };
    let again = SchemaFile::parse("again.toml", &text("table", &schema, &csv));
    let again = again.expect("a schema that was written");
    let options = again.options(&SchemaOptions::default());
    let (same, _, _) = read_table(&input, &again.csv_options(csv), &options).expect("as before");
    assert_eq!(same.columns().len(), table.columns().len());
    for (one, other) in same.columns().iter().zip(table.columns()) {
        assert_eq!(one.name, other.name);
        assert!((0..table.rows()).all(|row| one.cell(row) == other.cell(row)));
    }
});
