"""What can be told from noise: intervals, a paired test, a correction for many tests, and the least visible effect.

All are seeded and give the same numbers on every run. Sources: Efron and Tibshirani 1993 (BCa
interval); Smucker, Allan and Carterette 2007 (the randomization test for retrieval); Holm 1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isnan, nan, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError

__all__ = [
    "DRAWS",
    "Estimate",
    "holm",
    "linear",
    "mean_interval",
    "mean_intervals",
    "minimum_detectable_effect",
    "sign_flip_test",
]

Floats = npt.NDArray[np.float64]

#: Draws of the bootstrap and of the randomization test.
DRAWS = 10_000
_NORMAL = NormalDist()
_BLOCK = 2_000_000  # numbers held at once while drawing


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries with its interval (95 % unless asked otherwise).

    With fewer than two queries nothing is known about the spread: `low` and `high` are NaN.
    """

    mean: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return not isnan(self.low)

    def to_dict(self) -> dict[str, float | None]:
        """JSON-ready; a bound that is not known is None."""
        return {name: None if isnan(v := getattr(self, name)) else v for name in ("mean", "low", "high")}

    def __str__(self) -> str:
        return f"{self.mean:.4f} [{self.low:.4f}, {self.high:.4f}]" if self.known else f"{self.mean:.4f}"


def mean_interval(
    values: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
    shares: npt.ArrayLike | None = None,
) -> Estimate:
    """The mean of one value a query, with its BCa bootstrap interval. For a paired difference, pass the differences.

    With `shares` (what each query counts; their mean is 1) it is the weighted mean, and the interval that of its
    linear form m + share · (value − m), whose spread is the weighted mean's (Särndal, Swensson and Wretman 1992, §5.7).
    """
    column = np.asarray(values, dtype=np.float64)[:, None]
    return mean_intervals(column, confidence=confidence, draws=draws, seed=seed, shares=shares)[0]


def mean_intervals(
    values: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
    shares: npt.ArrayLike | None = None,
) -> list[Estimate]:
    """`mean_interval` for every column of `values` (queries, columns), over the same resampled queries."""
    table = np.asarray(values, dtype=np.float64)
    if shares is not None and len(table):
        table = linear(table * np.asarray(shares, dtype=np.float64)[:, None], shares)
    if not 0.0 < confidence < 1.0:
        raise InputError(f"confidence={confidence}: must lie between 0 and 1, as in 0.95")
    if not np.isfinite(table).all():
        raise InputError("the values of a mean must be finite")
    n, columns = table.shape
    if n == 0:
        return [Estimate(nan, nan, nan)] * columns
    means = table.mean(axis=0)
    if n == 1:
        return [Estimate(float(mean), nan, nan) for mean in means]
    resampled = _resampled_means(table, draws, seed)
    return [_bca(table[:, j], resampled[:, j], confidence) for j in range(columns)]


def linear(scaled: Floats, shares: npt.ArrayLike) -> Floats:
    """Values times shares (queries, columns) as the linear form of the weighted mean; see `mean_interval`."""
    means: Floats = scaled.mean(axis=0)
    made: Floats = scaled + means * (1.0 - np.asarray(shares, dtype=np.float64)[:, None])
    return made


def _resampled_means(table: Floats, draws: int, seed: int) -> Floats:
    n = len(table)
    if draws * n <= _BLOCK:
        return _counts(n, draws, seed) @ table / n
    rng = np.random.default_rng(seed)
    step = max(1, _BLOCK // n)
    blocks = [_drawn(rng, n, min(step, draws - start)) @ table for start in range(0, draws, step)]
    return np.concatenate(blocks) / n


@lru_cache(maxsize=4)
def _counts(n: int, draws: int, seed: int) -> Floats:
    # One evaluation asks for many intervals over the same number of queries: draw once.
    return _drawn(np.random.default_rng(seed), n, draws)


def _drawn(rng: np.random.Generator, n: int, draws: int) -> Floats:
    """How often each of `n` queries is in each of `draws` resamples."""
    picks = rng.integers(0, n, size=(draws, n)) + n * np.arange(draws)[:, None]
    return np.bincount(picks.ravel(), minlength=n * draws).reshape(draws, n).astype(np.float64)


def _bca(column: Floats, resampled: Floats, confidence: float) -> Estimate:
    mean = float(column.mean())
    centred = column - mean
    spread = float(np.square(centred).sum())
    if spread <= 1e-24 * max(1.0, mean * mean):
        return Estimate(mean, mean, mean)
    draws = len(resampled)
    tolerance = 1e-12 * max(1.0, abs(mean))
    # Draws that tie with the mean count half: without it, values of few levels bias the correction.
    below = float((resampled < mean - tolerance).sum() + 0.5 * (np.abs(resampled - mean) <= tolerance).sum())
    bias = _NORMAL.inv_cdf(min(max(below / draws, 0.5 / draws), 1.0 - 0.5 / draws))
    # The jackknife of a mean leaves out one value: its influence is proportional to the centred value.
    skew = float((centred**3).sum()) / (6.0 * spread**1.5)
    bounds = []
    for tail in ((1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0):
        z = bias + _NORMAL.inv_cdf(tail)
        bounds.append(_NORMAL.cdf(bias + z / (1.0 - skew * z)))
    low, high = np.quantile(resampled, bounds)
    return Estimate(mean, float(low), float(high))


def sign_flip_test(differences: npt.ArrayLike, *, draws: int = DRAWS, seed: int = 0) -> float:
    """The two-sided p-value that paired differences have mean 0, by randomization of their signs.

    Exact over all sign patterns where there are at most `draws` of them; else `draws` random ones
    and the observed one, so p is never 0. No difference at all, or no query, gives 1.
    """
    flips = np.asarray(differences, dtype=np.float64).ravel()
    if not np.isfinite(flips).all():
        raise InputError("the differences of a test must be finite")
    flips = flips[flips != 0.0]
    n = len(flips)
    if n == 0:
        return 1.0
    # Sums that are equal but for rounding count as reached: the test may only be too careful.
    reached = abs(float(flips.sum())) - 1e-12 * float(np.abs(flips).sum())
    if n < 62 and 2**n <= draws:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return float((np.abs(signs @ flips) >= reached).mean())
    rng = np.random.default_rng(seed)
    count, step, total = 0, max(1, _BLOCK // n), float(flips.sum())
    for start in range(0, draws, step):
        kept = rng.integers(0, 2, size=(min(step, draws - start), n), dtype=np.int8).astype(np.float64)
        count += int((np.abs(2.0 * (kept @ flips) - total) >= reached).sum())
    return (count + 1) / (draws + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjustment of a family of p-values, in the given order: compare each with the level as it is."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def minimum_detectable_effect(differences: npt.ArrayLike, *, level: float = 0.05, power: float = 0.8) -> float:
    """The least true mean difference that a two-sided paired test shows with that power.

    (z(1 − level/2) + z(power)) · sd / √n: 2.8 sd/√n by default. NaN with fewer than two queries.
    """
    values = np.asarray(differences, dtype=np.float64).ravel()
    if len(values) < 2:
        return nan
    reach = _NORMAL.inv_cdf(1.0 - level / 2.0) + _NORMAL.inv_cdf(power)
    return reach * float(values.std(ddof=1)) / sqrt(len(values))
