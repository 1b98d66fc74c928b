"""The values that a tuning result is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ragopt.evaluation import Comparison, Estimate
from ragopt.tuning.objective import Goal
from ragopt.tuning.path import AlphaCurve
from ragopt.types import SearchSettings

__all__ = ["AlphaPoint", "Curves", "Facts", "Health", "KPoint", "TopK", "Trial"]


@dataclass(frozen=True, slots=True)
class AlphaPoint:
    """The tuning half at one alpha: the mean score, and its paired difference from the default alpha."""

    alpha: float
    score: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True)
class KPoint:
    """The tuning half when the first k hits are packed and sent; `loss` is the recall lost against the default k."""

    k: int
    recall: Estimate
    tokens: Estimate
    loss: Estimate


@dataclass(frozen=True, slots=True)
class Curves:
    """The sweeps on the tuning half. `alpha` is empty where alpha cannot matter.

    `exact` is the mean score as the step function that it is; None where alphas were searched one by one.
    """

    alpha: tuple[AlphaPoint, ...]
    k: tuple[KPoint, ...]
    exact: AlphaCurve | None = None

    def drawn(self) -> dict[str, Any] | None:
        """JSON-ready: the exact curve and the smoothed one that the tuner sees at every thousandth, and its best step.

        None where alphas were searched one by one.
        """
        if self.exact is None:
            return None
        grid, best = np.linspace(0.0, 1.0, 1001), self.exact.best
        return {
            "alpha": grid.round(3).tolist(),
            "exact": self.exact.at(grid).round(6).tolist(),
            "smoothed": self.exact.smooth(grid).round(6).tolist(),
            "best": {"low": best.low, "high": best.high, "score": best.value},
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluation of settings on the tuning half; `share` of the training folds chose it."""

    settings: SearchSettings
    score: Estimate
    share: float


@dataclass(frozen=True, slots=True)
class TopK:
    """The decision on k. `chosen` is what the tuning half chose; `k` is what the settings hold.

    `loss` and `saved` are on the held-out half: recall lost and tokens saved per question by
    `chosen` against `default`. The smaller k is taken only if both halves show, with 95 %
    confidence, that no more than `margin` recall is lost.
    """

    k: int
    default: int
    chosen: int
    margin: float
    loss: Estimate
    saved: Estimate
    goal: Goal = field(default_factory=Goal)

    def __str__(self) -> str:
        if self.goal.tokens is not None:
            return self._under_a_limit()
        if self.chosen == self.default:
            return f"k stays {self.default}: no smaller one surely keeps recall within {self.margin:g} of it."
        change = (
            f"{self.saved.mean:.0f} fewer tokens per question and {self.loss.mean:.4f} less recall than "
            f"k = {self.default} on the held-out half"
        )
        if self.k == self.default:
            return (
                f"k stays {self.default}: k = {self.chosen} gave {change}, which is not surely within {self.margin:g}."
            )
        return f"k = {self.k}: {change}, surely within {self.margin:g} on both halves."

    def _under_a_limit(self) -> str:
        tokens, recall = f"{abs(self.saved.mean):.0f}", f"{abs(self.loss.mean):.4f}"
        than = (
            f"{tokens} {'fewer' if self.saved.mean >= 0 else 'more'} tokens per question and {recall} "
            f"{'less' if self.loss.mean >= 0 else 'more'} recall than k = {self.default} on the held-out half"
        )
        return f"k = {self.k}: the most recall within {self.goal.asked}, surely so on both halves; {than}."


@dataclass(frozen=True, slots=True)
class Health:
    """Each side alone beside the fusion that was chosen, on the tuning half.

    `better` names the stronger side; `comparison` is the fusion against it. A fusion that does not
    beat its better side has a weak link.
    """

    lexical: Estimate
    dense: Estimate
    fused: Estimate
    alpha: float
    better: str
    comparison: Comparison

    def __str__(self) -> str:
        sides = (
            f"BM25 alone {self.lexical.mean:.4f}, dense alone {self.dense.mean:.4f}, "
            f"alpha {self.alpha:g} {self.fused.mean:.4f}."
        )
        difference = self.comparison.difference
        if not difference.known:
            return f"{sides} One question tells nothing about the sides."
        span = f"{difference.mean:+.4f} ({difference.low:+.4f} to {difference.high:+.4f}, p = {self.comparison.p:.2g})"
        if self.alpha in (0.0, 1.0):
            return f"{sides} One side alone is chosen: on these questions fusing does not help."
        if self.comparison.p < 0.05 and difference.mean > 0:
            return f"{sides} Fusion beats the better side ({self.better}) by {span}."
        weak = "lexical" if self.better == "dense" else "dense"
        return (
            f"{sides} Fusion is not distinguishable from its better side ({self.better}): {span}. "
            f"The {weak} side may be the weak link; look at its analyzer or embedder."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "lexical": self.lexical.to_dict(),
            "dense": self.dense.to_dict(),
            "fused": self.fused.to_dict(),
            "alpha": self.alpha,
            "better": self.better,
            "comparison": self.comparison.to_dict(),
            "sentence": str(self),
        }


@dataclass(frozen=True, slots=True)
class Facts:
    """What it takes to do the same again. `labels`: where judgements come from, "given" where nobody said."""

    date: str
    version: str
    measure: str
    by: str
    normalizer: str
    tuning_queries: int
    held_out_queries: int
    seed: int
    folds: int
    repeats: int
    recall_margin: float
    held_out: str
    pack_tokens: int
    tokens_by: str
    index: Mapping[str, str]
    labels: str = "given"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**plain, "index": dict(self.index)}
