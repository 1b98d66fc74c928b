"""Pruning by a least score and by a number of hits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ragopt.types import Explanation, Hit, Hits, Reason, Threshold
from ragopt.types.parameters import whole

__all__ = ["prune"]


def prune(hits: Hits, *, min_score: float | Threshold | None = None, k: int | None = None) -> Hits:
    """The hits with a score of at least `min_score` (≥), and of those the best `k`; None drops nothing.

    A number is a threshold on the scores of these hits; it is refused (ScoreKindError) where such
    scores mean something else for every query, see Threshold. When nothing is left, `reason` says
    why; hits that were empty keep their reason. The hits given are not changed. A hit without a
    score (None or NaN, from a source of another maker) reaches no threshold.
    """
    least = Threshold.on(min_score, hits.normalizer)
    if k is not None:
        k = whole("k", k)
    if not hits.items:
        return hits
    kept = [hit for hit in hits if least is None or _reaches(hit, least)]
    if least is not None and hits.explainer is not None:
        hits = replace(hits, explainer=partial(_explained, hits.explainer, least))
    if not kept:
        return hits.keep([], Reason.BELOW_THRESHOLD)
    return hits.keep(kept[:k], Reason.ZERO_K)


def _explained(explainer: Callable[[str], Explanation], least: float, id: str) -> Explanation:
    """The account of a hit's score, with the threshold that it reached here."""
    return replace(explainer(id), min_score=least)


def _reaches(hit: Hit, least: float) -> bool:
    score: float | None = hit.score
    return score is not None and score >= least
