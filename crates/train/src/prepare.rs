//! A table becomes parts of rows with targets, and a pipeline fitted on the training rows.

use std::borrow::Cow;
use std::sync::Arc;

use dataset::leak::leaks;
use dataset::{
    ColumnSource, DesignMatrix, Element, Fingerprint, Input, Kind, Pipeline, PipelineOptions,
    PreparedRows, RowCache, RowFlags, RowSource, Schema, Split, Table, Target,
    prepare as prepare_rows, read_stored, read_table, split,
};
use solver::TargetValues;
use terminal::number::counted;

use crate::config::FitConfig;
use crate::encoded::{self, Encoded};
use crate::error::FitError;
use crate::report::{NoticeReport, Parts};

/// A table as it was read.
#[derive(Debug)]
pub struct Source {
    /// The columns, in memory or on the disk.
    pub table: Box<dyn ColumnSource>,
    /// Their roles and kinds.
    pub schema: Schema,
    /// What identifies the data.
    pub fingerprint: Fingerprint,
}

impl Source {
    /// All columns that the schema knows, in memory.
    ///
    /// # Errors
    /// [`FitError::Storage`] where they cannot be read back from the disk.
    pub(crate) fn loaded(&self) -> Result<Cow<'_, Table>, FitError> {
        let columns = self.schema.columns.iter();
        let names: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
        Ok(self.table.load(&names)?)
    }
}

/// Rows for the fit and for judging it, with the preprocessing that they share.
#[derive(Debug)]
pub struct Prepared {
    /// The table, which several divisions of its rows may share.
    pub source: Arc<Source>,
    /// Fitted on the training rows alone.
    pub pipeline: Pipeline,
    /// The parts of the rows; `train` is always there.
    pub parts: Parts<PreparedRows>,
    /// Whether only those numbers of a row are stored that are not 0.
    pub sparse: bool,
    /// The numbers of the parts that are held out; the training rows' depend on the precision.
    pub designs: Parts<Box<dyn RowSource<f64>>>,
    /// The numbers of the training rows on the disk, where memory is bounded.
    pub cached: Option<RowCache>,
    /// All rows with a target, before the split.
    pub all: PreparedRows,
    /// What was decided on the way, in sentences.
    pub notes: Vec<String>,
    /// Columns that are not what they look like, and features that alone tell the target.
    pub notices: Vec<NoticeReport>,
}

/// Bytes of dense rows, at most, where sparse rows would do: about the memory of a laptop.
const MOST_DENSE_BYTES: usize = 4 << 30;

/// Columns with missing cells that a note names.
const NAMED: usize = 10;

/// Reads a table: into memory, or where that is bounded to the disk.
///
/// # Errors
/// [`FitError::Read`] and [`FitError::Memory`].
pub fn read(input: &Input, config: &FitConfig) -> Result<Source, FitError> {
    let (csv, options) = (&config.csv, &config.schema);
    let Some(memory) = &config.memory else {
        let (table, schema, fingerprint) = read_table(input, csv, options)?;
        return Ok(Source {
            table: Box::new(table),
            schema,
            fingerprint,
        });
    };
    let (mut table, schema, fingerprint) = read_stored(input, csv, options, &memory.storage())?;
    table.set_bytes(memory.beside_rows(table.rows())?);
    Ok(Source {
        table: Box::new(table),
        schema,
        fingerprint,
    })
}

/// Chooses rows, splits them, and fits the preprocessing on the training rows.
///
/// # Errors
/// [`FitError::Target`], [`FitError::Split`], [`FitError::Pipeline`]; [`FitError::TooWide`] where dense
/// rows are needed and cannot be had.
pub fn prepare(source: Source, config: &FitConfig) -> Result<Prepared, FitError> {
    let settings = &config.hyperparameters;
    let all = rows(&source, config)?;
    let strata = all.target.codes();
    let split = split(
        all.rows.len(),
        strata.as_deref(),
        settings.validation,
        settings.test,
        settings.seed,
    )?;
    divided(Arc::new(source), all, &split, config)
}

