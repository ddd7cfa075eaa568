"""glum: iteratively reweighted least squares (ridge) or coordinate descent (elastic net)."""

import glum
import numpy as np
from glum import GeneralizedLinearRegressor

import protocol


def prepare(request, x, y):
    x, y = np.asfortranarray(x), y.astype(x.dtype)  # its dense matrix is column-major
    options = {
        "family": "binomial", "l1_ratio": request["l1_ratio"], "max_iter": 10_000,
        "copy_X": False, "check_input": True, **protocol.option(request, "gradient_tol"),
    }

    def fit():
        model = GeneralizedLinearRegressor(alpha=request["lambda"], **options).fit(x, y)
        return np.append(model.coef_, model.intercept_), {"iterations": int(model.n_iter_)}

    def fit_path():
        options["warm_start"] = True
        model = GeneralizedLinearRegressor(**options)
        found, iterations = [], 0
        for penalty in request["path"]:
            model.alpha = penalty
            model.fit(x, y)
            iterations += int(model.n_iter_)
            found.append(np.append(model.coef_, model.intercept_))
        return found, {"iterations": iterations}

    return fit_path if request["path"] else fit


protocol.serve(prepare, f"glum {glum.__version__}")
