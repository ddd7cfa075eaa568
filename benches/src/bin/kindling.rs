//! Kindling's own adapter for `cargo xtask bench rivals`: the fit, and apart from it the
//! certificate and one read of the rows; or a path; or an epoch of mini-batches.

use std::collections::BTreeMap;
use std::error::Error;
use std::iter::Sum;
use std::ops::AddAssign;
use std::time::Instant;

use benches::epochs;
use benches::npy::{self, Array};
use benches::protocol::{Fitted, Request, Said, serve_from};
use benches::svmlight;
use dataset::{DesignMatrix, Element, SparseDesign, SparseMatrix};
use solver::{
    Choice, HostObjective, Lambdas, Lbfgs, Newton, Objective, Path, PathOptions, Penalty, Plan,
    Problem, Shape, Solution, Stop, TargetValues, conclude, coordinate, minimize, path,
};

/// Reads of the rows, of which the fastest counts.
const READS: usize = 5;

type Fit = Box<dyn FnMut() -> Result<Fitted, Box<dyn Error>>>;

fn main() -> Result<(), Box<dyn Error>> {
    let version = concat!("Kindling ", env!("CARGO_PKG_VERSION"));
    serve_from(version, read, |request, rows, y| match rows {
        Rows::Sparse(matrix) => Ok(stored(request, matrix, y)),
        Rows::Dense(x) => match request.precision.as_str() {
            "f32" => prepare(request, &shape(&x), x.values.into_f32(), y),
            _ => prepare(request, &shape(&x), x.values.into_f64(), y),
        },
    })
}

/// The rows to fit.
enum Rows {
    Dense(Array),
    Sparse(SparseMatrix),
}

fn read(request: &Request) -> Result<Rows, Box<dyn Error>> {
    if request.x.extension().is_some_and(|e| e == "svm") {
        return Ok(Rows::Sparse(svmlight::read(&request.x, request.columns)?));
    }
    Ok(Rows::Dense(npy::read(&request.x)?))
}

/// One fit of sparse rows as they are.
fn stored(request: &Request, matrix: SparseMatrix, target: Vec<f64>) -> Fit {
    let design = SparseDesign::unscaled(matrix);
    let stop = stop(request);
    let penalty = penalty(request);
    let (solver, intercept) = (request.solver.clone(), request.intercept);
    let mut certify = f64::INFINITY;
    Box::new(move || {
        let problem = Problem {
            penalty,
            intercept,
            ..Problem::new(&design, TargetValues::Binary(&target))
        };
        let mut fitted = fit(&solver, &problem, &stop, &mut certify)?;
        if !intercept {
            fitted.theta.push(0.0);
        }
        Ok(fitted)
    })
}

fn stop(request: &Request) -> Stop<'static> {
    Stop {
        max_iterations: 10_000,
        gradient_tolerance: (request.tolerance).unwrap_or(Stop::default().gradient_tolerance),
        ..Stop::default()
    }
}

fn penalty(request: &Request) -> Penalty {
    Penalty {
        lambda: request.lambda,
        l1_ratio: request.l1_ratio,
    }
}

fn shape(x: &Array) -> [usize; 2] {
    [x.rows, x.columns]
}

fn prepare<T>(
    request: &Request,
    &[rows, columns]: &[usize; 2],
    values: Vec<T>,
    target: Vec<f64>,
) -> Result<Fit, Box<dyn Error>>
where
    T: Element + AddAssign + Default + Sum,
{
    let design = DesignMatrix::new(rows, columns, values)?;
    let stop = stop(request);
    let read = (0..READS)
        .map(|_| seconds(|| std::hint::black_box(benches::read_once(design.values()))).1)
        .fold(f64::INFINITY, f64::min);
    if let Some(lambdas) = &request.path {
        let options = PathOptions {
            lambdas: Lambdas::Given(lambdas.clone()),
            l1_ratio: request.l1_ratio,
            stop,
            ..PathOptions::default()
        };
        return Ok(Box::new(move || follow(&design, &target, &options, read)));
    }
    let penalty = penalty(request);
    if request.batch_size.is_some() {
        let settings = epochs::settings(request, &request.solver)?;
        return Ok(Box::new(move || {
            let problem = Problem {
                penalty,
                ..Problem::new(&design, TargetValues::Binary(&target))
            };
            let mut objective = HostObjective::new(problem)?;
            epochs::one(&mut objective, &settings, columns, penalty.lambda)
        }));
    }
    let solver = request.solver.clone();
    let mut certify = f64::INFINITY;
    Ok(Box::new(move || {
        let problem = Problem {
            penalty,
            ..Problem::new(&design, TargetValues::Binary(&target))
        };
        let mut fitted = fit(&solver, &problem, &stop, &mut certify)?;
        fitted.said.phases.insert("read", read);
        Ok(fitted)
    }))
}

