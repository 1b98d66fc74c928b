"""The slow twin of the coordinate search: every combination of values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from ragopt.tuning.space import with_value
from ragopt.types import Settings

__all__ = ["exhaustive"]


def exhaustive(
    start: Settings, dimensions: Sequence[tuple[str, Sequence[Any]]], pick: Callable[[Sequence[Settings]], int]
) -> Settings:
    """The wanted one of all combinations, those that change the first fields least coming first."""
    tried = []
    for values in product(*(values for _, values in dimensions)):
        settings = start
        for (name, _), value in zip(dimensions, values, strict=True):
            settings = with_value(settings, name, value)
        tried.append(settings)
    return tried[pick(tried)]
