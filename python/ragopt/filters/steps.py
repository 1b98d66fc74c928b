"""A filter as the core takes it: steps that put sets on a stack and join them, in the order that holds the fewest."""

from __future__ import annotations

from typing import Any, NamedTuple

from ragopt.filters.walk import fold
from ragopt.types import And, Comparison, Filter, Not, Op

__all__ = ["Step", "steps"]

#: A comparison (operator, field, values), a join ("and", "or", "not") of what is on the stack, or "all" or "none".
Step = tuple[str, str, tuple[Any, ...]]


class _Part(NamedTuple):
    """Sets that are on the stack at once while the steps run, and the steps."""

    height: int
    steps: list[Step]


def steps(where: Filter) -> list[Step]:
    """The steps of a filter; they leave one set. FilterError for what is no filter."""
    return fold(where, _compared, _joined).steps


def _compared(comparison: Comparison) -> _Part:
    many = comparison.op in (Op.ISIN, Op.NOTIN)
    alone = () if comparison.op in (Op.EXISTS, Op.IS_NULL) else (comparison.value,)
    return _Part(1, [(str(comparison.op), comparison.field, comparison.value if many else alone)])


def _joined(group: Filter, parts: list[_Part]) -> _Part:
    if isinstance(group, Not):
        parts[0].steps.append(("not", "", ()))
        return parts[0]
    name = "and" if isinstance(group, And) else "or"
    if not parts:
        return _Part(1, [("all" if name == "and" else "none", "", ())])
    # The one that needs most first: while the others run, one set waits. So the stack stays as low as the logarithm
    # of the number of comparisons, however deep the filter is.
    parts.sort(key=lambda part: (part.height, len(part.steps)), reverse=True)
    height, whole = parts[0]
    for part in parts[1:]:
        height = max(height, part.height + 1)
        whole += part.steps
        whole.append((name, "", ()))
    return _Part(height, whole)
