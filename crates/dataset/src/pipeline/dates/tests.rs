use super::*;
use crate::schema::{ColumnSchema, Kind, Role, Schema};
use crate::table::{Column, Table};
use crate::{Pipeline, RowSource};

const DAY: f64 = 86_400.0;

fn fit(seconds: &[f64], parts: &[DatePart], options: &PipelineOptions) -> (Table, Pipeline) {
    let table = Table::new("t", vec![Column::numeric("d", seconds.to_vec())]).unwrap();
    let mut column = ColumnSchema::new("d", Kind::Date, Role::Feature);
    column.parts = parts.to_vec();
    let schema = Schema {
        columns: vec![column],
    };
    let rows: Vec<usize> = (0..seconds.len()).collect();
    let pipeline = Pipeline::fit(&table, &schema, &rows, None, options).unwrap();
    pipeline.validate().unwrap();
    (table, pipeline)
}

fn raw() -> PipelineOptions {
    PipelineOptions {
        standardize: false,
        ..PipelineOptions::default()
    }
}

/// 2026-01-31T00:00 is a Saturday, 20,484 days after 1970.
const SATURDAY: f64 = 20_484.0 * DAY;

#[test]
fn the_default_parts_are_columns_that_name_their_source() {
    let noon = SATURDAY + 1.5 * DAY; // Sunday, 1 February, 12:00
    let (table, pipeline) = fit(&[SATURDAY, noon, noon], &[], &raw());
    let names: Vec<_> = pipeline.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["d:days", "d:month=2", "d:weekday=Sun", "d:hour=12"]);
    assert!(pipeline.columns.iter().all(|column| column.source == "d"));
    assert_eq!(pipeline.columns[0].level, None);
    assert_eq!(pipeline.columns[1].level.as_deref(), Some("month=2"));
    let (design, _) = pipeline.design::<f64>(&table, &[0, 1]).unwrap();
    assert_eq!(design.row(0), [20_484.0, 0.0, 0.0, 0.0]);
    assert_eq!(design.row(1), [20_485.5, 1.0, 1.0, 1.0]);
    // As through a model file.
    let json = serde_json::to_string(&pipeline).unwrap();
    assert_eq!(serde_json::from_str::<Pipeline>(&json).unwrap(), pipeline);
}

#[test]
fn chosen_parts_are_standardised_like_any_column() {
    let dates: Vec<f64> = (0..50)
        .map(|i| SATURDAY + f64::from(i) * 9.3 * DAY)
        .collect();
    let parts = [
        DatePart::Year,
        DatePart::Day,
        DatePart::YearCycle,
        DatePart::Weekday,
    ];
    let (table, pipeline) = fit(&dates, &parts, &PipelineOptions::default());
    let names: Vec<_> = pipeline.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        names[..4],
        ["d:year", "d:day", "d:year-cycle:sin", "d:year-cycle:cos"]
    );
    assert_eq!(
        names[4..],
        ["Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map(|d| format!("d:weekday={d}"))
    );
    let rows: Vec<usize> = (0..50).collect();
    let (design, _) = pipeline.design::<f64>(&table, &rows).unwrap();
    for (column, name) in names.iter().enumerate() {
        let cells: Vec<f64> = rows.iter().map(|&row| design.row(row)[column]).collect();
        let mean = cells.iter().sum::<f64>() / 50.0;
        let square = cells.iter().map(|c| c * c).sum::<f64>() / 50.0;
        assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12, "{name}");
    }
    // Encoded row by row, the bits are the same.
    let encoded = pipeline.encoded_rows(&table, &rows).unwrap();
    let mut scratch = Vec::<f64>::new();
    assert_eq!(encoded.cells(0..50, &mut scratch).unwrap(), design.values());
}

