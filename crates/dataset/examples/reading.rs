//! Kindling's side of `benches/rivals/reading.py`: a file to a matrix of floats, timed.
//!
//! `cargo run --release -p dataset --example reading -- FILE [REPEATS [ANSWER]]` prints one JSON line;
//! the last matrix is written to the file `ANSWER`, row after row, as little-endian `f64`.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::time::Instant;

use dataset::{Cells, Column, CsvOptions, Input, MISSING, SchemaOptions, read_table};
use rayon::prelude::*;

/// Rows that are written together: few enough that they stay in the cache.
const ROWS: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("the path of a table is missing")?;
    let repeats: usize = arguments.next().map_or(Ok(1), |count| count.parse())?;
    let answer = arguments.next();
    let (mut seconds, mut tables, mut shape) = (Vec::new(), Vec::new(), (0, 0));
    let mut values = Vec::new();
    for _ in 0..repeats {
        values.clear();
        values.shrink_to_fit();
        let start = Instant::now();
        let input = Input::named(&file)?;
        let (table, ..) = read_table(&input, &CsvOptions::default(), &SchemaOptions::default())?;
        tables.push(start.elapsed().as_secs_f64());
        values = matrix(table.columns(), table.rows());
        seconds.push(start.elapsed().as_secs_f64());
        shape = (table.rows(), table.columns().len());
        assert_eq!(std::hint::black_box(&values).len(), shape.0 * shape.1);
    }
    if let Some(answer) = answer {
        let mut file = BufWriter::new(File::create(answer)?);
        for value in &values {
            file.write_all(&value.to_le_bytes())?;
        }
        file.flush()?;
    }
    let version = concat!("Kindling ", env!("CARGO_PKG_VERSION"));
    let (rows, columns) = shape;
    let reply = serde_json::json!({
        "version": version, "seconds": seconds, "table": tables, "rows": rows, "columns": columns,
    });
    writeln!(stdout(), "{reply}")?;
    Ok(())
}

/// Row after row: numbers as they are, texts as the codes of their levels.
fn matrix(columns: &[Column], rows: usize) -> Vec<f64> {
    let width = columns.len();
    let mut values = vec![0.0; rows * width];
    let blocks = values.par_chunks_mut(ROWS * width).enumerate();
    blocks.for_each(|(block, values)| {
        let first = block * ROWS;
        for (position, column) in columns.iter().enumerate() {
            let cells = values[position..].iter_mut().step_by(width);
            match &column.cells {
                Cells::Numeric(numbers) => {
                    for (cell, number) in cells.zip(&numbers[first..]) {
                        *cell = *number;
                    }
                }
                Cells::Sparse(numbers) => {
                    for (cell, row) in cells.zip(first..) {
                        *cell = numbers.get(row);
                    }
                }
                Cells::Text { codes, .. } => {
                    for (cell, code) in cells.zip(&codes[first..]) {
                        *cell = if *code == MISSING {
                            f64::NAN
                        } else {
                            f64::from(*code)
                        };
                    }
                }
            }
        }
    });
    values
}
