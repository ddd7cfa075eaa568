//! Whole fits and, apart from them, their certificates, beside one read of their rows.

use std::error::Error;
use std::hint::black_box;
use std::iter::Sum;
use std::ops::AddAssign;

use benches::{Data, Shape};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use dataset::Element;
use solver::{
    HostObjective, Lbfgs, Newton, Objective, Problem, Status, Stop, certify_held, minimize,
};

/// Samples of each figure; criterion's hundred would take all day.
const SAMPLES: usize = 10;

/// The one shape on which the other losses are measured too.
const OTHER_LOSSES: Shape = Shape {
    rows: 100_000,
    columns: 28,
};

/// At which gradient a fit has converged.
const TOLERANCE: f64 = 1e-8;

fn fit(criterion: &mut Criterion) {
    for shape in benches::shapes() {
        run::<f32>(criterion, shape).expect("the fit converges");
        run::<f64>(criterion, shape).expect("the fit converges");
    }
}

fn run<T>(criterion: &mut Criterion, shape: Shape) -> Result<(), Box<dyn Error>>
where
    T: Element + AddAssign + Default + Sum,
{
    let data = Data::<T>::new(shape)?;
    let stop = Stop {
        gradient_tolerance: TOLERANCE,
        max_iterations: 10_000,
        ..Stop::default()
    };
    let mut group = criterion.benchmark_group(format!("fit/{}/{}", shape.name(), T::NAME));
    group.sample_size(SAMPLES).sampling_mode(SamplingMode::Flat);
    let bytes = size_of_val(data.design.values()) as u64;
    group.throughput(Throughput::Bytes(bytes));
    group.bench_function("read", |bencher| {
        bencher.iter(|| benches::read_once(black_box(data.design.values())));
    });

    let mut measure = |name: &str, problem: Problem<'_, T>| {
        let objective = HostObjective::new(problem)?;
        let start = vec![0.0; objective.dimension()];
        // A fit that stops early would look fast.
        let found = if shape.has_curvature() {
            let newton = Newton::default();
            group.bench_function(format!("{name}newton"), |bencher| {
                bencher.iter(|| minimize(&newton, &objective, black_box(&start), &stop));
            });
            minimize(&newton, &objective, &start, &stop)?
        } else {
            minimize(&Lbfgs::default(), &objective, &start, &stop)?
        };
        assert_eq!(found.status, Status::Converged);
        let lbfgs = Lbfgs::default();
        group.bench_function(format!("{name}lbfgs"), |bencher| {
            bencher.iter(|| minimize(&lbfgs, &objective, black_box(&start), &stop));
        });
        if shape.has_curvature() {
            group.bench_function(format!("{name}certify"), |bencher| {
                bencher.iter(|| certify_held(&objective, black_box(&found.theta), &[]));
            });
        }
        Ok::<(), Box<dyn Error>>(())
    };
    measure("", data.binary())?;
    if shape == OTHER_LOSSES {
        measure("multinomial-", data.multinomial())?;
        measure("squared-", data.linear())?;
    }
    group.finish();
    Ok(())
}

criterion_group!(benches, fit);
criterion_main!(benches);
