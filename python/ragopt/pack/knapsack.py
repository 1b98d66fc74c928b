"""The exact 0/1 knapsack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["MAX_CELLS", "choose"]

MAX_CELLS = 64_000_000
"""Items times capacity that are worked through: one byte each."""


def choose(weights: Sequence[int], values: Sequence[float], capacity: int) -> list[int]:
    """The positions whose values sum to the most with weights summing to at most `capacity`, ascending.

    Exact dynamic programming over whole tokens, O(items · capacity). Where items times capacity is
    above MAX_CELLS the first of the items that fit in it are considered: exact over those. Weights
    are 1 or more. Of two sets of equal value, the one with the earlier items is taken.
    """
    if capacity <= 0:
        return []
    fitting = [i for i, weight in enumerate(weights) if weight <= capacity]
    if sum(weights[i] for i in fitting) <= capacity:
        return fitting
    items = fitting[: max(1, MAX_CELLS // (capacity + 1))]
    best = np.zeros(capacity + 1)
    taken = np.zeros((len(items), capacity + 1), dtype=np.bool_)
    # Last item first: walking back then meets the best-ranked item first and can prefer it in a tie.
    for row in range(len(items) - 1, -1, -1):
        weight = weights[items[row]]
        with_item = best[: capacity + 1 - weight] + values[items[row]]
        better = with_item >= best[weight:]
        taken[row, weight:] = better
        best[weight:] = np.where(better, with_item, best[weight:])
    chosen = []
    left = capacity
    for row, item in enumerate(items):
        if taken[row, left]:
            chosen.append(item)
            left -= weights[item]
    return chosen
