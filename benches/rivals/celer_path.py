"""celer: working sets with dual extrapolation. L1 alone, and without an intercept."""

import celer
import numpy as np

import protocol


def prepare(request, x, y):
    if request["l1_ratio"] != 1.0:
        raise protocol.Skipped("no elastic net")
    x, signs = np.asfortranarray(x, dtype=np.float64), np.where(y > 0, 1.0, -1.0)
    alphas = np.array(request["path"]) * len(y)  # its loss is a sum
    said = {"intercept": False, "note": "fits no intercept: another problem"}

    def fit():
        options = protocol.option(request, "tol")
        _, coefficients, _ = celer.celer_path(
            x, signs, "logreg", alphas=alphas, use_PN=True, max_iter=1000, **options
        )
        return np.column_stack([coefficients.T, np.zeros(len(alphas))]), said

    return fit


protocol.serve(prepare, f"celer {celer.__version__}")
