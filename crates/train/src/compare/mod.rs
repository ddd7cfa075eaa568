//! Every compiled backend and gradient on the same rows: how long, and how right.

mod explanation;
pub mod report;
mod textbook;
mod timing;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use dataset::{DesignMatrix, Element, Input, PreparedRows};
use model::device::{Backend, Choice, DeviceError, Precision, select_for};
use model::file::Penalty;
use rayon::prelude::*;
use solver::{HostObjective, Objective, Problem, Shape, Stop, conclude};

use crate::config::{FitConfig, Hyperparameters};
use crate::describe;
use crate::error::FitError;
use crate::fit::{Event, check};
use crate::method::{Gradient, SolverChoice};
use crate::objective::objective;
use crate::plan;
use crate::prepare;
use crate::report::CertificateReport;
use crate::rows::Number;
use crate::solve::{duration, first_stop, largest, problem};

pub use report::CompareReport;
use report::{Certified, Fitted, Line, Measured};

/// What to compare.
#[derive(Debug, Clone, Default)]
pub struct CompareConfig {
    /// The table, the question and the objective. Its backend and gradient are not looked at.
    pub fit: FitConfig,
    /// Backends to look at; none is every one.
    pub backends: Vec<Backend>,
    /// Gradients to look at; none is every one.
    pub gradients: Vec<Gradient>,
    /// Evaluations to time for each line; `None` asks for as many as a steady median needs.
    pub repetitions: Option<usize>,
}

/// A backend and a gradient that are about to be measured.
struct Candidate {
    gradient: Gradient,
    /// Where it runs; `None` is the host.
    device: Option<Result<Choice, DeviceError>>,
    /// `host`, or the backend's name.
    name: &'static str,
}

/// What every line is compared with.
struct Known<'a> {
    /// A common point: half the certified solution, where no gradient is small.
    point: &'a [f64],
    /// The host's gradient of the `f64` rows there.
    gradient: &'a [f64],
    /// The certified solution, where there is one.
    solution: Option<&'a [f64]>,
}

/// What stays the same for every line.
struct Comparison<'a> {
    settings: &'a Hyperparameters,
    solver: SolverChoice,
    method: solver::Plan,
    part: &'a PreparedRows,
    interrupted: &'a AtomicBool,
    repetitions: Option<usize>,
}

