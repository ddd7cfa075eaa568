//! Levels, buckets, intervals and functions of numbers.

use super::{names, table, text};
use crate::pipeline::*;
use crate::schema::Schema;
use crate::table::{Column, Table};

const NAN: f64 = f64::NAN;

/// Options with these encodings.
pub(super) fn encode(encodings: &[&str]) -> PipelineOptions {
    let assignment = |text: &&str| ColumnEncoding::assignment(text).unwrap();
    PipelineOptions {
        encodings: encodings.iter().map(assignment).collect(),
        ..PipelineOptions::default()
    }
}

/// Columns that are their numbers themselves.
pub(super) fn raw(options: PipelineOptions) -> PipelineOptions {
    PipelineOptions {
        standardize: false,
        ..options
    }
}

pub(super) fn all(table: &Table) -> Vec<usize> {
    (0..table.rows()).collect()
}

fn fit((table, schema): &(Table, Schema), options: &PipelineOptions) -> Pipeline {
    Pipeline::fit(table, schema, &all(table), None, options).unwrap()
}

/// A row of the design matrix for every row of the table.
fn rows(pipeline: &Pipeline, table: &Table) -> Vec<Vec<f64>> {
    let (design, _) = pipeline.design::<f64>(table, &all(table)).unwrap();
    (0..design.rows())
        .map(|row| design.row(row).to_vec())
        .collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-14 * a.abs().max(b.abs()).max(1.0)
}

#[test]
fn a_spline_is_that_of_scipy() {
    // scipy 1.17.1, CubicSpline(knots, values at the knots, bc_type="natural"), and beyond the outer
    // knots the lines with its slopes there. patsy 1.0.3 has the same functions in the span of
    // cr(x, knots=[2.5, 4], lower_bound=1, upper_bound=8), to 4e-15.
    let numbers = [0.0, 1.7, 3.0, 5.5, 7.9, 10.0];
    let expected = [
        [0.0, 0.0],
        [0.007_000_000_000_000_012, 0.0],
        [0.163_265_306_122_448_94, 0.002_551_020_408_163_259],
        [1.739_158_163_265_306_1, 0.456_313_775_510_204_1],
        [4.585_729_591_836_735, 1.548_987_244_897_959_6],
        [7.285_714_285_714_286, 2.609_693_877_551_020_3],
    ];
    let data = table(vec![Column::numeric("x", numbers.to_vec())]);
    let pipeline = fit(&data, &raw(encode(&["x=spline@1,2.5,4,8"])));
    assert_eq!(names(&pipeline), ["x", "x~2", "x~3"]);
    for ((row, number), expected) in rows(&pipeline, &data.0).iter().zip(numbers).zip(expected) {
        assert_eq!(row[0], number);
        let [_, second, third] = row[..] else {
            panic!()
        };
        assert!(
            close(second, expected[0]) && close(third, expected[1]),
            "{row:?}"
        );
    }
    // Far beyond the last knot it is a line, not the rounding of cubes.
    let data = table(vec![Column::numeric("x", vec![1e150, 2e150])]);
    let far = rows(&pipeline, &data.0);
    let slope = (7.285_714_285_714_286 - 4.714_285_714_285_714) / 2.0;
    assert!((far[1][1] / (slope * 2e150) - 1.0).abs() < 1e-14, "{far:?}");
}

#[test]
fn polynomials_are_those_of_a_qr_decomposition() {
    // numpy 2.4.6: the columns of Q of the powers 0 to 3 of x − mean(x), times √6, with positive
    // leading coefficients.
    let expected = [
        [
            -1.106_244_197_171_774_2,
            1.083_893_525_594_269_4,
            -1.034_175_379_990_039,
        ],
        [
            -0.916_602_334_799_47,
            0.464_525_796_683_258_33,
            0.206_835_075_998_008_32,
        ],
        [
            -0.537_318_610_054_861_8,
            -0.503_236_279_740_196_9,
            1.292_719_224_987_547,
        ],
        [
            0.031_606_977_062_050_67,
            -1.277_445_940_878_959_8,
            0.568_796_458_994_520_6,
        ],
        [
            0.790_174_426_551_267_2,
            -1.045_183_042_537_331,
            -1.602_971_838_984_559,
        ],
        [
            1.738_383_738_412_787_8,
            1.277_445_940_878_960_2,
            0.568_796_458_994_520_9,
        ],
    ];
    let far = 1.7e9;
    let numbers = [1.0, 2.0, 4.0, 7.0, 11.0, 16.0];
    // The mean of numbers far from 0 is rounded to 2.4e-7, of a deviation of 5.
    for (shift, tolerance) in [(0.0, 1e-13), (far, 1e-7)] {
        let cells = numbers.map(|number| number + shift).to_vec();
        let data = table(vec![Column::numeric("x", cells)]);
        let pipeline = fit(&data, &encode(&["x=polynomial:3"]));
        assert_eq!(names(&pipeline), ["x", "x^2", "x^3"]);
        for (row, expected) in rows(&pipeline, &data.0).iter().zip(&expected) {
            let near = |(a, b): (&f64, &f64)| (a - b).abs() < tolerance;
            assert!(row.iter().zip(expected).all(near), "{row:?} {expected:?}");
        }
    }
}

