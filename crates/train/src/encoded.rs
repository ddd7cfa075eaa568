//! The rows of the parts as numbers, as far as they are made before the fit: those of the held-out parts
//! in memory, or those of all parts in files.

use dataset::{
    CacheFolder, CacheKey, Pipeline, PipelineError, PreparedRows, RowCache, RowSource, StoredTable,
    Target,
};
use model::device::Precision;
use solver::Shape;
use terminal::number::bytes;

use crate::config::{FitConfig, Hyperparameters};
use crate::error::FitError;
use crate::memory::Memory;
use crate::prepare::{Source, dense, target_values, whole};
use crate::report::Parts;

/// The numbers of the parts.
pub(crate) struct Encoded {
    /// Of the parts that are held out.
    pub(crate) designs: Parts<Box<dyn RowSource<f64>>>,
    /// Of the training rows, where memory is bounded.
    pub(crate) cached: Option<RowCache>,
    /// What was decided on the way, in sentences.
    pub(crate) notes: Vec<String>,
}

/// Encodes what is encoded before the fit, as sparse rows where that is said.
///
/// # Errors
/// [`FitError::Pipeline`]; [`FitError::Memory`] and [`FitError::Storage`] where memory is bounded.
pub(crate) fn encoded(
    source: &Source,
    pipeline: &Pipeline,
    parts: &Parts<PreparedRows>,
    all: &PreparedRows,
    sparse: bool,
    config: &FitConfig,
) -> Result<Encoded, FitError> {
    let settings = &config.hyperparameters;
    match (&config.memory, source.table.stored()) {
        (Some(memory), Some(table)) => {
            let batch = if settings.solver.is_full_batch() {
                0
            } else {
                settings.stochastic.batch_size.of(all.rows.len())
            };
            memory.check_solver(&shape(pipeline, all, settings), batch)?;
            let caches = Caches {
                source,
                table,
                pipeline,
                folder: CacheFolder::new(&memory.folder)?,
            };
            caches.encoded(parts, settings, memory)
        }
        _ => in_memory(source, pipeline, parts, sparse, settings),
    }
}

fn in_memory(
    source: &Source,
    pipeline: &Pipeline,
    parts: &Parts<PreparedRows>,
    sparse: bool,
    settings: &Hyperparameters,
) -> Result<Encoded, FitError> {
    held_out(parts, |part| {
        let table = whole(source, pipeline)?;
        let (design, flags): (Box<dyn RowSource<f64>>, _) = if sparse {
            let (design, flags) = pipeline.sparse_design(&table, &part.rows)?;
            (Box::new(design), flags)
        } else {
            let (design, flags) = dense::<f64>(pipeline, &table, part)?;
            (Box::new(design), flags)
        };
        if settings.strict {
            pipeline.refuse_unseen(&table, &part.rows, &flags)?;
        }
        let unseen = flags.iter().filter(|flags| flags.unseen).count();
        Ok((design, unseen))
    })
}

/// Encodes each part that is held out, and says which of its rows have a level of their own.
fn held_out(
    parts: &Parts<PreparedRows>,
    encode: impl Fn(&PreparedRows) -> Result<(Box<dyn RowSource<f64>>, usize), FitError>,
) -> Result<Encoded, FitError> {
    let mut notes = Vec::new();
    let mut one = |name: &str, part: &Option<PreparedRows>| {
        let Some(part) = part else { return Ok(None) };
        let (design, unseen) = encode(part)?;
        if unseen > 0 {
            let rows = if unseen == 1 { "row has" } else { "rows have" };
            notes.push(format!(
                "{unseen} {name} {rows} a level that no training row has"
            ));
        }
        Ok::<_, FitError>(Some(design))
    };
    let designs = Parts {
        train: None,
        validation: one("validation", &parts.validation)?,
        test: one("test", &parts.test)?,
    };
    Ok(Encoded {
        designs,
        cached: None,
        notes,
    })
}

/// The files of encoded rows of a fit.
struct Caches<'a> {
    source: &'a Source,
    table: &'a StoredTable,
    pipeline: &'a Pipeline,
    folder: CacheFolder,
}

impl Caches<'_> {
    fn encoded(
        &self,
        parts: &Parts<PreparedRows>,
        settings: &Hyperparameters,
        memory: &Memory,
    ) -> Result<Encoded, FitError> {
        // 1. Room for them: of the rows of other fits only those in use are kept.
        let parts_there = [&parts.train, &parts.validation, &parts.test];
        let keys = parts_there.into_iter().flatten().map(|part| self.key(part));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        self.folder.keep_only(&keys)?;
        // 2. The training rows.
        let narrow = settings.precision == Precision::F32;
        let train = parts.train.as_ref();
        let cached = train.map(|part| self.open(part, narrow)).transpose()?;
        let note = cached.as_ref().map(|cache| {
            let what = if cache.reused() {
                "found in"
            } else {
                "written to"
            };
            let (size, place) = (bytes(cache.bytes() as f64), memory.folder.display());
            format!("encoded rows ({size} to fit on) {what} {place}, which keeps those of one fit")
        });
        // 3. Those that are held out, which are asked for in f64 alone.
        let held_out = held_out(parts, |part| {
            let cache = self.open(part, false)?;
            if settings.strict {
                let rows = &part.rows;
                self.pipeline
                    .refuse_unseen_in_cache(self.table, rows, &cache)?;
            }
            let unseen = cache.unseen().map_or(0, |(count, _)| count);
            Ok((Box::new(cache), unseen))
        })?;
        Ok(Encoded {
            cached,
            notes: note.into_iter().chain(held_out.notes).collect(),
            ..held_out
        })
    }

    fn key(&self, part: &PreparedRows) -> Result<CacheKey, PipelineError> {
        let data = &self.source.fingerprint;
        self.pipeline.cache_key(self.table, data, &part.rows)
    }

    fn open(&self, part: &PreparedRows, narrow: bool) -> Result<RowCache, PipelineError> {
        let key = self.key(part)?;
        self.pipeline
            .cache_rows(self.table, &part.rows, &self.folder, &key, narrow)
    }
}

/// The shape of the problem, were all rows fitted on.
fn shape(pipeline: &Pipeline, all: &PreparedRows, settings: &Hyperparameters) -> Shape {
    Shape {
        stored: None,
        rows: all.rows.len(),
        columns: pipeline.columns.len(),
        outputs: target_values(&all.target).outputs(),
        squared: matches!(all.target, Target::Linear { .. }),
        l1: settings.has_l1(),
        intercept: settings.intercept,
    }
}
