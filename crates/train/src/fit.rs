//! What happens in what order: read, split, prepare, solve, certify, judge, describe.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use dataset::{Input, Kind, PreparedRows};
use model::device::{self, Choice, Precision};
use model::file::{self, Certificate, DataRecord, GoldenRow, ModelFile, RowCounts, Versions};
use model::{Parameters, Task};
use solver::Record;

use crate::config::{FitConfig, Hyperparameters};
use crate::diagnosis;
use crate::error::FitError;
use crate::measure::{self, THRESHOLD};
use crate::prepare::{self, Prepared};
use crate::report::{
    CertificateReport, Coefficient, Dropped, FitReport, Intercept, Metrics, Parts, Seconds,
    TableReport,
};
use crate::run;
use crate::solve::{History, Setting, Solved};
use crate::stochastic::Epoch;

/// The version of Burn that this workspace is built on.
const BURN: &str = "0.22.1";
/// How many rows a model file keeps to check itself with.
const GOLDEN_ROWS: usize = 5;

/// What a fit tells of itself while it runs.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event {
    /// A table of so many rows was read.
    Read(usize),
    /// A full-batch solver made a step.
    Iteration(Record),
    /// A stochastic solver made an epoch, of so many.
    Epoch(Epoch, usize),
}

/// Everything that comes out of a fit.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// What to tell people.
    pub report: FitReport,
    /// What to keep.
    pub file: ModelFile,
    /// A line for each iteration or epoch.
    pub history: History,
}

/// Fits a model to a table. Nothing is written.
///
/// # Errors
/// Any [`FitError`]. A fit that did not converge is not an error: its status says so.
pub fn fit(
    name: &str,
    input: &Input,
    config: &FitConfig,
    interrupted: &AtomicBool,
    observe: &mut dyn FnMut(Event),
) -> Result<Fitted, FitError> {
    let settings = &config.hyperparameters;
    check(settings)?;
    // A device that is not there is known before a long read.
    let choice = device::select(settings.backend)?;
    choice.require(settings.precision)?;

    let mut clock = Clock::start();
    let mut seconds = Seconds::default();
    let source = prepare::read(input, config)?;
    seconds.read = clock.lap();
    observe(Event::Read(source.table.rows()));
    let prepared = prepare::prepare(source, config)?;
    seconds.prepare = clock.lap();

    let setting = Setting {
        prepared: &prepared,
        hyperparameters: settings,
        device: &choice,
        interrupted,
    };
    let solved = match settings.precision {
        Precision::F32 => setting.solve::<f32>(observe)?,
        Precision::F64 => setting.solve::<f64>(observe)?,
    };
    [seconds.fit, seconds.certify] = solved.seconds;
    clock.lap();

    let task = prepared.task();
    let outputs = if task == Task::Multinomial {
        prepared.all.target.labels().len()
    } else {
        1
    };
    let columns = prepared.pipeline.columns.len();
    let parameters = Parameters::from_flat(&solved.theta, columns, outputs, settings.intercept);
    let metrics = judge(&prepared, &parameters)?;
    seconds.evaluate = clock.lap();

    let solution = Described {
        prepared: &prepared,
        parameters: &parameters,
        task,
    };
    let report = solution.report(name, settings, &choice, &solved, metrics, seconds);
    let file = solution.file(&report, config)?;
    Ok(Fitted {
        report,
        file,
        history: solved.history,
    })
}

/// Refuses numbers that no fit can be made with.
fn check(settings: &Hyperparameters) -> Result<(), FitError> {
    let positive = |option, value: f64| {
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        let reason = "it must be a number above 0";
        Err(FitError::Setting {
            option,
            value: value.to_string(),
            reason,
        })
    };
    let at_least_one = |option, value: usize| {
        if value > 0 {
            return Ok(());
        }
        let reason = "it must be at least 1";
        Err(FitError::Setting {
            option,
            value: value.to_string(),
            reason,
        })
    };
    if let Some(rate) = settings.learning_rate {
        positive("--learning-rate", rate)?;
    }
    match settings.penalty {
        crate::config::PenaltyChoice::C(c) => positive("--c", c)?,
        crate::config::PenaltyChoice::Lambda(lambda) if !lambda.is_finite() || lambda < 0.0 => {
            let reason = "it must be a number from 0 upwards";
            let value = lambda.to_string();
            return Err(FitError::Setting {
                option: "--lambda",
                value,
                reason,
            });
        }
        _ => {}
    }
    at_least_one("--batch-size", settings.batch_size)?;
    at_least_one("--epochs", settings.epochs)?;
    Ok(())
}

fn judge(prepared: &Prepared, parameters: &Parameters) -> Result<Parts<Metrics>, FitError> {
    let judge = |part: &Option<PreparedRows>| -> Result<Option<Metrics>, FitError> {
        let Some(part) = part else { return Ok(None) };
        let design = prepared.design::<f64>(part)?;
        let scores = measure::scores(parameters, &design, part.offsets.as_deref());
        Ok(Some(measure::metrics(part, &scores)?))
    };
    Ok(Parts {
        train: judge(&prepared.parts.train)?,
        validation: judge(&prepared.parts.validation)?,
        test: judge(&prepared.parts.test)?,
    })
}

