//! Reading a CSV file from memory, beside one look at each of its bytes.

use std::error::Error;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dataset::{BatchOptions, Batches, CsvOptions, Input, Kind, SchemaOptions, read_table};

const ROWS: usize = 10_000;
const COLUMNS: usize = 28;

fn read(criterion: &mut Criterion) {
    run(criterion).expect("the table is sound");
}

fn run(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let table = benches::table(ROWS, COLUMNS)?;
    let mut bytes = Vec::new();
    table.write(&mut bytes, dataset::write::OutputFormat::Csv)?;
    let size = format!("{ROWS}x{COLUMNS}");

    let input = Input::bytes("synthetic.csv", bytes.clone());
    let csv = CsvOptions::default();
    let schema = SchemaOptions {
        target: Some("y".to_owned()),
        ..SchemaOptions::default()
    };
    // What scoring does: the features by name, in batches of bounded memory.
    let batches = BatchOptions {
        columns: table
            .feature_names()
            .map(|name| (name, Kind::Numeric))
            .collect(),
        ..BatchOptions::default()
    };
    let (found, ..) = read_table(&input, &csv, &schema)?;
    assert_eq!(found.rows(), ROWS);

    let mut group = criterion.benchmark_group("csv");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function(format!("read/{size}"), |bencher| {
        bencher.iter(|| {
            black_box(&bytes)
                .iter()
                .map(|&byte| u64::from(byte))
                .sum::<u64>()
        });
    });
    group.bench_function(format!("table/{size}"), |bencher| {
        bencher.iter(|| read_table(black_box(&input), &csv, &schema));
    });
    group.bench_function(format!("batches/{size}"), |bencher| {
        bencher.iter(|| {
            let batches =
                Batches::new("synthetic.csv", black_box(bytes.as_slice()), &csv, &batches)?;
            batches
                .map(|batch| batch.map(|batch| batch.table.rows()))
                .sum::<Result<usize, _>>()
        });
    });
    group.finish();
    Ok(())
}

criterion_group!(benches, read);
criterion_main!(benches);
