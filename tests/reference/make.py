"""Reference fits of the tables in datasets/, for the tests of the programs and the solvers.

    python tests/reference/make.py         (scikit-learn 1.9.1, statsmodels 0.15.0, numpy, scipy)

writes <case>/expected.json beside this file. Each document states its columns, rows, encoding,
penalty in both conventions and software.

How a number here is made: columns are encoded (complete cases; categories drop their first level in
code-point order; columns in file order) and standardised with the population standard deviation,
dummies included. scikit-learn (or statsmodels) gives a first solution at a tolerance of 1e-10,
Newton's method polishes it on the standardised columns, with objective and gradient in extended
precision (numpy's longdouble) and the curvature in float64, until the gradient of the sum over rows
is below 1e-12. The result is rounded once to float64; `gradient_max` is measured before, and
`largest_difference_from_scikit_learn` says how far the library's own answer was. Longley is also
asserted against NIST's certified values.

The objective is `(1/n) sum(loss) + lambda/2 |w|^2`, intercept free; `objective_sum` is n times it,
which is scikit-learn's `sum(loss) + 1/(2C) |w|^2` with `lambda = 1/(C n)`. The loss of a linear fit
is `(y - z)^2 / 2`, so `lambda = alpha/n` in terms of scikit-learn's `Ridge(alpha)`.
"""

import csv
import json
import pathlib
import platform
import tomllib
import warnings

import numpy as np
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score

HERE = pathlib.Path(__file__).resolve().parent
DATASETS = HERE.parent.parent / "datasets"
MISSING = {"", "NA"}
L = np.longdouble

MAPPINGS = {
    "l2": "lambda = 1/(C n); scikit-learn minimises sum(loss) + 1/(2C) |w|^2",
    "ridge": "lambda = alpha/n; scikit-learn's Ridge minimises |y - z|^2 + alpha |w|^2",
    "none": "lambda = 0; scikit-learn's C = inf",
}

# NIST Statistical Reference Datasets, Longley (higher level of difficulty, observed data):
# certified values. https://www.itl.nist.gov/div898/strd/lls/data/Longley.shtml
NIST_LONGLEY = {
    "estimates": [
        "-3482258.63459582", "15.0618722713733", "-0.358191792925910E-01", "-2.02022980381683",
        "-1.03322686717359", "-0.511041056535807E-01", "1829.15146461355",
    ],
    "standard_errors": [
        "890420.383607373", "84.9149257747669", "0.334910077722432E-01", "0.488399681651699",
        "0.214274163161675", "0.226073200069370", "455.478499142212",
    ],
    "residual_standard_deviation": "304.854073561965",
    "r_squared": "0.995479004577296",
}  # fmt: skip


# -- table to design ------------------------------------------------------------------------------


class Design:
    """Complete cases of a table, encoded and standardised."""

    def __init__(self, entry, target, drop):
        with (DATASETS / entry["file"]).open(encoding="utf-8", newline="") as file:
            header, *body = csv.reader(file)
        kept = [name for name in header if name not in drop]
        read = [[row[header.index(name)] for name in kept] for row in body]
        rows = [row for row in read if not MISSING & set(row)]
        at = kept.index(target)
        self.target = [row[at] for row in rows]
        self.rows, self.rows_dropped = len(rows), len(read) - len(rows)
        names, values = [], []
        for j, name in enumerate(kept):
            cells = [row[j] for row in rows]
            if name == target:
                continue
            if name in entry["categorical"]:
                for level in sorted(set(cells))[1:]:
                    names.append(f"{name}={level}")
                    values.append([float(cell == level) for cell in cells])
            else:
                names.append(name)
                values.append([float(cell) for cell in cells])
        self.columns = names
        self.raw = np.array(values).T
        exact = self.raw.astype(L)
        self.mean = exact.mean(axis=0)
        self.scale = np.sqrt(((exact - self.mean) ** 2).mean(axis=0))
        self.x = (exact - self.mean) / self.scale

    def original(self, w, b):
        """Coefficients and intercept on the scale of the table."""
        w = w / self.scale
        return w, b - (w * self.mean).sum()


# -- the polish -----------------------------------------------------------------------------------


