//! A solution in words and in a file: the report for people, the model file for programs.

use dataset::{Cells, Kind, Pipeline, PreparedRows, Table};
use model::device::{Choice, Precision};
use model::file::{self, Certificate, DataRecord, GoldenRow, ModelFile, RowCounts, Versions};
use model::{Parameters, Task};

use crate::config::{FitConfig, Hyperparameters};
use crate::diagnosis;
use crate::error::FitError;
use crate::measure::{self, THRESHOLD};
use crate::prepare::{Prepared, Source};
use crate::report::{
    CertificateReport, Coefficient, DesignReport, Dropped, FitReport, Intercept, Metrics, Parts,
    Seconds, TableReport,
};
use crate::run;
use crate::solve::Solved;

/// The version of Burn that this workspace is built on.
const BURN: &str = "0.22.1";
/// How many rows a model file keeps to check itself with.
const GOLDEN_ROWS: usize = 5;

/// Numbers in all those rows, at most, unless one row alone has more: they must not outweigh the model.
const GOLDEN_CELLS: usize = 50_000;

/// A solution with what it takes to describe it.
pub(crate) struct Solution<'a> {
    /// The rows and their preprocessing.
    pub(crate) prepared: &'a Prepared,
    /// On the standardised scale.
    pub(crate) parameters: &'a Parameters,
    /// The question.
    pub(crate) task: Task,
}

