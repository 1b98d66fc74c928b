"""What the collection tests have in common: indexes, values a query, and the stratified randomization test."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from ragopt import Bm25, Index
from ragopt.evaluation import Run, score_run
from ragopt.types import Hits
from tests.collections.data import Collection, load
from tests.shared import shared

Values = npt.NDArray[np.float64]

#: The four with MiniLM vectors on which fusion is judged.
FOUR = ("scifact", "cranfield", "cisi", "vaswani")


def collection(name: str, *, part: str = "", qrels: str = "test") -> Collection:
    """A collection of ../shared/collections."""
    return load(shared("collections", name), part=part, qrels=qrels)


@cache
def index_of(name: str, analyzer: str = "english", k1: float = 1.2, b: float = 0.75) -> Index:
    """Its index, with the vectors that come with it."""
    data = collection(name)
    return Index.build(data.documents, vectors=data.vectors, analyzer=analyzer, bm25=Bm25(k1=k1, b=b))


def values(data: Collection, rankings: Sequence[Sequence[str]], measure: str = "nDCG@10") -> Values:
    """One measure for each query, in the order of the queries."""
    run = Run(
        {
            query: [(id_, float(-place)) for place, id_ in enumerate(ranking)]
            for query, ranking in zip(data.queries, rankings, strict=True)
        }
    )
    table = score_run(run, data.qrels, [measure])
    at = dict(zip(table.queries, table.column(measure), strict=True))
    return np.array([at[query] for query in data.queries])


def ids(found: Sequence[Hits]) -> list[list[str]]:
    """The ranked ids of each query."""
    return [hits.ids for hits in found]


def reciprocal_rank_fusion(one: Sequence[str], other: Sequence[str], constant: int = 60) -> list[str]:
    """RRF as published: the sum of 1 / (constant + rank) over the lists that hold the id."""
    scores: dict[str, float] = {}
    for ranking in (one, other):
        for rank, id_ in enumerate(ranking, 1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (constant + rank)
    return sorted(scores, key=lambda id_: (-scores[id_], id_.encode()))


def stratified_sign_flip(differences: Sequence[Values], draws: int = 20_000, seed: int = 0) -> float:
    """Two-sided p of the mean of the collections' mean differences, signs flipped query by query. Never 0."""
    draw = np.random.default_rng(seed)
    observed = abs(np.mean([part.mean() for part in differences]))
    flipped = np.zeros(draws)
    for part in differences:
        signs = draw.integers(0, 2, (draws, len(part)), dtype=np.int8) * 2 - 1
        flipped += signs @ part / len(part) / len(differences)
    return float((1 + (np.abs(flipped) >= observed - 1e-15).sum()) / (1 + draws))