def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def binary(design, y, lam):
    """Sum objective, gradient and curvature at theta = (w, b)."""
    n = design.rows
    x = np.column_stack([design.x, np.ones(n, dtype=L)])
    ridge = np.append(np.full(design.x.shape[1], lam * n, dtype=L), L(0))

    def evaluate(theta):
        z = x @ theta
        value = (softplus(z) - y * z).sum() + (ridge * theta**2).sum() / 2
        p = 1 / (1 + np.exp(-z))
        gradient = x.T @ (p - y) + ridge * theta
        x64 = x.astype(float)
        curvature = (x64.T * (p * (1 - p)).astype(float)) @ x64 + np.diag(ridge.astype(float))
        return value, gradient, curvature

    return evaluate


def squared(design, y, lam):
    n = design.rows
    x = np.column_stack([design.x, np.ones(n, dtype=L)])
    ridge = np.append(np.full(design.x.shape[1], lam * n, dtype=L), L(0))
    curvature = x.astype(float).T @ x.astype(float) + np.diag(ridge.astype(float))

    def evaluate(theta):
        error = x @ theta - y
        value = (error**2).sum() / 2 + (ridge * theta**2).sum() / 2
        return value, x.T @ error + ridge * theta, curvature

    return evaluate


def multinomial(design, codes, classes, lam):
    """theta is class-major, `[classes x (p + 1)]`, the intercept last in each class."""
    n, p = design.x.shape
    x = np.column_stack([design.x, np.ones(n, dtype=L)])
    y = np.eye(classes)[codes]
    ridge = np.tile(np.append(np.full(p, lam * n, dtype=L), L(0)), classes)

    def evaluate(theta):
        z = x @ theta.reshape(classes, p + 1).T
        top = z.max(axis=1, keepdims=True)
        e = np.exp(z - top)
        total = e.sum(axis=1, keepdims=True)
        value = (np.log(total) + top)[:, 0].sum() - (y * z).sum() + (ridge * theta**2).sum() / 2
        prob = e / total
        gradient = ((prob - y).T @ x).ravel() + ridge * theta
        x64, p64 = x.astype(float), prob.astype(float)
        blocks = [
            [(x64.T * (p64[:, j] * ((j == k) - p64[:, k]))) @ x64 for k in range(classes)]
            for j in range(classes)
        ]
        return value, gradient, np.block(blocks) + np.diag(ridge.astype(float))

    return evaluate


def polish(evaluate, theta, target=1e-12):
    """Newton steps until the gradient stops shrinking; smallest-norm steps, so that the direction
    in which the multinomial's intercepts may shift together is left alone."""
    theta = np.asarray(theta, dtype=L)
    best = None
    for _ in range(60):
        value, gradient, curvature = evaluate(theta)
        size = float(np.abs(gradient).max())
        if best is not None and size >= best[0] and best[0] < target:
            break
        best = (size, theta, value)
        step = np.linalg.lstsq(curvature, gradient.astype(float), rcond=1e-13)[0]
        theta = theta - step
    size, theta, value = best
    assert size < target, f"gradient {size}"
    return theta, value, size


# -- documents ------------------------------------------------------------------------------------


def floats(values):
    return [float(value) for value in values]


def scales(design, w, b):
    original, intercept = design.original(w, b)
    return {
        "intercept": float(intercept),
        "coefficients": floats(original),
        "standardized": {"intercept": float(b), "coefficients": floats(w)},
    }


def penalty(kind, n, strength):
    """`strength` is C for l2 and alpha for ridge."""
    lam, own = 0.0, {}
    if kind == "l2":
        lam, own = 1 / (strength * n), {"c": strength}
    elif kind == "ridge":
        lam, own = strength / n, {"alpha": strength}
    return {"kind": kind, "lambda": lam, "l1_ratio": 0.0, **own, "mapping": MAPPINGS[kind]}


def fit(design, penalty, theta, value, size, library):
    return {
        "penalty": penalty,
        "objective": float(value / design.rows),
        "objective_sum": float(value),
        "gradient_max": size,
        "largest_difference_from_scikit_learn": float(np.abs(theta - library).max()),
    }


