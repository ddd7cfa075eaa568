"""Reference values for the metrics of the crate `evaluate`.

    python tests/reference/evaluate.py         (scikit-learn 1.9.1, numpy)

writes evaluate.json beside this file: inputs drawn from a seeded generator, and what scikit-learn
makes of them, with and without row weights. Scores are rounded to one decimal so that ties occur.
Log loss is computed from the logits with numpy's `logaddexp` and asserted to agree with
scikit-learn's `log_loss` of the probabilities, which cannot take extreme logits.
"""

import json
import pathlib
import platform

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

HERE = pathlib.Path(__file__).resolve().parent
ROWS = 80


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def averages(y, predicted, average, w):
    values = metrics.precision_recall_fscore_support(
        y, predicted, average=average, sample_weight=w, zero_division=np.nan
    )
    return dict(zip(("precision", "recall", "f1"), map(float, values[:3])))


def binary_values(y, z, w, threshold):
    p = sigmoid(z)
    predicted = (p >= threshold).astype(int)
    log_loss = float(np.average(np.logaddexp(0.0, z) - y * z, weights=w))
    assert abs(log_loss - metrics.log_loss(y, p, sample_weight=w)) < 1e-14
    tn, fp, fn, tp = metrics.confusion_matrix(y, predicted, sample_weight=w).ravel()
    fpr, tpr, roc = metrics.roc_curve(y, z, sample_weight=w, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(y, z, sample_weight=w)
    return {
        "log_loss": log_loss,
        "auc": float(metrics.roc_auc_score(y, z, sample_weight=w)),
        "average_precision": float(metrics.average_precision_score(y, z, sample_weight=w)),
        "brier": float(metrics.brier_score_loss(y, p, sample_weight=w)),
        "accuracy": float(metrics.accuracy_score(y, predicted, sample_weight=w)),
        "confusion": {"tn": float(tn), "fp": float(fp), "fn": float(fn), "tp": float(tp)},
        **averages(y, predicted, "binary", w),
        "roc": {
            # the first threshold is infinite: no row is predicted positive
            "threshold": [None, *roc[1:].tolist()],
            "false_positive_rate": fpr.tolist(),
            "true_positive_rate": tpr.tolist(),
        },
        # descending thresholds, without scikit-learn's closing point (precision 1, recall 0)
        "precision_recall": {
            "precision": precision[:-1][::-1].tolist(),
            "recall": recall[:-1][::-1].tolist(),
        },
    }


def binary(rng):
    y = rng.integers(0, 2, ROWS)
    z = np.round(1.2 * (y - 0.5) + 1.5 * rng.standard_normal(ROWS), 1)
    w = np.round(rng.uniform(0.1, 3.0, ROWS), 2)
    w[::9] = 0.0
    observed, mean = calibration_curve(y, sigmoid(z), n_bins=5, strategy="uniform")
    return {
        "labels": y.tolist(),
        "logits": z.tolist(),
        "weights": w.tolist(),
        "threshold": 0.4,
        "unweighted": binary_values(y, z, None, 0.4),
        "weighted": binary_values(y, z, w, 0.4),
        "reliability_5": {"mean_probability": mean.tolist(), "observed": observed.tolist()},
    }


def multiclass_values(y, z, w):
    p = softmax(z)
    predicted = z.argmax(axis=1)
    rows = np.arange(len(y))
    per_row = np.logaddexp.reduce(z, axis=1) - z[rows, y]
    log_loss = float(np.average(per_row, weights=w))
    assert abs(log_loss - metrics.log_loss(y, p, sample_weight=w)) < 1e-14
    auc = metrics.roc_auc_score(y, p, multi_class="ovr", average="macro", sample_weight=w)
    return {
        "log_loss": log_loss,
        "accuracy": float(metrics.accuracy_score(y, predicted, sample_weight=w)),
        "auc": float(auc),
        "confusion": metrics.confusion_matrix(y, predicted, sample_weight=w).tolist(),
        "macro": averages(y, predicted, "macro", w),
        "weighted_average": averages(y, predicted, "weighted", w),
        "f1": metrics.f1_score(y, predicted, average=None, sample_weight=w).tolist(),
    }


def multiclass(rng):
    classes = 4
    y = rng.integers(0, classes, ROWS)
    z = np.round(1.5 * np.eye(classes)[y] + 1.2 * rng.standard_normal((ROWS, classes)), 1)
    w = np.round(rng.uniform(0.1, 3.0, ROWS), 2)
    w[::7] = 0.0
    return {
        "classes": classes,
        "codes": y.tolist(),
        "logits": z.ravel().tolist(),
        "weights": w.tolist(),
        "unweighted": multiclass_values(y, z, None),
        "weighted": multiclass_values(y, z, w),
    }


def regression_values(y, predicted, w):
    return {
        "mse": float(metrics.mean_squared_error(y, predicted, sample_weight=w)),
        "rmse": float(metrics.root_mean_squared_error(y, predicted, sample_weight=w)),
        "mae": float(metrics.mean_absolute_error(y, predicted, sample_weight=w)),
        "r2": float(metrics.r2_score(y, predicted, sample_weight=w)),
    }


def regression(rng):
    y = 1000.0 + 5.0 * rng.standard_normal(ROWS)
    predicted = y + 2.0 * rng.standard_normal(ROWS)
    w = np.round(rng.uniform(0.1, 3.0, ROWS), 2)
    w[::8] = 0.0
    return {
        "targets": y.tolist(),
        "predictions": predicted.tolist(),
        "weights": w.tolist(),
        "unweighted": regression_values(y, predicted, None),
        "weighted": regression_values(y, predicted, w),
    }


def main():
    rng = np.random.default_rng(20240607)
    document = {
        "software": {
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "script": "tests/reference/evaluate.py",
        "binary": binary(rng),
        "multiclass": multiclass(rng),
        "regression": regression(rng),
    }
    text = json.dumps(document, indent=1, allow_nan=False)
    (HERE / "evaluate.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