/// The rows that can be fitted on or judged with: those with a target and a weight.
///
/// # Errors
/// [`FitError::Target`]; [`FitError::Setting`] for an offset that means nothing.
pub fn rows(source: &Source, config: &FitConfig) -> Result<PreparedRows, FitError> {
    let all = prepare_rows(&*source.table, &source.schema, &config.target)?;
    if let (Target::Multinomial { .. }, Some(offset)) = (&all.target, source.schema.offset()) {
        return Err(FitError::Setting {
            option: "--offset",
            value: offset.name.clone(),
            reason: "a number that is added to the score of every class changes no probability",
        });
    }
    Ok(all)
}

/// How features become numbers, with the settings of the fit.
pub(crate) fn encoding(config: &FitConfig) -> PipelineOptions {
    let settings = &config.hyperparameters;
    PipelineOptions {
        missing: config.target.missing,
        standardize: settings.standardize,
        center: settings.intercept,
        ..config.encoding.clone()
    }
}

/// Fits the preprocessing on the training rows of a division; its positions are those of `all`.
///
/// # Errors
/// [`FitError::Pipeline`].
pub fn divided(
    source: Arc<Source>,
    all: PreparedRows,
    split: &Split,
    config: &FitConfig,
) -> Result<Prepared, FitError> {
    let part = |rows: &[usize]| (!rows.is_empty()).then(|| all.select(rows));
    let train = all.select(&split.train);
    let table = &*source.table;
    let pipeline = Pipeline::fit(
        table,
        &source.schema,
        &train.rows,
        train.weights.as_deref(),
        &encoding(config),
    )?;
    let settings = &config.hyperparameters;
    // What is on the disk is dense.
    let sparse = pipeline.is_sparse() && config.memory.is_none() && !settings.needs_dense_rows();
    if !sparse && config.memory.is_none() {
        check_dense::<f64>(&pipeline, &train)?;
    }
    let mut notices: Vec<NoticeReport> = source.schema.notices().iter().map(Into::into).collect();
    let leaks = leaks(table, &source.schema, &train)?;
    notices.extend(leaks.iter().map(NoticeReport::from));
    let parts = Parts {
        train: Some(train),
        validation: part(&split.validation),
        test: part(&split.test),
    };
    let mut notes = all.notes.clone();
    notes.extend(filled(&source, &all)?);
    notes.extend(pipeline.notes());
    let Encoded {
        designs,
        cached,
        notes: of_rows,
    } = encoded::encoded(&source, &pipeline, &parts, &all, sparse, config)?;
    notes.extend(of_rows);
    Ok(Prepared {
        source,
        pipeline,
        parts,
        sparse,
        designs,
        cached,
        all,
        notes,
        notices,
    })
}

/// The features of a table in memory.
pub(crate) fn whole<'a>(
    source: &'a Source,
    pipeline: &Pipeline,
) -> Result<Cow<'a, Table>, FitError> {
    let features = pipeline.features.iter();
    let names: Vec<&str> = features.map(|feature| &*feature.name).collect();
    Ok(source.table.load(&names)?)
}

/// How many missing cells are filled, with what, and in which columns.
fn filled(source: &Source, all: &PreparedRows) -> Result<Option<String>, FitError> {
    let mut columns: Vec<(Kind, String, usize)> = Vec::new();
    for feature in source.schema.features() {
        let loaded = source.table.load(&[&feature.name])?;
        let Some(column) = loaded.column(&feature.name) else {
            continue;
        };
        if !column.cells.any_missing() {
            continue;
        }
        let rows = all.rows.iter();
        let missing = rows.filter(|&&row| column.cells.is_missing(row)).count();
        if missing > 0 {
            columns.push((feature.kind, feature.name.clone(), missing));
        }
    }
    if columns.is_empty() {
        return Ok(None);
    }
    let total: usize = columns.iter().map(|(_, _, missing)| missing).sum();
    let cells = if total == 1 { "cell" } else { "cells" };
    let ways: [(&[Kind], &str); 3] = [
        (&[Kind::Numeric], "with the column's median"),
        (&[Kind::Date], "with a date near the median"),
        (
            &[Kind::Categorical, Kind::Boolean],
            "as a level of their own",
        ),
    ];
    let ways = ways.iter().filter_map(|(kinds, way)| {
        let filled = columns.iter().filter(|(kind, ..)| kinds.contains(kind));
        let mut named: Vec<String> = filled
            .map(|(_, name, missing)| format!("{name} {missing}"))
            .collect();
        if named.len() > NAMED {
            let more = counted(named.len() - NAMED, "column");
            named.truncate(NAMED);
            named.push(format!("and {more} more"));
        }
        (!named.is_empty()).then(|| format!("{way} ({})", named.join(", ")))
    });
    let ways: Vec<String> = ways.collect();
    Ok(Some(format!(
        "{total} missing {cells} filled {}",
        ways.join(", ")
    )))
}

