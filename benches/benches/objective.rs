//! One evaluation of the objective, beside one read of its rows.

use std::error::Error;
use std::hint::black_box;
use std::iter::Sum;
use std::ops::AddAssign;

use benches::{Data, Shape};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dataset::Element;
use solver::{HostObjective, Objective, Problem};

/// Samples of each figure; criterion's hundred would take all day.
const SAMPLES: usize = 10;

/// The one shape on which the other losses are measured too.
const OTHER_LOSSES: Shape = Shape {
    rows: 100_000,
    columns: 28,
};

fn objective(criterion: &mut Criterion) {
    for shape in benches::shapes() {
        run::<f32>(criterion, shape).expect("the problem is sound");
        run::<f64>(criterion, shape).expect("the problem is sound");
    }
}

fn run<T>(criterion: &mut Criterion, shape: Shape) -> Result<(), Box<dyn Error>>
where
    T: Element + AddAssign + Default + Sum,
{
    let data = Data::<T>::new(shape)?;
    let mut group = criterion.benchmark_group(format!("objective/{}/{}", shape.name(), T::NAME));
    group.sample_size(SAMPLES);
    let bytes = size_of_val(data.design.values()) as u64;
    group.throughput(Throughput::Bytes(bytes));
    group.bench_function("read", |bencher| {
        bencher.iter(|| benches::read_once(black_box(data.design.values())));
    });

    let mut evaluate = |name: &str, problem: Problem<'_, T>, curved: bool| {
        let objective = HostObjective::new(problem)?;
        // Away from zero, where every row has the same probability.
        let theta = vec![0.1; objective.dimension()];
        let mut gradient = vec![0.0; theta.len()];
        // Once outside the timer, so that an error is an error and not a fast run.
        objective.gradient(&theta, &mut gradient)?;
        group.bench_function(format!("{name}gradient"), |bencher| {
            bencher.iter(|| objective.gradient(black_box(&theta), &mut gradient));
        });
        if curved {
            let mut curvature = faer::Mat::zeros(theta.len(), theta.len());
            group.bench_function(format!("{name}curvature"), |bencher| {
                bencher
                    .iter(|| objective.curvature(black_box(&theta), &mut gradient, &mut curvature));
            });
        }
        Ok::<(), Box<dyn Error>>(())
    };
    evaluate("", data.binary(), shape.has_curvature())?;
    if shape == OTHER_LOSSES {
        evaluate("multinomial-", data.multinomial(), true)?;
        evaluate("squared-", data.linear(), true)?;
    }
    group.finish();
    Ok(())
}

criterion_group!(benches, objective);
criterion_main!(benches);
