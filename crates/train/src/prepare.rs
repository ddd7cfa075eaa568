//! A table becomes parts of rows with targets, and a pipeline fitted on the training rows.

use dataset::leak::leaks;
use dataset::{
    DesignMatrix, Element, Fingerprint, Input, Pipeline, PipelineOptions, PreparedRows, RowFlags,
    RowSource, Schema, Table, Target, prepare as prepare_rows, read_table, split,
};
use solver::TargetValues;
use terminal::number::counted;

use crate::config::FitConfig;
use crate::error::FitError;
use crate::report::{NoticeReport, Parts};

/// A table as it was read.
#[derive(Debug)]
pub struct Source {
    /// The columns.
    pub table: Table,
    /// Their roles and kinds.
    pub schema: Schema,
    /// What identifies the data.
    pub fingerprint: Fingerprint,
}

/// Rows for the fit and for judging it, with the preprocessing that they share.
#[derive(Debug)]
pub struct Prepared {
    /// The table.
    pub source: Source,
    /// Fitted on the training rows alone.
    pub pipeline: Pipeline,
    /// The parts of the rows; `train` is always there.
    pub parts: Parts<PreparedRows>,
    /// Whether only those numbers of a row are stored that are not 0.
    pub sparse: bool,
    /// The numbers of the parts that are held out; the training rows' depend on the precision.
    pub designs: Parts<Box<dyn RowSource<f64>>>,
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

/// Reads a table.
///
/// # Errors
/// [`FitError::Read`].
pub fn read(input: &Input, config: &FitConfig) -> Result<Source, FitError> {
    let (table, schema, fingerprint) = read_table(input, &config.csv, &config.schema)?;
    Ok(Source {
        table,
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
    let all = prepare_rows(&source.table, &source.schema, &config.target)?;
    if let (Target::Multinomial { .. }, Some(offset)) = (&all.target, source.schema.offset()) {
        return Err(FitError::Setting {
            option: "--offset",
            value: offset.name.clone(),
            reason: "a number that is added to the score of every class changes no probability",
        });
    }
    let strata = all.target.codes();
    let split = split(
        all.rows.len(),
        strata.as_deref(),
        settings.validation,
        settings.test,
        settings.seed,
    )?;
    let part = |rows: &[usize]| (!rows.is_empty()).then(|| all.select(rows));
    let train = all.select(&split.train);
    let options = PipelineOptions {
        missing: config.target.missing,
        standardize: settings.standardize,
        center: settings.intercept,
        ..config.encoding.clone()
    };
    let pipeline = Pipeline::fit(
        &source.table,
        &source.schema,
        &train.rows,
        train.weights.as_deref(),
        &options,
    )?;
    let sparse = pipeline.is_sparse() && !settings.needs_dense_rows();
    let mut notices: Vec<NoticeReport> = source.schema.notices().iter().map(Into::into).collect();
    let leaks = leaks(&source.table, &source.schema, &train);
    notices.extend(leaks.iter().map(NoticeReport::from));
    let parts = Parts {
        train: Some(train),
        validation: part(&split.validation),
        test: part(&split.test),
    };
    let mut notes = all.notes.clone();
    notes.extend(filled(&source, &all));
    notes.extend(pipeline.notes());
    let mut designs = Parts {
        train: None,
        validation: None,
        test: None,
    };
    for (name, part, place) in [
        ("validation", &parts.validation, &mut designs.validation),
        ("test", &parts.test, &mut designs.test),
    ] {
        let Some(part) = part else { continue };
        let (design, flags): (Box<dyn RowSource<f64>>, _) = if sparse {
            let (design, flags) = pipeline.sparse_design(&source.table, &part.rows)?;
            (Box::new(design), flags)
        } else {
            let (design, flags) = dense::<f64>(&pipeline, &source.table, part)?;
            (Box::new(design), flags)
        };
        *place = Some(design);
        if settings.strict {
            pipeline.refuse_unseen(&source.table, &part.rows, &flags)?;
        }
        let unseen = flags.iter().filter(|flags| flags.unseen).count();
        if unseen > 0 {
            let rows = if unseen == 1 { "row has" } else { "rows have" };
            notes.push(format!(
                "{unseen} {name} {rows} a level that no training row has"
            ));
        }
    }
    Ok(Prepared {
        source,
        pipeline,
        parts,
        sparse,
        designs,
        all,
        notes,
        notices,
    })
}

/// How many missing cells are filled, and in which columns.
fn filled(source: &Source, all: &PreparedRows) -> Option<String> {
    let columns: Vec<(String, usize)> = source
        .schema
        .features()
        .filter_map(|feature| {
            let cells = &source.table.column(&feature.name)?.cells;
            if !cells.any_missing() {
                return None;
            }
            let missing = all
                .rows
                .iter()
                .filter(|&&row| cells.is_missing(row))
                .count();
            (missing > 0).then(|| (feature.name.clone(), missing))
        })
        .collect();
    if columns.is_empty() {
        return None;
    }
    let total: usize = columns.iter().map(|(_, missing)| missing).sum();
    let cells = if total == 1 { "cell" } else { "cells" };
    let mut named: Vec<String> = columns
        .iter()
        .take(NAMED)
        .map(|(name, missing)| format!("{name} {missing}"))
        .collect();
    if columns.len() > NAMED {
        let more = counted(columns.len() - NAMED, "column");
        named.push(format!("and in {more} more"));
    }
    Some(format!(
        "{total} missing {cells} filled with the column's median or a level of their own ({})",
        named.join(", ")
    ))
}

/// The dense rows of a part, unless they take more memory than is sensible where sparse rows would
/// take little.
fn dense<T: Element>(
    pipeline: &Pipeline,
    table: &Table,
    part: &PreparedRows,
) -> Result<(DesignMatrix<T>, Vec<RowFlags>), FitError> {
    let (rows, columns) = (part.rows.len(), pipeline.columns.len());
    let bytes = rows.saturating_mul(columns).saturating_mul(size_of::<T>());
    if pipeline.is_sparse() && bytes > MOST_DENSE_BYTES {
        return Err(FitError::TooWide {
            rows,
            columns,
            bytes,
        });
    }
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
        Ok(dense(&self.pipeline, &self.source.table, part)?.0)
    }

    /// The exact numbers of a part in little memory: sparse rows, or dense ones that are encoded block
    /// by block as they are asked for. The same bits as those of [`design`](Self::design).
    ///
    /// # Errors
    /// [`FitError::Pipeline`] where the table does not suit the pipeline.
    pub fn rows<'a>(
        &'a self,
        part: &'a PreparedRows,
    ) -> Result<Box<dyn RowSource<f64> + 'a>, FitError> {
        let table = &self.source.table;
        Ok(if self.sparse {
            Box::new(self.pipeline.sparse_design(table, &part.rows)?.0)
        } else {
            Box::new(self.pipeline.encoded_rows(table, &part.rows)?)
        })
    }

    /// The question, as the modules know it.
    pub fn task(&self) -> model::Task {
        match self.all.target {
            Target::Binary { .. } => model::Task::Binary,
            Target::Multinomial { .. } => model::Task::Multinomial,
            Target::Linear { .. } => model::Task::Linear,
        }
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
