"""Normalizers and fusion on plain numbers: one map a side, applied to the true score of every allowed chunk.

A side is what one kind of scoring found among the allowed chunks: for the lexical side the chunks
that share a term (raw BM25 less its absent constant), for the dense side the chunks with a vector.
Ranks and cuts go by score, best first, then by the bytes of the id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt

NORMALIZERS = ("bounded", "theoretical", "minmax", "zscore", "dbsf", "l2", "rank", "none")
LIST_RELATIVE = ("minmax", "zscore", "dbsf", "l2", "rank")


@dataclass(frozen=True)
class Side:
    """`found`: id to score. `bottom`: the score of whoever is not in it (0; the cosine floor). `most`: no score is
    above it (BM25's bound; 1)."""

    found: Mapping[str, float]
    bottom: float
    most: float


def ranked(scores: Mapping[str, float]) -> list[str]:
    """The ids by score, best first; ties by the bytes of the id."""
    return sorted(scores, key=lambda id_: (-scores[id_], id_.encode()))


def score_map(side: Side, normalizer: str, depth: int) -> Callable[[float], float]:
    """The one map of this side; `depth` is how many of its best make up the population of a list-relative one."""
    if not side.found:
        return lambda s: 0.0
    best = [side.found[id_] for id_ in ranked(side.found)[:depth]]
    high, low, mean = best[0], best[-1], sum(best) / len(best)
    deviation = sqrt(sum((s - mean) ** 2 for s in best) / len(best))
    norm = sqrt(sum(s * s for s in best))
    constant = high == low
    match normalizer:
        case "bounded":
            span = side.most - side.bottom
            return lambda s: (s - side.bottom) / span if span > 0 else 0.0
        case "theoretical":
            return lambda s: (s - side.bottom) / (high - side.bottom) if high > side.bottom else 0.0
        case "minmax":
            return lambda s: 1.0 if constant else (s - low) / (high - low)
        case "zscore":
            return lambda s: 0.0 if constant else (s - mean) / deviation
        case "dbsf":
            return lambda s: 0.5 if constant else (s - (mean - 3 * deviation)) / (6 * deviation)
        case "l2":
            return lambda s: s / norm if norm > 0 else 0.0
        case "none":
            return lambda s: s
    raise ValueError(normalizer)


def normalized(side: Side, normalizer: str, depth: int) -> Callable[[str], float]:
    """Every chunk's normalized score, by id, whether the side found it or not."""
    if normalizer == "rank":
        place = {id_: rank for rank, id_ in enumerate(ranked(side.found)[:depth], 1)}
        return lambda id_: 1 / (60 + place[id_]) if id_ in place else 0.0
    apply = score_map(side, normalizer, depth)
    return lambda id_: apply(side.found.get(id_, side.bottom))


def fuse(
    lexical: Side | None, dense: Side | None, alpha: float, normalizer: str, depth: int = 1000
) -> tuple[float, dict[str, float]]:
    """(alpha in force, id to fused score). A side that does not exist (None) leaves all the weight to the other.

    At alpha 0 only lexical hits are scored, at alpha 1 only chunks with a vector, between both.
    """
    if lexical is None or dense is None:
        alpha = 0.0 if dense is None else 1.0
    left = normalized(lexical, normalizer, depth) if lexical is not None else lambda id_: 0.0
    right = normalized(dense, normalizer, depth) if dense is not None else lambda id_: 0.0
    candidates: set[str] = set()
    if lexical is not None and alpha < 1:
        candidates |= set(lexical.found)
    if dense is not None and alpha > 0:
        candidates |= set(dense.found)
    if alpha in (0.0, 1.0):
        return alpha, {id_: (left if alpha == 0 else right)(id_) for id_ in candidates}
    return alpha, {id_: alpha * right(id_) + (1 - alpha) * left(id_) for id_ in candidates}
