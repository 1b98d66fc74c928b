"""The rule that turns curves of questions into one alpha, for one set of curves or for thousands of flipped ones.

Everything is on differences from the default alpha, rows of questions and columns of alphas:

1. **Empirical Bayes.** The mean curve is joined with a prior curve that other collections gave, as if `weight`
   questions had shown it (Efron and Morris 1975: shrink towards what is known).
2. **One standard error towards the default** (Breiman et al. 1984): of the alphas whose joined mean cannot be told from
   the best, by the error of the paired difference, the one nearest the default.
3. **A side alone** where going on to it costs less than the least effect: one side is simpler, and half the work.
4. **Nested cross-validation**, repeated: rules 1 to 3 on training folds must win on the questions outside them, or the
   default stays.

Under the null hypothesis that no alpha is better than the default, a question's whole curve may be turned over. So
`chosen` takes many rows of signs at once: the test of a gain runs the tuner inside the permutation, and pays for its
search. The sum of squares of paired differences does not change with the signs, which makes this one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LEAST_EFFECT", "Choices", "Tuner", "folds_of", "signs_of"]

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

#: A gain below this is not worth a claim, nor a second side.
LEAST_EFFECT = 0.005
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Choices:
    """What the tuner chose, one entry a row of signs: places in the list of alphas.

    `wanted` is the rule's on all questions, `chosen` the same where cross-validation confirmed it and else the
    default; `gains` is the mean gain of the questions outside the training folds.
    """

    chosen: Places
    wanted: Places
    gains: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Tuner:
    """`alphas` ascend from 0 to 1; `default` is the default's place; `prior` is a curve that is 0 there.

    Without `ends` there is no rule 3, and `alphas` are any numbers that tell how far settings are from the default's.
    """

    alphas: Floats
    default: int
    prior: Floats
    weight: float = 0.0
    ends: bool = True

    def picks(self, differences: Floats, sums: Floats) -> Places:
        """Rules 1 to 3: a place for each row of `sums`, which are sums of `differences` with some signs."""
        n, count = differences.shape
        if n < 2:
            return np.full(len(sums), self.default)
        means = sums / n
        joined = (n * means + self.weight * self.prior) / (n + self.weight)
        squares = differences.T @ differences / n
        diagonal = np.diagonal(squares)
        best = joined.argmax(axis=1)
        rows = np.arange(len(sums))
        behind = means[rows, best][:, None] - means
        spread = diagonal[best][:, None] + diagonal[None, :] - 2.0 * squares[best]
        variance = np.maximum(spread - behind**2, 0.0) / (n - 1)
        error = np.sqrt(variance) * (n / (n + self.weight))
        within = joined[rows, best][:, None] - joined <= error + _ROUNDING
        distance = np.where(within, np.round(np.abs(self.alphas - self.alphas[self.default]), 9), np.inf)
        nearest = distance == distance.min(axis=1, keepdims=True)
        place = np.where(nearest, joined, -np.inf).argmax(axis=1)
        if not self.ends:
            return np.asarray(place, dtype=np.intp)
        side = np.where(place < self.default, 0, np.where(place > self.default, count - 1, place))
        return np.where(means[rows, place] - means[rows, side] < LEAST_EFFECT, side, place)

    def choose(self, differences: Floats, signs: Floats, folds: npt.NDArray[np.int64]) -> Choices:
        """Rules 1 to 4 for each row of `signs` (rows, questions); `folds` (repeats, questions) numbers the folds."""
        total = signs @ differences
        wanted = self.picks(differences, total)
        rows, gains = np.arange(len(signs)), np.zeros(len(signs))
        for fold_of in folds:
            for fold in range(int(fold_of.max(initial=-1)) + 1):
                unseen = fold_of == fold
                outside = signs[:, unseen] @ differences[unseen]
                gains += outside[rows, self.picks(differences[~unseen], total - outside)]
        gains /= max(1, differences.shape[0] * len(folds))
        confirmed = (wanted == self.default) | (gains > 0.0)
        return Choices(np.where(confirmed, wanted, self.default), wanted, gains)

    def shares(self, differences: Floats, folds: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """How often the training folds chose each alpha, and each question's mean gain when it was outside them."""
        n, count = differences.shape
        shares, gains = np.zeros(count), np.zeros(n)
        parts = int(folds.max(initial=-1)) + 1
        for fold_of in folds:
            for fold in range(parts):
                unseen = fold_of == fold
                pick = int(self.picks(differences[~unseen], differences[~unseen].sum(axis=0)[None])[0])
                shares[pick] += 1.0 / (parts * len(folds))
                gains[unseen] += differences[unseen, pick] / len(folds)
        if not parts:
            shares[self.default] = 1.0
        return shares, gains

    def p_value(
        self, tuning: Floats, held_out: Floats, chosen: int, folds: npt.NDArray[np.int64], draws: int, seed: int
    ) -> float:
        """Two-sided p of the gain of the `chosen` place on the held-out half, with the tuner inside the permutation.

        Every draw flips questions of both halves, tunes on the one, and takes the gain of that choice on the other, in
        units of its error, since alphas far from the default differ more. `held_out` holds differences as `tuning`
        does, unsmoothed. The observed outcome counts as a draw, so p is not 0.
        """
        m = len(held_out)
        if m < 2:
            return 1.0
        rng = np.random.default_rng(seed)
        place = self.choose(tuning, signs_of(rng, draws, len(tuning)), folds).chosen
        gains = (signs_of(rng, draws, m) @ held_out)[np.arange(draws), place] / m
        squares = np.mean(held_out**2, axis=0)  # which no sign changes

        def studentized(gain: Floats, at: Places) -> Floats:
            spread = np.sqrt(np.maximum(squares[at] - gain**2, 0.0))
            return np.abs(gain) / np.where(spread > _ROUNDING, spread, np.where(gain == 0.0, 1.0, _ROUNDING))

        observed = studentized(held_out[:, [chosen]].mean(axis=0), np.array([chosen]))[0]
        reached = studentized(gains, place) >= observed * (1.0 - 1e-9)
        return float((reached.sum() + 1) / (draws + 1))


def folds_of(n: int, folds: int, repeats: int, seed: int) -> npt.NDArray[np.int64]:
    """The fold of each of `n` questions, a row a repeat; no row where there are too few to leave one out."""
    parts = min(folds, n)
    if parts < 2:
        return np.zeros((0, n), dtype=np.int64)
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(n) % parts for _ in range(repeats)], dtype=np.int64)


def signs_of(rng: np.random.Generator, draws: int, n: int) -> Floats:
    """Random signs."""
    return rng.integers(0, 2, size=(draws, n), dtype=np.int8).astype(np.float64) * 2.0 - 1.0
