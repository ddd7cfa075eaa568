//! The model file: one `model.safetensors` that any reader of the format opens.
//!
//! | tensor | type | shape | scale |
//! |---|---|---|---|
//! | `linear.weight` | f32 or f64 | `[outputs, columns]`, PyTorch's layout | standardised columns |
//! | `linear.bias` | as the weight | `[outputs]`, absent without an intercept | standardised columns |
//! | `coefficients` | f64 | `[outputs, columns + 1]`, the intercept last (0 without one) | original columns |
//! | `statistics.covariance` | f64 | square, when it exists | original columns |
//!
//! The safetensors metadata has one key, `kindling`: a JSON document with everything else (see
//! [`ModelFile`]). Loading executes nothing, checks every shape and number, and scores the golden
//! rows again.

mod error;
mod golden;
mod layout;
mod record;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::Write;
use std::path::Path;

use burn::tensor::Device;
use serde_json::Value;

pub use error::FileError;
pub use golden::GoldenRow;
pub use record::{Certificate, DataRecord, Penalty, RowCounts, TrainingRecord, Versions};

use crate::Parameters;
use crate::device::Precision;
use crate::supervised::{Regression, Task};

/// The version of the format that this build writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Everything in a model file.
///
/// # Examples
#[cfg_attr(feature = "flex", doc = "```no_run")]
#[cfg_attr(not(feature = "flex"), doc = "```ignore")]
/// use std::path::Path;
///
/// use burn::tensor::Tensor;
/// use model::ModelFile;
/// use model::device::{Backend, Precision, select};
///
/// let device = select(Backend::Flex)?.device;
/// let path = Path::new("runs/latest/model.safetensors");
/// let (file, module) = ModelFile::load(path, &device, Precision::F32)?;
/// println!("{} from {}", file.target, file.columns.join(", "));
/// let rows = Tensor::zeros([1, file.columns.len()], &device);
/// let probabilities = module.predictions(module.scores(rows));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    /// The question that the model answers.
    pub task: Task,
    /// Name of the target column.
    pub target: String,
    /// Labels of the classes: `[negative, positive]`, or in the order of the outputs; empty for
    /// linear regression.
    pub labels: Vec<String>,
    /// Name of the column that is added to the scores, where the model was fitted with one.
    pub offset: Option<String>,
    /// Cells that mean missing, as the model was fitted.
    pub na: Vec<String>,
    /// Names of the design columns, in order.
    pub columns: Vec<String>,
    /// The precision that the module was trained in and is stored in.
    pub precision: Precision,
    /// The module's numbers, on standardised columns.
    pub parameters: Parameters,
    /// On the original columns: for each output its coefficients, then its intercept.
    pub coefficients: Vec<f64>,
    /// Covariance of `coefficients`, row-major, where statistics made it.
    pub covariance: Option<Vec<f64>>,
    /// The fitted preprocessing, as the crate `dataset` writes it.
    pub pipeline: Value,
    /// Where the model comes from.
    pub training: TrainingRecord,
    /// The fitted calibration, once there is one.
    pub calibration: Option<Value>,
    /// The probability from which a row is called positive; for binary models.
    pub threshold: Option<f64>,
    /// A few rows of the training data with their scores.
    pub golden: Vec<GoldenRow>,
}