/// Refuses dense rows that take more memory than is sensible where sparse rows would take little.
fn check_dense<T: Element>(pipeline: &Pipeline, part: &PreparedRows) -> Result<(), FitError> {
    let (rows, columns) = (part.rows.len(), pipeline.columns.len());
    let bytes = rows.saturating_mul(columns).saturating_mul(size_of::<T>());
    if pipeline.is_sparse() && bytes > MOST_DENSE_BYTES {
        return Err(FitError::TooWide {
            rows,
            columns,
            bytes,
        });
    }
    Ok(())
}

/// The dense rows of a part, unless they take more memory than is sensible where sparse rows would
/// take little.
pub(crate) fn dense<T: Element>(
    pipeline: &Pipeline,
    table: &Table,
    part: &PreparedRows,
) -> Result<(DesignMatrix<T>, Vec<RowFlags>), FitError> {
    check_dense::<T>(pipeline, part)?;
    Ok(pipeline.design(table, &part.rows)?)
}

impl Prepared {
    /// The training rows.
    ///
    /// # Panics
    /// Never: a split without training rows is an error before.
    pub fn train(&self) -> &PreparedRows {
        self.parts
            .train
            .as_ref()
            .expect("the split has training rows")
    }

    /// The numbers of a part, dense.
    ///
    /// # Errors
    /// [`FitError::Pipeline`] where a number does not fit into `T`; [`FitError::TooWide`].
    pub fn design<T: Element>(&self, part: &PreparedRows) -> Result<DesignMatrix<T>, FitError> {
        let table = whole(&self.source, &self.pipeline)?;
        Ok(dense(&self.pipeline, &table, part)?.0)
    }

    /// The numbers of the training rows in `f32`: a matrix, or the file that they are in.
    ///
    /// # Errors
    /// As [`design`](Self::design).
    pub fn rounded(&self) -> Result<Box<dyn RowSource<f32> + '_>, FitError> {
        Ok(match &self.cached {
            Some(cache) => Box::new(cache),
            None => Box::new(self.design::<f32>(self.train())?),
        })
    }

    /// The numbers of the training rows: the file that they are in, sparse rows, or dense ones that are
    /// encoded block by block as they are asked for. The same bits as in a matrix, and no matrix.
    ///
    /// # Errors
    /// [`FitError::Pipeline`] where the table does not suit the pipeline.
    pub fn streamed(&self) -> Result<Box<dyn RowSource<f64> + '_>, FitError> {
        Ok(match (&self.cached, self.source.table.in_memory()) {
            (Some(cache), _) => Box::new(cache),
            (None, Some(table)) if self.sparse => {
                Box::new(self.pipeline.sparse_design(table, &self.train().rows)?.0)
            }
            (None, Some(table)) => Box::new(self.pipeline.encoded_rows(table, &self.train().rows)?),
            (None, None) => Box::new(self.design::<f64>(self.train())?),
        })
    }

    /// The question, as the modules know it.
    pub fn task(&self) -> model::Task {
        task(&self.all.target)
    }
}

/// The question, as the modules know it.
pub(crate) fn task(target: &Target) -> model::Task {
    match target {
        Target::Binary { .. } => model::Task::Binary,
        Target::Multinomial { .. } => model::Task::Multinomial,
        Target::Linear { .. } => model::Task::Linear,
    }
}

/// The target as the solvers take it.
pub fn target_values(target: &Target) -> TargetValues<'_> {
    match target {
        Target::Binary { values, .. } => TargetValues::Binary(values),
        Target::Linear { values } => TargetValues::Linear(values),
        Target::Multinomial { labels, codes } => TargetValues::Multinomial {
            codes,
            classes: labels.len(),
        },
    }
}
