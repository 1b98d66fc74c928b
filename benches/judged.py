"""Hits of judged questions of the four classic collections: what pruning and packing are measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from benches.data import collection
from ragopt.index import Index
from ragopt.prune import Labelled
from ragopt.tokens import ByteEstimate
from ragopt.types import Hits, TokenCount

__all__ = ["COLLECTIONS", "Counted", "Judged", "judged"]

COLLECTIONS = ("cranfield", "cisi", "vaswani", "scifact")
Floats = npt.NDArray[np.float64]


class Counted:
    """The offline estimate, each text counted once."""

    def __init__(self) -> None:
        self.count: Callable[[str], TokenCount] = cache(ByteEstimate().count)


@dataclass(frozen=True, eq=False)
class Judged:
    """The questions of one collection that have something relevant, with their hits, best first."""

    name: str
    labelled: list[Labelled]

    def relevant(self, i: int) -> set[str]:
        """The ids of what is relevant to question `i`."""
        return {id for id, grade in self.labelled[i].grades.items() if grade > 0}


@cache
def judged(name: str, k: int = 50, alpha: float | None = None) -> Judged:
    """The collection of that name, searched by the default hybrid (or at `alpha`) for `k` hits."""
    data = collection(name)
    index = Index.build(data.documents, vectors=data.vectors, analyzer="english")
    found: list[Hits] = index.search_many(list(data.queries.values()), k=k, alpha=alpha, vectors=data.query_vectors)
    kept = [
        Labelled(hits, data.qrels[id])
        for id, hits in zip(data.queries, found, strict=True)
        if any(grade > 0 for grade in data.qrels[id].values())
    ]
    return Judged(name, kept)