#[test]
fn knots_are_where_harrell_puts_them() {
    // 1001 numbers, so that every thousandth is a quantile. Harrell 2015, table 2.3.
    let numbers: Vec<f64> = (0..=1000).map(f64::from).collect();
    let data = table(vec![Column::numeric("x", numbers)]);
    for (knots, expected) in [
        (3, &[100.0, 500.0, 900.0][..]),
        (4, &[50.0, 350.0, 650.0, 950.0]),
        (5, &[50.0, 275.0, 500.0, 725.0, 950.0]),
        (6, &[50.0, 230.0, 410.0, 590.0, 770.0, 950.0]),
        (7, &[25.0, 183.0, 342.0, 500.0, 658.0, 817.0, 975.0]),
    ] {
        let pipeline = fit(&data, &encode(&[&format!("x=spline:{knots}")]));
        let Encoding::Numeric {
            basis: Basis::Spline(spline),
            ..
        } = &pipeline.features[0].encoding
        else {
            panic!("no spline");
        };
        assert_eq!(spline.knots.len(), expected.len());
        for (knot, expected) in spline.knots.iter().zip(expected) {
            assert!((knot - expected).abs() <= 1.0, "{:?}", spline.knots);
        }
    }
}

#[test]
fn intervals_have_their_lower_edge() {
    let numbers = vec![17.0, 18.0, 64.9, 65.0, NAN, 5.0];
    let data = table(vec![Column::numeric("age", numbers)]);
    let pipeline = fit(&data, &raw(encode(&["age=bins@18,65"])));
    assert_eq!(
        names(&pipeline),
        ["age=[18,65)", "age=[65,inf)", "age=(missing)"]
    );
    assert_eq!(
        rows(&pipeline, &data.0),
        [
            [0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0],
            [1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [0.0, 0.0, 1.0],
            [0.0, 0.0, 0.0],
        ]
    );
    assert_eq!(
        pipeline.notes(),
        ["`age` is cut into 3 intervals at 18, 65, with (-inf,18) as the reference"]
    );
    // No training row below 18 and none missing: the median's interval stands in for a missing cell,
    // and the empty interval is a level that no training row had.
    let pipeline = Pipeline::fit(
        &data.0,
        &data.1,
        &[1, 2, 3],
        None,
        &raw(encode(&["age=bins@18,65"])),
    )
    .unwrap();
    assert_eq!(names(&pipeline), ["age=[65,inf)"]);
    let (design, flags) = pipeline.design::<f64>(&data.0, &[0, 1, 3, 4]).unwrap();
    assert_eq!(design.values(), [0.0, 0.0, 1.0, 0.0]);
    let unseen: Vec<bool> = flags.iter().map(|flags| flags.unseen).collect();
    assert_eq!(unseen, [true, false, false, false]);
    assert!(flags[3].missing);
    let cells = pipeline.unusual_cells(&data.0, 0).unwrap();
    assert_eq!(cells[0].level.as_deref(), Some("17"));
}

#[test]
fn intervals_at_quantiles_have_as_many_rows_each() {
    let numbers: Vec<f64> = (0..100).rev().map(f64::from).collect();
    let data = table(vec![
        Column::numeric("x", numbers),
        Column::numeric("y", [vec![0.0; 90], vec![1.0; 10]].concat()),
    ]);
    let pipeline = fit(&data, &encode(&["x=bins:4"]));
    assert_eq!(
        names(&pipeline),
        ["x=[24.5,49.5)", "x=[49.5,74.5)", "x=[74.5,inf)", "y"]
    );
    for column in &pipeline.columns[..3] {
        assert_eq!(column.mean, 0.25);
    }
    // Nine of ten are equal: no quantile but the smallest.
    let error = Pipeline::fit(
        &data.0,
        &data.1,
        &all(&data.0),
        None,
        &encode(&["y=bins:4"]),
    );
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `y` has 2 different numbers to fit on, too few for `bins:4`, which needs 2 well apart"
    );
    assert_eq!(error.remedy().unwrap(), "--categorical y");
}