/// One fit, the preparation of its rows included, and apart from it the certificate.
fn fit<T: Element>(
    solver: &str,
    problem: &Problem<'_, T>,
    stop: &Stop<'_>,
    certify: &mut f64,
) -> Result<Fitted, Box<dyn Error>> {
    let begin = Instant::now();
    let objective = HostObjective::new(*problem)?;
    let (solution, plan) = solve(solver, &objective, stop)?;
    let fitted = begin.elapsed().as_secs_f64();
    let iterations = solution.iterations();
    let (fit, latest) = seconds(|| conclude(&objective, solution, stop));
    *certify = certify.min(latest);
    let fit = fit?;
    let status = fit.solution.status;
    let failure = (!status.is_success()).then(|| status.to_string());
    let notes: Vec<String> = plan.into_iter().chain(failure).collect();
    Ok(Fitted {
        seconds: Some(fitted),
        said: Said {
            iterations: Some(iterations),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
            phases: BTreeMap::from([("certify", *certify)]),
            ..Said::default()
        },
        theta: fit.solution.theta,
    })
}

/// A solution by the solver asked for, and what `auto` chose.
fn solve<T: Element>(
    solver: &str,
    objective: &HostObjective<'_, T>,
    stop: &Stop<'_>,
) -> Result<(Solution, Option<String>), Box<dyn Error>> {
    let start = vec![0.0; objective.dimension()];
    Ok(match solver {
        "auto" => {
            let choice = Choice::auto(&Shape::of(objective.problem()));
            let solution = match choice.plan {
                Plan::Coordinate => coordinate(objective, &start, stop)?,
                plan => plan.minimize(objective, &start, stop, &mut |_| ())?,
            };
            (solution, Some(words(choice.plan)))
        }
        "newton" => (minimize(&Newton::default(), objective, &start, stop)?, None),
        "lbfgs" => (minimize(&Lbfgs::default(), objective, &start, stop)?, None),
        other => return Err(format!("there is no solver `{other}`").into()),
    })
}

/// A plan in a few words.
fn words(plan: Plan) -> String {
    match plan {
        Plan::SampledNewton { rows } => format!("Newton, curvature of {rows} rows"),
        Plan::Lbfgs {
            newton_after: Some(steps),
        } => format!("L-BFGS, Newton after {steps} steps"),
        Plan::Lbfgs { newton_after: None } => "L-BFGS".to_owned(),
        Plan::NewtonCg => "Newton by conjugate gradients".to_owned(),
        Plan::Coordinate => "coordinate descent".to_owned(),
        _ => "Newton".to_owned(),
    }
}

/// One path, its rows' preparation included.
fn follow<T: Element>(
    design: &DesignMatrix<T>,
    target: &[f64],
    options: &PathOptions<'_>,
    read: f64,
) -> Result<Fitted, Box<dyn Error>> {
    let objective = HostObjective::new(Problem::new(design, TargetValues::Binary(target)))?;
    let Path {
        points, complete, ..
    } = path(&objective, options)?;
    if !complete {
        let (found, last) = (points.len(), points.last());
        let status = last.map_or_else(String::new, |p| format!(": {}", p.solution.status));
        return Err(format!("the path ended after {found} penalties{status}").into());
    }
    let short = points
        .iter()
        .filter(|p| !p.solution.status.is_success())
        .count();
    Ok(Fitted {
        said: Said {
            iterations: Some(points.iter().map(|p| p.solution.iterations()).sum()),
            note: (short > 0).then(|| format!("{short} penalties short of the tolerance")),
            phases: BTreeMap::from([("read", read)]),
            ..Said::default()
        },
        theta: points.into_iter().flat_map(|p| p.solution.theta).collect(),
        ..Fitted::default()
    })
}

fn seconds<R>(run: impl FnOnce() -> R) -> (R, f64) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed().as_secs_f64())
}
