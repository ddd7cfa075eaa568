"""scikit-learn's LogisticRegression, each of its solvers; for paths saga (warm) and liblinear; for an
epoch SGDClassifier, whose batches are single rows."""

import numpy as np
import sklearn
from scipy import sparse
from sklearn.linear_model import LogisticRegression, SGDClassifier

import protocol

ITERATIONS = 10_000  # the default of 100 ends some fits before their own tolerance does
SCALING = 10.0  # for paths: a large constant column makes the penalty on the intercept small, and the fit slow


def prepare(request, x, y):
    if request["path"]:
        return path(request, x, y)
    if request["batch_size"]:
        return epoch(request, x, y)
    solver, rows = request["solver"], len(y)
    x = x if sparse.issparse(x) else np.ascontiguousarray(x)
    model = LogisticRegression(
        C=protocol.c_of(request, rows), solver=solver, max_iter=ITERATIONS, random_state=0,
        l1_ratio=request["l1_ratio"], fit_intercept=request["intercept"],
        **protocol.option(request, "tol"),
    )
    said = {}
    if solver == "liblinear" and request["intercept"]:
        said = {"intercept_scaling": model.intercept_scaling, "note": "penalises its intercept"}

    def fit():
        model.fit(x, y)
        return np.append(model.coef_, model.intercept_), {"iterations": int(model.n_iter_[0]), **said}

    return fit


def path(request, x, y):
    """One model after the other: saga starts from the last solution, liblinear cannot."""
    solver, ratio = request["solver"], request["l1_ratio"]
    if solver == "liblinear" and ratio != 1.0:
        raise protocol.Skipped("liblinear has no elastic net")
    said = {}
    if solver == "liblinear":
        said = {"intercept_scaling": SCALING, "note": "penalises its intercept (scaled by 10)"}
    x = np.ascontiguousarray(x)

    def fit():
        model = LogisticRegression(
            solver=solver, l1_ratio=ratio, max_iter=ITERATIONS, random_state=0,
            warm_start=solver != "liblinear", intercept_scaling=SCALING,
            **protocol.option(request, "tol"),
        )
        rows, iterations = [], 0
        for penalty in request["path"]:
            model.C = 1.0 / (penalty * len(y))
            model.fit(x, y)
            iterations += int(model.n_iter_[0])
            rows.append(np.append(model.coef_, model.intercept_))
        return rows, {"iterations": iterations, **said}

    return fit


def epoch(request, x, y):
    """A step for each row: 256 times as many as in batches of 256, at a rate for single rows."""
    x = np.ascontiguousarray(x)
    rate = request["learning_rate"] / request["batch_size"]

    def fit():
        model = SGDClassifier(
            loss="log_loss", alpha=request["lambda"], learning_rate="constant", eta0=rate,
            max_iter=1, tol=None, random_state=0,
        )
        model.fit(x, y)
        said = {"iterations": len(y), "note": "batches of one row"}
        return np.append(model.coef_, model.intercept_), said

    return fit


protocol.serve(prepare, f"scikit-learn {sklearn.__version__}")
