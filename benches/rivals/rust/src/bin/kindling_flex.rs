//! Kindling's mini-batches by Burn's tensors on its `flex` backend: by the tape, or by the formula.

use std::error::Error;

use dataset::DesignMatrix;
use model::device::{Backend, select};
use rust_rivals::epochs;
use rust_rivals::protocol::serve;
use solver::{Problem, TargetValues};
use train::stochastic::batches;

fn main() -> Result<(), Box<dyn Error>> {
    serve("Kindling on Burn 0.22.1", |request, x, y| {
        let (rows, columns, lambda) = (x.rows, x.columns, request.lambda);
        let design = DesignMatrix::new(rows, columns, x.values.into_f32())?;
        let (solver, gradient) = request.solver.split_once(' ').unwrap_or(("sgd", "autodiff"));
        let settings = epochs::settings(request, solver)?;
        let gradient = gradient.parse()?;
        let choice = select(Backend::Flex)?;
        Ok(move || {
            let problem = Problem::new(&design, TargetValues::Binary(&y));
            let mut source = batches(&problem, gradient, &choice)?;
            epochs::one(source.as_mut(), &settings, columns, lambda)
        })
    })
}
