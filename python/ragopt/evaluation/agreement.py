"""How far two judges agree beyond chance: Cohen's kappa, with its interval over questions."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.evaluation.judgements import Qrels, QrelsLike
from ragopt.evaluation.statistics import Estimate

__all__ = ["Agreement", "agreement"]

Floats = npt.NDArray[np.float64]

_DRAWS = 2000
_HIGHEST = 3


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two judges on the pairs that both graded.

    `same` is the share of pairs on which they agree about relevance (grade 1 or more), and `kappa` Cohen's (1960) for
    that: 0 is what chance gives, 1 is full agreement. Its 95 % interval is a bootstrap over questions (percentiles),
    since pairs of a question are judged alike. `graded` is the kappa of grades 0 to 3 with quadratic weights (Cohen
    1968), where both use more than two of them, else None. NaN where a judge says the same of every pair, and for the
    bounds where there is one question. `stricter` and `milder` count the pairs that the first judge calls irrelevant
    and the second relevant, and the other way round.
    """

    pairs: int
    questions: int
    same: float
    kappa: Estimate
    graded: Estimate | None
    stricter: int
    milder: int

    def __str__(self) -> str:
        if not self.pairs:
            return "no pair was graded by both"
        told = f"{self.same:.0%} of {self.pairs} pairs ({self.questions} questions) alike"
        if np.isnan(self.kappa.mean):
            return f"{told}; kappa has no value, since one judge says the same of all"
        bounds = f" [{self.kappa.low:.2f}, {self.kappa.high:.2f}]" if self.kappa.known else ""
        return f"kappa {self.kappa.mean:.2f}{bounds}: {told}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; what has no value is None."""

        def plain(estimate: Estimate) -> dict[str, float | None]:
            return {name: None if v is None or np.isnan(v) else v for name, v in estimate.to_dict().items()}

        return {
            "pairs": self.pairs,
            "questions": self.questions,
            "same": self.same,
            "kappa": plain(self.kappa),
            "graded": None if self.graded is None else plain(self.graded),
            "stricter": self.stricter,
            "milder": self.milder,
            "sentence": str(self),
        }


def agreement(first: QrelsLike, second: QrelsLike, *, seed: int = 0) -> Agreement:
    """The agreement of two judgements on the pairs that stand in both. Grades below 0 count as 0, above 3 as 3."""
    one, two = Qrels.of(first), Qrels.of(second)
    both = [
        [(_level(grade), _level(two[query][id])) for id, grade in one[query].items() if id in two[query]]
        for query in one
        if query in two
    ]
    both = [pairs for pairs in both if pairs]
    tables = np.zeros((len(both), _HIGHEST + 1, _HIGHEST + 1))
    for table, pairs in zip(tables, both, strict=True):
        for a, b in pairs:
            table[a, b] += 1
    whole = tables.sum(axis=0)
    relevant = np.stack([tables[:, :1].sum(axis=1), tables[:, 1:].sum(axis=1)], axis=1)
    binary = np.stack([relevant[:, :, 0], relevant[:, :, 1:].sum(axis=2)], axis=2)
    counts = binary.sum(axis=0)
    pairs_in_all = int(whole.sum())
    levels = min(np.count_nonzero(whole.sum(axis=axis)) for axis in (0, 1))
    steps = np.arange(_HIGHEST + 1, dtype=np.float64)
    squares: Floats = (steps[:, None] - steps[None, :]) ** 2
    return Agreement(
        pairs=pairs_in_all,
        questions=len(both),
        same=float(counts.trace() / pairs_in_all) if pairs_in_all else nan,
        kappa=_estimate(binary, 1.0 - np.eye(2), seed),
        graded=_estimate(tables, squares, seed) if levels > 2 else None,
        stricter=int(counts[0, 1]),
        milder=int(counts[1, 0]),
    )


def _level(grade: int) -> int:
    return min(max(grade, 0), _HIGHEST)


def _estimate(tables: Floats, weights: Floats, seed: int) -> Estimate:
    """Kappa of all questions' tables together, and its interval over resampled questions."""
    n = len(tables)
    kappa = float(_kappas(tables.sum(axis=0)[None], weights)[0]) if n else nan
    if n < 2 or np.isnan(kappa):
        return Estimate(kappa, nan, nan)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=_DRAWS)
    found = _kappas(np.tensordot(drawn, tables, axes=1), weights)
    found = found[~np.isnan(found)]
    low, high = np.quantile(found, (0.025, 0.975))
    return Estimate(kappa, float(low), float(high))


def _kappas(tables: Floats, weights: Floats) -> Floats:
    """1 − observed over expected disagreement, for each table of counts; NaN where none is expected."""
    total = tables.sum(axis=(1, 2))
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    expected = np.einsum("ti,tj,ij->t", rows, columns, weights)
    observed = (tables * weights).sum(axis=(1, 2)) * total
    ratio: Floats = np.divide(observed, expected, out=np.full(len(tables), nan), where=expected > 0)
    return 1.0 - ratio
