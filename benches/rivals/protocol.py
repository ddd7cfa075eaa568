"""What every adapter shares: a JSON line in, timed fits, a JSON line out.

The request, one line on standard input:

    {"x": "x.npy", "y": "y.npy", "solver": "lbfgs", "precision": "f32", "tolerance": null,
     "lambda": 1e-6, "l1_ratio": 0.0, "path": null, "columns": 28, "intercept": true, "threads": 2,
     "repeats": 5, "budget": 60.0, "out": "coefficients.npy"}

`x` may also be a file in svmlight's format (positions from 0, labels of no meaning), for sparse rows; `intercept` is
then false. Minimised is (1/n) sum of log losses + lambda * ((1 - l1_ratio)/2 |b|^2 + l1_ratio |b|_1), the
intercept free. `path` lists decreasing lambdas to fit one after the other instead of one. `tolerance`
is the library's own, null its default. Where there is a `batch_size`, one pass over the rows in random
order is asked for instead of a fit, from zero, a step of `learning_rate` for each batch.

The reply, one line on standard output:

    {"seconds": [0.61, 0.59], "iterations": 9, "version": "scikit-learn 1.9.1"}

with, where there is something to say, `note`, `phases` (seconds of parts that are no part of the
fit), `lambda` (the penalty it was really fitted with), `intercept_scaling` (liblinear's: the intercept
is penalised as the coefficient of a column of this constant) and `intercept` (false where none is
fitted), so that its gradient is judged on its own terms. `{"skipped": "why"}` is a reply too.
The coefficients go to `out`: float64, one row a fit, intercept last.
"""

import json
import sys
import time
import warnings

import numpy as np


class Skipped(Exception):
    """This library cannot fit this problem; the message says why."""


def serve(prepare, version):
    """Answer one request.

    `prepare(request, x, y)` may copy and convert as the library likes best, outside the timer, and
    returns a function that fits once. That returns the coefficients ([columns + 1], or one row for
    each penalty of a path) and what the reply should say besides.
    """
    warnings.simplefilter("ignore")  # that a fit stopped early is for the judge to say
    request = json.loads(sys.stdin.readline())
    x, y = rows(request["x"], request["columns"]), np.load(request["y"])
    try:
        fit = prepare(request, x.astype(dtype(request), copy=False), y)
        reply = {"version": version, **timed(fit, request)}
    except Skipped as reason:
        reply = {"skipped": str(reason), "version": version}
    print(json.dumps(reply), flush=True)


def rows(path, columns):
    """The rows of a file: an array, or compressed sparse rows."""
    if str(path).endswith(".npy"):
        return np.load(path)
    from sklearn.datasets import load_svmlight_file

    return load_svmlight_file(str(path), n_features=columns, zero_based=True)[0]


def timed(fit, request):
    """Fits as often as asked for, fewer times where the next one would exceed the budget."""
    seconds, begin = [], time.perf_counter()
    for _ in range(request["repeats"]):
        start = time.perf_counter()
        coefficients, said = fit()
        end = time.perf_counter()
        seconds.append(end - start)
        if end - begin + seconds[-1] > request["budget"]:
            break
    np.save(request["out"], np.atleast_2d(np.asarray(coefficients, dtype=np.float64)))
    return {"seconds": seconds, **said}


def dtype(request):
    """The type of the rows asked for."""
    return np.float32 if request["precision"] == "f32" else np.float64


def option(request, name):
    """`{name: tolerance}`, or nothing where the library's default is asked for."""
    return {} if request["tolerance"] is None else {name: request["tolerance"]}


def c_of(request, rows):
    """The penalty in the convention of scikit-learn and liblinear: C = 1 / (lambda * rows)."""
    return 1.0 / (request["lambda"] * rows)
