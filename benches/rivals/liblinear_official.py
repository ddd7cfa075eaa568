"""LIBLINEAR itself, by its own Python package: trust-region Newton with a free intercept (-R)."""

from importlib.metadata import version

import numpy as np
from liblinear.liblinear import liblinear, parameter, problem, toPyModel
from scipy import sparse

import protocol


def prepare(request, x, y):
    c = protocol.c_of(request, len(y))
    tolerance = "" if request["tolerance"] is None else f"-e {request['tolerance']}"
    # Its rows are lists of (column, value); they are made outside the timer.
    rows = problem(np.where(y > 0, 1.0, -1.0), sparse.csr_matrix(x.astype(np.float64)), bias=1.0)
    options = parameter(f"-s 0 -c {c!r} {tolerance} -B 1 -R -q")

    def fit():
        model = toPyModel(liblinear.train(rows, options))
        (beta, bias), sign = model.get_decfun(), 1.0 if model.get_labels()[0] > 0 else -1.0
        return sign * np.append(beta, bias), {}

    return fit


protocol.serve(prepare, f"liblinear-official {version('liblinear-official')}")
