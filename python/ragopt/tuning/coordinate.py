"""Coordinate search: one field of the settings after another, each at its best given the others, until none moves.

The slow twin, all combinations, is in tests/reference/coordinate.py. It knows no index and no question: `pick` says
which of some settings is wanted, by whatever rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ragopt.tuning.space import Dimension, with_value
from ragopt.types import Settings

__all__ = ["descend", "search"]

#: The place of the settings that are wanted, of some that differ in one field; the default's value is the first.
Pick = Callable[[Sequence[Settings]], int]

_ROUNDS = 4


def descend(start: Settings, dimensions: Sequence[Dimension], pick: Pick) -> Settings:
    """Where the search ends that starts at `start`: no field moves alone, or four rounds went by."""
    now = start
    for _ in range(_ROUNDS):
        before = now
        for dimension in dimensions:
            tried = [with_value(now, dimension.name, value) for value in dimension.values]
            now = tried[pick(tried)]
        if now == before:
            break
    return now


def search(start: Settings, dimensions: Sequence[Dimension], pick: Pick) -> Settings:
    """The wanted one of two descents: fields in their order, and in the reverse.

    What the first field takes, the others cannot have: a small top-k leaves no recall for a threshold to give.
    """
    ends = [descend(start, order, pick) for order in (dimensions, dimensions[::-1])]
    return ends[pick(ends)] if ends[0] != ends[1] else ends[0]