#[test]
fn a_missing_date_is_one_near_the_median_and_an_unseen_month_is_flagged() {
    let dates = [
        SATURDAY,
        f64::NAN,
        SATURDAY + DAY,
        SATURDAY + 4.0 * DAY,
        SATURDAY + 5.0 * DAY,
    ];
    let (table, pipeline) = fit(&dates, &[], &raw());
    let Encoding::Date { fill, min, max, .. } = pipeline.features[0].encoding else {
        panic!("a date");
    };
    // The median of 0, 1, 4, 5 is 2.5; the last date up to it is 1.
    assert_eq!(
        (fill, min, max),
        (Some(SATURDAY + DAY), SATURDAY, SATURDAY + 5.0 * DAY)
    );
    let (design, flags) = pipeline.design::<f64>(&table, &[1, 2]).unwrap();
    assert_eq!(design.row(0), design.row(1));
    assert!(flags[0].missing && !flags[1].missing && !flags[0].unseen);

    let march = Table::new("t", vec![Column::numeric("d", vec![SATURDAY + 30.0 * DAY])]).unwrap();
    let (design, flags) = pipeline.design::<f64>(&march, &[0]).unwrap();
    assert!(flags[0].unseen);
    assert_eq!(design.row(0)[1..], [0.0; 5][..design.columns() - 1]);
    let unusual = pipeline.unusual_cells(&march, 0).unwrap();
    assert_eq!(unusual[0].level.as_deref(), Some("month=3"));
    let refused = pipeline.refuse_unseen(&march, &[0], &flags).unwrap_err();
    assert!(refused.to_string().contains("month=3"), "{refused}");
}

#[test]
fn dates_without_a_difference_are_dropped_and_weights_are_repetitions() {
    let column = ColumnSchema::new("d", Kind::Date, Role::Feature);
    let fit = |seconds: &[f64], rows: &[usize], weights: Option<&[f64]>| {
        let training = TrainingRows::new(rows, weights).unwrap();
        super::fit(&column, seconds, &training, &PipelineOptions::default())
    };
    for seconds in [[SATURDAY; 3], [f64::NAN; 3]] {
        let fitted = fit(&seconds, &[0, 1, 2], None);
        assert!(matches!(fitted, FittedFeature::Dropped(_)));
    }
    let dates = [
        SATURDAY,
        SATURDAY + 40.0 * DAY,
        SATURDAY + 3.25 * DAY,
        f64::NAN,
    ];
    let weights = [3.0, 1.0, 2.0, 1.0];
    let repeated = [0, 0, 0, 1, 2, 2, 3];
    let weighted = fit(&dates, &[0, 1, 2, 3], Some(&weights));
    let plain = fit(&dates, &repeated, None);
    let (FittedFeature::Used(weighted, some, _), FittedFeature::Used(plain, others, _)) =
        (weighted, plain)
    else {
        panic!("both vary");
    };
    assert_eq!(weighted, plain);
    for (one, other) in some.iter().zip(&others) {
        assert_eq!(one.name, other.name);
        assert!((one.mean - other.mean).abs() <= 1e-12 * one.mean.abs());
        assert!((one.scale - other.scale).abs() <= 1e-12 * one.scale);
    }
}

#[test]
fn a_pipeline_that_contradicts_itself_is_refused() {
    let (_, pipeline) = fit(&[SATURDAY, SATURDAY + 40.0 * DAY], &[], &raw());
    let mut other = pipeline.clone();
    other.columns[0].name = "d:year".into();
    assert!(other.validate().is_err());
    let mut other = pipeline.clone();
    if let Encoding::Date { parts, .. } = &mut other.features[0].encoding {
        parts[1].levels = vec![1, 99];
    }
    assert!(other.validate().is_err());
    let mut other = pipeline;
    other.features[0].kind = Kind::Numeric;
    assert!(other.validate().is_err());
}

