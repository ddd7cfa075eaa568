//! Whole fits by Newton's method, beside one read of their rows: alone, and with the certificate.

use std::error::Error;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use solver::{
    HostObjective, Newton, Objective, Penalty, Problem, Status, Stop, TargetValues, fit, minimize,
};

const SIZES: [(usize, usize); 2] = [(10_000, 28), (1_000, 200)];

fn newton(criterion: &mut Criterion) {
    for (rows, columns) in SIZES {
        run(criterion, rows, columns).expect("the fit converges");
    }
}

fn run(criterion: &mut Criterion, rows: usize, columns: usize) -> Result<(), Box<dyn Error>> {
    let table = benches::table(rows, columns)?;
    let (design, target) = benches::design(&table)?;
    let objective = HostObjective::new(Problem {
        penalty: Penalty::ridge(1.0 / rows as f64),
        ..Problem::new(&design, TargetValues::Binary(target))
    })?;
    let (newton, stop) = (Newton::default(), Stop::default());
    let start = vec![0.0; objective.dimension()];
    // A fit that stops early would look fast.
    let found = fit(&objective, &newton, &start, &stop)?;
    assert_eq!(found.solution.status, Status::Converged);

    let mut group = criterion.benchmark_group("newton");
    group.throughput(Throughput::Bytes(size_of_val(design.values()) as u64));
    group.bench_function(format!("read/{rows}x{columns}"), |bencher| {
        bencher.iter(|| benches::read_once(black_box(design.values())));
    });
    group.bench_function(format!("{rows}x{columns}"), |bencher| {
        bencher.iter(|| minimize(&newton, &objective, black_box(&start), &stop));
    });
    group.bench_function(format!("certified/{rows}x{columns}"), |bencher| {
        bencher.iter(|| fit(&objective, &newton, black_box(&start), &stop));
    });
    group.finish();
    Ok(())
}

criterion_group!(benches, newton);
criterion_main!(benches);
