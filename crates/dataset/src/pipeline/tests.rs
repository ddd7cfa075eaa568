mod encodings;
mod products;
mod properties;

use proptest::prelude::*;

use super::*;
use crate::schema::Role;
use crate::table::Column;

const NAN: f64 = f64::NAN;

pub(super) fn table(columns: Vec<Column>) -> (Table, Schema) {
    let schema = columns
        .iter()
        .map(|column| {
            let kind = match column.cells {
                Cells::Numeric(_) | Cells::Sparse(_) => Kind::Numeric,
                Cells::Text { .. } => Kind::Categorical,
            };
            ColumnSchema::new(&*column.name, kind, Role::Feature)
        })
        .collect();
    (
        Table::new("t.csv", columns).unwrap(),
        Schema { columns: schema },
    )
}

pub(super) fn text(name: &str, cells: &[&str]) -> Column {
    Column::text(
        name,
        cells
            .iter()
            .map(|cell| Some(*cell).filter(|cell| !cell.is_empty())),
    )
}

fn mixed() -> (Table, Schema) {
    table(vec![
        Column::numeric("x", vec![1.0, 2.0, NAN, 4.0, 9.0]),
        text("c", &["b", "a", "", "b", "z"]),
        Column::numeric("same", vec![7.0, 7.0, NAN, 7.0, 1.0]),
        text("one", &["u", "u", "u", "u", "v"]),
        Column::numeric("none", vec![NAN; 5]),
    ])
}

fn fit(rows: &[usize], weights: Option<&[f64]>) -> Pipeline {
    let (table, schema) = mixed();
    Pipeline::fit(&table, &schema, rows, weights, &PipelineOptions::default()).unwrap()
}

fn names(pipeline: &Pipeline) -> Vec<&str> {
    pipeline
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect()
}

#[test]
fn features_are_fitted_and_constant_ones_dropped() {
    let pipeline = fit(&[0, 1, 2, 3], None);
    assert_eq!(names(&pipeline), ["x", "c=b", "c=(missing)"]);
    assert_eq!(
        pipeline.features[0].encoding,
        Encoding::Numeric {
            median: Some(2.0),
            min: 1.0,
            max: 4.0,
            basis: Basis::Identity,
        }
    );
    assert_eq!(
        pipeline.features[1].encoding,
        Encoding::Categorical {
            levels: vec!["a".into(), "b".into(), MISSING_LEVEL.into()],
            grouped: None,
        }
    );
    let dropped: Vec<_> = pipeline
        .dropped
        .iter()
        .map(|column| format!("{} {}", column.name, column.reason))
        .collect();
    assert_eq!(
        dropped,
        [
            "same is 7 in every row to fit on",
            "one is \"u\" in every row to fit on",
            "none is missing in every row to fit on",
        ]
    );
    // x is 1, 2, 2 (the median), 4: mean 9/4, variance 25/4 − 81/16.
    assert_eq!(pipeline.columns[0].mean, 2.25);
    assert_eq!(pipeline.columns[0].scale, 1.1875_f64.sqrt());
    // c=b is 1 in two of four rows.
    assert_eq!(
        (pipeline.columns[1].mean, pipeline.columns[1].scale),
        (0.5, 0.5)
    );
    assert_eq!(pipeline.columns[2].level.as_deref(), Some(MISSING_LEVEL));
    assert_eq!(
        pipeline.inputs(),
        [("x".into(), Kind::Numeric), ("c".into(), Kind::Categorical)]
    );
}

#[test]
fn the_design_has_mean_0_and_deviation_1() {
    let pipeline = fit(&[0, 1, 2, 3], None);
    let (table, _) = mixed();
    let (design, flags) = pipeline.design::<f64>(&table, &[0, 1, 2, 3]).unwrap();
    for column in 0..design.columns() {
        let values: Vec<f64> = (0..4).map(|row| design.row(row)[column]).collect();
        let mean = values.iter().sum::<f64>() / 4.0;
        let square = values.iter().map(|value| value * value).sum::<f64>() / 4.0;
        assert!(
            mean.abs() < 1e-15 && (square - 1.0).abs() < 1e-14,
            "{column} {mean} {square}"
        );
    }
    let missing: Vec<_> = flags.iter().map(|flags| flags.missing).collect();
    assert_eq!(missing, [false, false, true, false]);
    assert!(flags.iter().all(|flags| !flags.unseen && !flags.unscored));
}

