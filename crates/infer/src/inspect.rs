//! What a model file holds, as plain data.

use dataset::{Kind, Pipeline};
use model::file::TrainingRecord;
use model::{ModelFile, Task};
use serde::Serialize;

/// Everything in a model file that says something to a person.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// Version of the file's format.
    pub format: u32,
    /// The question.
    pub task: Task,
    /// The column that is predicted.
    pub target: String,
    /// Labels of the classes.
    pub labels: Vec<String>,
    /// The probability from which a row is called positive.
    pub threshold: Option<f64>,
    /// The offset column.
    pub offset: Option<String>,
    /// The numbers that the module is stored in.
    pub precision: String,
    /// The columns that a table to score needs.
    pub inputs: Vec<Input>,
    /// What was decided about them while fitting, in sentences: groups of levels, knots, edges.
    pub notes: Vec<String>,
    /// On the original scale, output after output.
    pub coefficients: Vec<Coefficient>,
    /// On the original scale, one for each output; empty without intercepts.
    pub intercepts: Vec<f64>,
    /// Rows that the file checks itself with at every load.
    pub golden_rows: usize,
    /// Where the model comes from.
    pub training: TrainingRecord,
}

/// A column that a table to score needs.
#[derive(Debug, Clone, Serialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// What its cells are.
    pub kind: Kind,
    /// How it becomes numbers.
    #[serde(flatten)]
    pub encoding: dataset::pipeline::Encoding,
}

/// One coefficient.
#[derive(Debug, Clone, Serialize)]
pub struct Coefficient {
    /// Name of the design column.
    pub name: String,
    /// The class, for several classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Change of the score for one unit of the column.
    pub estimate: f64,
    /// Change of the score for one standard deviation of the column.
    pub standardized: f64,
}

impl Inspection {
    /// Describes a file and its pipeline.
    pub fn new(file: &ModelFile, pipeline: &Pipeline) -> Self {
        let columns = file.columns.len();
        let outputs = file.parameters.outputs;
        let mut coefficients = Vec::new();
        let mut intercepts = Vec::new();
        for output in 0..outputs {
            let original = &file.coefficients[output * (columns + 1)..(output + 1) * (columns + 1)];
            for (column, name) in file.columns.iter().enumerate() {
                coefficients.push(Coefficient {
                    name: name.clone(),
                    class: (file.task == Task::Multinomial).then(|| file.labels[output].clone()),
                    estimate: original[column],
                    standardized: file.parameters.weight[output * columns + column],
                });
            }
            if file.parameters.bias.is_some() {
                intercepts.push(original[columns]);
            }
        }
        Self {
            format: model::file::FORMAT,
            task: file.task,
            target: file.target.clone(),
            labels: file.labels.clone(),
            threshold: file.threshold,
            offset: file.offset.clone(),
            precision: file.precision.to_string(),
            inputs: pipeline
                .features
                .iter()
                .map(|feature| Input {
                    name: feature.name.clone(),
                    kind: feature.kind,
                    encoding: feature.encoding.clone(),
                })
                .collect(),
            notes: pipeline.notes(),
            coefficients,
            intercepts,
            golden_rows: file.golden.len(),
            training: file.training.clone(),
        }
    }
}
