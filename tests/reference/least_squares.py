"""Least-squares problems as hard as NIST's, with their exact solutions.

    python tests/reference/least_squares.py         (numpy 2.4)

writes least_squares.json beside this file. Each problem is a polynomial in x; its cells are the powers
x, x*x, (x*x)*x … in float64, each product rounded once. The solution is that of the cells *as rounded*,
in rational arithmetic (fractions), rounded once to float64: nothing is lost by forming the powers, so a
method may be asked for all digits. `numpy_digits` is what numpy's QR reaches on the same cells:
-log10 of the largest relative error of a coefficient.

The objective is `(1/W) sum w (y - o - z)^2 / 2 + lambda/2 |b|^2`, with the intercept free and last.
"""

import json
import math
import pathlib
import platform
import random
from fractions import Fraction

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent


def powers(x, degree):
    """x, x², … as float64, by repeated multiplication."""
    cells = [x]
    while len(cells) < degree:
        cells.append(cells[-1] * x)
    return cells


def exact(rows, y, weights, ridge, intercept):
    """The normal equations solved in rational arithmetic; `ridge` is lambda times the sum of weights."""
    rows = [[Fraction(c) for c in row] + [Fraction(1)] * intercept for row in rows]
    n = len(rows[0])
    gram = [[sum(w * r[i] * r[j] for w, r in zip(weights, rows)) for j in range(n)] for i in range(n)]
    moments = [sum(w * r[i] * t for w, r, t in zip(weights, rows, y)) for i in range(n)]
    for j in range(n - intercept):
        gram[j][j] += ridge
    for k in range(n):
        for i in range(k + 1, n):
            factor = gram[i][k] / gram[k][k]
            gram[i] = [a - factor * b for a, b in zip(gram[i], gram[k])]
            moments[i] -= factor * moments[k]
    x = [Fraction(0)] * n
    for k in reversed(range(n)):
        x[k] = (moments[k] - sum(gram[k][j] * x[j] for j in range(k + 1, n))) / gram[k][k]
    return x


def by_numpy(rows, y, offsets, weights, ridge, intercept):
    """numpy's QR of the weighted rows, and of the penalty's."""
    a = np.array([row + [1.0] * intercept for row in rows])
    root = np.sqrt(np.array(weights))
    b = (np.array(y) - np.array(offsets)) * root
    a = a * root[:, None]
    if ridge > 0:
        extra = np.zeros((a.shape[1] - intercept, a.shape[1]))
        np.fill_diagonal(extra, math.sqrt(ridge))
        a, b = np.vstack([a, extra]), np.concatenate([b, np.zeros(len(extra))])
    q, r = np.linalg.qr(a)
    return np.linalg.solve(r, q.T @ b)


def problem(name, x, degree, y, *, weights=None, offsets=None, ridge=0.0, intercept=True):
    """One problem with its solution. `ridge` is lambda."""
    w = weights or [1.0] * len(x)
    o = offsets or [0.0] * len(x)
    rows = [powers(v, degree) for v in x]
    total = sum(Fraction(v) for v in w)
    targets = [Fraction(a) - Fraction(b) for a, b in zip(y, o)]
    solution = exact(rows, targets, [Fraction(v) for v in w], Fraction(ridge) * total, intercept)
    found = by_numpy(rows, y, o, w, ridge * float(total), intercept)
    errors = [abs(float((Fraction(a) - b) / b)) for a, b in zip(found.tolist(), solution)]
    return {
        "name": name,
        "degree": degree,
        "intercept": intercept,
        "lambda": ridge,
        "x": x,
        "y": y,
        "weights": weights,
        "offsets": offsets,
        "coefficients": [float(v) for v in solution],
        "numpy_digits": -math.log10(max(max(errors), 1e-17)),
    }


def main():
    draw = random.Random(20260101)
    noise = lambda size: size * draw.uniform(-1, 1)
    between = lambda low, high, count: [round(draw.uniform(low, high), 9) for _ in range(count)]
    # 1. Degree ten on -9 … -3, as Filip's: a condition of 5e9 once columns are scaled.
    narrow = between(-8.9, -3.1, 82)
    wave = [round(0.85 + 0.05 * math.sin(v) + noise(0.004), 4) for v in narrow]
    # 2. Degree seven at 0 … 30, met exactly: every cell and target is an integer below 2^53.
    integers = [float(i) for i in range(31)]
    met = [float(sum(int(v) ** k for k in range(8))) for v in integers]
    # 3. A quadratic on a load cell's range, as Pontius's.
    load = [150000.0 * (i + 1) for i in range(20)] * 2
    cell = [round(7.32e-7 * v - 3.16e-15 * v * v + noise(2e-4), 5) for v in load]
    # 4. Seconds since 1970, a mean ten thousand times the spread.
    seconds = [1_700_000_000.0 + 3600.0 * i for i in range(48)]
    drift = [round(20 + 1e-5 * (v - 1.7e9) + noise(1.0), 3) for v in seconds]
    # 5. Weights over six orders of magnitude, offsets and a ridge at once.
    wide = between(0.0, 5.0, 60)
    heavy = [round(10.0 ** draw.uniform(-3, 3), 6) for _ in wide]
    shift = [round(noise(3.0), 3) for _ in wide]
    mixed = [round(1 + v - 0.3 * v**3 + noise(0.5), 4) for v in wide]
    # 6. No intercept.
    through = [60.0 + i for i in range(11)]
    line = [130.0 + i for i in range(11)]
    problems = [
        problem("degree ten", narrow, 10, wave),
        problem("degree seven, no residual", integers, 7, met),
        problem("load cell", load, 2, cell),
        problem("seconds since 1970", seconds, 1, drift),
        problem("weights, offsets and ridge", wide, 6, mixed, weights=heavy, offsets=shift, ridge=0.01),
        problem("through the origin", through, 3, line, intercept=False),
    ]
    document = {
        "made_by": "tests/reference/least_squares.py",
        "software": {"numpy": np.__version__, "python": platform.python_version()},
        "problems": problems,
    }
    lines = json.dumps(document).replace('{"name"', '\n{"name"').replace(', "coefficients"', ',\n  "coefficients"')
    (HERE / "least_squares.json").write_text(lines + "\n", encoding="utf-8")
    for p in problems:
        print(f"{p['name']:30} numpy {p['numpy_digits']:.1f} digits")


main()
