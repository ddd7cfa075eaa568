//! One evaluation of the objective, beside one read of its rows.

use std::error::Error;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dataset::DesignMatrix;
use solver::{HostObjective, Objective, ObjectiveError, Penalty, Problem, TargetValues};

const ROWS: usize = 100_000;
const COLUMNS: usize = 28;

fn objective(criterion: &mut Criterion) {
    run(criterion).expect("the problem is sound");
}

fn run(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let table = benches::table(ROWS, COLUMNS)?;
    let (design, target) = benches::design(&table)?;
    let problem = |target| Problem {
        penalty: Penalty::ridge(1.0 / ROWS as f64),
        ..Problem::new(&design, target)
    };
    binary(
        criterion,
        &design,
        &HostObjective::new(problem(TargetValues::Binary(target)))?,
    )?;

    // The same rows in three classes: the label, or its row number's remainder.
    let codes: Vec<u32> = target
        .iter()
        .zip(0_u32..)
        .map(|(&label, row)| {
            if row % 3 == 0 {
                2
            } else {
                u32::from(label > 0.5)
            }
        })
        .collect();
    let classes = TargetValues::Multinomial {
        codes: &codes,
        classes: 3,
    };
    multinomial(criterion, &HostObjective::new(problem(classes))?)?;
    Ok(())
}

fn binary(
    criterion: &mut Criterion,
    design: &DesignMatrix<f32>,
    objective: &HostObjective<'_, f32>,
) -> Result<(), ObjectiveError> {
    let mut group = criterion.benchmark_group("objective");
    group.throughput(Throughput::Bytes(size_of_val(design.values()) as u64));
    // Away from zero, where every row has the same probability.
    let theta = vec![0.1; objective.dimension()];
    let mut gradient = vec![0.0; theta.len()];
    let mut curvature = faer::Mat::zeros(theta.len(), theta.len());
    let size = format!("{ROWS}x{COLUMNS}");
    // Once outside the timer, so that an error is an error and not a fast run.
    objective.curvature(&theta, &mut gradient, &mut curvature)?;

    group.bench_function(format!("read/{size}"), |bencher| {
        bencher.iter(|| benches::read_once(black_box(design.values())));
    });
    group.bench_function(format!("value/{size}"), |bencher| {
        bencher.iter(|| objective.value(black_box(&theta)));
    });
    group.bench_function(format!("gradient/{size}"), |bencher| {
        bencher.iter(|| objective.gradient(black_box(&theta), &mut gradient));
    });
    group.bench_function(format!("curvature/{size}"), |bencher| {
        bencher.iter(|| objective.curvature(black_box(&theta), &mut gradient, &mut curvature));
    });
    group.finish();
    Ok(())
}

fn multinomial(
    criterion: &mut Criterion,
    objective: &HostObjective<'_, f32>,
) -> Result<(), ObjectiveError> {
    let mut group = criterion.benchmark_group("objective");
    let theta = vec![0.1; objective.dimension()];
    let mut gradient = vec![0.0; theta.len()];
    objective.gradient(&theta, &mut gradient)?;
    group.bench_function(format!("gradient-3-classes/{ROWS}x{COLUMNS}"), |bencher| {
        bencher.iter(|| objective.gradient(black_box(&theta), &mut gradient));
    });
    group.finish();
    Ok(())
}

criterion_group!(benches, objective);
criterion_main!(benches);
