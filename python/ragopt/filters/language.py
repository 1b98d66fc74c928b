"""`F("year") >= 2024`: filters as Python expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ragopt.errors import FilterError
from ragopt.filters.fields import plain
from ragopt.types import Comparison, Op

__all__ = ["F"]


class F:
    """One metadata field, to be compared.

    `(F("year") >= 2024) & F("lang").isin(["en", "vi"]) & ~F("draft").exists()`
    """

    __slots__ = ("_field",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, field: str) -> None:
        if not field or not isinstance(field, str):
            raise FilterError(f"F({field!r}): a field name is a non-empty string")
        self._field = field

    def __eq__(self, value: object) -> Comparison:  # type: ignore[override]
        return Comparison(self._field, Op.EQ, self._scalar_or_list("==", value))

    def __ne__(self, value: object) -> Comparison:  # type: ignore[override]
        return Comparison(self._field, Op.NE, self._scalar_or_list("!=", value))

    def __lt__(self, value: object) -> Comparison:
        return Comparison(self._field, Op.LT, self._ordered("<", value))

    def __le__(self, value: object) -> Comparison:
        return Comparison(self._field, Op.LE, self._ordered("<=", value))

    def __gt__(self, value: object) -> Comparison:
        return Comparison(self._field, Op.GT, self._ordered(">", value))

    def __ge__(self, value: object) -> Comparison:
        return Comparison(self._field, Op.GE, self._ordered(">=", value))

    def isin(self, values: Iterable[object]) -> Comparison:
        """True where the field equals one of `values`."""
        return Comparison(self._field, Op.ISIN, self._members("isin", values))

    def notin(self, values: Iterable[object]) -> Comparison:
        """The complement of `isin`: true for a missing field too."""
        return Comparison(self._field, Op.NOTIN, self._members("notin", values))

    def contains(self, value: object) -> Comparison:
        """True where the field is a list that holds `value`."""
        return Comparison(self._field, Op.CONTAINS, self._scalar("contains", value))

    def startswith(self, prefix: str) -> Comparison:
        """True where the field is a string that begins with `prefix`."""
        if not isinstance(prefix, str):
            raise FilterError(f"F({self._field!r}).startswith({prefix!r}): the prefix must be a string")
        return Comparison(self._field, Op.STARTSWITH, prefix)

    def exists(self) -> Comparison:
        """True where the field is present and not None; an empty string or list exists."""
        return Comparison(self._field, Op.EXISTS)

    def is_null(self) -> Comparison:
        """True where the field is missing or None: the complement of `exists`."""
        return Comparison(self._field, Op.IS_NULL)

    def __repr__(self) -> str:
        return f"F({self._field!r})"

    def _scalar(self, op: str, value: object) -> object:
        value = plain(value)
        if value is None:
            raise FilterError(f"F({self._field!r}) {op} None: use .is_null() or .exists()")
        if not isinstance(value, (bool, int, float, str, datetime)):
            kind = type(value).__name__
            raise FilterError(f"F({self._field!r}) {op} a {kind}: compare with bool, int, float, str or datetime")
        return value

    def _scalar_or_list(self, op: str, value: object) -> object:
        if isinstance(value := plain(value), (list, tuple)):
            return tuple(self._scalar(op, part) for part in value)
        return self._scalar(op, value)

    def _ordered(self, op: str, value: object) -> object:
        if isinstance(value := plain(value), bool):
            raise FilterError(f"F({self._field!r}) {op} {value}: booleans have no order; use == or !=")
        return self._scalar(op, value)

    def _members(self, op: str, values: Iterable[object]) -> tuple[Any, ...]:
        if isinstance(values, (str, bytes, Mapping)):
            raise FilterError(f"F({self._field!r}).{op}({values!r}): needs a list of values")
        try:
            members = tuple(values)
        except TypeError:
            raise FilterError(f"F({self._field!r}).{op}({values!r}): needs a list of values") from None
        return tuple(self._scalar(op, value) for value in members)
