//! Every metric against scikit-learn: `tests/reference/evaluate.py` at the root of the workspace
//! made the inputs and the values, and its JSON names the versions.

#![allow(
    clippy::float_cmp,
    reason = "some values are equal to the bit, and that is the test"
)]

use evaluate::calibration::reliability;
use evaluate::curve::{average_precision, precision_recall, roc};
use evaluate::{BinaryReport, MulticlassReport, RegressionReport};
use serde_json::Value;

/// Sums of 80 terms, in another order than numpy's: a few roundings of 1e-16.
const TOLERANCE: f64 = 1e-14;

fn reference(task: &str) -> Value {
    let text = include_str!("../../../tests/reference/evaluate.json");
    let mut document: Value = serde_json::from_str(text).expect("evaluate.json is JSON");
    document[task].take()
}

fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).expect("an array of numbers")
}

#[track_caller]
fn near(what: &str, found: f64, expected: &Value) {
    let expected = expected
        .as_f64()
        .unwrap_or_else(|| panic!("{what}: no number: {expected}"));
    let error = (found - expected).abs();
    let allowed = TOLERANCE * expected.abs().max(1.0);
    assert!(
        error <= allowed,
        "{what}: {found}, scikit-learn has {expected}, error {error:e}"
    );
}

#[track_caller]
fn all_near(what: &str, found: impl IntoIterator<Item = f64>, expected: &Value) {
    let found: Vec<f64> = found.into_iter().collect();
    let expected = expected.as_array().expect("an array");
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    found
        .into_iter()
        .zip(expected)
        .for_each(|(found, expected)| near(what, found, expected));
}

#[test]
fn two_classes() {
    let data = reference("binary");
    let (labels, logits) = (numbers(&data["labels"]), numbers(&data["logits"]));
    let weights = numbers(&data["weights"]);
    let threshold = data["threshold"].as_f64().unwrap();
    for (weights, key) in [(None, "unweighted"), (Some(weights.as_slice()), "weighted")] {
        let expected = &data[key];
        let report = BinaryReport::new(&labels, &logits, threshold, weights).unwrap();
        assert!(report.undefined.is_empty());
        near("log loss", report.log_loss, &expected["log_loss"]);
        near("auc", report.auc.unwrap(), &expected["auc"]);
        near("brier", report.brier, &expected["brier"]);
        near("accuracy", report.accuracy, &expected["accuracy"]);
        near(
            "precision",
            report.precision.unwrap(),
            &expected["precision"],
        );
        near("recall", report.recall.unwrap(), &expected["recall"]);
        near("f1", report.f1.unwrap(), &expected["f1"]);
        near("tn", report.confusion.tn, &expected["confusion"]["tn"]);
        near("fp", report.confusion.fp, &expected["confusion"]["fp"]);
        near("fn", report.confusion.fn_, &expected["confusion"]["fn"]);
        near("tp", report.confusion.tp, &expected["confusion"]["tp"]);
        let found = average_precision(&labels, &logits, weights).unwrap();
        near("average precision", found, &expected["average_precision"]);
    }
}

#[test]
fn curves() {
    let data = reference("binary");
    let (labels, logits) = (numbers(&data["labels"]), numbers(&data["logits"]));
    let weights = numbers(&data["weights"]);
    for (weights, key) in [(None, "unweighted"), (Some(weights.as_slice()), "weighted")] {
        let points = roc(&labels, &logits, weights).unwrap();
        let expected = &data[key]["roc"];
        let rates = points.iter().map(|point| point.false_positive_rate);
        all_near(
            "false positive rate",
            rates,
            &expected["false_positive_rate"],
        );
        let rates = points.iter().map(|point| point.true_positive_rate);
        all_near("true positive rate", rates, &expected["true_positive_rate"]);
        let thresholds: Vec<_> = points.iter().map(|point| point.threshold).collect();
        let expected = expected["threshold"]
            .as_array()
            .unwrap()
            .iter()
            .map(Value::as_f64);
        assert!(expected.eq(thresholds));

        let points = precision_recall(&labels, &logits, weights).unwrap();
        let expected = &data[key]["precision_recall"];
        let first = expected["recall"].as_array().unwrap().len();
        // scikit-learn stops at full recall; the rest adds negative rows only.
        let (shown, rest) = points.split_at(first.min(points.len()));
        all_near(
            "precision",
            shown.iter().map(|point| point.precision),
            &expected["precision"],
        );
        all_near(
            "recall",
            shown.iter().map(|point| point.recall),
            &expected["recall"],
        );
        assert!(rest.iter().all(|point| point.recall == 1.0));
    }
}

#[test]
fn reliability_bins() {
    let data = reference("binary");
    let labels = numbers(&data["labels"]);
    let p = evaluate::classification::probabilities(&numbers(&data["logits"]));
    let bins = reliability(&labels, &p, 5, None).unwrap();
    let expected = &data["reliability_5"];
    let means = bins.iter().map(|bin| bin.mean_probability);
    all_near("mean probability", means, &expected["mean_probability"]);
    all_near(
        "observed",
        bins.iter().map(|bin| bin.observed),
        &expected["observed"],
    );
}

#[test]
fn several_classes() {
    let data = reference("multiclass");
    let codes: Vec<u32> = serde_json::from_value(data["codes"].clone()).unwrap();
    let (logits, weights) = (numbers(&data["logits"]), numbers(&data["weights"]));
    let labels = ["a", "b", "c", "d"].map(str::to_owned);
    for (weights, key) in [(None, "unweighted"), (Some(weights.as_slice()), "weighted")] {
        let expected = &data[key];
        let report = MulticlassReport::new(&codes, &logits, &labels, weights).unwrap();
        assert!(report.undefined.is_empty());
        near("log loss", report.log_loss, &expected["log_loss"]);
        near("accuracy", report.accuracy, &expected["accuracy"]);
        near("auc", report.auc.unwrap(), &expected["auc"]);
        let rows = report.confusion.cells().iter();
        for (found, expected) in rows.zip(expected["confusion"].as_array().unwrap()) {
            all_near("confusion", found.iter().copied(), expected);
        }
        all_near(
            "f1",
            report.classes.iter().map(|class| class.f1.unwrap()),
            &expected["f1"],
        );
        for (found, expected) in [
            (report.macro_average, &expected["macro"]),
            (report.weighted_average, &expected["weighted_average"]),
        ] {
            near(
                "average precision",
                found.precision.unwrap(),
                &expected["precision"],
            );
            near("average recall", found.recall.unwrap(), &expected["recall"]);
            near("average f1", found.f1.unwrap(), &expected["f1"]);
        }
    }
}

#[test]
fn numbers_as_target() {
    let data = reference("regression");
    let (targets, predictions) = (numbers(&data["targets"]), numbers(&data["predictions"]));
    let weights = numbers(&data["weights"]);
    for (weights, key) in [(None, "unweighted"), (Some(weights.as_slice()), "weighted")] {
        let expected = &data[key];
        let report = RegressionReport::new(&targets, &predictions, weights).unwrap();
        near("mse", report.mse, &expected["mse"]);
        near("rmse", report.rmse, &expected["rmse"]);
        near("mae", report.mae, &expected["mae"]);
        near("r2", report.r2.unwrap(), &expected["r2"]);
    }
}
