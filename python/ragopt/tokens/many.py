"""Counting many texts at once, by any counter."""

from __future__ import annotations

from collections.abc import Sequence

from ragopt.protocols import TokenCounter
from ragopt.types import TokenCount

__all__ = ["count_all"]


def count_all(counter: TokenCounter, texts: Sequence[str]) -> list[TokenCount]:
    """The count of each text, in order: by one `count_many` of a counter that has it, else one by one."""
    many = getattr(counter, "count_many", None)
    return [counter.count(text) for text in texts] if many is None else list(many(texts))
