"""Which alpha and which k the tuning half speaks for. Numbers in, a choice out: nothing here knows an index.

- **alpha** is the tuner's (`ragopt.tuning.tuner`): from the default only as far as one standard error of the curve,
  joined with a prior, asks, and only if cross-validation confirms it. The plain best of a curve over few questions is
  worse than a good default; this rule loses at most .0006 to it on held-out halves of four collections, and finds the
  way from a bad one (`python -m benches.tune_honesty`).
- **k** is the smallest whose recall is not below the default k's by more than a stated margin, with
  95 % confidence. Tokens fall with k; recall is what they buy. k never grows: that would cost more.

A choice that is no visible gain stays out of the settings all the same: it is worth no change in production, and the
result names it for whoever knows their default to be a bad guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from ragopt.evaluation import Estimate, mean_interval
from ragopt.tuning.tuner import Tuner, folds_of

__all__ = ["AlphaChoice", "choose_alpha", "loses_at_most", "predicted_gain", "smallest_k", "tuner_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AlphaChoice:
    """What the tuning half chose: places in the list of alphas.

    `best` has the highest mean, `wanted` is what the rule takes, `chosen` the same where cross-validation confirmed
    it, else the default. `unseen` is the gain over the default on queries outside the training folds (its interval is
    a little too narrow: the folds share queries). `shares` says how often the folds chose each alpha.
    """

    best: int
    wanted: int
    chosen: int
    unseen: Estimate
    shares: tuple[float, ...]

    @property
    def confirmed(self) -> bool:
        """Whether cross-validation confirmed what the rule takes."""
        return self.chosen == self.wanted


def choose_alpha(
    scores: Floats,
    alphas: Sequence[float],
    default: int,
    *,
    folds: int,
    repeats: int,
    seed: int,
    prior: Floats | None = None,
    weight: float = 0.0,
) -> AlphaChoice:
    """The choice from `scores` (alphas, queries), where `default` is the place of the default alpha.

    `prior` is a mean curve of elsewhere at the same alphas, which counts as `weight` queries.
    """
    tuner = tuner_of(alphas, default, prior, weight)
    differences = (scores - scores[default]).T
    n = len(differences)
    fold_of = folds_of(n, folds, repeats, seed)
    shares, gains = tuner.shares(differences, fold_of)
    made = tuner.choose(differences, np.ones((1, n)), fold_of)
    return AlphaChoice(
        best=int(scores.mean(axis=1).argmax()) if n else default,
        wanted=int(made.wanted[0]),
        chosen=int(made.chosen[0]),
        unseen=mean_interval(gains, seed=seed),
        shares=tuple(float(share) for share in shares),
    )


def tuner_of(alphas: Sequence[float], default: int, prior: Floats | None = None, weight: float = 0.0) -> Tuner:
    """The tuner over those alphas; without a prior the weight is 0."""
    places = np.asarray(alphas, dtype=np.float64)
    if prior is None:
        return Tuner(places, default, np.zeros(len(places)))
    return Tuner(places, default, prior - prior[default], weight)


def predicted_gain(unseen: Estimate, differences: Floats, held_out: int) -> Estimate:
    """The gain to expect on `held_out` further questions, with a 95 % interval for the noise of both halves.

    `differences` are the chosen alpha's from the default on the tuning half; the mean is that of the questions outside
    training folds, which is less optimistic. An interval for a mean that is yet to be seen is wider than one for the
    mean behind it: its variance is sd² (1/n + 1/m), with Student's t for the estimated sd.
    """
    n = len(differences)
    if n < 2 or held_out < 1:
        return Estimate(unseen.mean, float("nan"), float("nan"))
    half = _student(n - 1) * float(differences.std(ddof=1)) * sqrt(1.0 / n + 1.0 / held_out)
    middle = unseen.mean if half > 0.0 else 0.0
    return Estimate(middle, middle - half, middle + half)


def smallest_k(recalls: Floats, default: int, *, margin: float, seed: int) -> int:
    """The place of the smallest k that loses at most `margin` recall against `default`, with 95 % confidence.

    `recalls` is (ks, queries), with k ascending.
    """
    for i in range(default):
        if loses_at_most(recalls[default] - recalls[i], margin, seed=seed):
            return i
    return default


def loses_at_most(losses: Floats, margin: float, *, seed: int) -> bool:
    """Whether the mean loss is at most `margin`: the upper end of its one-sided 95 % interval says so.

    One imagined query that loses everything is added. Without it, forty queries that lose nothing
    would promise that none ever does; with it, they promise less than 3 in 41 (the rule of three).
    """
    if len(losses) < 2:
        return False
    return mean_interval(np.append(losses, 1.0), confidence=0.9, seed=seed).high <= margin + 1e-12


def _student(freedom: int) -> float:
    """The .975 quantile of Student's t (Cornish and Fisher's expansion; within .02 from 4 degrees on)."""
    z = 1.959963984540054
    terms = ((z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384)
    return z + terms[0] / freedom + terms[1] / freedom**2 + terms[2] / freedom**3
