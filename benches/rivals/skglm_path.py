"""skglm: working sets and proximal Newton, compiled by numba (the first fit compiles; untimed)."""

from importlib.metadata import version

import numpy as np
from skglm.estimators import SparseLogisticRegression

import protocol


def prepare(request, x, y):
    x = np.asfortranarray(x)
    options = {"l1_ratio": request["l1_ratio"], "warm_start": True, "max_iter": 1000,
               **protocol.option(request, "tol")}

    def fit():
        model = SparseLogisticRegression(**options)
        rows, iterations = [], 0
        for penalty in request["path"]:
            model.alpha = penalty
            model.fit(x, y)
            iterations += int(np.max(model.n_iter_))
            rows.append(np.append(model.coef_, model.intercept_))
        return rows, {"iterations": iterations}

    SparseLogisticRegression(alpha=request["path"][0], **options).fit(x, y)
    return fit


protocol.serve(prepare, f"skglm {version('skglm')}")
