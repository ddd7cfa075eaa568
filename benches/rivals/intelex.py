"""scikit-learn-intelex: scikit-learn's lbfgs on oneDAL's objective."""

from importlib.metadata import version

import numpy as np
from sklearnex.linear_model import LogisticRegression

import protocol


def prepare(request, x, y):
    model = LogisticRegression(
        C=protocol.c_of(request, len(y)), solver="lbfgs", max_iter=10_000,
        **protocol.option(request, "tol"),
    )
    x = np.ascontiguousarray(x)

    def fit():
        model.fit(x, y)
        return np.append(model.coef_, model.intercept_), {"iterations": int(model.n_iter_[0])}

    return fit


protocol.serve(prepare, f"scikit-learn-intelex {version('scikit-learn-intelex')}")
