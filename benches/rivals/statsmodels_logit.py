"""statsmodels' Logit, by Newton's method. It has no L2 penalty: judged at lambda = 0."""

import numpy as np
import statsmodels
import statsmodels.api as sm

import protocol

NEGLIGIBLE = 1e-5  # a larger lambda makes another problem


def prepare(request, x, y):
    if request["lambda"] > NEGLIGIBLE:
        raise protocol.Skipped("no L2 penalty")
    x = sm.add_constant(x, prepend=False)
    options = {"maxiter": 1000, "disp": False, **protocol.option(request, "tol")}

    def fit():
        # The fit alone: its constructor checks the rank by a singular value decomposition, and the
        # covariance that it adds to the result is left out.
        model = sm.Logit(y, x, check_rank=False)
        found = model.fit(method="newton", skip_hessian=True, **options)
        said = {"iterations": int(found.mle_retvals["iterations"]), "lambda": 0.0, "note": "no penalty"}
        return np.asarray(found.params), said

    return fit


protocol.serve(prepare, f"statsmodels {statsmodels.__version__}")
