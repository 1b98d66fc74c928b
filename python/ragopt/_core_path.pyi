"""A part of the stub of `ragopt._core`: there is no such module."""

from typing import TypeAlias, final

import numpy as np
import numpy.typing as npt

_Curve: TypeAlias = tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64], float]

@final
class AlphaPath:
    """Measures of queries as exact step functions of alpha.

    `starts` cuts the six lists of chunks into queries, `ideal_starts` the grades of all relevant chunks (best
    first). `lexical` and `dense` are normalized scores; `ties` say which of two equal chunks comes first; `sides`
    holds 1 for a chunk with a term of the query, 2 for one with a vector, 3 for both. `documents` (of each query from
    0) says whose chunks they are where documents are judged: each counts once, at its best chunk. A column is a gauge
    (nDCG, nDCG_exp, AP, RR, R, P, hit, tokens) and a cutoff, at most `depth`, which is how many chunks are looked at.
    """

    def __new__(
        cls,
        starts: npt.NDArray[np.uint64],
        lexical: npt.NDArray[np.float64],
        dense: npt.NDArray[np.float64],
        ties: npt.NDArray[np.uint32],
        sides: npt.NDArray[np.uint8],
        grades: npt.NDArray[np.uint32],
        tokens: npt.NDArray[np.uint32],
        ideal_starts: npt.NDArray[np.uint64],
        ideal: npt.NDArray[np.uint32],
        documents: npt.NDArray[np.uint32] | None,
        columns: list[tuple[str, int]],
        depth: int,
        threads: int,
    ) -> AlphaPath: ...
    def __len__(self) -> int: ...
    def fewest(self) -> npt.NDArray[np.uint64]:
        """For each query the fewest chunks (or documents, where they are judged) in a full list at any alpha.

        A list of fewer chunks than were asked for holds all that there are; where no list is full it is 2⁶⁴ − 1.
        """

    def curve(self, query: int, column: int, /) -> _Curve:
        """At alpha 0; where each step starts, the first just above 0; the steps' values; at alpha 1."""

    def mean(self, column: int, weights: npt.NDArray[np.float64] | None = None, /) -> _Curve:
        """The same of the weighted mean over all queries."""

    def at(self, column: int, alpha: float, /) -> npt.NDArray[np.float64]:
        """One value a query."""
