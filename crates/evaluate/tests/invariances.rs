//! What must hold for any rows: the order of rows, duplicated rows, flipped labels, shifted and
//! stretched scores, and plain textbook versions of the formulas.

#![allow(
    clippy::float_cmp,
    reason = "some values are equal to the bit, and that is the test"
)]

use evaluate::classification::{brier, log_loss, probabilities};
use evaluate::curve::{average_precision, roc, roc_auc};
use evaluate::{BinaryReport, MulticlassReport, RegressionReport, multiclass};
use proptest::collection::vec;
use proptest::prelude::*;

/// Two exactly rounded routes to the same value, sums compensated: a few units of the last place.
const TOLERANCE: f64 = 1e-14;

/// A label, a score of few distinct values (so that ties occur), a whole weight from 0 to 3.
fn row() -> impl Strategy<Value = (f64, f64, f64)> {
    (0..2u8, -12..12i8, 0..4u8).prop_map(|(y, z, w)| (y.into(), f64::from(z) / 3.0, w.into()))
}

type Columns = (Vec<f64>, Vec<f64>, Vec<f64>);

fn columns(rows: &[(f64, f64, f64)]) -> Columns {
    let first = rows.iter().map(|row| row.0).collect();
    (
        first,
        rows.iter().map(|row| row.1).collect(),
        rows.iter().map(|row| row.2).collect(),
    )
}

/// Rows of both classes with a positive weight.
fn rows() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    vec(row(), 2..40).prop_map(|mut rows| {
        (rows[0].0, rows[0].2) = (0.0, 1.0);
        (rows[1].0, rows[1].2) = (1.0, 2.0);
        rows
    })
}

/// Every row as often as its weight says.
fn repeated(rows: &[(f64, f64, f64)]) -> Vec<(f64, f64, f64)> {
    rows.iter()
        .flat_map(|row| (0..3).filter(|n| f64::from(*n) < row.2).map(|_| *row))
        .collect()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1.0)
}

fn near_option(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => near(a, b),
        (a, b) => a == b,
    }
}

fn same(a: &BinaryReport, b: &BinaryReport) -> bool {
    near(a.log_loss, b.log_loss)
        && near_option(a.auc, b.auc)
        && near(a.accuracy, b.accuracy)
        && near(a.brier, b.brier)
        && a.confusion == b.confusion
        && near_option(a.precision, b.precision)
        && near_option(a.recall, b.recall)
        && near_option(a.f1, b.f1)
        && a.undefined == b.undefined
}

