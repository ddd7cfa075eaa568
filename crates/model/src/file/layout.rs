use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FORMAT, FileError, GoldenRow, ModelFile, TrainingRecord};
use crate::Parameters;
use crate::device::Precision;
use crate::supervised::Task;

/// The metadata key: one, because the order of several would change from write to write.
const KEY: &str = "kindling";

#[derive(Serialize, Deserialize)]
struct Document {
    format: u32,
    task: Task,
    target: String,
    labels: Vec<String>,
    offset: Option<String>,
    na: Vec<String>,
    columns: Vec<String>,
    precision: Precision,
    pipeline: Value,
    training: TrainingRecord,
    calibration: Option<Value>,
    threshold: Option<f64>,
    golden: Vec<GoldenRow>,
}

/// The one field that every version has.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

pub(super) fn encode(file: &ModelFile, path: &Path) -> Result<Vec<u8>, FileError> {
    let document = Document {
        format: FORMAT,
        task: file.task,
        target: file.target.clone(),
        labels: file.labels.clone(),
        offset: file.offset.clone(),
        na: file.na.clone(),
        columns: file.columns.clone(),
        precision: file.precision,
        pipeline: file.pipeline.clone(),
        training: file.training.clone(),
        calibration: file.calibration.clone(),
        threshold: file.threshold,
        golden: file.golden.clone(),
    };
    let json = serde_json::to_string(&document)
        .map_err(|error| FileError::invalid(path, error.to_string()))?;

    let (outputs, columns) = (file.outputs(), file.columns.len());
    let (module, host) = (file.precision, Precision::F64);
    let side = outputs * (columns + 1);
    let mut tensors = vec![
        tensor(
            "coefficients",
            host,
            &[outputs, columns + 1],
            &file.coefficients,
        ),
        tensor(
            "linear.weight",
            module,
            &[outputs, columns],
            &file.parameters.weight,
        ),
    ];
    if let Some(bias) = &file.parameters.bias {
        tensors.push(tensor("linear.bias", module, &[outputs], bias));
    }
    if let Some(covariance) = &file.covariance {
        tensors.push(tensor(
            "statistics.covariance",
            host,
            &[side, side],
            covariance,
        ));
    }
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
    views
        .and_then(|views| serialize(views, Some(HashMap::from([(KEY.to_owned(), json)]))))
        .map_err(|error| FileError::invalid(path, error.to_string()))
}

pub(super) fn decode(bytes: &[u8], path: &Path) -> Result<ModelFile, FileError> {
    let broken = |error: safetensors::SafeTensorError| FileError::Broken {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
    let json = header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(KEY))
        .ok_or_else(|| FileError::Foreign {
            path: path.to_owned(),
        })?;
    let invalid = |error: serde_json::Error| FileError::invalid(path, format!("metadata: {error}"));
    let Format { format } = serde_json::from_str(json).map_err(invalid)?;
    if format > FORMAT {
        return Err(FileError::Newer {
            path: path.to_owned(),
            found: format,
        });
    }
    let document: Document = serde_json::from_str(json).map_err(invalid)?;

    let outputs = if document.task == Task::Multinomial {
        document.labels.len()
    } else {
        1
    };
    let columns = document.columns.len();
    let width = columns.saturating_add(1);
    let side = outputs.saturating_mul(width);
    let read = |name: &str, shape: &[usize]| read_tensor(&tensors, name, shape, path);
    let required = |name: &str, shape: &[usize]| {
        read(name, shape)?
            .ok_or_else(|| FileError::invalid(path, format!("there is no tensor `{name}`")))
    };
    Ok(ModelFile {
        parameters: Parameters {
            features: columns,
            outputs,
            weight: required("linear.weight", &[outputs, columns])?,
            bias: read("linear.bias", &[outputs])?,
        },
        coefficients: required("coefficients", &[outputs, width])?,
        covariance: read("statistics.covariance", &[side, side])?,
        task: document.task,
        target: document.target,
        labels: document.labels,
        offset: document.offset,
        na: document.na,
        columns: document.columns,
        precision: document.precision,
        pipeline: document.pipeline,
        training: document.training,
        calibration: document.calibration,
        threshold: document.threshold,
        golden: document.golden,
    })
}

fn read_tensor(
    tensors: &SafeTensors<'_>,
    name: &str,
    shape: &[usize],
    path: &Path,
) -> Result<Option<Vec<f64>>, FileError> {
    let Ok(tensor) = tensors.tensor(name) else {
        return Ok(None);
    };
    if tensor.shape() != shape {
        return Err(FileError::shape(
            path,
            name,
            shape.to_vec(),
            tensor.shape().to_vec(),
        ));
    }
    let values = match tensor.dtype() {
        Dtype::F32 => {
            let (words, _) = tensor.data().as_chunks::<4>();
            words
                .iter()
                .map(|&bytes| f64::from(f32::from_le_bytes(bytes)))
                .collect()
        }
        Dtype::F64 => {
            let (words, _) = tensor.data().as_chunks::<8>();
            words
                .iter()
                .map(|&bytes| f64::from_le_bytes(bytes))
                .collect()
        }
        other => {
            return Err(FileError::invalid(
                path,
                format!("tensor `{name}` has type {other:?}, not F32 or F64"),
            ));
        }
    };
    Ok(Some(values))
}

/// Name, type, shape and bytes of a tensor whose numbers are rounded to a precision.
fn tensor(
    name: &'static str,
    precision: Precision,
    shape: &[usize],
    values: &[f64],
) -> (&'static str, Dtype, Vec<usize>, Vec<u8>) {
    let (dtype, bytes) = match precision {
        Precision::F32 => {
            let bytes = values
                .iter()
                .flat_map(|&value| (value as f32).to_le_bytes());
            (Dtype::F32, bytes.collect())
        }
        Precision::F64 => {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes());
            (Dtype::F64, bytes.collect())
        }
    };
    (name, dtype, shape.to_vec(), bytes)
}
