//! Kindling's own adapter for `cargo xtask bench rivals`: the fit, and apart from it the
//! certificate and one read of the rows.

use std::collections::BTreeMap;
use std::error::Error;
use std::iter::Sum;
use std::ops::AddAssign;
use std::time::Instant;

use benches::npy::Array;
use benches::protocol::{Fitted, Request, Said, serve};
use dataset::{DesignMatrix, Element};
use solver::{
    HostObjective, Lbfgs, Newton, Objective, Penalty, Problem, Stop, TargetValues, conclude,
    minimize,
};

/// Reads of the rows, of which the fastest counts.
const READS: usize = 5;

type Fit = Box<dyn FnMut() -> Result<Fitted, Box<dyn Error>>>;

fn main() -> Result<(), Box<dyn Error>> {
    let version = concat!("Kindling ", env!("CARGO_PKG_VERSION"));
    serve(version, |request, x, y| match request.precision.as_str() {
        "f32" => prepare(request, &shape(&x), x.values.into_f32(), y),
        _ => prepare(request, &shape(&x), x.values.into_f64(), y),
    })
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
    let penalty = Penalty {
        lambda: request.lambda,
        l1_ratio: request.l1_ratio,
    };
    let solver = request.solver.clone();
    let mut stop = Stop {
        max_iterations: 10_000,
        ..Stop::default()
    };
    if let Some(tolerance) = request.tolerance {
        stop.gradient_tolerance = tolerance;
    }
    let read = (0..READS)
        .map(|_| seconds(|| std::hint::black_box(benches::read_once(design.values()))).1)
        .fold(f64::INFINITY, f64::min);
    let mut certify = f64::INFINITY;
    Ok(Box::new(move || {
        let begin = Instant::now();
        let objective = HostObjective::new(Problem {
            penalty,
            ..Problem::new(&design, TargetValues::Binary(&target))
        })?;
        let start = vec![0.0; objective.dimension()];
        let solution = match solver.as_str() {
            "lbfgs" => minimize(&Lbfgs::default(), &objective, &start, &stop)?,
            "newton" => minimize(&Newton::default(), &objective, &start, &stop)?,
            other => return Err(format!("there is no solver `{other}`").into()),
        };
        let fitted = begin.elapsed().as_secs_f64();
        let iterations = solution.iterations();
        let (fit, latest) = seconds(|| conclude(&objective, solution, &stop));
        certify = certify.min(latest);
        let fit = fit?;
        Ok(Fitted {
            seconds: Some(fitted),
            said: Said {
                iterations: Some(iterations),
                note: (!fit.solution.status.is_success()).then(|| fit.solution.status.to_string()),
                phases: BTreeMap::from([("certify", certify), ("read", read)]),
                ..Said::default()
            },
            theta: fit.solution.theta,
        })
    }))
}

fn seconds<R>(run: impl FnOnce() -> R) -> (R, f64) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed().as_secs_f64())
}
