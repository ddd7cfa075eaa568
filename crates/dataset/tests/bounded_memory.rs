//! What reading, fitting and encoding hold when memory is bounded, counted by the allocator of a process
//! of its own. `cargo test -p dataset --test bounded_memory -- --nocapture` prints it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]
#![allow(clippy::print_stderr, reason = "what was measured is printed")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use dataset::{
    CacheFolder, CsvOptions, Input, Pipeline, PipelineOptions, RowSource, SchemaOptions, Storage,
    TargetOptions, leak, prepare, read_stored, read_table,
};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const ROWS: usize = 131_072;
const COLUMNS: usize = 96;
/// A quarter of the cells as numbers.
const BOUND: usize = ROWS * COLUMNS * 8 / 4;
/// Threads have memory of their own for blocks of rows, so their number is fixed.
const THREADS: usize = 2;

/// Numbers, one column in eight of levels, one number in fifty missing.
fn generate(path: &Path) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let names: Vec<String> = (0..COLUMNS).map(|column| format!("c{column}")).collect();
    writeln!(file, "y,{}", names.join(",")).unwrap();
    let mut state = 1_u64;
    let mut line = String::new();
    for _ in 0..ROWS {
        line.clear();
        let mut sum = 0;
        for column in 0..COLUMNS {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let number = state >> 44;
            sum += number % 97;
            match (column % 8, number % 50) {
                (0, _) => write!(line, ",l{}", number % 6),
                (_, 0) => write!(line, ","),
                _ => write!(line, ",{}.{:03}", number / 1000, number % 1000),
            }
            .unwrap();
        }
        writeln!(file, "{}{line}", sum % 2).unwrap();
    }
    file.flush().unwrap();
}

#[test]
fn a_table_of_four_times_the_bound_is_encoded_within_it() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS);
    pool.build().unwrap().install(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        generate(&path);
        let input = Input::file(&path).unwrap();
        let csv = CsvOptions::default();
        let options = SchemaOptions {
            target: Some("y".into()),
            ..SchemaOptions::default()
        };
        let storage = Storage {
            folder: folder.path().to_owned(),
            // The rest is for what belongs to each row: its place and its target, more than once.
            bytes: (BOUND - 80 * ROWS) as u64,
        };
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let peak = |what: &str| {
            let peak = MEMORY.peak_usage() - before;
            eprintln!("measured {:.1} MB at the peak of {what}", peak as f64 / 1e6);
            MEMORY.reset_peak_usage();
            peak
        };
        let (table, schema, data) = read_stored(&input, &csv, &options, &storage).unwrap();
        let mut peaks = vec![peak("reading")];
        let prepared = prepare(&table, &schema, &TargetOptions::default()).unwrap();
        assert!(leak::leaks(&table, &schema, &prepared).unwrap().is_empty());
        let options_of_pipeline = PipelineOptions::default();
        let pipeline =
            Pipeline::fit(&table, &schema, &prepared.rows, None, &options_of_pipeline).unwrap();
        peaks.push(peak("fitting"));
        let caches = CacheFolder::new(folder.path().join("cache")).unwrap();
        let key = pipeline.cache_key(&table, &data, &prepared.rows).unwrap();
        let cache = pipeline
            .cache_rows(&table, &prepared.rows, &caches, &key, true)
            .unwrap();
        peaks.push(peak("encoding"));
        let again = pipeline
            .cache_rows(&table, &prepared.rows, &caches, &key, true)
            .unwrap();
        assert!(again.reused());
        peaks.push(peak("verifying"));
        assert!(
            peaks.iter().all(|&peak| peak < BOUND),
            "{peaks:?} under a bound of {BOUND}"
        );

        // And every bit is that of the table in memory.
        let (whole, ..) = read_table(&input, &csv, &options).unwrap();
        let same = Pipeline::fit(&whole, &schema, &prepared.rows, None, &options_of_pipeline);
        assert_eq!(pipeline, same.unwrap());
        let (design, _) = pipeline.design::<f64>(&whole, &prepared.rows).unwrap();
        let mut scratch: Vec<f64> = Vec::new();
        for start in (0..ROWS).step_by(1000) {
            let rows = start..(start + 1000).min(ROWS);
            let expected =
                &design.values()[rows.start * design.columns()..][..rows.len() * design.columns()];
            assert!(cache.cells(rows, &mut scratch).unwrap() == expected);
        }
        peak("the same in memory");
        let in_memory = ROWS * COLUMNS * 8;
        eprintln!(
            "measured {:.1} MB of cells, a bound of {:.1} MB",
            in_memory as f64 / 1e6,
            BOUND as f64 / 1e6
        );
    });
}