impl ModelFile {
    /// Writes the file whole or not at all; the same contents give the same bytes.
    ///
    /// `linear.weight` and `linear.bias` are rounded to [`precision`](Self::precision).
    ///
    /// # Errors
    /// [`FileError::Io`] when the folder cannot be written to, [`FileError::Invalid`],
    /// [`FileError::NotFinite`] and [`FileError::Shape`] when the contents could not be read back.
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        self.check(path)?;
        write_whole(path, &layout::encode(self, path)?)
    }

    /// Reads a file and checks all that can be checked without computing.
    ///
    /// # Errors
    /// A [`FileError`] that says what is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let bytes = fs::read(path).map_err(|source| FileError::io(path, source))?;
        let file = layout::decode(&bytes, path)?;
        file.check(path)?;
        Ok(file)
    }

    /// Reads a file, builds its module on a device and scores the golden rows again.
    ///
    /// The device must compute in `precision`; [`Choice::require`](crate::device::Choice::require)
    /// asks it.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`FileError::Golden`] when a score differs by more than
    /// rounding explains.
    pub fn load(
        path: &Path,
        device: &Device,
        precision: Precision,
    ) -> Result<(Self, Regression), FileError> {
        let file = Self::read(path)?;
        let module = file.verified(device, precision, path)?;
        Ok((file, module))
    }

    /// The module of this file on a device, after scoring the golden rows again; `path` is what
    /// errors name.
    ///
    /// # Errors
    /// [`FileError::Golden`] when a score differs by more than rounding explains.
    pub fn verified(
        &self,
        device: &Device,
        precision: Precision,
        path: &Path,
    ) -> Result<Regression, FileError> {
        let module = self.module(device, precision);
        golden::verify(self, &module, device, precision, path)?;
        Ok(module)
    }

    /// The module of this file on a device.
    #[must_use]
    pub fn module(&self, device: &Device, precision: Precision) -> Regression {
        Regression::new(self.task, &self.parameters, device, precision)
    }

    /// Number of outputs that the labels ask for.
    fn outputs(&self) -> usize {
        if self.task == Task::Multinomial {
            self.labels.len()
        } else {
            1
        }
    }

    fn check(&self, path: &Path) -> Result<(), FileError> {
        let (outputs, columns) = (self.outputs(), self.columns.len());
        let labels = match self.task {
            Task::Binary => self.labels.len() == 2,
            Task::Multinomial => self.labels.len() >= 2,
            Task::Linear => self.labels.is_empty(),
        };
        if !labels {
            return Err(FileError::invalid(
                path,
                format!(
                    "{} labels for a {} model",
                    self.labels.len(),
                    self.task.name()
                ),
            ));
        }
        if columns == 0 {
            return Err(FileError::invalid(path, "the model has no columns"));
        }
        let (features, made_for) = (self.parameters.features, self.parameters.outputs);
        if (features, made_for) != (columns, outputs) {
            let (expected, actual) = (vec![outputs, columns], vec![made_for, features]);
            return Err(FileError::shape(path, "linear.weight", expected, actual));
        }
        let width = columns + 1;
        let side = outputs * width;
        let square = side.saturating_mul(side);
        let shapes = [
            (
                "linear.weight",
                self.parameters.weight.len(),
                outputs * columns,
            ),
            (
                "linear.bias",
                self.parameters.bias.as_ref().map_or(outputs, Vec::len),
                outputs,
            ),
            ("coefficients", self.coefficients.len(), side),
            (
                "statistics.covariance",
                self.covariance.as_ref().map_or(square, Vec::len),
                square,
            ),
        ];
        for (tensor, actual, expected) in shapes {
            if actual != expected {
                return Err(FileError::shape(path, tensor, vec![expected], vec![actual]));
            }
        }
        let bias = self.parameters.bias.as_deref().unwrap_or_default();
        let covariance = self.covariance.as_deref().unwrap_or_default();
        let numbers: [(&str, &[f64], Precision); 4] = [
            ("linear.weight", &self.parameters.weight, self.precision),
            ("linear.bias", bias, self.precision),
            ("coefficients", &self.coefficients, Precision::F64),
            ("statistics.covariance", covariance, Precision::F64),
        ];
        for (tensor, values, precision) in numbers {
            // What is finite here may not be once it is rounded to the file's precision.
            let finite = |value: f64| match precision {
                Precision::F32 => (value as f32).is_finite(),
                Precision::F64 => value.is_finite(),
            };
            if let Some(index) = values.iter().position(|&value| !finite(value)) {
                return Err(FileError::NotFinite {
                    path: path.to_owned(),
                    tensor: tensor.to_owned(),
                    index,
                });
            }
        }
        golden::check(self, outputs, path)
    }
}

/// Writes to a temporary file in the same folder and renames it, so that `path` never holds half
/// a document.
///
/// # Errors
/// [`FileError::Io`] when the folder cannot be written to.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let io = |source| FileError::io(path, source);
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any other new file: the process's umask takes away from this.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder).map_err(io)?;
    temporary.write_all(bytes).map_err(io)?;
    temporary.as_file().sync_all().map_err(io)?;
    temporary.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}
