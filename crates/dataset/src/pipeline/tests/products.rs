//! Interactions.

use proptest::prelude::*;

use super::encodings::{encode, raw};
use super::properties::{everything, wide};
use super::{names, table, text};
use crate::pipeline::*;
use crate::schema::Schema;
use crate::table::{Column, Table};

fn interact(pairs: &[&str]) -> PipelineOptions {
    PipelineOptions {
        interactions: pairs.iter().map(|pair| pair.parse().unwrap()).collect(),
        ..PipelineOptions::default()
    }
}

fn example() -> (Table, Schema) {
    table(vec![
        Column::numeric("a", vec![1.0, 2.0, 4.0, 5.0]),
        Column::numeric("b", vec![10.0, 30.0, 20.0, 60.0]),
        text("c", &["u", "v", "u", "v"]),
        text("d", &["p", "q", "q", "q"]),
        Column::numeric("same", vec![3.0; 4]),
    ])
}

fn fit(data: &(Table, Schema), options: &PipelineOptions) -> Pipeline {
    Pipeline::fit(&data.0, &data.1, &[0, 1, 2, 3], None, options).unwrap()
}

#[test]
fn products_of_numbers_and_dummies() {
    let data = example();
    let pipeline = fit(&data, &interact(&["a:b", "a:c", "c:d"]));
    let products = &pipeline.columns[4..];
    let told: Vec<_> = products
        .iter()
        .map(|column| {
            (
                column.name.as_str(),
                column.source.as_str(),
                column.level.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("a:b", "a:b", None),
            ("a:c=v", "a:c", Some("v")),
            ("c=v:d=q", "c:d", Some("v:q"))
        ]
    );
    let sources = |column: &DesignColumn| {
        column
            .factors
            .unwrap()
            .map(|factor| pipeline.columns[factor].source.as_str())
    };
    assert_eq!(sources(&products[1]), ["a", "c"]);
    // a − 3 and b − 30: products 40, 0, −10, 60, of mean 22.5.
    let numbers = [40.0, 0.0, -10.0, 60.0];
    let variance = numbers
        .iter()
        .map(|x: &f64| (x - 22.5).powi(2))
        .sum::<f64>()
        / 4.0;
    assert_eq!(products[0].mean, 22.5);
    assert!((products[0].scale - variance.sqrt()).abs() < 1e-14);
    let (design, _) = pipeline.design::<f64>(&data.0, &[0, 1, 2, 3]).unwrap();
    for (row, number) in numbers.iter().enumerate() {
        let expected = (number - 22.5) / variance.sqrt();
        assert!((design.row(row)[4] - expected).abs() < 1e-14);
    }
    // (a − 3)·v is 0, −1, 0, 2.
    assert_eq!(products[1].mean, 0.25);
    assert_eq!((products[2].mean, products[2].scale), (0.5, 0.5));
}

#[test]
fn unscaled_products_are_those_of_the_numbers_themselves() {
    let data = example();
    let pipeline = fit(&data, &raw(interact(&["b:a", "c:a"])));
    let (design, _) = pipeline.design::<f64>(&data.0, &[1, 3]).unwrap();
    assert_eq!(names(&pipeline)[4..], ["b:a", "c=v:a"]);
    assert_eq!(design.row(0)[4..], [60.0, 2.0]);
    assert_eq!(design.row(1)[4..], [300.0, 5.0]);
}

#[test]
fn a_column_with_every_other_and_each_pair_once() {
    let data = example();
    let pipeline = fit(&data, &interact(&["c:a", "a:*", "a:b"]));
    assert_eq!(names(&pipeline)[4..], ["c=v:a", "a:b", "a:d=q"]);
    let dropped: Vec<_> = pipeline
        .dropped
        .iter()
        .map(|dropped| format!("{} {}", dropped.name, dropped.reason))
        .collect();
    assert_eq!(
        dropped,
        [
            "same is 3 in every row to fit on",
            "a:same needs `same`, which is not used"
        ]
    );
    let error = Pipeline::fit(&data.0, &data.1, &[0, 1], None, &interact(&["a:B"])).unwrap_err();
    assert_eq!(error.to_string(), "`B` is not a feature (nearest: `b`)");
    assert_eq!(error.remedy().unwrap(), "--interact with `b`");
}

#[test]
fn products_that_no_training_row_has_are_no_columns() {
    let data = table(vec![
        text("c", &["u", "v", "u", "v", "v"]),
        text("d", &["p", "p", "q", "p", "q"]),
        text("a:b", &["p", "p", "q", "p", "q"]),
        Column::numeric("a", vec![1.0, 2.0, 4.0, 5.0, 1.0]),
        Column::numeric("b", vec![1.0, 2.0, 4.0, 5.0, 1.0]),
    ]);
    let pipeline = fit(&data, &interact(&["c:d", "a:b"]));
    assert_eq!(names(&pipeline), ["c=v", "d=q", "a:b=q", "a", "b"]);
    assert_eq!(pipeline.dropped[0].name, "c:d");
    assert_eq!(pipeline.dropped[1].reason, "has the name of a column");
    let (design, flags) = pipeline.design::<f64>(&data.0, &[4]).unwrap();
    assert_eq!((design.columns(), flags[0]), (5, RowFlags::default()));
}

#[test]
fn a_number_that_is_missing_has_no_product_of_its_own() {
    let data = table(vec![
        Column::numeric("a", vec![1.0, f64::NAN, 4.0, 5.0]),
        Column::numeric("b", vec![10.0, 30.0, 20.0, 60.0]),
    ]);
    let options = PipelineOptions {
        missing_indicators: true,
        ..raw(interact(&["a:b"]))
    };
    let pipeline = fit(&data, &options);
    assert_eq!(names(&pipeline), ["a", "a=(missing)", "b", "a:b"]);
    let (design, flags) = pipeline.design::<f64>(&data.0, &[1]).unwrap();
    assert_eq!(design.values(), [4.0, 1.0, 30.0, 120.0]);
    assert!(flags[0].missing);
}

#[test]
fn a_file_with_impossible_products_is_an_error() {
    let data = example();
    let options = PipelineOptions {
        encodings: encode(&["a=polynomial:2", "b=bins@20,40", "d=hash:3"]).encodings,
        ..interact(&["a:b", "c:d"])
    };
    let good = fit(&data, &options);
    assert_eq!(good.validate(), Ok(()));
    let first = |pipeline: &Pipeline| {
        pipeline
            .columns
            .iter()
            .position(|column| column.factors.is_some())
            .unwrap()
    };
    let product = first(&good);
    let changes: [&dyn Fn(&mut Pipeline); 9] = [
        &|pipeline| pipeline.columns[product].factors = Some([0, 99]),
        &|pipeline| pipeline.columns[product].factors = Some([0, product]),
        &|pipeline| pipeline.columns[product].factors = Some([0, 1]),
        &|pipeline| pipeline.columns[product].factors = pipeline.columns[product + 1].factors,
        &|pipeline| pipeline.columns[product].source = "a".into(),
        &|pipeline| pipeline.columns[1].function = Some(3),
        &|pipeline| pipeline.columns[2].level = Some("[20,41)".into()),
        &|pipeline| pipeline.columns[product - 1].level = Some("#8".into()),
        &|pipeline| {
            let Encoding::Numeric { basis, .. } = &mut pipeline.features[0].encoding else {
                panic!("no number");
            };
            *basis = Basis::Spline(Spline {
                knots: vec![1.0, 1.0, 2.0],
            });
        },
    ];
    for (position, change) in changes.into_iter().enumerate() {
        let mut bad = good.clone();
        change(&mut bad);
        let error = bad.encoded_rows(&data.0, &[0]).unwrap_err();
        assert!(
            matches!(error, PipelineError::Inconsistent { .. }),
            "{position}: {error}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The score of the standardised columns is that of the numbers themselves with coefficients on
    /// the original scale, products multiplied out.
    #[test]
    fn coefficients_travel_between_the_scales(
        cells in proptest::collection::vec(any::<[u8; 8]>(), 30..60),
        seeds in proptest::collection::vec(-1.0..1.0_f64, 400),
        intercept in -2.0..2.0_f64,
        center in any::<bool>(),
    ) {
        let (table, schema) = wide(&cells);
        let rows: Vec<usize> = (0..cells.len()).collect();
        let options = PipelineOptions { center, ..everything() };
        let pipeline = Pipeline::fit(&table, &schema, &rows, None, &options).unwrap();
        let unscaled = {
            let mut unscaled = pipeline.clone();
            for column in &mut unscaled.columns {
                (column.mean, column.scale) = (0.0, 1.0);
            }
            unscaled
        };
        let own: Vec<f64> =
            (0..pipeline.columns.len()).map(|column| seeds[column % seeds.len()]).collect();
        let (original, shifted) = pipeline.unstandardize(&own, intercept);
        let (scaled, _) = pipeline.design::<f64>(&table, &rows).unwrap();
        let (numbers, _) = unscaled.design::<f64>(&table, &rows).unwrap();
        for row in rows {
            let dot = |values: &[f64], coefficients: &[f64]| -> (f64, f64) {
                let terms = values.iter().zip(coefficients).map(|(x, b)| x * b);
                (terms.clone().sum(), terms.map(f64::abs).sum())
            };
            let (score, size) = dot(scaled.row(row), &own);
            let (same, other_size) = dot(numbers.row(row), &original);
            let tolerance = 1e-10 * (size + other_size + shifted.abs() + 1.0);
            prop_assert!((score + intercept - same - shifted).abs() < tolerance);
        }
        let (back, back_intercept) = pipeline.standardize(&original, shifted);
        let size = original
            .iter()
            .zip(&pipeline.columns)
            .map(|(b, column)| (b * column.scale).abs() + (b * column.mean).abs())
            .sum::<f64>();
        for (a, b) in back.iter().zip(&own) {
            prop_assert!((a - b).abs() < 1e-8 * (1.0 + size), "{a} {b}");
        }
        prop_assert!((back_intercept - intercept).abs() < 1e-8 * (1.0 + size));
    }
}
