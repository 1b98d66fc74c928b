"""Which items are taken for a capacity: numbers in, places out. Nothing here knows a hit."""

from __future__ import annotations

from collections.abc import Sequence

from ragopt import _core
from ragopt.types import Method

__all__ = ["MAX_CELLS", "choose", "choose_grouped", "skip", "take", "truncate"]

MAX_CELLS = 64_000_000
"""Items times capacity that are worked through: a byte each. 200 items reach it at 319,000 tokens."""


def take(method: Method, weights: Sequence[int], values: Sequence[float], capacity: int) -> list[int]:
    """The places that `method` takes, ascending; their weights sum to at most `capacity`."""
    if method is Method.KNAPSACK:
        return choose(weights, values, capacity)
    return skip(weights, capacity) if method is Method.SKIP else truncate(weights, capacity)


def choose(weights: Sequence[int], values: Sequence[float], capacity: int) -> list[int]:
    """The places whose values sum to the most with weights summing to at most `capacity`, ascending.

    Exact dynamic programming over whole tokens, O(items · capacity), in the core. Where items times capacity is
    above MAX_CELLS the first of the items that fit in it are considered: exact over those. Weights
    are 1 or more. Of two sets of equal value, the one with the earlier items is taken.
    """
    if capacity <= 0:
        return []
    fitting = [i for i, weight in enumerate(weights) if weight <= capacity]
    if sum(weights[i] for i in fitting) <= capacity:
        return fitting
    items = fitting[: max(1, MAX_CELLS // (capacity + 1))]
    chosen = _core.knapsack([0], [[weights[i] for i in items]], [[values[i] for i in items]], capacity)
    return [items[place] for _, place in chosen]


def choose_grouped(
    heads: Sequence[int], weights: Sequence[Sequence[int]], values: Sequence[Sequence[float]], capacity: int
) -> list[tuple[int, int]]:
    """`choose` where items lie in groups, and the first that is taken of a group costs its head too.

    Places are (group, item). Above MAX_CELLS the first groups alone are considered.
    """
    if capacity <= 0:
        return []
    most, count = MAX_CELLS // (capacity + 1), 0
    while count < len(heads) and (most := most - 1 - len(weights[count])) >= 0:
        count += 1
    count = max(1, count)
    return _core.knapsack(heads[:count], weights[:count], values[:count], capacity)


def skip(weights: Sequence[int], capacity: int) -> list[int]:
    """Best first, leaving out what does not fit in what is left."""
    taken = []
    for i, weight in enumerate(weights):
        if weight <= capacity:
            taken.append(i)
            capacity -= weight
    return taken


def truncate(weights: Sequence[int], capacity: int) -> list[int]:
    """The longest start of the list that fits."""
    for i, weight in enumerate(weights):
        if (capacity := capacity - weight) < 0:
            return list(range(i))
    return list(range(len(weights)))
