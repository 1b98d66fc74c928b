"""k1 and b of BM25: every pair of a grid scored exactly, and kept only where it is a gain on held-out questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import log
from typing import Any

import numpy as np

from ragopt.evaluation import Measure
from ragopt.tuning.plan import Plan
from ragopt.tuning.trials import HalfSearch
from ragopt.tuning.tuner import Tuner, folds_of
from ragopt.tuning.verdict import Claim, Outcome, Verdict, judge
from ragopt.types import Bm25, SearchSettings

__all__ = ["Bm25Choice", "tune_bm25"]

_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Bm25Choice:
    """What came of k1 and b. `search` holds them where the verdict is a gain, and else what it held before.

    `k1` and `b` are what the tuning half chose, `claim` the test of them with the tuner inside the permutation.
    """

    search: SearchSettings
    k1: float
    b: float
    verdict: Verdict
    claim: Claim

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        adopted = self.search.bm25
        return {"k1": self.k1, "b": self.b, "adopted": adopted, "verdict": self.verdict.to_dict()}

    def __str__(self) -> str:
        return f"k1 {self.k1:g} and b {self.b:g}: {self.verdict}"


def tune_bm25(
    tuning: HalfSearch, kept: HalfSearch, plan: Plan, alpha: float | None, own: Bm25, k1s: Sequence[float | None],
    bs: Sequence[float | None],
) -> Bm25Choice:  # fmt: skip
    """Choose k1 and b at this alpha by `plan.measure` on the tuning half, by the rules of alpha without its ends.

    `own` is what is in force by default; None in `k1s` or `bs` means it. Near is what differs least in ln k1 and in b.
    """
    pairs = sorted({(own.k1 if k1 is None else k1, own.b if b is None else b) for k1, b in product(k1s, bs)})
    default = pairs.index((own.k1, own.b))
    away = np.array([abs(log((k1 + 0.1) / (own.k1 + 0.1))) + abs(b - own.b) for k1, b in pairs])
    seen, unseen = (_scores(half, pairs, alpha, plan.measure) for half in (tuning, kept))
    tuner = Tuner(away, default, np.zeros(len(pairs)), ends=False)
    differences, held = (np.subtract(table, table[default]).T for table in (seen, unseen))
    folds = folds_of(len(differences), plan.folds, plan.repeats, plan.seed)
    made = tuner.choose(differences, np.ones((1, len(differences))), folds)
    chosen, wanted = int(made.chosen[0]), int(made.wanted[0])
    p = tuner.p_value(differences, held, chosen, folds, _DRAWS, plan.seed) if chosen != default else 1.0
    k1, b = pairs[wanted]
    why = f"The tuning half gives no reason to leave k1 {own.k1:g} and b {own.b:g}."
    if chosen != wanted:
        why = f"Cross-validation does not confirm k1 {k1:g} and b {b:g}, which the tuning half speaks for."
    verdict = judge(
        unseen[chosen],
        unseen[default],
        str(plan.measure),
        moved=chosen != default,
        why=why,
        p=p,
        seed=plan.seed,
        worth=kept.questions.worth,
    )
    search = plan.search
    if verdict.outcome is Outcome.GAIN:
        search = replace(search, k1=k1, b=b)
    claim = Claim("tuned k1 and b against default", float(held[:, chosen].mean()), p, p)
    return Bm25Choice(search, k1, b, verdict, claim)


def _scores(
    half: HalfSearch, pairs: Sequence[tuple[float, float]], alpha: float | None, measure: Measure
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The measure of every question, a row a pair."""
    searches = (replace(half.search, k1=k1, b=b) for k1, b in pairs)
    return np.array([replace(half, search=search).scores(alpha, measure) for search in searches])
