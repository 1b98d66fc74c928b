"""The rules that compare hits with each other. Numbers in, places out; nothing here knows a hit.

Measured on cranfield, cisi, vaswani and scifact at the recall of the first ten (benches/prune.py prints it):
raw thresholds and gaps cost tokens, the gain per token saves them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ragopt.types import PruneMode

__all__ = ["above_share", "before_gap", "worth_their_tokens"]

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

#: Gains are per so many tokens.
PER = 1000.0


def above_share(scores: Floats, share: float) -> Places:
    """The places whose score is at least `share` of the best (the first) one."""
    return np.flatnonzero(scores >= share * scores[0]) if len(scores) else np.arange(0)


def before_gap(scores: Floats, least: float) -> tuple[int, float]:
    """How many hits stand before the largest drop of `scores` (best first), and that drop as a share of the best.

    All of them where the largest drop is below `least` of the best score, or the best score is not above 0.
    Of equal drops the first counts.
    """
    if len(scores) < 2 or scores[0] <= 0:
        return len(scores), 0.0
    drops = (scores[:-1] - scores[1:]) / scores[0]
    at = int(drops.argmax())
    drop = float(drops[at])
    return (at + 1, drop) if drop >= least and drop > 0 else (len(scores), drop)


def worth_their_tokens(relevance: Floats, tokens: Floats, least: float, mode: PruneMode) -> Places:
    """The places whose expected gain per 1,000 tokens is at least `least`, ascending.

    Mode recall: a hit adds p / Σp, its share of the relevant that one expects in the list. Mode hit, walked from
    the best: a hit adds the chance that it is relevant and none of those taken before is.
    (One least gain for all questions is the Lagrangian of most recall under a bound on all tokens.)
    """
    cost = np.maximum(tokens, 1.0) / PER
    if mode is PruneMode.RECALL:
        expected = float(relevance.sum())
        return np.flatnonzero(relevance >= least * cost * expected) if expected > 0 else np.arange(0)
    taken, missed = [], 1.0
    for place, (p, price) in enumerate(zip(relevance, cost, strict=True)):
        if missed * p >= least * price:
            taken.append(place)
            missed *= 1.0 - p
    return np.array(taken, dtype=np.intp)