#[test]
fn columns_that_are_not_shifted_keep_their_zero() {
    let (table, schema) = mixed();
    let rows = [0, 1, 2, 3];
    let shifted = Pipeline::fit(&table, &schema, &rows, None, &PipelineOptions::default()).unwrap();
    let options = PipelineOptions {
        center: false,
        ..PipelineOptions::default()
    };
    let kept = Pipeline::fit(&table, &schema, &rows, None, &options).unwrap();
    for (kept, shifted) in kept.columns.iter().zip(&shifted.columns) {
        assert_eq!((kept.mean, kept.scale), (0.0, shifted.scale));
    }
    let ones = vec![1.0; kept.columns.len()];
    assert_eq!(kept.unstandardize(&ones, 0.0).1, 0.0);
}

#[test]
fn without_an_intercept_a_constant_column_can_serve_as_one() {
    let (table, schema) = table(vec![
        Column::numeric("ones", vec![-2.0; 4]),
        Column::numeric("zeros", vec![0.0; 4]),
        Column::numeric("x", vec![1.0, 2.0, 3.0, 5.0]),
    ]);
    let rows = [0, 1, 2, 3];
    for standardize in [true, false] {
        let options = PipelineOptions {
            standardize,
            center: false,
            ..PipelineOptions::default()
        };
        let pipeline = Pipeline::fit(&table, &schema, &rows, None, &options).unwrap();
        let dropped: Vec<&str> = pipeline.dropped.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(dropped, ["zeros"]);
        let (design, _) = pipeline.design::<f64>(&table, &rows).unwrap();
        let expected = if standardize { -1.0 } else { -2.0 };
        assert_eq!(design.row(3)[0], expected);
        let (original, _) = pipeline.unstandardize(&[3.0, 0.0], 0.0);
        assert_eq!(original[0] * -2.0, 3.0 * expected);
    }
    let with_intercept = PipelineOptions::default();
    let pipeline = Pipeline::fit(&table, &schema, &rows, None, &with_intercept).unwrap();
    assert_eq!(pipeline.dropped.len(), 2);
}

#[test]
fn unstandardised_columns_are_the_numbers_themselves() {
    let (table, schema) = mixed();
    let options = PipelineOptions {
        standardize: false,
        ..PipelineOptions::default()
    };
    let pipeline = Pipeline::fit(&table, &schema, &[0, 1, 2, 3], None, &options).unwrap();
    let (design, flags) = pipeline.design::<f32>(&table, &[4, 2]).unwrap();
    assert_eq!(design.values(), [9.0, 0.0, 0.0, 2.0, 0.0, 1.0]);
    assert_eq!(
        flags[0],
        RowFlags {
            unseen: true,
            missing: false,
            unscored: false
        }
    );
    assert_eq!(
        flags[1],
        RowFlags {
            unseen: false,
            missing: true,
            unscored: false
        }
    );
}

#[test]
fn unseen_levels_are_flagged_and_can_be_refused() {
    let pipeline = fit(&[0, 1, 3], None);
    assert_eq!(names(&pipeline), ["x", "c=b"]);
    let (table, _) = mixed();
    let rows = [0, 2, 4];
    let (_, flags) = pipeline.design::<f64>(&table, &rows).unwrap();
    // Row 2 lacks a category, which no training row did.
    assert_eq!(
        flags[1],
        RowFlags {
            unseen: true,
            missing: true,
            unscored: false
        }
    );
    assert_eq!(
        flags[2],
        RowFlags {
            unseen: true,
            missing: false,
            unscored: false
        }
    );
    let cell = |column: &str, level: Option<&str>| UnusualCell {
        column: column.into(),
        level: level.map(str::to_owned),
    };
    assert_eq!(pipeline.unusual_cells(&table, 0).unwrap(), []);
    assert_eq!(
        pipeline.unusual_cells(&table, 2).unwrap(),
        [cell("x", None), cell("c", None)]
    );
    assert_eq!(
        pipeline.unusual_cells(&table, 4).unwrap(),
        [cell("c", Some("z"))]
    );
    assert_eq!(
        pipeline.refuse_unseen(&table, &rows[..1], &flags[..1]),
        Ok(())
    );
    let error = pipeline
        .refuse_unseen(&table, &rows[2..], &flags[2..])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv:5: column `c`: \"z\" does not occur in the rows that the model was fitted on"
    );
    assert!(error.remedy().unwrap().contains("--strict"));
}

