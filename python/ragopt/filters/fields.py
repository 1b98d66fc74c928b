"""Declared field types, and the check of values and filters against them."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any

import numpy as np

from ragopt.errors import FilterError, InputError, InputTypeError
from ragopt.filters.walk import fold
from ragopt.types import Comparison, Filter, Not, Op

__all__ = ["FieldTypes", "check", "coerce", "coerce_metadata", "field_types", "milliseconds", "plain", "to_instant"]

#: Field name to "bool", "int", "float", "str", "datetime", or "list[...]" of one of those.
FieldTypes = Mapping[str, str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = (bool, int, float, str, datetime, type(None))
_SCALARS: dict[object, str] = {bool: "bool", int: "int", float: "float", str: "str", datetime: "datetime"}
_ORDERED = (Op.LT, Op.LE, Op.GT, Op.GE)
#: How alike a name must be to one that is declared (1: the same) to be taken for a misspelling of it.
_ALIKE = 0.7


def field_types(declared: Mapping[str, Any] | None) -> dict[str, str]:
    """`{"year": int, "tags": list[str]}` (types or their names) as names; InputError for any other type."""
    if declared is not None and not isinstance(declared, Mapping):
        raise InputTypeError(f'fields is a {type(declared).__name__}: give names and types, as in {{"year": int}}')
    out: dict[str, str] = {}
    for field, kind in (declared or {}).items():
        if not isinstance(field, str):
            raise InputTypeError(f"fields: the name {field!r} is not a string")
        name = kind if isinstance(kind, str) else _type_name(kind)
        inner = name[5:-1] if name.startswith("list[") and name.endswith("]") else name
        if inner not in _SCALARS.values():
            known = "bool, int, float, str, datetime and lists of those, as in list[str]"
            raise InputError(f"fields[{field!r}] = {kind!r}: a field is one of {known}")
        out[field] = name
    return out


def _type_name(kind: Any) -> str:
    if isinstance(kind, types.GenericAlias) and typing.get_origin(kind) is list:
        return f"list[{_SCALARS.get(typing.get_args(kind)[0], '?')}]"
    return _SCALARS.get(kind, "?") if isinstance(kind, type) else "?"


def plain(value: Any) -> Any:
    """What numpy and pandas hold as the Python value it is; NaT, a date that is missing, as None."""
    if isinstance(value, np.ndarray):
        return plain(value[()]) if value.ndim == 0 else [plain(part) for part in value]
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
        return value if value is None or isinstance(value, datetime) else np.datetime64(value, "us")
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, datetime) and value != value:  # pandas.NaT calls itself a datetime
        return None
    return value


def milliseconds(moment: datetime) -> int:
    """A datetime as the core keeps it: whole milliseconds since 1970 began in UTC. One without an offset is UTC."""
    if moment.utcoffset() is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def to_instant(text: str) -> datetime:
    """An ISO 8601 date or time as an instant; one without an offset is UTC. ValueError if it is not one."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def coerce(value: Any, kind: str) -> Any:
    """`value` as `kind` declares it; TypeError or ValueError if it cannot be (None stays None).

    Only what loses nothing is converted: ISO text to a datetime, an integer to a float.
    """
    value = plain(value)
    if value is None:
        return None
    if kind.startswith("list["):
        if not isinstance(value, (list, tuple)):
            raise TypeError
        return [coerce(part, kind[5:-1]) for part in value]
    if kind == "datetime":
        if isinstance(value, str):
            return to_instant(value)
        wanted: tuple[type, ...] = (datetime,)
    else:
        wanted = {"bool": (bool,), "int": (int,), "float": (float, int), "str": (str,)}[kind]
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "bool"):
        raise TypeError
    return value


def coerce_metadata(metadata: Mapping[str, Any], fields: FieldTypes, where: str) -> dict[str, Any]:
    """The metadata with declared fields checked; InputTypeError naming chunk and field otherwise."""
    out = dict(metadata)
    for field, kind in fields.items():
        if field in out:
            try:
                out[field] = coerce(out[field], kind)
            except (TypeError, ValueError):
                raise InputTypeError(
                    f"{where}: metadata field {field!r} is declared as {kind} but holds {out[field]!r}; "
                    f"mend the value or the declaration"
                ) from None
    return out


def check(where: Filter, fields: FieldTypes, present: Callable[[], Collection[str]] | None = None) -> Filter:
    """The filter with values of declared fields brought to their type; FilterError where that cannot be.

    With `present`, which names the fields that any chunk has, a name that is neither declared nor present is
    refused where it is nearly that of a declared field. (Other unknown fields are missing everywhere.)
    """

    def leaf(comparison: Comparison) -> Filter:
        field = comparison.field
        if field in fields:
            return _check_comparison(comparison, fields[field])
        if fields and present is not None and field not in present():
            _refuse_misspelled(field, fields)
        _check_kind(comparison)
        return comparison

    def join(group: Filter, parts: list[Filter]) -> Filter:
        if isinstance(group, Not):
            return Not(parts[0])
        return type(group)(tuple(parts))  # type: ignore[call-arg]

    return fold(where, leaf, join)


def _refuse_misspelled(field: str, fields: FieldTypes) -> None:
    by_key = {name.casefold(): name for name in fields}
    near = get_close_matches(field.casefold(), by_key, n=1, cutoff=_ALIKE)
    if near:
        known = ", ".join(map(repr, fields))
        raise FilterError(
            f"filter on {field!r}: no chunk has this field; did you mean {by_key[near[0]]!r}? Declared: {known}"
        )


def _check_kind(comparison: Comparison) -> None:
    """FilterError for a value that no field can have."""
    todo = [comparison.value]
    while todo:
        value = todo.pop()
        if isinstance(value, tuple):
            todo.extend(value)
        elif not isinstance(value, _KINDS):
            kind = type(value).__name__
            raise FilterError(
                f"filter on {comparison.field!r}: {comparison.op} a {kind}: "
                f"compare with bool, int, float, str or datetime"
            )


def _check_comparison(comparison: Comparison, kind: str) -> Comparison:
    field, op, value = comparison.field, comparison.op, comparison.value
    inner = kind[5:-1] if kind.startswith("list[") else kind
    if op in (Op.EXISTS, Op.IS_NULL):
        return comparison
    if op is Op.CONTAINS and inner == kind:
        raise FilterError(f"filter on {field!r}: contains needs a list field, but it is declared as {kind}")
    if op in _ORDERED and (inner != kind or kind == "bool"):
        raise FilterError(f"filter on {field!r}: {op} has no meaning on a field declared as {kind}")
    if op is Op.STARTSWITH and kind != "str":
        raise FilterError(f"filter on {field!r}: startswith needs a str field, but it is declared as {kind}")
    try:
        if op in (Op.ISIN, Op.NOTIN):
            value = tuple(_filter_value(part, kind) for part in value)
        elif op is Op.CONTAINS:
            value = _filter_value(value, inner)
        elif op is not Op.STARTSWITH:
            value = _filter_value(value, kind)
    except (TypeError, ValueError):
        raise FilterError(f"filter on {field!r}: it is declared as {kind}, but is compared with {value!r}") from None
    return Comparison(field, op, value)


def _filter_value(value: Any, kind: str) -> Any:
    """Like coerce, but a number may be compared with a number of the other type (year >= 2023.5)."""
    if kind in ("int", "float") and isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    out = coerce(value, kind)
    return tuple(out) if isinstance(out, list) else out
