"""Typed values from text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["column_type", "typed"]

_BOOLS = {"true": True, "false": False}
_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")  # leading zeros make a code (a postcode), not a number
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?")

Kind = type[bool] | type[int] | type[float] | type[str]


def typed(value: str, kind: Kind | None = None) -> Any:
    """`value` as bool, int, float or str: as `kind`, or as what it looks like."""
    kind = kind or column_type([value])
    return _BOOLS[value.lower()] if kind is bool else kind(value)


def column_type(values: Sequence[str]) -> Kind:
    """The narrowest of bool, int, float and str that every value is: a column has one type."""
    if not values:
        return str
    if all(value.lower() in _BOOLS for value in values):
        return bool
    if all(_INT.fullmatch(value) for value in values):
        return int
    return float if all(_FLOAT.fullmatch(value) for value in values) else str
