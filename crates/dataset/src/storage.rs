//! Tables that do not fit into memory: their columns, and their rows as a model sees them, on the disk.
//!
//! [`read_stored`](crate::read_stored) reads a table in one pass and moves its cells to a file without
//! a name, of which nothing is left when the process ends, however it ends. A [`StoredTable`] loads one
//! column, or some rows of all columns, when they are asked for ([`ColumnSource`](crate::ColumnSource)).
//! [`Pipeline::cache_rows`](crate::Pipeline::cache_rows) encodes its rows once, into a file in a
//! [`CacheFolder`] that a later fit finds again, and a [`RowCache`] reads them back in blocks with the
//! bits that they would have in memory.

mod bound;
mod cache_folder;
mod error;
mod positioned;
mod row_cache;
mod spill;
mod spool;
mod table;

pub use bound::Storage;
pub use cache_folder::{CacheFolder, CacheKey};
pub use error::StorageError;
pub(crate) use row_cache::PartialFile;
pub use row_cache::RowCache;
pub(crate) use spill::{Segments, Spill};
pub(crate) use spool::Spool;
pub(crate) use table::StoredColumns;
pub use table::StoredTable;
