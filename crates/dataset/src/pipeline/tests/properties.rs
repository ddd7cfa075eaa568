//! What holds of all encodings together.

use proptest::prelude::*;

use super::encodings::{all, encode};
use super::{names, table, text};
use crate::pipeline::term::{Entry, Rows};
use crate::pipeline::*;
use crate::rows::RowSource;
use crate::schema::Schema;
use crate::table::{Cells, Column, SparseCells, Table};

/// Every encoding at once.
pub(super) fn everything() -> PipelineOptions {
    PipelineOptions {
        max_levels: Some(4),
        min_level: Some(LevelThreshold::Rows(2.0)),
        missing_indicators: true,
        interactions: ["a:b", "p:c", "c:d", "s:q", "h:*"]
            .map(|pair| pair.parse().unwrap())
            .to_vec(),
        ..encode(&["p=polynomial:3", "s=spline:4", "q=bins:3", "h=hash:3"])
    }
}

/// Columns for every encoding: `cells` has eight small numbers for each row, 0 being a missing cell.
pub(super) fn wide(cells: &[[u8; 8]]) -> (Table, Schema) {
    let number = |column: usize| {
        let number = |cell: &[u8; 8]| match cell[column] {
            0 => f64::NAN,
            small => f64::from(small) + f64::from(cell[7]) / 256.0,
        };
        cells.iter().map(number).collect()
    };
    let letters = |column: usize| {
        let texts = ["", "u", "v", "w", "x", "y", "z", "aa", "bb", "cc"];
        cells
            .iter()
            .map(|cell| texts[cell[column] as usize % 10])
            .collect::<Vec<_>>()
    };
    table(vec![
        Column::numeric("a", number(0)),
        Column::numeric("b", number(1)),
        text("c", &letters(2)),
        text("d", &letters(3)),
        Column::numeric("p", number(4)),
        Column::numeric("s", number(5)),
        Column::numeric("q", number(6)),
        text("h", &letters(7)),
    ])
}

