//! A model file becomes something that scores tables.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use burn::tensor::{DType, Tensor, TensorData};
use dataset::{
    BatchOptions, CsvOptions, DesignMatrix, Kind, Pipeline, RowFlags, Table, table_from_cells,
};
use model::device::{Backend, Choice, Precision, select_for};
use model::parameters::to_host;
use model::{ModelFile, Regression, Task};

use crate::error::InferError;

/// The file in a run's folder.
const MODEL: &str = "model.safetensors";
/// How far an encoded golden cell may be from its value: JSON keeps every digit of it.
const ENCODING_TOLERANCE: f64 = 1e-12;

/// Scores tables with a model.
#[derive(Debug)]
pub struct Predictor {
    file: ModelFile,
    module: Regression,
    pipeline: Pipeline,
    choice: Choice,
    precision: Precision,
}

/// Scores of some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// `[rows, outputs]`: probabilities of the classes (for yes/no, of the positive label alone),
    /// or the predicted number.
    pub values: Vec<f64>,
    /// Numbers of a row in `values`.
    pub outputs: usize,
    /// What is unusual about each row.
    pub flags: Vec<RowFlags>,
}

/// What a model says of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prediction<'a> {
    /// Probability of the positive label, and the label that the threshold makes of it.
    Binary(f64, &'a str),
    /// Probabilities of the labels, and the most probable label.
    Multinomial(&'a [f64], &'a str),
    /// The number.
    Linear(f64),
    /// A feature is missing, and the model was fitted without imputation.
    None,
}

/// The model file of a path: the file itself, or the one in a run's folder.
pub fn resolve(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.join(MODEL);
    }
    // Where the system has no links, `latest` is a file with the name of the newest run.
    if path.file_name().is_some_and(|name| name == "latest")
        && let Ok(name) = std::fs::read_to_string(path)
    {
        return path.with_file_name(name.trim()).join(MODEL);
    }
    path.to_owned()
}

impl Predictor {
    /// Loads a model and proves that it still scores as it did: the golden rows are encoded from
    /// their raw cells, and scored on the device.
    ///
    /// Without `precision` the model is computed in the one that it is stored in.
    ///
    /// # Errors
    /// [`InferError::File`], [`InferError::PipelineSection`], [`InferError::GoldenDesign`], and
    /// [`InferError::Device`] when there is no such device or it cannot compute in the precision.
    pub fn load(
        path: &Path,
        backend: Backend,
        precision: Option<Precision>,
    ) -> Result<Self, InferError> {
        let path = resolve(path);
        let file = ModelFile::read(&path)?;
        let precision = precision.unwrap_or(file.precision);
        let choice = select_for(backend, precision)?;
        let module = file.verified(&choice.device, precision, &path)?;
        let pipeline = pipeline(&file, &path)?;
        verify_encoding(&file, &pipeline, &path)?;
        Ok(Self {
            file,
            module,
            pipeline,
            choice,
            precision,
        })
    }

    /// What is in the file.
    pub fn file(&self) -> &ModelFile {
        &self.file
    }

    /// The preprocessing.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Where scores are computed.
    pub fn choice(&self) -> &Choice {
        &self.choice
    }

    /// What scores are computed in.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// How to read a table for this model: the columns that it needs, whatever their order.
    pub fn batch_options(&self, keep: &[String]) -> BatchOptions {
        let mut columns = self.pipeline.inputs();
        if let Some(offset) = &self.file.offset
            && columns.iter().all(|(name, _)| name != offset)
        {
            columns.push((offset.clone(), Kind::Numeric));
        }
        BatchOptions {
            columns,
            notations: self.pipeline.notations.clone(),
            keep: keep.to_vec(),
            ..BatchOptions::default()
        }
    }

