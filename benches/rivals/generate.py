"""Makes the data that every rival fits: `python generate.py FOLDER NAME ROWS COLUMNS KIND`.

KIND is `dense` (correlated columns of several distributions), `categories` (a credit table's shape:
dummies of categorical columns beside a few numbers), `expression` (more columns than rows, in
correlated blocks, as gene expression), `text` (few numbers of a row are not zero), or the path of a CSV file whose last column is the target
(its label first in code-point order is 0). For `text` written are x.svm (svmlight's format, positions from 0) and
y.npy; otherwise x.npy (float32, row-major, every column
standardised), y.npy (float32, 0 or 1) and data.json: `lambda_max`, the smallest L1 penalty that
leaves every coefficient zero. The same arguments give the same bytes.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

SEED = 20_260_101
BLOCK = 50_000  # rows made at a time


def dense(rng, rows, columns):
    """Neighbours correlate by 0.5; a third of the columns is skewed, a fifth is 0 or 1."""
    x = np.empty((rows, columns), dtype=np.float32)
    for start in range(0, rows, BLOCK):
        z = rng.standard_normal((min(BLOCK, rows - start), columns))
        for j in range(1, columns):
            z[:, j] = 0.5 * z[:, j - 1] + np.sqrt(0.75) * z[:, j]
        z[:, ::3] = np.exp(0.5 * z[:, ::3])
        z[:, 1::5] = z[:, 1::5] > 0.8
        x[start : start + BLOCK] = z
    return x, rng.standard_normal(columns)


def categories(rng, rows, columns):
    """Seven numbers, the rest dummies of four-level factors."""
    x = np.empty((rows, columns), dtype=np.float32)
    x[:, :7] = np.exp(0.5 * rng.standard_normal((rows, 7)))
    for start in range(7, columns, 3):
        levels = rng.choice(4, size=rows, p=[0.4, 0.3, 0.2, 0.1])
        for level, j in enumerate(range(start, min(start + 3, columns)), start=1):
            x[:, j] = levels == level
    return x, rng.standard_normal(columns) * (rng.random(columns) < 0.4)


def expression(rng, rows, columns):
    """Blocks of fifty columns share a factor; fifty columns matter."""
    factors = rng.standard_normal((rows, columns // 50 + 1))
    x = 0.7 * np.repeat(factors, 50, axis=1)[:, :columns]
    x = x + 0.7 * rng.standard_normal((rows, columns))
    beta = np.zeros(columns)
    beta[rng.choice(columns, 50, replace=False)] = rng.standard_normal(50)
    return x.astype(np.float32), beta


def text(rng, rows, columns):
    """Words drawn by Zipf's law, about 38 a row, weighted by tf-idf; rows of length one; 2,300 words matter."""
    share = np.cumsum(1.0 / (np.arange(columns) + 10.0))
    lists, counts = [], []
    for _ in range(rows):
        words = np.searchsorted(share, share[-1] * rng.random(max(1, rng.poisson(38))))
        positions, times = np.unique(np.minimum(words, columns - 1), return_counts=True)
        lists.append(positions)
        counts.append(times)
    frequency = np.bincount(np.concatenate(lists), minlength=columns)
    values = []
    for positions, times in zip(lists, counts):
        value = (1.0 + np.log(times)) * (1.0 + np.log((1.0 + rows) / (1.0 + frequency[positions])))
        values.append(value / np.sqrt(np.sum(value**2)))
    beta = np.zeros(columns)
    beta[rng.choice(columns, min(2_000, columns), replace=False)] = rng.standard_normal(min(2_000, columns))
    common = rng.choice(min(3_000, columns), min(300, columns), replace=False)
    beta[common] += rng.standard_normal(len(common))
    z = np.array([value @ beta[positions] for positions, value in zip(lists, values)])
    y = (rng.random(rows) < 1.0 / (1.0 + np.exp(-3.0 * z / z.std()))).astype(np.float32)
    return lists, values, y


def write_svmlight(folder, lists, values, y):
    """x.svm, positions from 0, and y.npy."""
    np.save(folder / "y.npy", y)
    with open(folder / "x.svm.part", "w") as file:
        for positions, row, label in zip(lists, values, y):
            cells = " ".join(f"{j}:{v!r}" for j, v in zip(positions.tolist(), row.tolist()))
            file.write(f"{int(label)} {cells}\n")
    (folder / "x.svm.part").rename(folder / "x.svm")  # last: its presence means complete


def labels(rng, x, beta):
    """Drawn with log-odds of standard deviation 2 around -0.5."""
    z = x.astype(np.float32) @ beta.astype(np.float32)
    z = 2.0 * (z - z.mean()) / z.std() - 0.5
    return (rng.random(len(z)) < 1.0 / (1.0 + np.exp(-z))).astype(np.float32)


def table(path):
    """A CSV file of numbers with the target in its last column."""
    with open(path, newline="") as file:
        _, *rows = csv.reader(file)
    names = sorted({row[-1] for row in rows})
    x = np.array([row[:-1] for row in rows], dtype=np.float64)
    return x, np.array([names.index(row[-1]) for row in rows], dtype=np.float32)


def standardise(x):
    """In place, by columns in float64, block by block."""
    blocks = [slice(start, start + BLOCK) for start in range(0, len(x), BLOCK)]
    mean = sum(x[b].sum(axis=0, dtype=np.float64) for b in blocks) / len(x)
    square = sum(((x[b] - mean) ** 2).sum(axis=0) for b in blocks) / len(x)
    for b in blocks:
        x[b] = (x[b] - mean) / np.where(square > 0, np.sqrt(square), 1.0)


def main(folder, name, rows, columns, kind):
    if kind == "text":
        target = Path(folder) / name
        target.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng([SEED, rows, columns])
        return write_svmlight(target, *text(rng, rows, columns))
    kinds = {"dense": dense, "categories": categories, "expression": expression}
    if kind in kinds:
        rng = np.random.default_rng([SEED, rows, columns])
        x, beta = kinds[kind](rng, rows, columns)
        standardise(x)
        y = labels(rng, x, beta)
    else:
        x, y = table(kind)
        standardise(x)
    assert x.shape == (rows, columns), f"{kind} is {x.shape}, not {(rows, columns)}"
    target = Path(folder) / name
    target.mkdir(parents=True, exist_ok=True)
    np.save(target / "y.npy", y)
    gradient = x.T @ (y - y.mean()) / len(y)
    (target / "data.json").write_text(json.dumps({"lambda_max": float(np.abs(gradient).max())}))
    np.save(target / "x.npy.part", x.astype(np.float32))
    (target / "x.npy.part.npy").rename(target / "x.npy")  # last: its presence means complete


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
