"""The one judge of all: objective and gradient reached, in float64, from the coefficients alone.

One JSON line in: `{"x", "y", "answers": [{"coefficients", "penalties", "l1_ratio",
"intercept_scaling", "intercept"}]}`; one JSON line out: a list with, for each answer, the objective
(of the last penalty), `objectives` (of each), the largest component of the gradient over all
penalties, and the coefficients that are not zero (of the last).

The objective is (1/n) sum of log losses + lambda * ((1 - l1_ratio)/2 |b|^2 + l1_ratio |b|_1). With an
L1 part the gradient is the subgradient of least size: at a zero coefficient only what exceeds
lambda * l1_ratio counts, which is the violation of the optimality conditions. With an
`intercept_scaling` s (liblinear's) the intercept is the coefficient b/s of a column of the constant s,
penalised like every other; without one it is free.
"""

import json
import sys

import numpy as np

import protocol

BLOCK = 20_000


def losses_and_gradients(x, y, theta):
    """Mean log loss of each column of `theta` ([columns + 1, answers]) and its gradient."""
    beta, bias = theta[:-1], theta[-1]
    loss, gradient = np.zeros(theta.shape[1]), np.zeros_like(theta)
    for start in range(0, len(y), BLOCK):
        rows = x[start : start + BLOCK].astype(np.float64)
        target = y[start : start + BLOCK, None].astype(np.float64)
        z = rows @ beta + bias
        small = np.exp(-np.abs(z))  # never overflows
        loss += (np.maximum(z, 0.0) + np.log1p(small) - target * z).sum(axis=0)
        residual = np.where(z >= 0.0, 1.0, small) / (1.0 + small) - target
        gradient[:-1] += rows.T @ residual
        gradient[-1] += residual.sum(axis=0)
    return loss / len(y), gradient / len(y)


def violation(beta, smooth, l1):
    """The subgradient of least size, from the smooth part's gradient."""
    slack = np.maximum(np.abs(smooth) - l1, 0.0)
    return np.where(beta == 0.0, slack, np.abs(smooth + l1 * np.sign(beta)))


def verdict(answer, theta, loss, gradient):
    """One answer: `theta` and `gradient` are [columns + 1, penalties], `loss` [penalties]."""
    penalty, ratio = np.array(answer["penalties"]), answer["l1_ratio"]
    l2, l1 = penalty * (1.0 - ratio), penalty * ratio
    beta, bias = theta[:-1], theta[-1]
    smooth = gradient[:-1] + l2 * beta
    worst = violation(beta, smooth, l1).max(axis=0)
    objective = loss + 0.5 * l2 * (beta**2).sum(axis=0) + l1 * np.abs(beta).sum(axis=0)
    scaling = answer["intercept_scaling"]
    if scaling is not None:
        scaled = bias / scaling
        smooth = gradient[-1] + l2 * scaled / scaling
        worst = np.maximum(worst, violation(bias, smooth, l1 / scaling))
        objective = objective + 0.5 * l2 * scaled**2 + l1 * np.abs(scaled)
    elif answer["intercept"]:
        worst = np.maximum(worst, np.abs(gradient[-1]))
    return {
        "objective": float(objective[-1]),
        "objectives": objective.tolist(),
        "gradient": float(worst.max()),
        "nonzero": int(np.count_nonzero(beta[:, -1])),
    }


def main():
    request = json.loads(sys.stdin.readline())
    found = [np.load(answer["coefficients"]).T for answer in request["answers"]]
    y = np.load(request["y"])
    if request["x"].endswith(".npy"):
        x = np.load(request["x"], mmap_mode="r")
    else:
        x = protocol.rows(request["x"], len(found[0]) - 1)
    loss, gradient = losses_and_gradients(x, y, np.column_stack(found))
    verdicts, start = [], 0
    for answer, theta in zip(request["answers"], found):
        mine = slice(start, start + theta.shape[1])
        verdicts.append(verdict(answer, theta, loss[mine], gradient[:, mine]))
        start = mine.stop
    # json.dumps writes NaN as a word that is no JSON
    finite = lambda value: value if np.isfinite(value) else None
    for v in verdicts:
        v["objective"], v["gradient"] = finite(v["objective"]), finite(v["gradient"])
        v["objectives"] = [finite(value) for value in v["objectives"]]
    print(json.dumps(verdicts))


if __name__ == "__main__":
    main()