proptest! {
    #[test]
    fn a_weight_equals_repeated_rows(rows in rows()) {
        let (y, z, w) = columns(&rows);
        let weighted = BinaryReport::new(&y, &z, 0.5, Some(&w)).unwrap();
        let (y2, z2, _) = columns(&repeated(&rows));
        let twice = BinaryReport::new(&y2, &z2, 0.5, None).unwrap();
        prop_assert!(same(&weighted, &twice), "{weighted:?}\n{twice:?}");
        let ap = average_precision(&y, &z, Some(&w)).unwrap();
        prop_assert!(near(ap, average_precision(&y2, &z2, None).unwrap()));
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        (rows, shuffled) in rows().prop_flat_map(|rows| {
            (Just(rows.clone()), Just(rows).prop_shuffle())
        })
    ) {
        let (y, z, w) = columns(&rows);
        let (y2, z2, w2) = columns(&shuffled);
        let a = BinaryReport::new(&y, &z, 0.4, Some(&w)).unwrap();
        let b = BinaryReport::new(&y2, &z2, 0.4, Some(&w2)).unwrap();
        prop_assert!(same(&a, &b) && (a.rows, a.correct) == (b.rows, b.correct));
    }

    #[test]
    fn auc_sees_the_order_of_scores_alone(rows in rows(), factor in 1..1000u16) {
        let (y, z, w) = columns(&rows);
        let auc = roc_auc(&y, &z, Some(&w)).unwrap();
        let stretched: Vec<f64> = z.iter().map(|z| z * f64::from(factor)).collect();
        prop_assert_eq!(auc, roc_auc(&y, &stretched, Some(&w)).unwrap());
        let cubed: Vec<f64> = z.iter().map(|z| z.powi(3) - 5.0).collect();
        prop_assert_eq!(auc, roc_auc(&y, &cubed, Some(&w)).unwrap());
        prop_assert_eq!(auc, roc_auc(&y, &probabilities(&z), Some(&w)).unwrap());
    }

    #[test]
    fn flipped_labels_turn_the_auc_around(rows in rows()) {
        let (y, z, w) = columns(&rows);
        let flipped: Vec<f64> = y.iter().map(|y| 1.0 - y).collect();
        let negated: Vec<f64> = z.iter().map(|z| -z).collect();
        let auc = roc_auc(&y, &z, Some(&w)).unwrap();
        prop_assert!(near(1.0 - auc, roc_auc(&flipped, &z, Some(&w)).unwrap()));
        prop_assert!(near(auc, roc_auc(&flipped, &negated, Some(&w)).unwrap()));
        let loss = log_loss(&y, &z, Some(&w)).unwrap();
        prop_assert_eq!(loss, log_loss(&flipped, &negated, Some(&w)).unwrap());
    }

    #[test]
    fn auc_is_the_share_of_ordered_pairs_and_the_area_under_the_points(rows in rows()) {
        let (y, z, w) = columns(&rows);
        let auc = roc_auc(&y, &z, Some(&w)).unwrap();
        let (mut ordered, mut pairs) = (0.0, 0.0);
        for i in (0..y.len()).filter(|&i| y[i] == 1.0) {
            for j in (0..y.len()).filter(|&j| y[j] == 0.0) {
                let half = if z[i] == z[j] { 0.5 } else { 0.0 };
                ordered += w[i] * w[j] * if z[i] > z[j] { 1.0 } else { half };
                pairs += w[i] * w[j];
            }
        }
        prop_assert_eq!(auc, ordered / pairs); // whole numbers and halves: exact both ways
        let points = roc(&y, &z, Some(&w)).unwrap();
        let area: f64 = points.windows(2).map(|p| {
            let width = p[1].false_positive_rate - p[0].false_positive_rate;
            width * (p[0].true_positive_rate + p[1].true_positive_rate) / 2.0
        }).sum();
        prop_assert!(near(auc, area));
        let last = points[points.len() - 1];
        prop_assert_eq!((last.false_positive_rate, last.true_positive_rate), (1.0, 1.0));
    }

    #[test]
    fn log_loss_is_finite_and_not_negative(
        rows in vec((0..2u8, any::<f64>().prop_filter("finite", |z| z.is_finite())), 1..20)
    ) {
        let (y, z): (Vec<f64>, Vec<f64>) = rows.iter().map(|&(y, z)| (f64::from(y), z)).unzip();
        let loss = log_loss(&y, &z, None).unwrap();
        prop_assert!(loss >= 0.0 && loss.is_finite());
        let score = brier(&y, &probabilities(&z), None).unwrap();
        prop_assert!((0.0..=1.0).contains(&score));
    }

    #[test]
    fn log_loss_is_the_textbook_formula_where_that_works(rows in rows()) {
        let (y, z, _) = columns(&rows);
        let textbook = y.iter().zip(probabilities(&z)).map(|(y, p)| {
            -(y * p.ln() + (1.0 - y) * (1.0 - p).ln())
        }).sum::<f64>() / y.len() as f64;
        prop_assert!(near(log_loss(&y, &z, None).unwrap(), textbook));
    }

    #[test]
    fn scaled_weights_are_the_same_weights(rows in rows(), exponent in -300..300i32) {
        let (y, z, w) = columns(&rows);
        let scaled: Vec<f64> = w.iter().map(|w| w * 10f64.powi(exponent)).collect();
        let a = BinaryReport::new(&y, &z, 0.5, Some(&w)).unwrap();
        let b = BinaryReport::new(&y, &z, 0.5, Some(&scaled)).unwrap();
        prop_assert!(near(a.log_loss, b.log_loss) && near_option(a.auc, b.auc));
        prop_assert!(near(a.accuracy, b.accuracy) && near_option(a.f1, b.f1));
    }

    #[test]
    fn several_classes_weights_order_and_shift(
        rows in vec((0..3u32, [-9..9i8, -9..9i8, -9..9i8], 0..4u8), 1..30), shift in -50..50i8
    ) {
        let mut rows = rows;
        rows[0].2 = 2;
        let labels = ["a", "b", "c"].map(str::to_owned);
        let report = |rows: &[(u32, [i8; 3], u8)], weighted: bool, shift: i8| {
            let codes: Vec<u32> = rows.iter().map(|row| row.0).collect();
            let logits: Vec<f64> = rows.iter()
                .flat_map(|row| row.1.map(|z| f64::from(z) / 2.0 + f64::from(shift))).collect();
            let weights: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
            let weights = weighted.then_some(weights.as_slice());
            MulticlassReport::new(&codes, &logits, &labels, weights).unwrap()
        };
        let base = report(&rows, true, 0);
        prop_assert!(base.log_loss >= 0.0);
        prop_assert!(near_option(base.weighted_average.recall, Some(base.accuracy)));
        let repeated: Vec<_> = rows.iter()
            .flat_map(|row| std::iter::repeat_n(*row, row.2.into())).collect();
        let reversed: Vec<_> = rows.iter().rev().copied().collect();
        for other in [report(&repeated, false, 0), report(&reversed, true, 0), report(&rows, true, shift)] {
            prop_assert!(near(base.log_loss, other.log_loss));
            prop_assert!(near_option(base.auc, other.auc));
            prop_assert!(near_option(base.macro_average.f1, other.macro_average.f1));
            prop_assert_eq!(&base.confusion, &other.confusion);
            prop_assert_eq!(&base.undefined, &other.undefined);
        }
    }

    #[test]
    fn two_classes_are_two_of_several(rows in rows()) {
        let (y, z, w) = columns(&rows);
        let codes: Vec<u32> = y.iter().map(|y| u32::from(*y > 0.0)).collect();
        let logits: Vec<f64> = z.iter().flat_map(|z| [0.0, *z]).collect();
        let one = log_loss(&y, &z, Some(&w)).unwrap();
        prop_assert!(near(one, multiclass::log_loss(&codes, &logits, 2, Some(&w)).unwrap()));
        let auc = roc_auc(&y, &z, Some(&w)).unwrap();
        prop_assert!(near(auc, multiclass::auc(&codes, &logits, 2, Some(&w)).unwrap()));
    }

    #[test]
    fn regression_weights_and_shift(
        rows in vec((-99..99i8, -99..99i8, 0..4u8), 2..30), shift in -1000..1000i16
    ) {
        let mut rows = rows;
        (rows[0].2, rows[1].2) = (1, 2);
        let rows: Vec<_> = rows.iter().map(|r| (f64::from(r.0), f64::from(r.1), f64::from(r.2))).collect();
        let (y, p, w) = columns(&rows);
        let base = RegressionReport::new(&y, &p, Some(&w)).unwrap();
        let (y2, p2, _) = columns(&repeated(&rows));
        let twice = RegressionReport::new(&y2, &p2, None).unwrap();
        let shifted: [Vec<f64>; 2] =
            [&y, &p].map(|column| column.iter().map(|v| v + f64::from(shift)).collect());
        let shifted = RegressionReport::new(&shifted[0], &shifted[1], Some(&w)).unwrap();
        for other in [twice, shifted] {
            prop_assert!(near(base.mse, other.mse) && near(base.mae, other.mae));
            let gap = base.r2.zip(other.r2).map_or(0.0, |(a, b)| (a - b).abs() / (1.0 + (1.0 - a).abs()));
            prop_assert!(gap < 1e-12 && base.r2.is_some() == other.r2.is_some());
        }
    }
}