impl Solution<'_> {
    /// Coefficients on the original scale: for each output those of the columns, then its intercept.
    fn original(&self) -> Vec<(Vec<f64>, f64)> {
        let Parameters {
            features,
            outputs,
            weight,
            bias,
        } = self.parameters;
        (0..*outputs)
            .map(|output| {
                let own = &weight[output * features..(output + 1) * features];
                let intercept = bias.as_ref().map_or(0.0, |bias| bias[output]);
                self.prepared.pipeline.unstandardize(own, intercept)
            })
            .collect()
    }

    /// The report for people.
    pub(crate) fn report(
        &self,
        name: &str,
        settings: &Hyperparameters,
        choice: &Choice,
        solved: &Solved,
        metrics: Parts<Metrics>,
        seconds: Seconds,
    ) -> FitReport {
        let Prepared {
            pipeline,
            all,
            parts,
            notes,
            notices,
            ..
        } = self.prepared;
        let labels = all.target.labels().to_vec();
        let size = |part: &Option<PreparedRows>| part.as_ref().map_or(0, |part| part.rows.len());
        let weight = self.prepared.train().weights.as_deref();
        let total = weight.map_or(size(&parts.train) as f64, |weights| weights.iter().sum());
        let single = self.task != Task::Multinomial && self.parameters.bias.is_some();
        FitReport {
            status: solved.status,
            detail: solved.detail.clone(),
            task: self.task,
            positive: (self.task == Task::Binary).then(|| labels[1].clone()),
            table: table(self.prepared, name),
            labels: labels.clone(),
            rows: RowCounts {
                train: size(&parts.train),
                validation: size(&parts.validation),
                test: size(&parts.test),
            },
            design: self.design(solved.stored),
            solver: solved.plan.solver.to_string(),
            solver_reason: solved.plan.reason.clone(),
            gradient: solved.plan.gradient.to_string(),
            backend: choice.backend.to_string(),
            backend_reason: choice.reason.clone(),
            adapter: choice.adapter.clone(),
            precision: settings.precision.to_string(),
            penalty: file::Penalty {
                lambda: solved.penalty.lambda,
                l1_ratio: solved.penalty.l1_ratio,
                c: solved.penalty.c(total),
            },
            standardized: pipeline.standardized,
            seed: settings.seed,
            stochastic: solved.stochastic.clone(),
            iterations: solved.history.len(),
            sample_steps: solved.sample_steps,
            condition_number: solved.condition,
            objective: solved.objective,
            certificate: CertificateReport::new(&solved.certificate),
            duality_gap: solved.gap.clone(),
            zero_coefficients: solved.gap.as_ref().map(|_| {
                let zero = |value: &&f64| **value == 0.0;
                self.parameters.weight.iter().filter(zero).count()
            }),
            diagnosis: diagnosis::describe(&solved.diagnosis, pipeline, &labels),
            intercept: single.then(|| self.original()[0].1),
            intercepts: self.intercepts(),
            coefficients: self.coefficients(),
            dropped: pipeline
                .dropped
                .iter()
                .map(|dropped| Dropped {
                    name: dropped.name.clone(),
                    reason: dropped.reason.clone(),
                })
                .collect(),
            notes: notes.clone(),
            notices: notices.clone(),
            metrics,
            seconds,
            versions: versions(),
            out: None,
        }
    }

    /// How the training rows were laid out, and what they store if not everything.
    fn design(&self, stored: Option<usize>) -> DesignReport {
        let columns = self.prepared.pipeline.columns.len();
        let numbers = self.prepared.train().rows.len() as f64 * columns as f64;
        DesignReport {
            columns,
            sparse: stored.is_some(),
            stored,
            fill: stored.map(|stored| stored as f64 / numbers),
        }
    }

    /// The label of an output, for several classes.
    fn class(&self, output: usize) -> Option<String> {
        let labels = self.prepared.all.target.labels();
        (self.task == Task::Multinomial).then(|| labels[output].clone())
    }

    fn coefficients(&self) -> Vec<Coefficient> {
        let columns = &self.prepared.pipeline.columns;
        let mut coefficients = Vec::new();
        for (output, (estimates, _)) in self.original().iter().enumerate() {
            for (index, column) in columns.iter().enumerate() {
                coefficients.push(Coefficient {
                    name: column.name.clone(),
                    source: column.source.clone(),
                    level: column.level.clone(),
                    class: self.class(output),
                    estimate: estimates[index],
                    standardized: self.parameters.weight[output * columns.len() + index],
                });
            }
        }
        coefficients
    }

    /// Those of the classes; none for a single output.
    fn intercepts(&self) -> Vec<Intercept> {
        let Some(bias) = &self.parameters.bias else {
            return Vec::new();
        };
        let original = self.original();
        (0..self.parameters.outputs)
            .filter_map(|output| {
                Some(Intercept {
                    class: self.class(output)?,
                    estimate: original[output].1,
                    standardized: bias[output],
                })
            })
            .collect()
    }

    /// The model file for programs.
    ///
    /// # Errors
    /// [`FitError::Describe`] when the pipeline cannot be written as JSON.
    pub(crate) fn file(
        &self,
        report: &FitReport,
        config: &FitConfig,
    ) -> Result<ModelFile, FitError> {
        let settings = &config.hyperparameters;
        let pipeline = &self.prepared.pipeline;
        let stored = rounded(self.parameters, settings.precision);
        Ok(ModelFile {
            task: self.task,
            target: report.table.target.clone(),
            labels: report.labels.clone(),
            offset: self
                .prepared
                .source
                .schema
                .offset()
                .map(|offset| offset.name.clone()),
            na: config.csv.na.clone(),
            columns: pipeline
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect(),
            precision: settings.precision,
            coefficients: self
                .original()
                .into_iter()
                .flat_map(|(estimates, intercept)| estimates.into_iter().chain([intercept]))
                .collect(),
            covariance: None,
            pipeline: serde_json::to_value(pipeline)?,
            training: file::TrainingRecord {
                data: DataRecord {
                    source: report.table.source.clone(),
                    sha256: report.table.sha256.clone(),
                    bytes: report.table.bytes,
                    rows: report.table.rows,
                },
                rows: report.rows,
                seed: report.seed,
                solver: report.solver.clone(),
                gradient: report.gradient.clone(),
                backend: report.backend.clone(),
                adapter: report.adapter.clone(),
                penalty: report.penalty,
                status: report.status.to_string(),
                iterations: report.iterations,
                objective: report.objective,
                certificate: Some(Certificate {
                    gradient_max: report.certificate.gradient_max,
                    newton_decrement: report.certificate.newton_decrement,
                    probability_error: report.certificate.probability_error,
                    score_error: report.certificate.score_error,
                }),
                metrics: serde_json::to_value(&report.metrics)?,
                hyperparameters: serde_json::to_value(settings)?,
                versions: report.versions.clone(),
                created: run::now_utc(),
            },
            calibration: None,
            threshold: (self.task == Task::Binary).then_some(THRESHOLD),
            golden: self.golden(&stored)?,
            parameters: stored,
        })
    }

    /// Some training rows, evenly spread, with the scores of the parameters as they are stored.
    fn golden(&self, stored: &Parameters) -> Result<Vec<GoldenRow>, FitError> {
        let train = self.prepared.train();
        let columns = self.prepared.pipeline.columns.len();
        let count = (GOLDEN_CELLS / columns).clamp(1, GOLDEN_ROWS);
        let count = count.min(train.rows.len());
        let places: Vec<usize> = (0..count).map(|k| k * train.rows.len() / count).collect();
        let rows = train.select(&places);
        let pipeline = &self.prepared.pipeline;
        let names: Vec<&str> = pipeline.features.iter().map(|f| &*f.name).collect();
        let table = self.prepared.source.table.select(&names, &rows.rows)?;
        let all: Vec<usize> = (0..count).collect();
        let (design, _) = pipeline.design::<f64>(&table, &all)?;
        let scores = measure::scores(stored, &design, None)?;
        let outputs = stored.outputs;
        let row = |place: usize| {
            let (cells, sparse) = raw_cells(pipeline, &table, place);
            GoldenRow {
                cells,
                sparse,
                design: design.row(place).to_vec(),
                offset: rows.offsets.as_ref().map_or(0.0, |offsets| offsets[place]),
                scores: scores[place * outputs..(place + 1) * outputs].to_vec(),
            }
        };
        Ok(all.into_iter().map(row).collect())
    }
}

