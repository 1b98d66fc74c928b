"""Orders in which what comes later is unlike what came before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ragopt import _core
from ragopt.errors import InputError, VectorError
from ragopt.types import Hits
from ragopt.types.parameters import fraction, whole

__all__ = ["facility_location", "mmr"]

#: Facility location compares all pairs: so many hits take 32 MB.
MOST = 2000

_Order = Callable[[npt.NDArray[np.float64], npt.NDArray[np.float32], float, int], list[int]]


def mmr(hits: Hits, vectors: npt.ArrayLike, lambda_: float = 0.5, k: int | None = None) -> Hits:
    """The hits in the order of maximal marginal relevance, the best `k` of it (None: all).

    Each pick is the hit with the largest `lambda · score − (1 − lambda) · largest cosine to any pick before`
    (Carbonell and Goldstein 1998); ties go by rank. Lambda 1 is the order by score, lambda 0 asks for unlike alone.
    `vectors` has a row a hit of any length; a zero row is like nothing. Raises VectorError for other shapes.

    Measured, it costs relevant hits unless there are near-duplicates, which `drop_duplicates` removes at less cost.
    """
    return _ordered(_core.mmr, hits, vectors, lambda_, k)


def facility_location(hits: Hits, vectors: npt.ArrayLike, lambda_: float = 0.5, k: int | None = None) -> Hits:
    """The hits in the greedy order of facility location, the best `k` of it (None: all).

    Each pick is the hit with the largest `lambda · score + (1 − lambda) · gain`, the gain being how much nearer, in
    the mean over all hits, the nearest pick comes by it, by cosines of at least 0 (Lin and Bilmes 2011). Otherwise
    as `mmr`. It compares all pairs: InputError above 2,000 hits.
    """
    if len(hits) > MOST:
        raise InputError(f"facility location compares all pairs: {len(hits)} hits are more than {MOST}; cut them first")
    return _ordered(_core.facility, hits, vectors, lambda_, k)


def _ordered(order: _Order, hits: Hits, vectors: npt.ArrayLike, lambda_: float, k: int | None) -> Hits:
    weight = fraction("lambda", lambda_)
    most = len(hits) if k is None else whole("k", k)
    if not len(hits):
        return hits
    rows = np.asarray(vectors, dtype=np.float32)
    if rows.ndim != 2 or len(rows) != len(hits) or not rows.shape[1]:
        raise VectorError(f"vectors has shape {rows.shape}: give one row for each of the {len(hits)} hits")
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    if not np.isfinite(lengths).all():
        raise VectorError(f"the vector of hit {hits[int(np.argmin(np.isfinite(lengths)))].id!r} is NaN or infinite")
    rows = np.ascontiguousarray(np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0, casting="unsafe"))
    scores = np.array([hit.score for hit in hits], dtype=np.float64)
    if not np.isfinite(scores).all():
        raise InputError("these hits have scores that are NaN or infinite: an order needs numbers")
    return hits.keep([hits[place] for place in order(scores, rows, weight, most)])