#[test]
fn products_with_dates_take_their_numbers_less_the_mean() {
    let dates = [
        SATURDAY,
        SATURDAY + 1.5 * DAY,
        SATURDAY + 3.0 * DAY,
        SATURDAY + 9.0 * DAY,
    ];
    let numbers = vec![2.0, 4.0, 4.0, 10.0];
    let table = Table::new(
        "t",
        vec![
            Column::numeric("d", dates.to_vec()),
            Column::numeric("x", numbers.clone()),
        ],
    );
    let table = table.unwrap();
    let mut date = ColumnSchema::new("d", Kind::Date, Role::Feature);
    date.parts = vec![DatePart::Days, DatePart::Month];
    let schema = Schema {
        columns: vec![date, ColumnSchema::new("x", Kind::Numeric, Role::Feature)],
    };
    let options = PipelineOptions {
        interactions: vec!["x:d".parse().unwrap()],
        ..PipelineOptions::default()
    };
    let rows = [0, 1, 2, 3];
    let pipeline = Pipeline::fit(&table, &schema, &rows, None, &options).unwrap();
    pipeline.validate().unwrap();
    let names: Vec<_> = pipeline.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        names,
        ["d:days", "d:month=2", "x", "x:d:days", "x:d:month=2"]
    );
    assert!(pipeline.columns[3..].iter().all(|c| c.source == "x:d"));
    let (design, _) = pipeline.design::<f64>(&table, &rows).unwrap();
    let days = [0.0, 1.5, 3.0, 9.0];
    let mean = 3.375;
    for row in rows {
        let month = f64::from(u8::from(row > 0));
        let expected = [
            (numbers[row] - 5.0) * (days[row] - mean),
            (numbers[row] - 5.0) * month,
        ];
        for (column, expected) in pipeline.columns[3..].iter().zip(expected) {
            let position = pipeline.columns.iter().position(|c| c == column).unwrap();
            let number = design.row(row)[position] * column.scale + column.mean;
            assert!((number - expected).abs() < 1e-9, "{number} {expected}");
        }
    }
    // The score is the same on the original scale, where the products are those of the cells.
    let standardized = [0.3, -1.2, 0.7, 2.0, -0.4];
    let (original, intercept) = pipeline.unstandardize(&standardized, 0.25);
    for row in rows {
        let month = f64::from(u8::from(row > 0));
        let (x, day) = (numbers[row], 20_484.0 + days[row]);
        let cells = [day, month, x, x * day, x * month];
        let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let score = 0.25 + sum(&standardized, design.row(row));
        let other = intercept + sum(&original, &cells);
        assert!((score - other).abs() < 1e-7, "{score} {other}");
    }
}

#[test]
fn missing_dates_have_a_column_where_asked_for() {
    let dates = [SATURDAY, f64::NAN, SATURDAY + DAY, f64::NAN];
    let options = PipelineOptions {
        missing_indicators: true,
        ..raw()
    };
    let (table, pipeline) = fit(&dates, &[DatePart::Days], &options);
    let names: Vec<_> = pipeline.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["d:days", "d=(missing)"]);
    let (design, flags) = pipeline.design::<f64>(&table, &[0, 1]).unwrap();
    assert_eq!(design.values(), [20_484.0, 0.0, 20_484.0, 1.0]);
    assert!(flags[1].missing && !flags[0].missing);
}

#[test]
fn no_encoding_is_for_dates() {
    let table = Table::new("t", vec![Column::numeric("d", vec![SATURDAY, 0.0])]).unwrap();
    let schema = Schema {
        columns: vec![ColumnSchema::new("d", Kind::Date, Role::Feature)],
    };
    for encoding in ["spline:3", "hash:4", "bins:2", "polynomial:2"] {
        let options = PipelineOptions {
            encodings: [("d".to_owned(), encoding.parse().unwrap())].into(),
            ..PipelineOptions::default()
        };
        let refused = Pipeline::fit(&table, &schema, &[0, 1], None, &options).unwrap_err();
        assert!(
            matches!(&refused, crate::PipelineError::EncodingKind { column, .. } if column == "d"),
            "{refused}"
        );
        assert!(refused.remedy().unwrap().contains("parts"), "{refused}");
    }
}
