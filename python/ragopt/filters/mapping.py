"""Filters as mappings, in the manner of MongoDB: what JSON can hold, and what other programs write."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

from ragopt.errors import FilterError
from ragopt.filters.fields import plain
from ragopt.filters.language import F
from ragopt.filters.walk import fold
from ragopt.types import And, Comparison, Filter, Not, Op, Or

__all__ = ["as_filter", "both", "from_dict", "to_dict"]

_EXAMPLE = '{"year": {"$gte": 2024}, "lang": {"$in": ["en", "vi"]}}'
_COMPARISONS: dict[str, Callable[[F, Any], Filter]] = {
    "$eq": lambda field, value: field.is_null() if value is None else field == value,
    "$ne": lambda field, value: field.exists() if value is None else field != value,
    "$lt": lambda field, value: field < value,
    "$lte": lambda field, value: field <= value,
    "$gt": lambda field, value: field > value,
    "$gte": lambda field, value: field >= value,
    "$in": lambda field, value: field.isin(value),
    "$nin": lambda field, value: field.notin(value),
    "$contains": lambda field, value: field.contains(value),
    "$startswith": lambda field, value: field.startswith(value),
}
_NAMES = {
    Op.EQ: "$eq",
    Op.NE: "$ne",
    Op.LT: "$lt",
    Op.LE: "$lte",
    Op.GT: "$gt",
    Op.GE: "$gte",
    Op.ISIN: "$in",
    Op.NOTIN: "$nin",
    Op.CONTAINS: "$contains",
    Op.STARTSWITH: "$startswith",
}
_OF_A_FIELD = (*_COMPARISONS, "$exists", "$not")
_OF_A_GROUP = ("$and", "$or", "$nor", "$not")
_DATE = "$date"


def as_filter(where: object) -> Filter:
    """A filter as it is, a mapping as the filter that it writes; FilterError for anything else."""
    if isinstance(where, Filter):
        return where
    if isinstance(where, Mapping):
        return from_dict(where)
    raise FilterError(f"where={where!r}: not a filter; give F('year') >= 2024, or a mapping as in {_EXAMPLE}"[:300])


def both(left: object | None, right: object | None) -> Filter | None:
    """What passes both filters, each of which may be a mapping; None lets everything through."""
    if left is None or right is None:
        given = right if left is None else left
        return None if given is None else as_filter(given)
    return as_filter(left) & as_filter(right)


def from_dict(where: Mapping[str, Any]) -> Filter:
    """The filter that a mapping writes.

    A field stands to a value (equal; None: missing), or to operators that must all hold: `$eq`, `$ne`, `$lt`,
    `$lte`, `$gt`, `$gte`, `$in`, `$nin`, `$contains` (lists), `$startswith`, `$exists` (true or false), `$not`
    (operators). `$and`, `$or`, `$nor` take a list of such mappings, `$not` one. A datetime may be written
    `{"$date": "2024-01-01T00:00:00Z"}`. Several entries must all hold.

    FilterError for an unknown operator, an empty mapping or group, and what `F` refuses.
    """
    try:
        return _built(where)
    except RecursionError:
        raise FilterError("where: the mapping is nested too deeply; join its parts by one $and or $or") from None


#: What builds a filter asks for those of the mappings inside, and is handed them.
Building = Generator[object, Filter, Filter]


def _built(where: object) -> Filter:
    """The filter of a mapping of any depth: those who wait for what is inside lie in a list, not on Python's stack."""
    waiting = [_group(where)]
    done: Filter | None = None
    while waiting:
        try:
            asked = next(waiting[-1]) if done is None else waiting[-1].send(done)
        except StopIteration as end:
            waiting.pop()
            done = end.value
        else:
            waiting.append(_group(asked))
            done = None
    assert done is not None  # the last one ended with its filter
    return done