def standard_errors(design, result):
    """Those of the table's scale, from a statsmodels fit (constant first) on the standardised
    columns, where fewer digits are lost to a year or a population count."""
    p = len(design.columns)
    jacobian = np.zeros((p + 1, p + 1))
    jacobian[0, 0] = 1
    jacobian[0, 1:] = -(design.mean / design.scale).astype(float)
    jacobian[1:, 1:] = np.diag((1 / design.scale).astype(float))
    se = np.sqrt(np.diag(jacobian @ result.cov_params() @ jacobian.T))
    return {"intercept": float(se[0]), "coefficients": floats(se[1:])}


def binary_fit(design, y, kind, strength=None):
    pen = penalty(kind, design.rows, strength)
    c = np.inf if kind == "none" else strength
    model = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-10, max_iter=1000)
    x = design.x.astype(float)
    model.fit(x, y)
    library = np.append(model.coef_[0], model.intercept_[0])
    lam = L(0) if kind == "none" else 1 / (L(strength) * design.rows)
    theta, value, size = polish(binary(design, y, lam), library)
    w, b = theta[:-1], theta[-1]
    z = design.x @ w + b
    document = fit(design, pen, theta, value, size, library) | scales(design, w, b)
    document["log_loss"] = float((softplus(z) - y * z).mean())
    document["auc"] = float(roc_auc_score(y, z.astype(float)))
    document["accuracy"] = float(((z >= 0) == (y == 1)).mean())
    if kind == "none":
        columns = sm.add_constant(x)
        result = sm.Logit(y, columns).fit(start_params=np.append(b, w).astype(float), disp=0)
        assert np.allclose(result.params, np.append(b, w).astype(float), rtol=1e-9)
        document["statsmodels"] = {
            "standard_errors": standard_errors(design, result),
            "log_likelihood": float(result.llf),
        }
    return document


def multinomial_fit(design, labels, codes, strength):
    classes = len(labels)
    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10, max_iter=1000)
    model.fit(design.x.astype(float), codes)
    library = np.column_stack([model.coef_, model.intercept_ - model.intercept_.mean()])
    lam = 1 / (L(strength) * design.rows)
    evaluate = multinomial(design, codes, classes, lam)
    theta, value, size = polish(evaluate, library.ravel())
    theta = theta.reshape(classes, -1)
    theta[:, -1] -= theta[:, -1].mean()
    assert np.abs(theta.sum(axis=0)).max() < 1e-13  # symmetric
    z = design.x @ theta[:, :-1].T + theta[:, -1]
    loss = (value - lam * design.rows * (theta[:, :-1] ** 2).sum() / 2) / design.rows
    pen = penalty("l2", design.rows, strength)
    document = fit(design, pen, theta, value, size, library)
    document["parametrisation"] = (
        "one set of coefficients a class; the standardised ones, intercepts included, sum to zero"
        " over the classes"
    )
    document["classes"] = [
        {"label": label} | scales(design, row[:-1], row[-1]) for label, row in zip(labels, theta)
    ]
    document["log_loss"] = float(loss)
    document["accuracy"] = float((z.argmax(axis=1) == codes).mean())
    return document


def linear_fit(design, y, kind, strength=None):
    pen = penalty(kind, design.rows, strength)
    model = LinearRegression() if kind == "none" else Ridge(alpha=strength, solver="cholesky")
    model.fit(design.x.astype(float), y)
    library = np.append(model.coef_, model.intercept_)
    lam = L(0) if kind == "none" else L(strength) / design.rows
    # The target's unit is in the gradient, so its rounding is too.
    target = 1e-12 * max(1.0, float(np.abs(y).max()))
    theta, value, size = polish(squared(design, y, lam), library, target)
    w, b = theta[:-1], theta[-1]
    residual = y - (design.x @ w + b)
    document = fit(design, pen, theta, value, size, library) | scales(design, w, b)
    document["mse"] = float((residual**2).mean())
    document["r2"] = float(1 - (residual**2).sum() / ((y - y.astype(L).mean()) ** 2).sum())
    if kind == "none":
        result = sm.OLS(y, sm.add_constant(design.x.astype(float))).fit()
        document["statsmodels"] = {
            "standard_errors": standard_errors(design, result),
            "residual_standard_deviation": float(np.sqrt(result.mse_resid)),
        }
    return document