/// Measures every backend with every gradient on all rows of a table. Nothing is written.
///
/// A backend that is not compiled in, or that fails, is a line with its reason, unless it was asked
/// for by name. The rows are kept in `f64` for the certified fit, and in `f32` beside it where that is
/// the precision to compare.
///
/// # Errors
/// Any [`FitError`] of reading and preparing; [`FitError::Device`] for a backend that was named and is
/// not there; [`FitError::Unsuitable`] for solvers and penalties without a gradient to compare.
pub fn compare(
    name: &str,
    input: &Input,
    config: &CompareConfig,
    interrupted: &AtomicBool,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<CompareReport, FitError> {
    let settings = &config.fit.hyperparameters;
    check(settings)?;
    suits(settings)?;
    if config.repetitions == Some(0) {
        return Err(FitError::Setting {
            option: "--repetitions",
            value: "0".to_owned(),
            reason: "it must be at least 1",
        });
    }
    // A device that is not there is known before a long read.
    let candidates = candidates(config)?;

    let source = prepare::read(input, &config.fit)?;
    observe(Event::Read(source.table.rows()));
    let prepared = prepare::prepare(source, &config.fit)?;
    observe(Event::Notices(&prepared.notices));
    let part = prepared.train();
    let design = prepared.design::<f64>(part)?;
    let exact = problem(&design, part, settings);
    let parameters = exact.dimension();
    // Least squares in one step evaluate nothing that could be compared.
    let shape = Shape {
        squared: false,
        ..Shape::of(&exact)
    };
    let (solver, choice) = plan::choose(settings, &shape);
    let comparison = Comparison {
        settings,
        solver,
        method: choice.plan,
        part,
        interrupted,
        repetitions: config.repetitions,
    };

    let host = HostObjective::new(exact)?;
    let (certified, solution) = comparison.certify(&host)?;
    let point: Vec<f64> = solution.iter().map(|value| 0.5 * value).collect();
    let mut gradient = vec![0.0; parameters];
    host.gradient(&point, &mut gradient)?;
    let known = Known {
        point: &point,
        gradient: &gradient,
        solution: (certified.status.is_success()).then_some(solution.as_slice()),
    };
    let textbook = textbook::textbook(&exact, &point, &solution)?;
    let (lines, read_seconds) = match settings.precision {
        Precision::F32 => {
            let rounded = prepared.design::<f32>(part)?;
            let lines = comparison.lines(&rounded, candidates, &known, observe);
            (lines, read_once(&rounded)?)
        }
        Precision::F64 => {
            let lines = comparison.lines(&design, candidates, &known, observe);
            (lines, read_once(&design)?)
        }
    };
    let mut report = CompareReport {
        table: describe::table(&prepared, name),
        task: prepared.task(),
        labels: prepared.all.target.labels().to_vec(),
        rows: design.rows(),
        columns: design.columns(),
        parameters,
        precision: settings.precision.to_string(),
        penalty: Penalty {
            lambda: exact.penalty.lambda,
            l1_ratio: exact.penalty.l1_ratio,
            c: exact.penalty.c(host.total_weight()),
        },
        standardized: prepared.pipeline.standardized,
        solver: solver.to_string(),
        threads: rayon::current_num_threads(),
        read_seconds,
        certified,
        comparison: lines,
        textbook,
        explanation: String::new(),
        notes: prepared.notes.clone(),
        picture: None,
        versions: describe::versions(),
    };
    report.explanation = explanation::explain(&report);
    Ok(report)
}

/// Refuses what has no gradient to compare.
fn suits(settings: &Hyperparameters) -> Result<(), FitError> {
    let solver = settings.solver;
    if settings.has_l1() {
        return Err(FitError::Unsuitable {
            solver: SolverChoice::Coordinate,
            reason: "works on rows in host memory alone, and an L1 penalty needs it: there is \
                     nothing to compare"
                .to_owned(),
            remedy: "--penalty l2",
        });
    }
    if !matches!(
        solver,
        SolverChoice::Auto | SolverChoice::Newton | SolverChoice::Lbfgs
    ) {
        return Err(FitError::Unsuitable {
            solver,
            reason: "does not work by the gradient over all rows, which is what is compared"
                .to_owned(),
            remedy: "--solver newton or lbfgs",
        });
    }
    Ok(())
}

/// The lines to measure: the host's fused pass, then each backend with both of its gradients.
fn candidates(config: &CompareConfig) -> Result<Vec<Candidate>, FitError> {
    let wanted = |gradient| {
        let named = &config.gradients;
        named.is_empty() || named.contains(&Gradient::Auto) || named.contains(&gradient)
    };
    let all = config.backends.is_empty() || config.backends.contains(&Backend::Auto);
    let mut candidates = Vec::new();
    if wanted(Gradient::Fused) {
        candidates.push(Candidate {
            gradient: Gradient::Fused,
            device: None,
            name: "host",
        });
    }
    for backend in Backend::ALL {
        let named = config.backends.contains(&backend);
        if backend == Backend::Auto || !(all || named) {
            continue;
        }
        let device = select_for(backend, config.fit.hyperparameters.precision);
        if named && let Err(error) = device {
            return Err(error.into());
        }
        for gradient in [Gradient::Analytic, Gradient::Autodiff] {
            if wanted(gradient) {
                candidates.push(Candidate {
                    gradient,
                    device: Some(device.clone()),
                    name: backend.name(),
                });
            }
        }
    }
    Ok(candidates)
}

impl Comparison<'_> {
    /// The fit that every line is compared with: on the `f64` rows, on the host, with its proof.
    fn certify(&self, host: &HostObjective<'_, f64>) -> Result<(Certified, Vec<f64>), FitError> {
        let started = Instant::now();
        let stop = self.stop();
        let start = vec![0.0; host.dimension()];
        let solution = self.method.minimize(host, &start, &stop, &mut |_| ())?;
        let fit = conclude(host, solution, &stop)?;
        let certified = Certified {
            status: fit.solution.status,
            detail: fit.solution.detail.clone(),
            iterations: fit.solution.iterations(),
            objective: fit.solution.objective,
            certificate: CertificateReport::new(&fit.certificate),
            seconds: started.elapsed().as_secs_f64(),
        };
        Ok((certified, fit.solution.theta))
    }

    fn stop(&self) -> Stop<'_> {
        let settings = self.settings;
        Stop {
            gradient_tolerance: settings.tolerance,
            max_iterations: settings
                .max_iterations
                .unwrap_or_else(|| self.solver.default_iterations()),
            time_limit: settings.time_limit.map(duration),
            interrupted: Some(self.interrupted),
            confirm: true,
        }
    }

    /// Measures one candidate after the other.
    fn lines<T: Number>(
        &self,
        design: &DesignMatrix<T>,
        candidates: Vec<Candidate>,
        known: &Known<'_>,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Vec<Line> {
        let total = candidates.len();
        let lines = candidates.into_iter().enumerate();
        lines
            .map(|(done, candidate)| {
                observe(Event::Line(done, total));
                self.line(design, &candidate, known)
            })
            .collect()
    }

    fn line<T: Number>(
        &self,
        design: &DesignMatrix<T>,
        candidate: &Candidate,
        known: &Known<'_>,
    ) -> Line {
        let mut line = Line {
            backend: candidate.name.to_owned(),
            gradient: candidate.gradient.to_string(),
            adapter: None,
            software: false,
            measured: None,
            reason: None,
            remedy: None,
        };
        if let Some(Ok(choice)) = &candidate.device {
            line.adapter.clone_from(&choice.adapter);
            line.software = choice.software;
        }
        let measured = match &candidate.device {
            _ if self.interrupted.load(Ordering::Relaxed) => {
                line.reason = Some("interrupted".to_owned());
                return line;
            }
            Some(Err(error)) => Err(FitError::from(error.clone())),
            Some(Ok(choice)) => self.measure(design, candidate.gradient, Some(choice), known),
            None => self.measure(design, candidate.gradient, None, known),
        };
        match measured {
            Ok(measured) => line.measured = Some(measured),
            Err(error) => {
                line.reason = Some(error.to_string());
                line.remedy = error.remedy();
            }
        }
        line
    }

    fn measure<T: Number>(
        &self,
        design: &DesignMatrix<T>,
        gradient: Gradient,
        choice: Option<&Choice>,
        known: &Known<'_>,
    ) -> Result<Measured, FitError> {
        let mut found = vec![0.0; known.point.len()];

        // 1. What an evaluation costs before it sees the data.
        let first = self.first_row();
        let (one, row) = (design.select(&[first]), self.part.select(&[first]));
        let single = problem(&one, &row, self.settings);
        let alone = open(&single, gradient, choice)?;
        let single_row = timing::time(self.repetitions, || {
            alone.gradient(known.point, &mut found).map(drop)
        })?;
        drop(alone);

        // 2. An evaluation of all rows.
        let all = problem(design, self.part, self.settings);
        let objective = open(&all, gradient, choice)?;
        let evaluation = timing::time(self.repetitions, || {
            objective.gradient(known.point, &mut found).map(drop)
        })?;
        let differences: Vec<f64> = found
            .iter()
            .zip(known.gradient)
            .map(|(a, b)| a - b)
            .collect();
        let scale = largest(known.gradient).max(f64::MIN_POSITIVE);

        // 3. A fit from zero, the rows being where they are evaluated.
        let start = vec![0.0; found.len()];
        let stop = first_stop(objective.as_ref(), &self.stop())?;
        let mut ended = None;
        let time = timing::time(self.repetitions.map(|count| count.min(3)), || {
            let mut ignore = |_: &solver::Record| ();
            ended = Some(
                self.method
                    .minimize(objective.as_ref(), &start, &stop, &mut ignore)?,
            );
            Ok::<(), FitError>(())
        })?;
        let Some(ended) = ended else {
            unreachable!("something was timed");
        };
        let difference = known.solution.map(|solution| {
            let apart: Vec<f64> = ended
                .theta
                .iter()
                .zip(solution)
                .map(|(a, b)| a - b)
                .collect();
            largest(&apart)
        });
        Ok(Measured {
            evaluation,
            single_row,
            gradient_error: largest(&differences) / scale,
            fit: Fitted {
                status: ended.status,
                iterations: ended.iterations(),
                time,
                objective: ended.objective,
                gradient_max: ended.gradient_max,
                coefficient_difference: difference,
                coefficient_error: difference
                    .zip(known.solution)
                    .map(|(difference, solution)| {
                        difference / largest(solution).max(f64::MIN_POSITIVE)
                    }),
                detail: ended.detail,
            },
        })
    }

    /// The first row that counts.
    fn first_row(&self) -> usize {
        let weights = self.part.weights.as_deref().unwrap_or_default();
        weights.iter().position(|&w| w > 0.0).unwrap_or_default()
    }
}

