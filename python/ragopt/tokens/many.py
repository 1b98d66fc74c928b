"""Counting many texts at once, by any counter."""

from __future__ import annotations

from collections.abc import Sequence

from ragopt.protocols import TokenCounter
from ragopt.tokens.estimate import ByteEstimate
from ragopt.types import TokenCount

__all__ = ["count_all", "highs", "points"]


def count_all(counter: TokenCounter, texts: Sequence[str]) -> list[TokenCount]:
    """The count of each text, in order: by one `count_many` of a counter that has it, else one by one."""
    many = getattr(counter, "count_many", None)
    return [counter.count(text) for text in texts] if many is None else list(many(texts))


def points(counter: TokenCounter, texts: Sequence[str]) -> list[int]:
    """The point of each text's count, in order."""
    if type(counter) is ByteEstimate:  # as whole numbers, without an object for each
        return counter.bounds(texts)[0]
    return [count.point for count in count_all(counter, texts)]


def highs(counter: TokenCounter, texts: Sequence[str]) -> list[int]:
    """The upper bound of each text's count, in order."""
    if type(counter) is ByteEstimate:
        return counter.bounds(texts)[2]
    return [count.high for count in count_all(counter, texts)]