    /// Those of some columns of a table that the model was not fitted with: neither used nor left out
    /// for a [reason](dataset::pipeline::DroppedColumn).
    pub fn unknown<'n>(&self, columns: impl IntoIterator<Item = &'n String>) -> Vec<&'n str> {
        let features = self.pipeline.features.iter().map(|feature| &feature.name);
        let dropped = self.pipeline.dropped.iter().map(|dropped| &dropped.name);
        let known: HashSet<&String> = features.chain(dropped).chain([&self.file.target]).collect();
        let columns = columns.into_iter().filter(|column| !known.contains(column));
        columns.map(String::as_str).collect()
    }

    /// Cells that mean missing, as the model was fitted.
    pub fn csv_options(&self) -> CsvOptions {
        CsvOptions {
            na: self.file.na.clone(),
            ..CsvOptions::default()
        }
    }

    /// Scores all rows of a table.
    ///
    /// # Errors
    /// [`InferError::Pipeline`] when the table lacks a column, and [`InferError::MissingOffset`].
    pub fn predict(&self, table: &Table) -> Result<Predictions, InferError> {
        let rows: Vec<usize> = (0..table.rows()).collect();
        let offsets = self.offsets(table)?;
        if self.pipeline.is_sparse() {
            return self.predict_sparse(table, &rows, offsets.as_deref());
        }
        let (scores, flags) = match self.precision {
            Precision::F32 => {
                let (design, flags) = self.pipeline.design::<f32>(table, &rows)?;
                (self.scores(design, offsets.as_deref()), flags)
            }
            Precision::F64 => {
                let (design, flags) = self.pipeline.design::<f64>(table, &rows)?;
                (self.scores(design, offsets.as_deref()), flags)
            }
        };
        let outputs = self.file.parameters.outputs;
        Ok(Predictions {
            values: to_host(self.module.predictions(scores)),
            outputs,
            flags,
        })
    }

    /// Scores rows of which only the numbers that are not 0 are laid out: on the host, in `f64`.
    fn predict_sparse(
        &self,
        table: &Table,
        rows: &[usize],
        offsets: Option<&[f64]>,
    ) -> Result<Predictions, InferError> {
        let (design, flags) = self.pipeline.sparse_design(table, rows)?;
        let outputs = self.file.parameters.outputs;
        let biases = self.file.parameters.bias.as_deref().unwrap_or_default();
        let mut scores = design.scores(&self.file.parameters.weight, biases, outputs);
        for (scores, offset) in scores
            .chunks_exact_mut(outputs)
            .zip(offsets.unwrap_or_default())
        {
            for score in scores {
                *score += offset;
            }
        }
        let scores = TensorData::new(scores, [rows.len(), outputs]);
        let scores = Tensor::<2>::from_data(scores, (&self.choice.device, self.dtype()));
        Ok(Predictions {
            values: to_host(self.module.predictions(scores)),
            outputs,
            flags,
        })
    }

    fn offsets(&self, table: &Table) -> Result<Option<Vec<f64>>, InferError> {
        let Some(name) = &self.file.offset else {
            return Ok(None);
        };
        let numbers = table.column(name).and_then(|column| column.cells.numbers());
        let Some(values) = numbers else {
            return Err(dataset::PipelineError::AbsentColumn {
                column: name.clone(),
            }
            .into());
        };
        match values.iter().position(|value| value.is_nan()) {
            None => Ok(Some(values.into_owned())),
            Some(row) => Err(InferError::MissingOffset {
                path: table.file(row).to_owned(),
                line: table.line(row),
                column: name.clone(),
            }),
        }
    }

    fn scores<T>(&self, design: DesignMatrix<T>, offsets: Option<&[f64]>) -> Tensor<2>
    where
        T: dataset::Element + burn::tensor::Element,
    {
        let options = (&self.choice.device, self.dtype());
        let shape = [design.rows(), design.columns()];
        let rows = Tensor::<2>::from_data(TensorData::new(design.into_values(), shape), options);
        let scores = self.module.scores(rows);
        match offsets {
            None => scores,
            Some(offsets) => {
                let offsets = TensorData::new(offsets.to_vec(), [offsets.len(), 1]);
                scores + Tensor::<2>::from_data(offsets, options)
            }
        }
    }

    fn dtype(&self) -> DType {
        self.precision.dtype()
    }

    /// What the model says of a row of `predictions`.
    pub fn prediction<'a>(&'a self, predictions: &'a Predictions, row: usize) -> Prediction<'a> {
        if predictions.flags[row].unscored {
            return Prediction::None;
        }
        let outputs = predictions.outputs;
        let values = &predictions.values[row * outputs..(row + 1) * outputs];
        let label = |index: usize| self.file.labels.get(index).map_or("", String::as_str);
        match self.file.task {
            Task::Binary => {
                let positive = values[0] >= self.file.threshold.unwrap_or(0.5);
                Prediction::Binary(values[0], label(usize::from(positive)))
            }
            Task::Multinomial => {
                let mut best = 0;
                for (index, value) in values.iter().enumerate() {
                    if *value > values[best] {
                        best = index;
                    }
                }
                Prediction::Multinomial(values, label(best))
            }
            _ => Prediction::Linear(values[0]),
        }
    }
}

fn pipeline(file: &ModelFile, path: &Path) -> Result<Pipeline, InferError> {
    let pipeline: Pipeline = serde_json::from_value(file.pipeline.clone())
        .map_err(|error| InferError::pipeline(path, &error))?;
    pipeline
        .validate()
        .map_err(|error| InferError::pipeline(path, &error))?;
    let names = pipeline.columns.iter().map(|column| &column.name);
    if !names.eq(&file.columns) {
        return Err(InferError::pipeline(
            path,
            &"its columns are not those of the model",
        ));
    }
    Ok(pipeline)
}

/// Encodes the golden rows again from their raw cells.
fn verify_encoding(file: &ModelFile, pipeline: &Pipeline, path: &Path) -> Result<(), InferError> {
    if file.golden.is_empty() {
        return Ok(());
    }
    let inputs = pipeline.inputs();
    let cells: Vec<Vec<Option<String>>> = file
        .golden
        .iter()
        .map(|row| {
            let cells = row.cells.iter().map(|(name, cell)| (name, cell.clone()));
            let mut cells: HashMap<&String, Option<String>> = cells.collect();
            let unlisted = row.sparse.then(|| "0".to_owned());
            inputs
                .iter()
                .map(|(name, _)| cells.remove(name).unwrap_or_else(|| unlisted.clone()))
                .collect()
        })
        .collect();
    let table = table_from_cells("the golden rows", &inputs, &cells)
        .map_err(|error| InferError::pipeline(path, &error))?;
    let rows: Vec<usize> = (0..file.golden.len()).collect();
    let (design, _) = pipeline.design::<f64>(&table, &rows)?;
    for (index, golden) in file.golden.iter().enumerate() {
        for (place, (&actual, &expected)) in
            design.row(index).iter().zip(&golden.design).enumerate()
        {
            if (actual - expected).abs() > ENCODING_TOLERANCE * expected.abs().max(1.0) {
                return Err(InferError::GoldenDesign {
                    path: path.to_owned(),
                    row: index + 1,
                    column: file.columns[place].clone(),
                    expected,
                    actual,
                });
            }
        }
    }
    Ok(())
}
