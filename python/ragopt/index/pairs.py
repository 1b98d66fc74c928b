"""One search for every alpha: the chunks that can win at some alpha, with the normalized scores of both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from ragopt import _core
from ragopt.errors import InputError
from ragopt.types import Chunk, Hit, Hits, Normalizer, Sides

__all__ = ["Pairs"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The chunks of one query that some alpha between 0 and 1 puts among its first `k`, and perhaps a few more.

    All arrays have an entry a chunk, in the order in which equal scores are ranked. `lexical` and `dense` are the
    normalized scores: at alpha the score is alpha · dense + (1 − alpha) · lexical. `found` is 1 for a chunk with a
    term of the query, 2 for one with a vector, 3 for both. Where only one side exists, both scores are that side's.
    `raw` is BM25 (NaN throughout without a lexical side), `cosines` the cosine (NaN without a vector).
    """

    k: int
    normalizer: Normalizer
    depth: int | None
    sides: Sides
    ordinals: npt.NDArray[np.uint32]
    lexical: Floats
    dense: Floats
    found: npt.NDArray[np.uint8]
    raw: Floats
    cosines: Floats
    core: _core.Index
    load: Callable[[int], Chunk]

    def __len__(self) -> int:
        return len(self.ordinals)

    def first(self, alpha: float, k: int) -> tuple[list[int], Floats]:
        """The places of the exact first `k` at this alpha, best first, and the scores of all chunks."""
        if not 0.0 <= alpha <= 1.0 or not 0 <= k <= self.k:
            raise InputError(f"alpha={alpha}, k={k}: give an alpha from 0 to 1 and a k of at most {self.k}")
        alpha = self._in_force(alpha)
        scores = alpha * self.dense + (1.0 - alpha) * self.lexical + 0.0
        side = 1 if alpha == 0.0 else 2 if alpha == 1.0 else 3
        places = np.flatnonzero(self.found & side)
        order = np.argsort(-scores[places], kind="stable")[:k]
        return places[order].tolist(), scores

    def hits(self, alpha: float, k: int) -> Hits:
        """The exact first `k` at this alpha, as a search finds them; `k` is at most that of the pairs."""
        places, scores = self.first(alpha, k)
        return Hits(
            tuple(self._hit(place, float(scores[place])) for place in places),
            alpha=self._in_force(alpha),
            normalizer=self.normalizer,
            sides=self.sides,
            depth=self.depth,
        )

    def _in_force(self, alpha: float) -> float:
        """The alpha that a search has: where one side alone exists, it has all the weight."""
        return {(True, False): 0.0, (False, True): 1.0}.get((self.sides.lexical, self.sides.dense), alpha)

    def _hit(self, place: int, score: float) -> Hit:
        ordinal, raw, cosine = int(self.ordinals[place]), float(self.raw[place]), float(self.cosines[place])
        return Hit(
            self.core.id(ordinal),
            score,
            lexical=None if raw != raw else raw,
            dense=None if cosine != cosine else cosine,
            load=partial(self.load, ordinal),
        )
