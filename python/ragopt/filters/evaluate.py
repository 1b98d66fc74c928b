"""The one evaluator of filters: every path that filters in this process calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ragopt.errors import FilterError
from ragopt.types import And, Comparison, Filter, Not, Op, Or

__all__ = ["matcher", "matches"]

Metadata = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ORDERED = ("number", "str", "datetime")


def matches(where: Filter, metadata: Metadata) -> bool:
    """Whether `metadata` passes the filter."""
    return matcher(where)(metadata)


def matcher(where: Filter) -> Callable[[Metadata], bool]:
    """The filter as a function of metadata. It never raises on any metadata."""
    match where:
        case And(parts):
            all_of = [matcher(part) for part in parts]
            return lambda m: all(test(m) for test in all_of)
        case Or(parts):
            any_of = [matcher(part) for part in parts]
            return lambda m: any(test(m) for test in any_of)
        case Not(part):
            inner = matcher(part)
            return lambda m: not inner(m)
        case Comparison():
            return _comparison(where)
    raise FilterError(f"where={where!r}: not a filter; build one with F, as in F('year') >= 2024")


def _comparison(comparison: Comparison) -> Callable[[Metadata], bool]:
    field, op = comparison.field, comparison.op
    if op is Op.EXISTS:
        return lambda m: not _is_null(m.get(field))
    if op is Op.IS_NULL:
        return lambda m: _is_null(m.get(field))
    if op in (Op.NE, Op.NOTIN):
        positive = _comparison(Comparison(field, Op.EQ if op is Op.NE else Op.ISIN, comparison.value))
        return lambda m: not positive(m)
    if op is Op.ISIN:
        keys = [_key(value) for value in comparison.value]
        scalars, lists = {key for key in keys if key[0] != "list"}, [key for key in keys if key[0] == "list"]
        return lambda m: (key := _key(m.get(field))) in (lists if key[0] == "list" else scalars)
    if op is Op.STARTSWITH:
        prefix = comparison.value
        return lambda m: isinstance(value := m.get(field), str) and value.startswith(prefix)
    key = _key(comparison.value)
    if op is Op.EQ:
        return lambda m: _key(m.get(field)) == key
    if op is Op.CONTAINS:
        return lambda m: isinstance(value := m.get(field), (list, tuple)) and any(_key(v) == key for v in value)
    return _ordered(field, op, key)


def _ordered(field: str, op: Op, bound: tuple[str, Any]) -> Callable[[Metadata], bool]:
    kind, limit = bound
    if kind not in _ORDERED:
        return lambda _: False
    compare: Callable[[Any], bool] = {
        Op.LT: lambda v: v < limit,
        Op.LE: lambda v: v <= limit,
        Op.GT: lambda v: v > limit,
        Op.GE: lambda v: v >= limit,
    }[op]

    def test(metadata: Metadata) -> bool:
        found, value = _key(metadata.get(field))
        return found == kind and bool(compare(value))

    return test


def _is_null(value: Any) -> bool:
    """Whether nothing is there: None, or the NaN that data frames put in its place."""
    return value is None or (isinstance(value, float) and value != value)


def _key(value: Any) -> tuple[str, Any]:
    """A value with its kind, so that unlike kinds are never equal (True is not 1, "1" is not 1)."""
    if _is_null(value):
        return "null", object()
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, (int, float)):
        return "number", value
    if isinstance(value, str):
        return "str", value
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return "datetime", (moment - _EPOCH) // _MILLISECOND
    if isinstance(value, (list, tuple)):
        return "list", [_key(part) for part in value]
    # Nested mappings are kept, but cannot be compared: equal to nothing.
    return "mapping", object()