def _group(where: object) -> Building:
    if not isinstance(where, Mapping):
        raise FilterError(f"filter: {where!r} is not a mapping of fields, as in {_EXAMPLE}"[:300])
    if not where:
        raise FilterError("filter: an empty mapping says nothing; pass None to let everything through")
    parts = []
    for name, value in where.items():
        if not isinstance(name, str):
            raise FilterError(f"filter: the field name {name!r} is not a string")
        parts.append((yield from _joined(name, value)) if name.startswith("$") else _field(name, value))
    return reduce(and_, parts)


def _joined(name: str, value: object) -> Building:
    if name == "$not":
        return ~(yield value)
    if name not in _OF_A_GROUP:
        known = ", ".join(_OF_A_GROUP)
        raise FilterError(f"filter: unknown operator {name!r}; known: {known}, and under a field {_known()}")
    if not isinstance(value, (list, tuple)) or not value:
        raise FilterError(f"filter: {name} needs a list of one or more filters, not {value!r}"[:300])
    found = []
    for part in value:
        built = yield part
        found.append(built)
    parts = tuple(found)
    return And(parts) if name == "$and" else Or(parts) if name == "$or" else ~Or(parts)


def _field(name: str, value: object) -> Filter:
    if not isinstance(value, Mapping) or set(value) == {_DATE}:
        return _COMPARISONS["$eq"](F(name), _value(name, value))
    if not value:
        raise FilterError(f"filter on {name!r}: an empty mapping says nothing; known operators: {_known()}")
    return reduce(and_, [_comparison(name, operator, operand) for operator, operand in value.items()])


def _comparison(name: str, operator: object, operand: object) -> Filter:
    if operator == "$exists":
        if not isinstance(operand, bool):
            raise FilterError(f"filter on {name!r}: $exists needs true or false, not {operand!r}"[:300])
        return F(name).exists() if operand else F(name).is_null()
    if operator == "$not":
        if not isinstance(operand, Mapping):
            raise FilterError(f'filter on {name!r}: $not needs operators, as in {{"$gte": 5}}, not {operand!r}'[:300])
        return ~_field(name, operand)
    if not isinstance(operator, str) or operator not in _COMPARISONS:
        raise FilterError(f"filter on {name!r}: unknown operator {operator!r}; known: {_known()}"[:400])
    return _COMPARISONS[operator](F(name), _value(name, operand))


def _value(name: str, value: Any) -> Any:
    value = plain(value)
    if isinstance(value, (list, tuple)):
        return [_value(name, part) for part in value]
    if not isinstance(value, Mapping):
        return value
    date = value.get(_DATE)
    if len(value) == 1 and isinstance(date, datetime):
        return date
    try:
        if len(value) != 1 or not isinstance(date, str):
            raise ValueError
        return datetime.fromisoformat(date)
    except ValueError:
        raise FilterError(
            f'filter on {name!r}: {value!r} is no value; a datetime is {{"$date": "2024-01-01T00:00:00Z"}}'[:300]
        ) from None


def _known() -> str:
    return ", ".join(_OF_A_FIELD)


def to_dict(where: Filter) -> dict[str, Any]:
    """The filter as a mapping of what JSON holds; `from_dict` makes the same filter of it.

    FilterError for a group of nothing and for a field whose name begins with `$`, which have no such form.
    """
    return fold(where, _written, _grouped)


def _written(comparison: Comparison) -> dict[str, Any]:
    field, op = comparison.field, comparison.op
    if field.startswith("$"):
        raise FilterError(f"filter on {field!r}: a name that begins with $ would be read as an operator")
    if op in (Op.EXISTS, Op.IS_NULL):
        return {field: {"$exists": op is Op.EXISTS}}
    return {field: {_NAMES[op]: _plainly(comparison.value)}}


def _plainly(value: Any) -> Any:
    if isinstance(value, datetime):
        return {_DATE: value.isoformat()}
    return [_plainly(part) for part in value] if isinstance(value, tuple) else value


def _grouped(group: And | Or | Not, parts: list[dict[str, Any]]) -> dict[str, Any]:
    if isinstance(group, Not):
        return {"$not": parts[0]}
    if not parts:
        raise FilterError("filter: a group of no filters cannot be written as a mapping")
    return {"$and" if isinstance(group, And) else "$or": parts}
