//! From a table to the numbers that a model sees. No Burn in here.
//!
//! In the order in which data passes through:
//! - [`catalog`]: the small tables that ship with the project
//! - [`read`]: bytes to columns, whole or in batches; [`number`]: a cell to a number
//! - [`table`]: columns as read; [`fingerprint`]: what identifies them; [`columns`]: columns by name
//! - [`storage`]: tables and encoded rows on the disk, where memory is bounded
//! - [`schema`]: a kind and a role for every column; [`recognition`]: those that are not what they look like
//! - [`notation`]: how numbers and dates are written; [`date`]: dates as numbers, and their parts
//! - [`target`]: what is predicted, on which rows; [`leak`]: features that alone tell it
//! - [`mod@split`]: rows to fit, choose and test on
//! - [`pipeline`]: preprocessing fitted on the training rows
//! - [`design`]: the design matrix; [`sparse`]: the same, mostly zeros; [`rows`]: rows in blocks, wherever they live
//! - [`synthetic`]: tables with known properties; [`write`](mod@write): tables to bytes
//! - [`suggestion`]: the name that was probably meant

#![cfg_attr(test, allow(clippy::float_cmp, reason = "exact in tests"))]

pub mod catalog;
pub mod columns;
pub mod date;
pub mod design;
pub mod fingerprint;
pub mod leak;
pub mod notation;
pub mod number;
pub mod pipeline;
pub mod read;
pub mod recognition;
pub mod rows;
pub mod schema;
pub mod sparse;
pub mod split;
pub mod storage;
pub mod suggestion;
pub mod synthetic;
pub mod table;
pub mod target;
pub mod write;

pub use columns::ColumnSource;
pub use date::DatePart;
pub use design::{DesignError, DesignMatrix, Element};
pub use fingerprint::Fingerprint;
pub use notation::Notation;
pub use pipeline::{
    EncodedRows, MissingPolicy, Pipeline, PipelineError, PipelineOptions, RowFlags,
};
pub use read::{
    Batch, BatchOptions, Batches, CsvOptions, Format, Input, ReadError, ReadProgress, is_decoding,
    read_stored, read_table, table_from_cells,
};
pub use rows::{RowSource, RowSourceError};
pub use schema::{ColumnSchema, Kind, Role, Schema, SchemaOptions};
pub use sparse::{OffsetRule, SparseDesign, SparseError, SparseMatrix};
pub use split::{Fold, Split, SplitError, folds, grouped_folds, ordered_folds, split};
pub use storage::{CacheFolder, CacheKey, RowCache, Storage, StorageError, StoredTable};
pub use synthetic::{Classification, Regression, Synthetic, SyntheticError};
pub use table::{Cells, Column, MISSING, SparseCells, Table, TableError};
pub use target::{PreparedRows, Target, TargetError, TargetOptions, TaskChoice, prepare};
