//! Rows of a table on the disk, encoded once into a file.

use rayon::prelude::*;

use super::dense::Overflow;
use super::{Pipeline, PipelineError, RowFlags};
use crate::columns::ColumnSource;
use crate::fingerprint::{ColumnFingerprint, Fingerprint};
use crate::storage::{CacheFolder, CacheKey, PartialFile, RowCache, StoredTable};

/// Rows that one thread encodes at a time.
const BLOCK: usize = 1024;

impl Pipeline {
    /// What the encoded rows of a table follow from.
    ///
    /// # Errors
    /// [`PipelineError::Inconsistent`] where this cannot be written as JSON.
    pub fn cache_key(
        &self,
        table: &StoredTable,
        data: &Fingerprint,
        rows: &[usize],
    ) -> Result<CacheKey, PipelineError> {
        let own = serde_json::to_vec(self).map_err(|error| PipelineError::Inconsistent {
            column: error.to_string(),
        })?;
        let used = |column: &ColumnFingerprint| {
            let mut features = self.features.iter();
            features.any(|feature| feature.name == column.name)
        };
        let cells: Vec<String> = table
            .fingerprints()
            .into_iter()
            .filter(used)
            .map(|column| format!("{} {}\n", column.name, column.xxh64))
            .collect();
        let cells = cells.concat();
        let rows: Vec<u8> = rows
            .iter()
            .flat_map(|&row| (row as u64).to_le_bytes())
            .collect();
        let (version, shape) = (env!("CARGO_PKG_VERSION"), [data.rows, data.columns]);
        let shape = format!("{version} {} {} {shape:?}", data.sha256, data.bytes);
        Ok(CacheKey::of([
            shape.as_bytes(),
            &own,
            cells.as_bytes(),
            &rows,
        ]))
    }

    /// The design matrix of the given rows, which are in ascending order, in a file: the one that
    /// `folder` has for this key, if it is whole and sound, otherwise a new one.
    ///
    /// `narrow` says that the rows will also be asked for as `f32`, which every number has to fit into.
    ///
    /// # Errors
    /// Those of [`design`](Self::design), and [`PipelineError::Storage`].
    ///
    /// # Panics
    /// When rows are out of range or not in ascending order.
    ///
    /// # Examples
    /// ```
    /// use dataset::{
    ///     CacheFolder, CsvOptions, Input, Pipeline, RowSource, SchemaOptions, Storage, read_stored,
    ///     read_table,
    /// };
    ///
    /// let input = Input::bytes("pets.csv", b"age,animal\n1,cat\n3,dog\n8,\n".as_slice());
    /// let (csv, options) = (CsvOptions::default(), SchemaOptions::default());
    /// let folder = CacheFolder::new(std::env::temp_dir().join("kindling-example"))?;
    /// let storage = Storage { folder: folder.path().to_owned(), bytes: 16 << 20 };
    /// let (table, schema, data) = read_stored(&input, &csv, &options, &storage)?;
    /// let rows = [0, 1, 2];
    /// let pipeline = Pipeline::fit(&table, &schema, &rows, None, &Default::default())?;
    /// let key = pipeline.cache_key(&table, &data, &rows)?;
    /// let cache = pipeline.cache_rows(&table, &rows, &folder, &key, false)?;
    ///
    /// let (in_memory, ..) = read_table(&input, &csv, &options)?;
    /// let (design, _) = pipeline.design::<f64>(&in_memory, &rows)?;
    /// assert_eq!(cache.cells(1..3, &mut Vec::<f64>::new())?, &design.values()[3..]);
    /// # std::fs::remove_dir_all(folder.path())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cache_rows(
        &self,
        table: &StoredTable,
        rows: &[usize],
        folder: &CacheFolder,
        key: &CacheKey,
        narrow: bool,
    ) -> Result<RowCache, PipelineError> {
        self.validate()?;
        // What is cut off or damaged is as good as not there.
        let cache = match RowCache::open(folder, key) {
            Ok(cache) if !narrow || cache.fits_f32() => cache,
            _ => self.encode_to(table, rows, folder, key, narrow)?,
        };
        Ok(cache)
    }

    fn encode_to(
        &self,
        table: &StoredTable,
        rows: &[usize],
        folder: &CacheFolder,
        key: &CacheKey,
        narrow: bool,
    ) -> Result<RowCache, PipelineError> {
        assert!(rows.is_sorted(), "rows in ascending order");
        let names: Vec<&str> = self.features.iter().map(|feature| &*feature.name).collect();
        let columns = self.columns.len();
        let span = table.storage().rows(names.len() + columns);
        let mut file = PartialFile::new(folder, key, columns)?;
        let mut part = table.range(&names, &(0..0))?;
        let (mut numbers, mut flags) = (Vec::new(), Vec::new());
        let mut rest = rows;
        while let Some(&first) = rest.first() {
            // 1. The cells of some rows of the table.
            let end = first.saturating_add(span).min(table.rows());
            let (own, others) = rest.split_at(rest.partition_point(|&row| row < end));
            rest = others;
            let last = own.last().copied().unwrap_or(first);
            part = table.move_to(part, &(first..last + 1))?;
            // 2. Their numbers.
            let places: Vec<usize> = own.iter().map(|row| row - first).collect();
            numbers.resize(own.len() * columns, 0.0);
            flags.clear();
            flags.resize(own.len(), RowFlags::default());
            let encoder = self.dense_encoder(&part)?;
            let outcomes: Vec<Result<bool, Overflow>> = numbers
                .par_chunks_mut(BLOCK * columns)
                .zip(flags.par_chunks_mut(BLOCK))
                .zip(places.par_chunks(BLOCK))
                .map(|((numbers, flags), rows)| {
                    encoder.encode::<f64>(rows, numbers, Some(flags))?;
                    let fit = fit(numbers);
                    if narrow && !fit {
                        // The same rows again, for the cell that is at fault.
                        let mut narrow = vec![0.0_f32; numbers.len()];
                        encoder.encode(rows, &mut narrow, None)?;
                    }
                    Ok(fit)
                })
                .collect();
            let mut all_fit = true;
            for outcome in outcomes {
                all_fit &= outcome.map_err(|overflow| {
                    if narrow {
                        overflow.error::<f32>(&part)
                    } else {
                        overflow.error::<f64>(&part)
                    }
                })?;
            }
            // 3. Into the file.
            file.push(
                &mut numbers,
                all_fit,
                flags.iter().map(|flags| flags.unseen),
            )?;
        }
        Ok(file.finish(folder)?)
    }

    /// Refuses cached rows with a level that no training row had, for those who want no row flagged;
    /// `rows` are those that were cached.
    ///
    /// # Errors
    /// [`PipelineError::UnseenLevel`] for the first such row; [`PipelineError::Storage`].
    ///
    /// # Panics
    /// When a row is out of range.
    pub fn refuse_unseen_in_cache(
        &self,
        table: &StoredTable,
        rows: &[usize],
        cache: &RowCache,
    ) -> Result<(), PipelineError> {
        let Some((_, first)) = cache.unseen() else {
            return Ok(());
        };
        let names: Vec<&str> = self.features.iter().map(|feature| &*feature.name).collect();
        let row = table.select(&names, &rows[first..=first])?;
        let unseen = RowFlags {
            unseen: true,
            ..RowFlags::default()
        };
        self.refuse_unseen(&row, &[0], &[unseen])
    }
}

/// Whether every number is finite in `f32`.
fn fit(numbers: &[f64]) -> bool {
    numbers.iter().all(|&number| (number as f32).is_finite())
}

#[cfg(test)]
mod tests;
