"""The filter tree: what a filter says, apart from how any engine evaluates it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["And", "Comparison", "Filter", "Not", "Op", "Or"]


class Op(StrEnum):
    """The comparisons of the filter language. `ne` is exactly the complement of `eq`."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    ISIN = "isin"
    NOTIN = "notin"
    CONTAINS = "contains"
    STARTSWITH = "startswith"
    EXISTS = "exists"
    IS_NULL = "is_null"


class Filter:
    """A hard predicate on metadata. Combine with `&`, `|` and `~`."""

    __slots__ = ()

    def __and__(self, other: Filter) -> Filter:
        return And((self, other))

    def __or__(self, other: Filter) -> Filter:
        return Or((self, other))

    def __invert__(self) -> Filter:
        return Not(self)

    def __bool__(self) -> bool:
        raise TypeError("a filter has no truth value; combine filters with &, | and ~, not and, or, not")


@dataclass(frozen=True, slots=True)
class Comparison(Filter):
    """One field against one value (`value` is a tuple for isin and notin, None for exists and is_null)."""

    field: str
    op: Op
    value: Any = None


@dataclass(frozen=True, slots=True)
class And(Filter):
    """True where every part is; of no parts, everywhere."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or(Filter):
    """True where any part is; of no parts, nowhere."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not(Filter):
    """The true complement: everything that the part does not let through."""

    part: Filter