/// The cells of a row of the table, and whether zeros of sparse columns are left out of them.
fn raw_cells(
    pipeline: &Pipeline,
    table: &Table,
    row: usize,
) -> (Vec<(String, Option<String>)>, bool) {
    let mut sparse = false;
    let mut cells = Vec::new();
    for feature in &pipeline.features {
        let column = table.column(&feature.name);
        let cell = column.and_then(|column| column.cell(row));
        if column.is_some_and(|column| matches!(column.cells, Cells::Sparse(_))) {
            sparse = true;
            if cell.as_deref() == Some("0") {
                continue;
            }
        }
        cells.push((feature.name.clone(), cell));
    }
    (cells, sparse)
}

/// The table as it was read.
pub(crate) fn table(prepared: &Prepared, name: &str) -> TableReport {
    let features = prepared.pipeline.features.iter();
    let kinds: Vec<Kind> = features.map(|feature| feature.kind).collect();
    table_of(&prepared.source, &prepared.all, &kinds, name)
}

/// The table as it was read, with the kinds of its features.
pub(crate) fn table_of(
    source: &Source,
    all: &PreparedRows,
    kinds: &[Kind],
    name: &str,
) -> TableReport {
    let count = |wanted: Kind| kinds.iter().filter(|&&kind| kind == wanted).count();
    let (numeric, dates) = (count(Kind::Numeric), count(Kind::Date));
    TableReport {
        name: name.to_owned(),
        source: source.table.source().to_owned(),
        sha256: source.fingerprint.sha256.clone(),
        bytes: source.fingerprint.bytes,
        rows: source.table.rows(),
        numeric,
        categorical: kinds.len() - numeric - dates,
        dates,
        target: source
            .schema
            .target()
            .map_or_else(String::new, |target| target.name.clone()),
        counts: all.target.counts(),
    }
}

/// The programs that run.
pub(crate) fn versions() -> Versions {
    Versions {
        kindling: env!("CARGO_PKG_VERSION").to_owned(),
        burn: BURN.to_owned(),
    }
}

/// The parameters as a file of this precision keeps them.
fn rounded(parameters: &Parameters, precision: Precision) -> Parameters {
    let round = |values: &[f64]| -> Vec<f64> {
        match precision {
            Precision::F32 => values
                .iter()
                .map(|&value| f64::from(value as f32))
                .collect(),
            Precision::F64 => values.to_vec(),
        }
    };
    Parameters {
        weight: round(&parameters.weight),
        bias: parameters.bias.as_deref().map(round),
        ..*parameters
    }
}
