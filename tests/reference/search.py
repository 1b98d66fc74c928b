"""The whole search, slowly: score every allowed chunk on both sides, fuse, cut. What `Index.search` must equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from struct import pack, unpack

from tests.reference.bm25 import Bm25
from tests.reference.fusion import LIST_RELATIVE, Side, fuse, ranked

LANES = 16


@dataclass(frozen=True)
class Found:
    """One hit: `lexical` is raw BM25 (None: no lexical side), `dense` the cosine (None: no dense side or no vector)."""

    id: str
    score: float
    lexical: float | None
    dense: float | None


def single(x: float) -> float:
    """`x` rounded to float32, in which vectors are stored."""
    return float(unpack("f", pack("f", x))[0])


def unit(vector: Iterable[float]) -> list[float] | None:
    """The vector at length 1, as stored; None for a zero vector, which has no direction."""
    row = [single(x) for x in vector]
    length = sqrt(fsum(x * x for x in row))
    return [single(x / length) for x in row] if length else None


def cosine(left: Sequence[float], right: Sequence[float]) -> float:
    """The cosine of two stored vectors: 16 lanes of products in float64, then the lanes, in [-1, 1]."""
    lanes = [0.0] * LANES
    for i, (x, y) in enumerate(zip(left, right, strict=True)):
        lanes[i % LANES] += x * y
    return min(1.0, max(-1.0, sum_of_lanes(lanes)))


def sum_of_lanes(lanes: Sequence[float]) -> float:
    """The lanes folded in halves: 16, 8, 4, 2, 1."""
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = [lanes[i] + lanes[i + half] for i in range(half)]
    return lanes[0]


def search(
    ids: Sequence[str],
    bm25: Bm25,
    vectors: Sequence[Sequence[float]] | None,
    terms: Iterable[str] | Mapping[str, float] | None,
    vector: Sequence[float] | None,
    *,
    k: int | None,
    alpha: float,
    normalizer: str = "bounded",
    depth: int = 1000,
    floor: float = -1.0,
    min_score: float | None = None,
    allow: Collection[str] | None = None,
) -> list[Found]:
    """The exact top-k (None: the whole ranking). `allow` None lets every chunk through; BM25's statistics never
    depend on it."""
    if normalizer in LIST_RELATIVE and k is not None and k > depth:
        raise ValueError(f"k={k} is above depth={depth}")
    allowed = [i for i, id_ in enumerate(ids) if allow is None or id_ in allow]
    lexical = lexical_side(ids, bm25, terms, allowed) if terms is not None else None
    dense = dense_side(ids, vectors, vector, allowed, floor)
    _, scores = fuse(lexical, dense, alpha, normalizer, depth)
    query = Counter(terms) if not isinstance(terms, Mapping) and terms is not None else terms
    place = {id_: i for i, id_ in enumerate(ids)}
    return [
        Found(
            id_,
            scores[id_],
            bm25.score(query, place[id_]) if query is not None else None,
            dense.found.get(id_) if dense is not None else None,
        )
        for id_ in ranked(scores)
        if min_score is None or scores[id_] >= min_score
    ][:k]


def lexical_side(
    ids: Sequence[str], bm25: Bm25, terms: Iterable[str] | Mapping[str, float], allowed: Iterable[int]
) -> Side:
    """The allowed chunks that share a term; BM25's absent constant is taken off before anything is normalized."""
    query = terms if isinstance(terms, Mapping) else Counter(terms)
    base = bm25.constant(query)
    found = {ids[i]: bm25.score(query, i) - base for i in allowed if bm25.matches(query, i)}
    return Side(found, 0.0, bm25.bound(query))


def dense_side(
    ids: Sequence[str],
    vectors: Sequence[Sequence[float]] | None,
    vector: Sequence[float] | None,
    allowed: Iterable[int],
    floor: float,
) -> Side | None:
    """The allowed chunks that have a vector; None where index or query have none."""
    question = unit(vector) if vector is not None else None
    if vectors is None or question is None:
        return None
    rows = {i: unit(vectors[i]) for i in allowed}
    return Side({ids[i]: cosine(row, question) for i, row in rows.items() if row is not None}, floor, 1.0)
