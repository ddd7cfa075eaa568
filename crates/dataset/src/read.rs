//! From bytes to a table.
//!
//! Bytes are decompressed (`compression`), their format is told by their content (`format`), and
//! they are cut into blocks of whole rows (`blocks`). A block becomes a `grid` of cells, and each
//! column of it numbers or levels (`column`). A whole table is `assembly` of blocks that all
//! threads work on (`whole`); tables to score are read in [batches](Batches), in bounded memory.
//!
//! The kind of a column is known when its last cell was read. A column of numbers in which a word
//! turns up late is read a second time, as text; every other column is read once.
//!
//! Another text format is a variant of [`Format`], a way to recognise it in `format`, and a
//! function from a block to a grid in `blocks`. A format of columns has no blocks of text:
//! `columnar` makes the parts of `assembly` from arrays. Another encoding belongs between
//! `compression` and `source`.

mod assembly;
mod batches;
mod blocks;
mod body;
mod builder;
mod cells;
mod column;
#[cfg(feature = "parquet")]
mod columnar;
mod compression;
mod conversion;
mod csv;
mod error;
mod format;
mod grid;
mod header;
mod infer;
mod input;
mod json_lines;
mod line_breaks;
mod progress;
mod sniff;
mod source;
mod svmlight;
mod whole;

pub use batches::{Batch, BatchOptions, Batches};
pub use cells::table_from_cells;
pub use csv::CsvOptions;
pub use error::ReadError;
pub use format::Format;
pub use input::Input;
pub use progress::ReadProgress;

use std::cell::Cell;

use crate::fingerprint::Fingerprint;
use crate::schema::{Schema, SchemaOptions};
use crate::storage::{Storage, StoredTable};
use crate::table::Table;

/// Reads a whole table: its columns, their schema, and what identifies the data.
///
/// The format is told by the content: see [`Format`]. In CSV the first row is the header; blanks
/// around names and cells are dropped, blank lines are skipped. In JSON lines the keys are the
/// columns, `null` and an absent key are missing cells, and a text is a cell as in CSV. In svmlight
/// what is not written is zero. Several files are one table when they have the same columns.
///
/// The table, its errors and their order are the same for any number of threads.
///
/// A column is numeric when every cell that is not missing is a number, boolean when
/// every such cell is in one spelling of yes and no, and otherwise categorical, unless `schema`
/// says what it is. Columns that `schema` ignores are in the returned schema but not in the table.
///
/// Text that is numbers or dates in one [notation](crate::notation) throughout is read as such:
/// `1,234.5`, `12.5%`, `31.01.2026 12:30`. Features that are identifiers are ignored, unless they
/// are named. [`Schema::notices`] says what was done.
///
/// # Errors
/// Every variant of [`ReadError`] but [`MissingColumn`](ReadError::MissingColumn). A column that
/// is not declared and in which nine cells of ten are numbers is taken for a numeric column with a
/// mistake in it: [`NotANumber`](ReadError::NotANumber) names the first.
///
/// # Examples
/// ```
/// use dataset::{CsvOptions, Input, Kind, SchemaOptions, read_table};
///
/// let input = Input::bytes("pets.csv", b"age,animal\n3,cat\nNA,dog\n".as_slice());
/// let options = SchemaOptions { target: Some("animal".into()), ..SchemaOptions::default() };
/// let (table, schema, fingerprint) = read_table(&input, &CsvOptions::default(), &options)?;
/// assert_eq!(schema.columns[0].kind, Kind::Numeric);
/// assert_eq!((fingerprint.rows, table.line(1)), (2, 3));
/// assert_eq!(table.column("age").and_then(|age| age.cell(1)), None);
/// # Ok::<(), dataset::ReadError>(())
/// ```
pub fn read_table(
    input: &Input,
    csv: &CsvOptions,
    schema: &SchemaOptions,
) -> Result<(Table, Schema, Fingerprint), ReadError> {
    whole::read(input, csv, schema, blocks::Sizes::default())
}

/// Whether this thread decodes Parquet or Arrow, whose decoders give up with a panic on some damaged
/// files: it is caught and becomes a [`ReadError::Damaged`], so that the panic hook of a program need
/// say nothing of it.
///
/// # Examples
/// ```
/// std::panic::set_hook(Box::new(|info| {
///     if !dataset::is_decoding() {
///         eprintln!("{info}");
///     }
/// }));
/// assert!(!dataset::is_decoding());
/// ```
pub fn is_decoding() -> bool {
    DECODING.get()
}

thread_local! {
    /// Whether a decoder is at work on this thread.
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Reads a table as [`read_table`] does and keeps its cells on the disk: the same columns, schema and
/// fingerprint, whatever the bound.
///
/// Blocks are read, their cells wait on the disk of [`Storage::folder`], and each column is looked at
/// alone when its last cell was read. The distinct texts of all columns stay in memory.
///
/// # Errors
/// Those of [`read_table`], and [`ReadError::Storage`]: a full disk, a bound that is too small for a
/// block or a column, and what can only be read whole (svmlight, bytes that are in memory already,
/// compressed Parquet and Arrow files).
pub fn read_stored(
    input: &Input,
    csv: &CsvOptions,
    schema: &SchemaOptions,
    storage: &Storage,
) -> Result<(StoredTable, Schema, Fingerprint), ReadError> {
    whole::read_stored(input, csv, schema, blocks::Sizes::default(), storage)
}