/// The same table with every column of numbers as sparse cells.
fn sparse(table: &Table) -> Table {
    let columns = table.columns().iter().map(|column| {
        let cells = match column.cells.numbers() {
            None => column.cells.clone(),
            Some(numbers) => {
                let numbers = (0..).zip(numbers.iter().copied());
                let (rows, values) = numbers.filter(|(_, number)| *number != 0.0).unzip();
                Cells::Sparse(SparseCells::new(table.rows(), rows, values).unwrap())
            }
        };
        let name = column.name.clone();
        Column { name, cells }
    });
    Table::new("t.csv", columns.collect()).unwrap()
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nothing_but_training_rows_has_any_influence(
        train in proptest::collection::vec(any::<[u8; 8]>(), 20..60),
        one in proptest::collection::vec(any::<[u8; 8]>(), 1..40),
        other in proptest::collection::vec(any::<[u8; 8]>(), 1..40),
    ) {
        // The same training rows between rows that differ in every cell: values, levels, missing.
        let fit = |others: &[[u8; 8]]| {
            let half = others.len() / 2;
            let cells = [&others[..half], &train[..], &others[half..]].concat();
            let (table, schema) = wide(&cells);
            let rows: Vec<usize> = (half..half + train.len()).collect();
            Pipeline::fit(&table, &schema, &rows, None, &everything())
                .map(|pipeline| serde_json::to_string(&pipeline).unwrap())
                .map_err(|error| error.to_string())
        };
        let fitted = fit(&one);
        prop_assert!(fitted.as_ref().is_ok_and(|json| json.contains("\"factors\"")), "{:?}", fitted);
        prop_assert_eq!(&fitted, &fit(&other));
        prop_assert_eq!(&fitted, &fit(&[]));
    }

    #[test]
    fn rows_on_demand_saved_pipelines_and_entries_have_the_same_bits(
        cells in proptest::collection::vec(any::<[u8; 8]>(), 30..200),
        standardize in any::<bool>(),
        center in any::<bool>(),
        order in any::<u64>(),
    ) {
        let (table, schema) = wide(&cells);
        let train: Vec<usize> = (0..cells.len()).filter(|row| row % 3 != 1).collect();
        let options = PipelineOptions { standardize, center, ..everything() };
        let pipeline = Pipeline::fit(&table, &schema, &train, None, &options).unwrap();
        let step = order as usize % 7 + 1;
        let rows: Vec<usize> = (0..cells.len()).map(|row| row * step % cells.len()).collect();
        let (design, flags) = pipeline.design::<f64>(&table, &rows).unwrap();
        // 1. On demand, in pieces.
        let encoded = pipeline.encoded_rows(&table, &rows).unwrap();
        let (mut scratch, mut pieces) = (Vec::new(), Vec::new());
        for start in (0..rows.len()).step_by(23) {
            let piece = start..(start + 23).min(rows.len());
            let cells: &[f64] = encoded.cells(piece, &mut scratch).unwrap();
            pieces.extend_from_slice(cells);
        }
        prop_assert_eq!(bits(&pieces), bits(design.values()));
        // 2. Saved and loaded.
        let json = serde_json::to_string(&pipeline).unwrap();
        let loaded: Pipeline = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&loaded, &pipeline);
        let (again, same) = loaded.design::<f64>(&table, &rows).unwrap();
        prop_assert_eq!(bits(again.values()), bits(design.values()));
        prop_assert_eq!(&same, &flags);
        // 3. From the entries that are not 0; every column belongs to one term.
        let width = pipeline.columns.len();
        let mut numbers = vec![0.0; rows.len() * width];
        let mut owned = vec![0; width];
        for term in pipeline.terms(&table).unwrap() {
            let mut entries = Vec::new();
            term.write(Rows::new(&rows), &mut entries, &mut []);
            term.columns().iter().for_each(|&column| owned[column] += 1);
            for Entry { row, column, value } in entries {
                prop_assert!(term.columns().contains(&column) && value != 0.0);
                prop_assert_eq!(numbers[row * width + column], 0.0);
                numbers[row * width + column] = value;
            }
        }
        prop_assert!(owned.iter().all(|&terms| terms == 1));
        for (place, number) in numbers.iter_mut().enumerate() {
            let DesignColumn { mean, scale, .. } = pipeline.columns[place % width];
            *number = (*number - mean) / scale;
        }
        prop_assert_eq!(bits(&numbers), bits(design.values()));
        // 4. Means 0 and deviations 1 over the training rows.
        let (design, _) = pipeline.design::<f64>(&table, &train).unwrap();
        let count = train.len() as f64;
        for column in 0..if standardize { width } else { 0 } {
            let values = (0..train.len()).map(|row| design.row(row)[column]);
            let mean = values.clone().sum::<f64>() / count;
            let square = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            prop_assert!((square - 1.0).abs() < 1e-9, "{} {square}", pipeline.columns[column].name);
            prop_assert!(!center || mean.abs() < 1e-9, "{} {mean}", pipeline.columns[column].name);
        }
    }

    #[test]
    fn sparse_rows_and_sparse_columns_are_the_dense_ones(
        cells in proptest::collection::vec(any::<[u8; 8]>(), 30..80),
        zeros in proptest::collection::vec(any::<bool>(), 80),
        standardize in any::<bool>(),
        center in any::<bool>(),
        impute in any::<bool>(),
        order in any::<u64>(),
    ) {
        // `a` and `b` are 0 in most rows.
        let (table, schema) = wide(&cells);
        let columns = table.columns().iter().cloned().map(|mut column| {
            if let (Cells::Numeric(values), "a" | "b") = (&mut column.cells, &*column.name) {
                let rare = |(row, value): (usize, &mut f64)| {
                    if zeros[row] || row % 3 != 0 {
                        *value = 0.0;
                    }
                };
                values.iter_mut().enumerate().for_each(rare);
            }
            column
        });
        let dense = Table::new("t.csv", columns.collect()).unwrap();
        let sparse = sparse(&dense);
        let mut options = PipelineOptions { standardize, center, ..everything() };
        let mut train: Vec<usize> = (0..cells.len()).filter(|row| row % 3 != 1).collect();
        if !impute {
            options.missing = MissingPolicy::Drop;
            options.missing_indicators = false;
            train = complete_rows(&dense, &schema, &train, MissingPolicy::Drop).map_or(train, |c| c.rows);
        }
        let fit = |table| Pipeline::fit(table, &schema, &train, None, &options);
        let (Ok(pipeline), Ok(other)) = (fit(&dense), fit(&sparse)) else {
            prop_assert!(fit(&dense).is_err() && fit(&sparse).is_err());
            return Ok(());
        };
        // 1. The same features and columns; means and deviations but for the last digits.
        prop_assert_eq!(names(&other), names(&pipeline));
        prop_assert_eq!(&other.dropped, &pipeline.dropped);
        for (a, b) in other.columns.iter().zip(&pipeline.columns) {
            prop_assert!((a.mean - b.mean).abs() <= 1e-13 * (1.0 + b.mean.abs()), "{a:?} {b:?}");
            prop_assert!((a.scale - b.scale).abs() <= 1e-13 * (1.0 + b.scale), "{a:?} {b:?}");
        }
        // 2. The same rows to the last bit, however they are laid out and in whatever order.
        let step = order as usize % 7 + 1;
        let turned = (0..cells.len()).map(|row| row * step % cells.len()).collect();
        let some = (0..cells.len()).filter(|row| row % 4 != 2).collect();
        for rows in [turned, some, (3..cells.len()).collect::<Vec<usize>>()] {
            let (design, flags) = pipeline.design::<f64>(&dense, &rows).unwrap();
            for table in [&dense, &sparse] {
                let (stored, same) = pipeline.sparse_design(table, &rows).unwrap();
                prop_assert_eq!(&same, &flags);
                let mut scratch = Vec::new();
                prop_assert_eq!(stored.cells(0..rows.len(), &mut scratch).unwrap(), design.values());
                let (again, same) = pipeline.design::<f64>(table, &rows).unwrap();
                prop_assert_eq!(&same, &flags);
                prop_assert_eq!(again.values(), design.values());
            }
            for row in rows.iter().take(3) {
                let unusual = |table| pipeline.unusual_cells(table, *row).unwrap();
                prop_assert_eq!(unusual(&sparse), unusual(&dense));
            }
        }
        // 3. How full the training rows are is known, or a little too high.
        let (stored, _) = other.sparse_design(&sparse, &train).unwrap();
        let full = stored.matrix().stored() as f64 / (train.len() * other.columns.len()) as f64;
        prop_assert!(other.fill <= pipeline.fill && other.fill <= 1.0);
        let shifted = other.columns.iter().any(|column| column.factors.is_some());
        prop_assert!(shifted || other.fill >= full - 0.05, "{} {full}", other.fill);
    }

    #[test]
    fn a_weight_of_two_is_the_row_twice_for_every_encoding(
        cells in proptest::collection::vec(any::<[u8; 8]>(), 20..60),
        counts in proptest::collection::vec(0usize..4, 60),
    ) {
        let (table, schema) = wide(&cells);
        let rows = all(&table);
        let weights: Vec<f64> = rows.iter().map(|&row| counts[row] as f64).collect();
        let repeated: Vec<usize> =
            rows.iter().flat_map(|&row| std::iter::repeat_n(row, counts[row])).collect();
        let weighted = Pipeline::fit(&table, &schema, &rows, Some(&weights), &everything());
        let plain = Pipeline::fit(&table, &schema, &repeated, None, &everything());
        let (Ok(weighted), Ok(plain)) = (weighted, plain) else { return Ok(()) };
        prop_assert_eq!(names(&weighted), names(&plain));
        for (a, b) in weighted.columns.iter().zip(&plain.columns) {
            prop_assert!((a.mean - b.mean).abs() <= 1e-9 * (1.0 + b.mean.abs()), "{a:?} {b:?}");
            prop_assert!((a.scale - b.scale).abs() <= 1e-9 * (1.0 + b.scale), "{a:?} {b:?}");
        }
    }
}