/// A solution with what it takes to describe it.
struct Described<'a> {
    prepared: &'a Prepared,
    parameters: &'a Parameters,
    task: Task,
}

impl Described<'_> {
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

    fn report(
        &self,
        name: &str,
        settings: &Hyperparameters,
        choice: &Choice,
        solved: &Solved,
        metrics: Parts<Metrics>,
        seconds: Seconds,
    ) -> FitReport {
        let Prepared {
            source,
            pipeline,
            all,
            parts,
            notes,
        } = self.prepared;
        let labels = all.target.labels().to_vec();
        let original = self.original();
        let class =
            |output: usize| (self.task == Task::Multinomial).then(|| labels[output].clone());
        let mut coefficients = Vec::new();
        let mut intercepts = Vec::new();
        for (output, (estimates, intercept)) in original.iter().enumerate() {
            for (index, column) in pipeline.columns.iter().enumerate() {
                let scaled = self.parameters.weight[output * estimates.len() + index];
                coefficients.push(Coefficient {
                    name: column.name.clone(),
                    source: column.source.clone(),
                    level: column.level.clone(),
                    class: class(output),
                    estimate: estimates[index],
                    standardized: scaled,
                });
            }
            if let (Some(class), Some(bias)) = (class(output), &self.parameters.bias) {
                intercepts.push(Intercept {
                    class,
                    estimate: *intercept,
                    standardized: bias[output],
                });
            }
        }
        let kinds = |numeric: bool| {
            pipeline
                .features
                .iter()
                .filter(|f| (f.kind == Kind::Numeric) == numeric)
                .count()
        };
        let size = |part: &Option<PreparedRows>| part.as_ref().map_or(0, |part| part.rows.len());
        let weight = self.prepared.train().weights.as_deref();
        let total = weight.map_or(size(&parts.train) as f64, |weights| weights.iter().sum());
        let single = self.task != Task::Multinomial && self.parameters.bias.is_some();
        FitReport {
            status: solved.status,
            detail: solved.detail.clone(),
            task: self.task,
            positive: (self.task == Task::Binary).then(|| labels[1].clone()),
            table: TableReport {
                name: name.to_owned(),
                source: source.table.source().to_owned(),
                sha256: source.fingerprint.sha256.clone(),
                bytes: source.fingerprint.bytes,
                rows: source.table.rows(),
                numeric: kinds(true),
                categorical: kinds(false),
                target: source
                    .schema
                    .target()
                    .map_or_else(String::new, |t| t.name.clone()),
                counts: all.target.counts(),
            },
            labels: labels.clone(),
            rows: RowCounts {
                train: size(&parts.train),
                validation: size(&parts.validation),
                test: size(&parts.test),
            },
            solver: settings.solver.resolve().to_string(),
            gradient: settings.gradient.resolve(choice).to_string(),
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
            objective: solved.objective,
            certificate: CertificateReport {
                gradient_max: solved.certificate.gradient_max,
                newton_decrement: solved.certificate.newton_decrement,
                probability_error: solved.certificate.probability_error,
                score_error: solved.certificate.score_error,
                reason: solved.certificate.reason.clone(),
            },
            diagnosis: diagnosis::describe(&solved.diagnosis, pipeline, &labels),
            intercept: single.then(|| original[0].1),
            intercepts,
            coefficients,
            dropped: pipeline
                .dropped
                .iter()
                .map(|dropped| Dropped {
                    name: dropped.name.clone(),
                    reason: dropped.reason.clone(),
                })
                .collect(),
            notes: notes.clone(),
            metrics,
            seconds,
            versions: Versions {
                kindling: env!("CARGO_PKG_VERSION").to_owned(),
                burn: BURN.to_owned(),
            },
            out: None,
        }
    }

    fn file(&self, report: &FitReport, config: &FitConfig) -> Result<ModelFile, FitError> {
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
        let count = GOLDEN_ROWS.min(train.rows.len());
        let places: Vec<usize> = (0..count).map(|k| k * train.rows.len() / count).collect();
        let rows = train.select(&places);
        let design = self.prepared.design::<f64>(&rows)?;
        let scores = measure::scores(stored, &design, None);
        let outputs = stored.outputs;
        Ok(rows
            .rows
            .iter()
            .enumerate()
            .map(|(place, &row)| GoldenRow {
                cells: self
                    .prepared
                    .pipeline
                    .features
                    .iter()
                    .map(|feature| {
                        let column = self.prepared.source.table.column(&feature.name);
                        (
                            feature.name.clone(),
                            column.and_then(|column| column.cell(row)),
                        )
                    })
                    .collect(),
                design: design.row(place).to_vec(),
                offset: rows.offsets.as_ref().map_or(0.0, |offsets| offsets[place]),
                scores: scores[place * outputs..(place + 1) * outputs].to_vec(),
            })
            .collect())
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

/// Seconds between laps.
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn lap(&mut self) -> f64 {
        let lap = self.0.elapsed().as_secs_f64();
        self.0 = Instant::now();
        lap
    }
}
