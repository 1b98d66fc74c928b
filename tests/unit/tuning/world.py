"""A small world that can be searched as an index can, with sides as good as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.types import Chunk, Hit, Hits, Normalizer, Query, Sides


class World:
    """`lexical` and `dense` say how far a side lifts the two relevant chunks of each question above noise."""

    def __init__(
        self,
        queries: int,
        *,
        lexical: float = 1.0,
        dense: float = 1.0,
        chunks: int = 60,
        seed: int = 0,
        vectors: bool = True,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.dense_side = vectors
        self.queries = {f"q{i}": f"question {i}" for i in range(queries)}
        self.qrels: dict[str, dict[str, int]] = {}
        self.sides: dict[str, npt.NDArray[np.float64]] = {}
        self.chunks = [Chunk(f"d{i // 2}#{i % 2}", f"d{i // 2}", "word " * (5 + i % 7), (0, 10)) for i in range(chunks)]
        for i, (id, text) in enumerate(self.queries.items()):
            relevant = rng.choice(chunks, size=2, replace=False)
            self.qrels[id] = {self.chunks[relevant[0]].id: 2, self.chunks[relevant[1]].id: 1}
            sides = rng.normal(size=(2, chunks))
            sides[0, relevant] += lexical * (1 + i % 2)
            sides[1, relevant] += dense * (1 + i % 2)
            self.sides[text] = sides
        self.searches: list[dict[str, Any]] = []

    def get(self, id: str) -> Chunk | None:
        return next((chunk for chunk in self.chunks if chunk.id == id), None)

    def search_many(self, queries: Sequence[str | Query], **options: Any) -> list[Hits]:
        self.searches.append({"queries": len(queries), **options})
        alpha = 0.6 if options["alpha"] is None else options["alpha"]
        alpha = alpha if self.dense_side else 0.0
        found = []
        for query in queries:
            lexical, dense = self.sides[query if isinstance(query, str) else query.text]
            scores = alpha * dense + (1 - alpha) * lexical
            best = np.argsort(-scores, kind="stable")[: options["k"]]
            items = tuple(Hit(self.chunks[i].id, float(scores[i]), chunk=self.chunks[i]) for i in best)
            found.append(Hits(items, alpha, Normalizer.BOUNDED, Sides(True, self.dense_side)))
        return found
