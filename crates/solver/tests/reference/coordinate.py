"""Elastic-net fits by scikit-learn, for tests/numerics/references.rs.

Run with numpy and scikit-learn installed; writes coordinate.json beside this file. The rows come from a linear
congruential generator that the Rust test repeats to the bit.

Penalties: scikit-learn minimises sum(loss) + (1/C) * [...], so C = 1 / (lambda * rows); ElasticNet's alpha is
lambda. Solvers: saga and coordinate descent at the tightest tolerance that they still move for.
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import ElasticNet, LogisticRegression

warnings.filterwarnings("ignore", category=FutureWarning)


def numbers(count, seed):
    """Numbers in (-1, 1): Knuth's MMIX generator, its upper 32 bits."""
    state, found = seed, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        found.append((state >> 32) / 2.0**31 - 1.0)
    return np.array(found)


def rows(count, columns, seed):
    return numbers(count * columns, seed).reshape(count, columns)


def main():
    fits = []
    for count, columns in [(60, 8), (30, 40)]:
        x = rows(count, columns, 1)
        noise = numbers(count, 2)
        score = 3.0 * x[:, 0] - 2.0 * x[:, 1] + x[:, 2] + noise
        binary = (score > 0.2).astype(float)
        classes = (score > -0.8).astype(int) + (score > 0.8)
        for lam in [0.05, 0.01]:
            for ratio in [1.0, 0.5]:
                if count == 30 and lam == 0.01:
                    continue
                common = dict(
                    C=1.0 / (lam * count), l1_ratio=ratio, solver="saga", tol=1e-15, max_iter=2_000_000
                )
                for loss, y in [("binary", binary), ("multinomial", classes)]:
                    model = LogisticRegression(**common).fit(x, y)
                    theta = np.hstack([model.coef_, model.intercept_[:, None]])
                    fits.append(dict(loss=loss, rows=count, columns=columns, penalty=lam, l1_ratio=ratio,
                                     theta=theta.ravel().tolist()))
                model = ElasticNet(alpha=lam, l1_ratio=ratio, tol=1e-16, max_iter=1_000_000).fit(x, score)
                fits.append(dict(loss="linear", rows=count, columns=columns, penalty=lam, l1_ratio=ratio,
                                 theta=[*model.coef_.tolist(), float(model.intercept_)]))
    text = json.dumps(dict(software=f"scikit-learn {sklearn.__version__}, numpy {np.__version__}", fits=fits),
                      indent=1)
    pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")


if __name__ == "__main__":
    main()
