"""The filter tree: what a filter says, apart from how any engine evaluates it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from ragopt.errors import FilterError, InputTypeError

__all__ = ["And", "Comparison", "Filter", "Not", "Op", "Or", "Where"]


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
        _require_filter("&", other)
        # A long chain stays flat: nested, it would be as deep as it is long.
        return And((*(self.parts if isinstance(self, And) else (self,)), other))

    def __or__(self, other: Filter) -> Filter:
        _require_filter("|", other)
        return Or((*(self.parts if isinstance(self, Or) else (self,)), other))

    def __invert__(self) -> Filter:
        return Not(self)

    def __bool__(self) -> bool:
        raise InputTypeError("a filter has no truth value; combine filters with &, | and ~, not and, or, not")


def _require_filter(operator: str, value: object) -> None:
    if not isinstance(value, Filter):
        raise FilterError(f"filter {operator} {value!r}: not a filter; build one with F, as in F('year') >= 2024")


@dataclass(frozen=True, slots=True)
class Comparison(Filter):
    """One field against one value (`value` is a tuple for isin and notin, None for exists and is_null).

    `op` may be given by its name; FilterError for one that does not exist.
    """

    field: str
    op: Op
    value: Any = None

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "op", Op(self.op))
        except ValueError:
            known = ", ".join(Op)
            raise FilterError(f"filter on {self.field!r}: unknown operator {self.op!r}; known: {known}") from None
        value = _frozen(self.value)
        object.__setattr__(self, "value", value)
        needs = None
        if self.op in (Op.EXISTS, Op.IS_NULL):
            needs = None if value is None else "no value"
        elif self.op in (Op.ISIN, Op.NOTIN):
            needs = None if isinstance(value, tuple) else "a list of values"
        elif value is None:
            needs = "a value; for a missing one there are exists and is_null"
        elif self.op is Op.STARTSWITH and not isinstance(value, str):
            needs = "a string"
        if needs is not None:
            raise FilterError(f"filter on {self.field!r}: {self.op} needs {needs}, not {value!r}"[:300])


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, (list, tuple)) else value


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


#: A filter as it may be given: made with F, or written as a mapping (see `ragopt.filters.from_dict`).
Where: TypeAlias = Filter | Mapping[str, Any]