def head(case, entry, task, target, design):
    return {
        "case": case,
        "table": entry["name"],
        "sha256": entry["sha256"],
        "script": "tests/reference/make.py",
        "software": {
            "scikit-learn": sklearn.__version__,
            "statsmodels": statsmodels.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "python": platform.python_version(),
        },
        "task": task,
        "target": target,
        "encoding": "complete cases; categories drop their first level in code-point order; columns"
        " in file order; standardised with the population standard deviation, dummies included",
        "rows": {"used": design.rows, "dropped_missing": design.rows_dropped},
        "columns": design.columns,
        "mean": floats(design.mean),
        "scale": floats(design.scale),
    }


def case(name, table, task=None, target=None, fits=()):
    catalog = tomllib.loads((DATASETS / "catalog.toml").read_text(encoding="utf-8"))["table"]
    entry = next(entry for entry in catalog if entry["name"] == table)
    task, target = task or entry["task"], target or entry["target"]
    design = Design(entry, target, entry["drop"])
    document = head(name, entry, task, target, design)
    if task == "binary":
        document["positive"] = entry["positive"]
        y = np.array([float(label == entry["positive"]) for label in design.target])
        document["positives"] = int(y.sum())
        document["fits"] = {
            key: binary_fit(design, y, kind, strength) for key, kind, strength in fits
        }
    elif task == "multinomial":
        labels = sorted(set(design.target))
        document["labels"] = labels
        codes = np.array([labels.index(label) for label in design.target])
        document["fits"] = {
            key: multinomial_fit(design, labels, codes, strength) for key, _, strength in fits
        }
    else:
        y = np.array(design.target, dtype=float)
        document["fits"] = {
            key: linear_fit(design, y, kind, strength) for key, kind, strength in fits
        }
    return document


def longley():
    document = case("longley", "longley", fits=[("none", "none", None)])
    found = document["fits"]["none"]
    estimates = [found["intercept"], *found["coefficients"]]
    errors = found["statsmodels"]["standard_errors"]
    errors = [errors["intercept"], *errors["coefficients"]]
    assert np.allclose(estimates, floats(NIST_LONGLEY["estimates"]), rtol=2e-14, atol=0)
    assert np.allclose(errors, floats(NIST_LONGLEY["standard_errors"]), rtol=1e-11, atol=0)
    document["nist_certified"] = {
        "source": "NIST Statistical Reference Datasets, Longley; intercept first",
        "estimates": NIST_LONGLEY["estimates"],
        "standard_errors": NIST_LONGLEY["standard_errors"],
        "residual_standard_deviation": NIST_LONGLEY["residual_standard_deviation"],
        "r_squared": NIST_LONGLEY["r_squared"],
    }
    return document


def main():
    warnings.simplefilter("error")
    l2, none = ("l2_c1", "l2", 1.0), ("none", "none", None)
    documents = [
        # Completely separable: there is no finite fit without a penalty.
        case("breast_cancer", "breast_cancer", fits=[l2]),
        case("penguins", "penguins", fits=[l2, none]),
        case("anes96", "anes96", fits=[l2, none]),
        case("challenger", "challenger", fits=[l2, none]),
        # setosa, and every class of wine, is separable: no finite fit without a penalty.
        case("iris", "iris", fits=[l2]),
        case("wine", "wine", fits=[l2]),
        longley(),
        case(
            "penguins_mass",
            "penguins",
            task="linear",
            target="body_mass_g",
            fits=[("ridge_alpha1", "ridge", 1.0), none],
        ),
    ]
    for document in documents:
        folder = HERE / document["case"]
        folder.mkdir(exist_ok=True)
        text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
        (folder / "expected.json").write_text(text + "\n", encoding="utf-8")
        for key, found in document["fits"].items():
            print(
                f"{document['case']:14} {key:13} objective {found['objective']:.15g}"
                f"  gradient {found['gradient_max']:.1e}"
                f"  scikit-learn {found['largest_difference_from_scikit_learn']:.1e}"
            )


if __name__ == "__main__":
    main()
