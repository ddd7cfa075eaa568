"""Cross-validated penalties: the same rows, folds and penalties for Kindling, scikit-learn and glum; one judge.

    python benches/rivals/cross_validation.py loans.csv --target default --positive yes

Every library is asked which of 100 penalties predicts best over 10 folds. Rows, folds and penalties are
Kindling's: `train search --group fold` holds out the same rows as the others' lists of them. Each library runs in
its own process with the same number of threads; timed is the search alone, the refit of scikit-learn and glum
included, which they do not make apart. Kindling's seconds hold the preprocessing of every fold; the others get a
matrix that was standardised once, over all rows.

The judge refits every fold at every ridge penalty by Newton's method in float64, from nothing, to a gradient of
1e-12, and says which penalty is best and how far everyone's losses are from those. Kindling's are judged on its own preprocessing, fitted anew on every fold; the others' on theirs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

PENALTIES = 100
FOLDS = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("table")
    parser.add_argument("--target", required=True)
    parser.add_argument("--positive", required=True)
    parser.add_argument("--train", default="target/release/train", help="Kindling's program")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rival", help="(for the script itself) run one rival on a folder")
    arguments = parser.parse_args()
    if arguments.rival:
        return rival(arguments)
    with tempfile.TemporaryDirectory() as folder:
        compare(arguments, Path(folder))


def compare(arguments, folder):
    """Kindling first, which says the penalties; then the others on them; then the judge."""
    frame, y, fold = divided(arguments)
    frame.assign(fold=[f"f{k}" for k in fold]).to_csv(folder / "table.csv", index=False)
    ours = kindling(arguments, folder)
    lambdas = np.array([score["lambda"] for score in ours["scores"]])
    mean = np.array([score["mean"] for score in ours["scores"]])
    np.savez(folder / "data.npz", x=standardised(design(frame, arguments)), y=y, fold=fold, lambdas=lambdas)
    found = [("Kindling", ours["seconds"], mean, judged(frame, arguments, y, fold, lambdas, by_fold=True))]
    theirs = judged(frame, arguments, y, fold, lambdas, by_fold=False)
    for name in ["scikit-learn", "glum"]:
        command = [sys.executable, __file__, *sys.argv[1:], "--rival", f"{name}:{folder}"]
        environment = {**os.environ, **{f"{pool}_NUM_THREADS": str(arguments.threads) for pool in ("OMP", "OPENBLAS")}}
        reply = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
        found.append((reply["version"], reply["seconds"], np.array(reply["mean"]), theirs))
    print(f"{len(y)} rows, {len(lambdas)} penalties, {FOLDS} folds, {arguments.threads} threads, ridge")
    print("| | best | median | penalty chosen | best by the judge | largest error of a mean loss |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, seconds, mean, truth in found:
        chosen, best = lambdas[np.nanargmin(mean)], lambdas[np.argmin(truth)]
        error = np.nanmax(np.abs(mean - truth))
        print(f"| {name} | {min(seconds):.3g} s | {np.median(seconds):.3g} s | {chosen:.4g} | {best:.4g} | {error:.0e} |")


def divided(arguments):
    """The table, its target as 0 and 1, and a fold for each row: classes dealt like cards."""
    import pandas

    frame = pandas.read_csv(arguments.table)
    y = (frame[arguments.target].astype(str) == arguments.positive).to_numpy(dtype=np.float64)
    order = np.random.default_rng(0).permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]
    fold = np.empty(len(y), dtype=int)
    fold[order] = np.arange(len(y)) % FOLDS
    return frame, y, fold


def design(frame, arguments):
    """One dummy for each level, the first in code-point order dropped; numbers as they are."""
    columns = []
    for name in frame.columns.drop(arguments.target):
        values = frame[name]
        if values.dtype.kind in "if":
            columns.append(values.to_numpy(dtype=np.float64))
        else:
            texts = values.astype(str).to_numpy()
            columns += [(texts == level).astype(np.float64) for level in sorted(set(texts))[1:]]
    return np.column_stack(columns)


def standardised(x, rows=None):
    """Columns less their means, over their population spreads, both of some rows."""
    part = x if rows is None else x[rows]
    spread = part.std(axis=0)
    return (x - part.mean(axis=0)) / np.where(spread > 0, spread, 1)


def kindling(arguments, folder):
    """`train search` on the table, as anybody would call it."""
    train = Path(arguments.train).resolve()
    command = [
        train, "search", "table.csv", "--target", arguments.target, "--positive", arguments.positive,
        "--group", "fold", "--folds", str(FOLDS), "--penalties", str(PENALTIES), "--threads", str(arguments.threads),
        "--format", "json", "--quiet", "--out", "run",
    ]
    seconds = []
    for _ in range(arguments.repeats):
        output = subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout
        report = json.loads(output)
        seconds.append(report["seconds"]["search"])
    return {"scores": report["trials"][0]["scores"], "seconds": seconds}


def rival(arguments):
    """One library: the search, timed, and the mean loss at every penalty."""
    warnings.simplefilter("ignore")
    name, folder = arguments.rival.split(":", 1)
    data = np.load(Path(folder) / "data.npz")
    x, y, fold, lambdas = (data[key] for key in ("x", "y", "fold", "lambdas"))
    parts = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(FOLDS)]
    run = {"scikit-learn": scikit_learn, "glum": glum}[name]
    seconds = []
    for _ in range(arguments.repeats):
        start = time.perf_counter()
        losses, version = run(x, y, parts, lambdas, arguments)
        seconds.append(time.perf_counter() - start)
    weights = [len(held) for _, held in parts]
    mean = np.average(losses, axis=0, weights=weights)
    print(json.dumps({"version": version, "seconds": seconds, "mean": list(mean)}))


def scikit_learn(x, y, parts, lambdas, arguments):
    """LogisticRegressionCV; its C stands beside a sum over a fold's rows, whose number hardly differs."""
    import sklearn
    from sklearn.linear_model import LogisticRegressionCV

    rows = np.mean([len(train) for train, _ in parts])
    model = LogisticRegressionCV(
        Cs=1 / (lambdas * rows), cv=parts, scoring="neg_log_loss", solver="lbfgs", max_iter=10_000,
        n_jobs=arguments.threads,
    ).fit(x, y)
    scores = model.scores_
    scores = np.asarray(next(iter(scores.values())) if isinstance(scores, dict) else scores)
    return -scores.reshape(len(parts), len(lambdas)), f"scikit-learn {sklearn.__version__} LogisticRegressionCV"