#[test]
fn rare_levels_are_one() {
    let cells = ["b", "b", "b", "a", "a", "d", "d", "c", ""];
    let data = table(vec![text("t", &cells)]);
    let levels = |options: &PipelineOptions| match &fit(&data, options).features[0].encoding {
        Encoding::Categorical { levels, grouped } => (
            levels.join(" "),
            grouped.as_ref().map(|grouped| grouped.levels.join(" ")),
        ),
        other => panic!("{other:?}"),
    };
    let most = |max_levels| PipelineOptions {
        max_levels: Some(max_levels),
        ..PipelineOptions::default()
    };
    let least = |threshold: &str| PipelineOptions {
        min_level: Some(threshold.parse().unwrap()),
        ..PipelineOptions::default()
    };
    assert_eq!(levels(&most(4)), ("a b c d (missing)".to_owned(), None));
    // a and d have as many rows: the first in code-point order is kept.
    assert_eq!(
        levels(&most(3)),
        ("a b (other) (missing)".to_owned(), Some("c d".to_owned()))
    );
    assert_eq!(
        levels(&most(2)),
        ("b (other) (missing)".to_owned(), Some("a c d".to_owned()))
    );
    assert_eq!(
        levels(&least("2")),
        ("a b d (other) (missing)".to_owned(), Some("c".to_owned()))
    );
    assert_eq!(
        levels(&least("25%")),
        ("b (other) (missing)".to_owned(), Some("a c d".to_owned()))
    );
    let both = PipelineOptions {
        max_levels: Some(4),
        ..least("4")
    };
    assert_eq!(
        levels(&both),
        ("(other) (missing)".to_owned(), Some("a b c d".to_owned()))
    );
    let without_missing = table(vec![text("t", &cells[..8]), text("u", &cells[..8])]);
    let error = Pipeline::fit(
        &without_missing.0,
        &without_missing.1,
        &all(&without_missing.0),
        None,
        &least("4"),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "no feature is left: `t` has rare levels only, `u` has rare levels only"
    );
    assert_eq!(
        fit(&data, &most(3)).notes(),
        ["`t`: 2 levels of 33.3% of the training rows grouped as (other)"]
    );
}