/// The objective on the host, or on a device.
fn open<'a, T: Number>(
    problem: &Problem<'a, T>,
    gradient: Gradient,
    choice: Option<&Choice>,
) -> Result<Box<dyn Objective + 'a>, FitError> {
    Ok(match choice {
        None => Box::new(HostObjective::new(*problem)?),
        Some(choice) => objective(problem, gradient, &choice.device)?,
    })
}

/// Seconds for reading every cell once, on all threads: what no pass over the rows can undercut.
fn read_once<T: Number>(design: &DesignMatrix<T>) -> Result<f64, FitError> {
    /// Cells that a thread reads in one go: a tenth of a second-level cache.
    const PIECE: usize = 16 * 1024;
    let sum = |cells: &[T]| {
        let (lanes, rest) = cells.as_chunks::<16>();
        let mut sums = [0.0; 16];
        for lane in lanes {
            for (sum, cell) in sums.iter_mut().zip(lane) {
                *sum += Element::to_f64(*cell);
            }
        }
        sums.iter().sum::<f64>() + rest.iter().map(|&cell| Element::to_f64(cell)).sum::<f64>()
    };
    let timing = timing::time::<FitError>(None, || {
        let total: f64 = design.values().par_chunks(PIECE).map(sum).sum();
        std::hint::black_box(total);
        Ok(())
    })?;
    Ok(timing.least_seconds)
}