def glum(x, y, parts, lambdas, arguments):
    """GeneralizedLinearRegressorCV; it reports the deviance, which is twice the log loss."""
    import glum as library

    model = library.GeneralizedLinearRegressorCV(
        family="binomial", alphas=list(lambdas), l1_ratio=0.0, cv=parts,
        n_jobs=arguments.threads, max_iter=10_000,
    ).fit(np.asfortranarray(x), y)
    losses = np.asarray(model.deviance_path_).reshape(len(parts), len(lambdas))
    return losses / 2, f"glum {library.__version__} GeneralizedLinearRegressorCV"


def judged(frame, arguments, y, fold, lambdas, by_fold):
    """The mean loss of every penalty, every fold fitted on its own."""
    raw = design(frame, arguments)
    total = np.zeros(len(lambdas))
    for k in range(FOLDS):
        train, held = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        x = standardised(raw, train if by_fold else None)
        varies = x[train].std(axis=0) > 0
        x = np.column_stack([x[:, varies], np.ones(len(y))])
        for at, penalty in enumerate(lambdas):
            theta = newton(x[train], y[train], penalty)
            z = x[held] @ theta
            total[at] += np.sum(np.logaddexp(0, z) - y[held] * z)
    return total / len(y)


def newton(x, y, penalty):
    """Ridge by Newton's method with halved steps, to a gradient of 1e-12; the last column is the intercept."""
    theta, free = np.zeros(x.shape[1]), np.append(np.ones(x.shape[1] - 1), 0)

    def value(theta):
        z = x @ theta
        return np.mean(np.logaddexp(0, z) - y * z) + 0.5 * penalty * np.sum(free * theta**2)

    for _ in range(100):
        p = 1 / (1 + np.exp(-(x @ theta)))
        gradient = x.T @ (p - y) / len(y) + penalty * free * theta
        if np.max(np.abs(gradient)) < 1e-12:
            break
        curvature = (x * (p * (1 - p))[:, None]).T @ x / len(y) + np.diag(penalty * free)
        step, length = np.linalg.solve(curvature, gradient), 1.0
        while value(theta - length * step) > value(theta) + 1e-14 and length > 1e-6:
            length /= 2
        theta = theta - length * step
    return theta


main()