#[test]
fn a_level_that_is_new_is_one_of_the_others_and_flagged() {
    let cells = ["b", "b", "a", "a", "c", "d", "new", "(other)"];
    let (table, schema) = table(vec![text("t", &cells)]);
    let options = raw(PipelineOptions {
        max_levels: Some(3),
        ..PipelineOptions::default()
    });
    let pipeline = Pipeline::fit(&table, &schema, &[0, 1, 2, 3, 4, 5], None, &options).unwrap();
    assert_eq!(names(&pipeline), ["t=b", "t=(other)"]);
    let (design, flags) = pipeline.design::<f64>(&table, &[2, 4, 6, 7]).unwrap();
    assert_eq!(design.values(), [0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    let unseen: Vec<bool> = flags.iter().map(|flags| flags.unseen).collect();
    assert_eq!(unseen, [false, false, true, false]);
    let error = pipeline
        .refuse_unseen(&table, &[6], &flags[2..3])
        .unwrap_err();
    assert!(error.to_string().contains("\"new\""), "{error}");
    // A text "(other)" among the training rows is one of the others, too.
    let pipeline = Pipeline::fit(&table, &schema, &[0, 1, 2, 3, 4, 7], None, &options).unwrap();
    assert_eq!(names(&pipeline), ["t=b", "t=(other)"]);
    assert_eq!(pipeline.columns[1].level.as_deref(), Some(OTHER_LEVEL));
}

#[test]
fn buckets_are_those_of_xxh64() {
    // XXH64 with seed 0 of "", "a" and "abc": ef46db3751d8e999, d24ec4f1a98c6e5b, 44bc2cf5ad770999.
    assert_eq!(bucket("", 32), 0x51d8_e999);
    assert_eq!(bucket("a", 32), 0xa98c_6e5b);
    assert_eq!(bucket("abc", 32), 0xad77_0999);
    assert_eq!(bucket("a", 4), 0xb);
}

#[test]
fn collisions_are_counted() {
    let cells: Vec<String> = (0..50).map(|row| format!("level {}", row % 40)).collect();
    let mut cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    cells.push("");
    cells.push("never seen");
    let (table, schema) = table(vec![text("t", &cells)]);
    let rows: Vec<usize> = (0..51).collect();
    for bits in [4, 10] {
        let options = raw(encode(&[&format!("t=hash:{bits}")]));
        let pipeline = Pipeline::fit(&table, &schema, &rows, None, &options).unwrap();
        let of = |row: usize| bucket(cells[row], bits);
        let shared = |row: usize| (0..40).filter(|&other| of(other) == of(row)).count() > 1;
        let shared_rows = (0..50).filter(|&row| shared(row)).count();
        let reference = (0..40).map(of).min().unwrap();
        assert_eq!(
            pipeline.features[0].encoding,
            Encoding::Hashed {
                bits,
                reference,
                levels: 40,
                shared_levels: (0..40).filter(|&row| shared(row)).count(),
                shared_rows: shared_rows as f64 / 50.0,
            }
        );
        let (design, flags) = pipeline.design::<f64>(&table, &all(&table)).unwrap();
        for (row, flags) in flags.iter().enumerate().take(51) {
            let level = if row == 50 {
                MISSING_LEVEL.to_owned()
            } else {
                format!("#{}", of(row))
            };
            for (column, &value) in pipeline.columns.iter().zip(design.row(row)) {
                assert_eq!(value == 1.0, column.level.as_deref() == Some(&*level));
            }
            assert!(!flags.unseen);
        }
        let empty = (0..40).all(|row| of(row) != of(51));
        assert_eq!(flags[51].unseen, empty);
    }
}

#[test]
fn a_missing_number_can_have_a_column() {
    let data = table(vec![
        Column::numeric("x", vec![1.0, NAN, 3.0, 3.0]),
        Column::numeric("same", vec![7.0, NAN, 7.0, 7.0]),
        Column::numeric("full", vec![1.0, 2.0, 3.0, 3.0]),
    ]);
    let options = raw(PipelineOptions {
        missing_indicators: true,
        ..PipelineOptions::default()
    });
    let pipeline = fit(&data, &options);
    assert_eq!(
        names(&pipeline),
        ["x", "x=(missing)", "same=(missing)", "full"]
    );
    assert_eq!(
        rows(&pipeline, &data.0)[1..3],
        [[3.0, 1.0, 1.0, 2.0], [3.0, 0.0, 0.0, 3.0]]
    );
    let error = Pipeline::fit(
        &data.0,
        &data.1,
        &[0, 2],
        None,
        &PipelineOptions {
            missing: MissingPolicy::Drop,
            ..options
        },
    );
    assert_eq!(error.unwrap_err().remedy().unwrap(), "--missing impute");
}

#[test]
fn options_name_features_of_their_kind() {
    let data = table(vec![
        Column::numeric("age", vec![1.0, 1.0, 2.0, 3.0]),
        text("town", &["a", "b", "c", "a"]),
    ]);
    let error = |options: &PipelineOptions| {
        let error = Pipeline::fit(&data.0, &data.1, &[0, 1, 2, 3], None, options).unwrap_err();
        (error.to_string(), error.remedy().unwrap())
    };
    let told = |message: &str, remedy: &str| (message.to_owned(), remedy.to_owned());
    assert_eq!(
        error(&encode(&["Age=spline"])),
        told(
            "`Age` is not a feature (nearest: `age`)",
            "--encode with `age`"
        )
    );
    assert_eq!(
        error(&encode(&["salary=spline"])),
        told("`salary` is not a feature", "--features salary")
    );
    assert_eq!(
        error(&encode(&["town=spline"])),
        told(
            "column `town` is categorical, which `spline:4` is not for",
            "--numeric town"
        )
    );
    assert_eq!(
        error(&encode(&["age=hash:4"])),
        told(
            "column `age` is numeric, which `hash:4` is not for",
            "--categorical age"
        )
    );
    assert_eq!(
        error(&encode(&["age=polynomial:3"])).0,
        "column `age` has 3 different numbers to fit on, too few for `polynomial:3`, which needs 4 \
         well apart"
    );
    let one = PipelineOptions {
        max_levels: Some(1),
        ..PipelineOptions::default()
    };
    assert_eq!(
        error(&one),
        told(
            "a category cannot have at most 1 level",
            "--max-levels 2 or more"
        )
    );
}

#[test]
fn a_pipeline_of_an_older_file_is_the_same() {
    // As written before there were encodings to choose.
    let written = concat!(
        r#"{"features":[{"name":"x","kind":"numeric","encoding":{"numeric":{"median":2.0,"min":1.0,"#,
        r#""max":4.0}}},{"name":"c","kind":"categorical","encoding":{"categorical":{"levels":["a","#,
        r#""b"]}}}],"columns":[{"name":"x","source":"x","level":null,"mean":2.0,"scale":1.5},"#,
        r#"{"name":"c=b","source":"c","level":"b","mean":0.5,"scale":0.5}],"dropped":[],"#,
        r#""standardized":true,"missing":"impute"}"#
    );
    let pipeline: Pipeline = serde_json::from_str(written).unwrap();
    assert_eq!(pipeline.validate(), Ok(()));
    assert_eq!(serde_json::to_string(&pipeline).unwrap(), written);
    let (table, _) = table(vec![
        Column::numeric("x", vec![5.0, NAN]),
        text("c", &["b", "a"]),
    ]);
    let (design, _) = pipeline.design::<f64>(&table, &[0, 1]).unwrap();
    assert_eq!(design.values(), [2.0, 1.0, 0.0, -1.0]);
}
