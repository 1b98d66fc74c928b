"""nDCG@k of one query over alpha, walked in numpy: the plain twin of the core's walk.

It keeps the ordered first k, and again and again looks for the next alpha at which two neighbors in it change places
or a chunk from outside overtakes the last. Every chunk is looked at in every step; nothing is left out beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def ndcg(grades: Whole, ideal: Sequence[int]) -> float:
    """Of the first hits' grades, linear gain; `ideal` are the first k of all relevant grades, best first."""
    best = sum(grade / np.log2(place + 2) for place, grade in enumerate(ideal))
    gained = (grades / np.log2(np.arange(len(grades)) + 2)).sum()
    return float(gained / best) if best else 0.0


def walk(lexical: Floats, dense: Floats, grades: Whole, ideal: Sequence[int], k: int) -> tuple[Floats, Floats]:
    """Where each step starts (the first at 0), and the value of each, strictly between alpha 0 and 1.

    Of equal scores the chunk that comes earlier in the arrays is first.
    """
    inside = list(np.lexsort((np.arange(len(lexical)), -dense, -lexical))[:k])
    starts, values = [0.0], [ndcg(grades[inside], ideal[:k])]
    while inside:
        above, below = np.array(inside[:-1], dtype=int), np.array(inside[1:], dtype=int)
        near = _meeting(lexical[above] - lexical[below], dense[below] - dense[above])
        last = inside[-1]
        far = _meeting(lexical[last] - lexical, dense - dense[last])
        far[inside] = np.inf
        outside = int(far.argmin())
        first = int(near.argmin()) if len(near) else 0
        alpha = min(far[outside], near[first] if len(near) else np.inf)
        if not alpha < 1.0:
            break
        if len(near) and near[first] <= far[outside]:
            inside[first], inside[first + 1] = inside[first + 1], inside[first]
        else:
            inside[-1] = outside
        value = ndcg(grades[inside], ideal[:k])
        if value != values[-1]:
            starts.append(max(alpha, starts[-1]))
            values.append(value)
    return np.array(starts), np.array(values)


def _meeting(lexical: Floats, dense: Floats) -> Floats:
    """Where a chunk that is behind by `lexical` at 0, and gains `dense` by 1, draws level; infinity if never."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(dense > 0, lexical / (lexical + dense), np.inf)