#[test]
fn under_drop_a_row_with_a_missing_cell_is_not_scored() {
    let (table, mut schema) = mixed();
    schema.columns.truncate(2);
    let options = PipelineOptions {
        missing: MissingPolicy::Drop,
        ..PipelineOptions::default()
    };
    let pipeline = Pipeline::fit(&table, &schema, &[0, 1, 3], None, &options).unwrap();
    assert!(matches!(
        pipeline.features[0].encoding,
        Encoding::Numeric { median: None, .. }
    ));
    let (design, flags) = pipeline.design::<f64>(&table, &[2, 3]).unwrap();
    assert!(design.values().iter().all(|value| value.is_finite()));
    assert_eq!((flags[0].unscored, flags[1].unscored), (true, false));
    // The rows to fit on must be complete.
    let error = Pipeline::fit(&table, &schema, &[0, 2], None, &options).unwrap_err();
    assert!(
        matches!(
            error,
            PipelineError::MissingCell {
                line: 3,
                rows: 1,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn under_error_a_missing_cell_stops() {
    let (table, mut schema) = mixed();
    schema.columns.truncate(2);
    let options = PipelineOptions {
        missing: MissingPolicy::Error,
        ..PipelineOptions::default()
    };
    let pipeline = Pipeline::fit(&table, &schema, &[0, 1, 3], None, &options).unwrap();
    let error = pipeline.design::<f64>(&table, &[0, 2]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv:3: column `x` is missing, as it is in 1 row altogether"
    );
}

#[test]
fn rows_are_dropped_for_missing_cells() {
    let (table, mut schema) = mixed();
    let all = [0, 1, 2, 3, 4];
    let error = complete_rows(&table, &schema, &all, MissingPolicy::Drop).unwrap_err();
    assert_eq!(
        error,
        PipelineError::NoCompleteRow {
            column: "none".into(),
            rows: 5
        }
    );
    assert_eq!(error.remedy().unwrap(), "--drop none, or --missing impute");
    schema.columns.pop();
    let complete = complete_rows(&table, &schema, &all, MissingPolicy::Drop).unwrap();
    assert_eq!(complete.rows, [0, 1, 3, 4]);
    let counts = [
        ("x".to_string(), 1),
        ("c".to_string(), 1),
        ("same".to_string(), 1),
    ];
    assert_eq!(complete.missing, counts);
    let complete = complete_rows(&table, &schema, &all, MissingPolicy::Impute).unwrap();
    assert_eq!(complete.rows, all);
}

#[test]
fn what_cannot_be_fitted() {
    let (table, schema) = mixed();
    let fit = |schema: &Schema, rows: &[usize], weights: Option<&[f64]>| {
        Pipeline::fit(&table, schema, rows, weights, &PipelineOptions::default()).unwrap_err()
    };
    assert_eq!(fit(&schema, &[], None), PipelineError::NoRows);
    assert_eq!(fit(&schema, &[0], Some(&[0.0])), PipelineError::NoRows);
    assert_eq!(
        fit(&schema, &[0], Some(&[])),
        PipelineError::WeightCount {
            rows: 1,
            weights: 0
        }
    );
    let error = fit(&schema, &[3], Some(&[-1.0]));
    assert_eq!(
        error,
        PipelineError::Weight {
            row: 3,
            weight: -1.0
        }
    );
    let error = fit(&schema, &[0], None);
    assert!(matches!(&error, PipelineError::NoFeatureLeft { dropped } if dropped.len() == 5));
    assert!(
        error
            .to_string()
            .starts_with("no feature is left: `x` is 1 in every row to fit on")
    );
    let mut other = schema.clone();
    other.columns[0].name = "y".into();
    assert_eq!(
        fit(&other, &[0, 1], None),
        PipelineError::AbsentColumn { column: "y".into() }
    );
    let mut other = schema.clone();
    other.columns[0].kind = Kind::Categorical;
    let error = fit(&other, &[0, 1], None);
    assert_eq!(
        error,
        PipelineError::Kind {
            column: "x".into(),
            expected: Kind::Categorical
        }
    );
    assert!(error.remedy().is_some());
}

#[test]
fn a_number_that_overflows_has_its_place() {
    let (table, schema) = table(vec![Column::numeric("x", vec![0.0, 1.0, 1e300])]);
    let pipeline =
        Pipeline::fit(&table, &schema, &[0, 1], None, &PipelineOptions::default()).unwrap();
    let error = pipeline.design::<f32>(&table, &[0, 2]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv:3: column `x`: 1e300 is too large for f32"
    );
    assert_eq!(error.remedy().unwrap(), "--precision f64");
    assert!(pipeline.design::<f64>(&table, &[0, 2]).is_ok());
}

#[test]
fn a_design_that_does_not_fit_in_memory_names_the_widest_column() {
    let cells: Vec<String> = (0..3000).map(|row| format!("id{row}")).collect();
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let numbers = (0..3000).map(f64::from).collect();
    let (table, schema) = table(vec![Column::numeric("x", numbers), text("id", &cells)]);
    let rows: Vec<usize> = (0..3000).collect();
    let pipeline =
        Pipeline::fit(&table, &schema, &rows, None, &PipelineOptions::default()).unwrap();
    // 3000 columns and as many rows as the address space has cells.
    let error = pipeline.zeros::<f64>(usize::MAX / 3000).unwrap_err();
    let PipelineError::OutOfMemory {
        columns: 3000,
        widest,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(widest, "id");
    assert_eq!(error.remedy().unwrap(), "--drop id");
}

#[test]
fn other_rows_change_nothing() {
    let (table, schema) = mixed();
    let pipeline = fit(&[0, 1, 2, 3], None);
    let (other, _) = self::table(vec![
        Column::numeric("x", vec![1.0, 2.0, NAN, 4.0, -1e9]),
        text("c", &["b", "a", "", "b", "0"]),
        Column::numeric("same", vec![7.0, 7.0, NAN, 7.0, 1e9]),
        text("one", &["u", "u", "u", "u", "w"]),
        Column::numeric("none", vec![NAN, NAN, NAN, NAN, 3.0]),
    ]);
    assert_ne!(table, other);
    let options = PipelineOptions::default();
    assert_eq!(
        Pipeline::fit(&other, &schema, &[0, 1, 2, 3], None, &options).unwrap(),
        pipeline
    );
}

#[test]
fn a_zero_weight_is_no_row() {
    // The fifth row has the largest number, another level and the only other values of `same`.
    let weighted = fit(&[0, 1, 2, 3, 4], Some(&[1.0, 1.0, 1.0, 1.0, 0.0]));
    assert_eq!(weighted, fit(&[0, 1, 2, 3], None));
}

#[test]
fn a_weight_of_two_is_the_row_twice() {
    let weighted = fit(&[0, 1, 2, 3, 4], Some(&[2.0, 1.0, 1.0, 3.0, 1.0]));
    let repeated = fit(&[0, 0, 1, 2, 3, 3, 3, 4], None);
    assert_eq!(weighted.features, repeated.features);
    for (a, b) in weighted.columns.iter().zip(&repeated.columns) {
        assert_eq!(a.name, b.name);
        assert!((a.mean - b.mean).abs() < 1e-15 && (a.scale - b.scale).abs() < 1e-14);
    }
    // All weights together mean nothing.
    let larger = fit(&[0, 1, 2, 3, 4], Some(&[2e300, 1e300, 1e300, 3e300, 1e300]));
    assert_eq!(larger.features, weighted.features);
}

#[test]
fn columns_are_found_by_name() {
    let pipeline = fit(&[0, 1, 2, 3], None);
    let (table, _) = mixed();
    let mut columns = table.columns().to_vec();
    columns.reverse();
    let reversed = Table::new("t.csv", columns).unwrap();
    let rows = [0, 1, 2, 3, 4];
    assert_eq!(
        pipeline.design::<f64>(&table, &rows).unwrap(),
        pipeline.design::<f64>(&reversed, &rows).unwrap()
    );
}

#[test]
fn a_level_with_the_name_of_the_missing_one_is_taken_for_it() {
    let (table, schema) = table(vec![text("c", &["a", "", "(missing)", "a"])]);
    let rows = [0, 1, 2, 3];
    let pipeline =
        Pipeline::fit(&table, &schema, &rows, None, &PipelineOptions::default()).unwrap();
    assert_eq!(names(&pipeline), ["c=(missing)"]);
    let (design, _) = pipeline.design::<f64>(&table, &rows).unwrap();
    assert_eq!(design.values(), [-1.0, 1.0, 1.0, -1.0]);
}

#[test]
fn many_rows_are_encoded_like_few() {
    let values: Vec<f64> = (0..5000).map(f64::from).collect();
    let (table, schema) = table(vec![Column::numeric("x", values)]);
    let rows: Vec<usize> = (0..5000).rev().collect();
    let pipeline =
        Pipeline::fit(&table, &schema, &rows, None, &PipelineOptions::default()).unwrap();
    let (design, flags) = pipeline.design::<f64>(&table, &rows).unwrap();
    assert_eq!(flags.len(), 5000);
    for (position, &row) in rows.iter().enumerate() {
        let (one, _) = pipeline.design::<f64>(&table, &[row]).unwrap();
        assert_eq!(design.row(position), one.row(0));
    }
}

#[test]
fn coefficients_travel_between_the_scales() {
    let pipeline = fit(&[0, 1, 2, 3], None);
    let (table, _) = mixed();
    let (design, _) = pipeline.design::<f64>(&table, &[3]).unwrap();
    let standardized = [0.5, -1.0, 2.0];
    let (original, intercept) = pipeline.unstandardize(&standardized, 0.25);
    let score: f64 = design
        .row(0)
        .iter()
        .zip(standardized)
        .map(|(x, b)| x * b)
        .sum();
    let raw = 4.0 * original[0] + 1.0 * original[1] + 0.0 * original[2];
    assert!((score + 0.25 - (raw + intercept)).abs() < 1e-14);
    let (back, back_intercept) = pipeline.standardize(&original, intercept);
    assert!(
        back.iter()
            .zip(standardized)
            .all(|(a, b)| (a - b).abs() < 1e-15)
    );
    assert!((back_intercept - 0.25).abs() < 1e-14);
}

#[test]
fn a_file_that_contradicts_itself_is_an_error() {
    let good = fit(&[0, 1, 2, 3], None);
    assert_eq!(good.validate(), Ok(()));
    let changes: [fn(&mut Pipeline); 10] = [
        |pipeline| pipeline.columns[0].scale = 0.0,
        |pipeline| pipeline.columns[0].mean = f64::NAN,
        |pipeline| pipeline.columns[0].source = "y".into(),
        |pipeline| pipeline.columns[0].level = Some("a".into()),
        |pipeline| pipeline.columns[1].level = Some("y".into()),
        |pipeline| pipeline.columns.push(pipeline.columns[1].clone()),
        |pipeline| pipeline.features.push(pipeline.features[1].clone()),
        |pipeline| pipeline.features[0].kind = Kind::Categorical,
        |pipeline| drop(pipeline.columns.remove(0)),
        |pipeline| {
            pipeline.features[0].encoding = Encoding::Numeric {
                median: None,
                min: 0.0,
                max: 1.0,
                basis: Basis::Identity,
            };
        },
    ];
    let (table, _) = mixed();
    for (position, change) in changes.into_iter().enumerate() {
        let mut bad = good.clone();
        change(&mut bad);
        let error = bad.design::<f64>(&table, &[0]).unwrap_err();
        assert!(
            matches!(error, PipelineError::Inconsistent { .. }),
            "{position}: {error}"
        );
    }
    let mut empty = good;
    empty.columns.clear();
    let error = empty.design::<f64>(&table, &[0]).unwrap_err();
    assert!(
        matches!(error, PipelineError::NoFeatureLeft { .. }),
        "{error}"
    );
}

proptest! {
    #[test]
    fn a_saved_pipeline_gives_the_same_bits(
        numbers in proptest::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, 4..20),
        letters in proptest::collection::vec(0u32..4, 20),
    ) {
        let cells = letters.iter().take(numbers.len()).map(|code| ["", "a", "é", "z"][*code as usize]);
        let cells: Vec<&str> = cells.collect();
        let rows: Vec<usize> = (0..numbers.len()).collect();
        let (table, schema) = table(vec![Column::numeric("x", numbers), text("c", &cells)]);
        let Ok(pipeline) =
            Pipeline::fit(&table, &schema, &rows, None, &PipelineOptions::default())
        else {
            return Ok(());
        };
        let json = serde_json::to_string(&pipeline).unwrap();
        let loaded: Pipeline = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&loaded, &pipeline);
        let bits = |pipeline: &Pipeline| -> Vec<u64> {
            let (design, _) = pipeline.design::<f64>(&table, &rows).unwrap();
            design.values().iter().map(|value| value.to_bits()).collect()
        };
        prop_assert_eq!(bits(&loaded), bits(&pipeline));
    }
}
