//! Scores rows with a model file that `train` wrote, in a program that knows nothing of tables.
//!
//! Everything needed is in the file: the module's tensors, the names of the columns they expect, the
//! labels of the classes, and a few golden rows with the scores that they had on the day the model
//! was written. The golden rows are also what is scored here, since this program has no other data;
//! put your own rows in their place, in the order of `file.columns` and on the scale of the design
//! matrix. From a table's raw cells to that scale, and on to labels, goes `infer predict`.
//!
//! ```text
//! cargo run --release -p train            fits a model
//! cargo run -p score_file runs/latest     scores with it
//! ```

#![allow(clippy::print_stderr, reason = "a program for people to read")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn::tensor::{Device, Tensor, TensorData};
use model::device::{Backend, Precision, select};
use model::parameters::to_host;
use model::{FileError, ModelFile, Task};

/// 32 bits are what every device computes in. A file in 64 bits loads all the same: what the
/// smaller width costs is within what the golden rows allow for.
const PRECISION: Precision = Precision::F32;

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [path] = arguments.as_slice() else {
        eprintln!(
            "usage: score_file MODEL\n\n\
             MODEL is a model.safetensors, or the run folder that holds one, such as runs/latest;\n\
             `cargo run --release -p train` makes both."
        );
        return ExitCode::from(2);
    };
    let device = match select(Backend::Auto) {
        Ok(choice) => choice.device,
        Err(error) => return fail(&error.to_string(), error.remedy()),
    };
    match report(path, &device) {
        Ok(text) => {
            // `print!` would panic when nobody reads any more, as in `score_file runs/latest | head`.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error.to_string(), error.remedy()),
    }
}

/// Every error of `model` says what is wrong; most know a next step, too.
fn fail(error: &str, remedy: Option<String>) -> ExitCode {
    eprintln!("error: {error}");
    if let Some(remedy) = remedy {
        eprintln!("try    {remedy}");
    }
    ExitCode::from(3)
}

/// What the file predicts, and its golden rows with their stored and present scores.
fn report(path: &Path, device: &Device) -> Result<String, FileError> {
    let path = if path.is_dir() {
        path.join("model.safetensors")
    } else {
        path.to_owned()
    };
    // `load` has checked shapes and numbers, and scored the golden rows, by the time it returns.
    let (file, module) = ModelFile::load(&path, device, PRECISION)?;

    let mut text = format!(
        "predicts       {} ({}) from {} columns\n",
        file.target,
        file.task.name(),
        file.columns.len()
    );
    if file.golden.is_empty() {
        text.push_str("golden rows    none: nothing to score\n");
        return Ok(text);
    }

    // From here on it is plain Burn: one tensor of all rows, `[rows, columns]`.
    let options = (device, PRECISION.dtype());
    let design: Vec<f64> = file
        .golden
        .iter()
        .flat_map(|row| row.design.clone())
        .collect();
    let shape = [file.golden.len(), file.columns.len()];
    let scores = module.scores(Tensor::from_data(TensorData::new(design, shape), options));
    // Scores are log-odds (or, for a linear model, the outcome); predictions are probabilities.
    let predictions = module.predictions(scores.clone());

    // Tensors live on the device; one copy each brings them back.
    let (scores, predictions) = (to_host(scores), to_host(predictions));
    let stored: Vec<f64> = file
        .golden
        .iter()
        .flat_map(|row| row.scores.clone())
        .collect();
    let names = output_names(&file);
    let prediction = if file.task == Task::Linear {
        "prediction"
    } else {
        "probability"
    };
    let _ = writeln!(
        text,
        "\n{:>4}  {:>14}  {:>14}  {prediction}",
        "row", "stored score", "score"
    );
    for (place, ((stored, score), prediction)) in
        stored.iter().zip(&scores).zip(&predictions).enumerate()
    {
        let (row, output) = (place / names.len() + 1, place % names.len());
        let name = names[output];
        let _ = writeln!(
            text,
            "{row:>4}  {stored:>14.6}  {score:>14.6}  {prediction:.6}  {name}"
        );
    }
    Ok(text)
}

/// What each output of the module stands for. A binary model has one: the positive class, which is
/// the last label.
fn output_names(file: &ModelFile) -> Vec<&str> {
    match file.task {
        Task::Multinomial => file.labels.iter().map(String::as_str).collect(),
        _ => vec![file.labels.last().unwrap_or(&file.target)],
    }
}

#[cfg(test)]
mod tests {
    use model::Parameters;
    use model::file::GoldenRow;
    use serde_json::json;

    use super::*;

    /// A model as `train` would write it, small enough to check by hand.
    fn sample() -> ModelFile {
        let training = json!({
            "data": {"source": "exams.csv", "sha256": "", "bytes": 0, "rows": 12},
            "rows": {"train": 12, "validation": 0, "test": 0},
            "seed": 0, "solver": "newton", "gradient": "fused", "backend": "flex",
            "adapter": null, "penalty": {"lambda": 0.0, "l1_ratio": 0.0, "c": null},
            "status": "converged", "iterations": 5, "objective": 0.34, "certificate": null,
            "metrics": {}, "hyperparameters": {},
            "versions": {"kindling": "0.1.0", "burn": "0.22.1"}, "created": "2026-01-01T00:00:00Z"
        });
        ModelFile {
            task: Task::Binary,
            target: "passed".to_owned(),
            labels: vec!["no".to_owned(), "yes".to_owned()],
            offset: None,
            na: Vec::new(),
            columns: vec!["practice".to_owned(), "sleep".to_owned()],
            precision: Precision::F32,
            parameters: Parameters::from_flat(&[1.5, 0.5, -0.25], 2, 1, true),
            coefficients: vec![1.5, 0.5, -0.25],
            covariance: None,
            pipeline: json!({}),
            training: serde_json::from_value(training).unwrap(),
            calibration: None,
            threshold: Some(0.5),
            golden: vec![GoldenRow {
                cells: Vec::new(),
                sparse: false,
                design: vec![1.0, -2.5],
                offset: 0.0,
                scores: vec![0.0],
            }],
        }
    }

    #[test]
    fn a_written_model_is_loaded_and_scored() {
        let device = select(Backend::Flex).unwrap().device;
        let folder = tempfile::tempdir().unwrap();
        sample()
            .write(&folder.path().join("model.safetensors"))
            .unwrap();
        // The run folder will do for the file.
        let text = report(folder.path(), &device).unwrap();
        assert!(
            text.starts_with("predicts       passed (binary) from 2 columns\n"),
            "{text}"
        );
        let words: Vec<_> = text.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(
            words,
            ["1", "0.000000", "0.000000", "0.500000", "yes"],
            "{text}"
        );
    }

    #[test]
    fn a_model_that_changed_is_not_scored() {
        let device = select(Backend::Flex).unwrap().device;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let mut file = sample();
        file.golden[0].scores = vec![1.0];
        file.write(&path).unwrap();
        let error = report(&path, &device).unwrap_err();
        assert!(
            matches!(error, FileError::Golden { row: 1, .. }),
            "{error:?}"
        );
    }
}
