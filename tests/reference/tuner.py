"""The tuner's choice for one set of curves, with loops: the plain twin of ragopt.tuning.tuner."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import mean, variance

Rows = Sequence[Sequence[float]]

LEAST_EFFECT = 0.005


def pick(rows: Rows, alphas: Sequence[float], default: int, prior: Sequence[float], weight: float) -> int:
    """The place of the alpha; `rows` are questions' differences from the default."""
    n = len(rows)
    if n < 2:
        return default
    means = [mean(row[a] for row in rows) for a in range(len(alphas))]
    joined = [(n * m + weight * p) / (n + weight) for m, p in zip(means, prior, strict=True)]
    best = max(range(len(alphas)), key=lambda a: joined[a])
    within = []
    for a in range(len(alphas)):
        error = sqrt(variance([row[best] - row[a] for row in rows]) / n) * n / (n + weight)
        if joined[best] - joined[a] <= error + 1e-12:
            within.append(a)
    place = min(within, key=lambda a: (round(abs(alphas[a] - alphas[default]), 9), -joined[a]))
    side = 0 if place < default else len(alphas) - 1 if place > default else place
    return side if means[place] - means[side] < LEAST_EFFECT else place


def choose(
    rows: Rows,
    alphas: Sequence[float],
    default: int,
    prior: Sequence[float],
    weight: float,
    folds: Sequence[Sequence[int]],
) -> tuple[int, float]:
    """The confirmed place, and the mean gain of the questions outside the training folds."""
    gain = 0.0
    for fold_of in folds:
        for fold in set(fold_of):
            seen = [row for row, at in zip(rows, fold_of, strict=True) if at != fold]
            place = pick(seen, alphas, default, prior, weight)
            gain += sum(row[place] for row, at in zip(rows, fold_of, strict=True) if at == fold)
    gain /= len(rows) * len(folds)
    wanted = pick(rows, alphas, default, prior, weight)
    return (wanted if wanted == default or gain > 0 else default), gain
