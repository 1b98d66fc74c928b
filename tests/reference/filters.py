"""What a filter means, slowly: one chunk's metadata against one filter. What the core's columns must equal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from operator import ge, gt, le, lt
from typing import Any

from ragopt.types import And, Comparison, Filter, Not, Op, Or

Metadata = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDERED = {Op.LT: lt, Op.LE: le, Op.GT: gt, Op.GE: ge}


def matches(where: Filter, metadata: Metadata) -> bool:
    """Whether `metadata` passes the filter."""
    match where:
        case And(parts):
            return all(matches(part, metadata) for part in parts)
        case Or(parts):
            return any(matches(part, metadata) for part in parts)
        case Not(part):
            return not matches(part, metadata)
        case Comparison(field, op, value):
            return compares(metadata.get(field), op, value)
    raise AssertionError(where)


def compares(held: Any, op: Op, value: Any) -> bool:
    """Whether what a field holds (None where it is missing) stands to `value` as `op` says."""
    match op:
        case Op.EXISTS:
            return kind(held) != "null"
        case Op.IS_NULL:
            return kind(held) == "null"
        case Op.EQ:
            return equal(held, value)
        case Op.NE:
            return not equal(held, value)
        case Op.ISIN:
            return any(equal(held, member) for member in value)
        case Op.NOTIN:
            return not any(equal(held, member) for member in value)
        case Op.CONTAINS:
            return kind(held) == "list" and any(equal(part, value) for part in held)
        case Op.STARTSWITH:
            return kind(held) == "str" and held.startswith(value)
    comparable = kind(held) == kind(value) and kind(held) in ("number", "str", "datetime")
    return comparable and bool(_ORDERED[op](number(held), number(value)))


def equal(left: Any, right: Any) -> bool:
    """Whether two values are of one kind and the same. Nothing equals a null or a mapping, itself neither."""
    if kind(left) != kind(right) or kind(left) in ("null", "mapping"):
        return False
    if kind(left) == "list":
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(number(left) == number(right))


def kind(value: Any) -> str:
    """The kind of a value: True is not 1, "1" is not 1, and NaN is what data frames put where nothing is."""
    if value is None or (isinstance(value, float) and value != value):
        return "null"
    kinds = {
        bool: "bool",
        int: "number",
        float: "number",
        str: "str",
        datetime: "datetime",
        list: "list",
        tuple: "list",
    }
    return next((name for type_, name in kinds.items() if isinstance(value, type_)), "mapping")


def number(value: Any) -> Any:
    """A datetime as whole milliseconds since 1970 in UTC, which is also its zone where it has none; others as they are.

    Python compares integers of any size and floats exactly, and strings by code point.
    """
    if not isinstance(value, datetime):
        return value
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)
