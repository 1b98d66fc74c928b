"""Through a filter without a call in a call, so that it may be nested to any depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ragopt.errors import FilterError
from ragopt.types import And, Comparison, Filter, Not, Or

__all__ = ["fold"]

T = TypeVar("T")


def fold(where: Filter, leaf: Callable[[Comparison], T], join: Callable[[And | Or | Not, list[T]], T]) -> T:
    """What `join` makes of a group and what came of its parts, from the comparisons upwards.

    FilterError for what is no filter.
    """
    done: list[T] = []
    todo: list[tuple[Filter, bool]] = [(where, False)]
    while todo:
        node, are_parts_done = todo.pop()
        if isinstance(node, Comparison):
            done.append(leaf(node))
        elif isinstance(node, (And, Or, Not)):
            parts = (node.part,) if isinstance(node, Not) else node.parts
            if are_parts_done:
                first = len(done) - len(parts)
                done[first:] = [join(node, done[first:])]
            else:
                todo.append((node, True))
                todo.extend((part, False) for part in reversed(parts))
        else:
            raise FilterError(f"where={node!r}: not a filter; build one with F, as in F('year') >= 2024"[:300])
    return done[0]
