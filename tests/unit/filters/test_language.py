"""What cannot be right is refused when the filter is made or checked, naming field and reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ragopt.errors import FilterError, InputError
from ragopt.filters import F, check, field_types
from ragopt.types import Comparison, Op


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: F(""), "non-empty string"),
        (lambda: F("a") == None, "is_null"),  # noqa: E711 - a filter, not a truth test
        (lambda: F("a") == {"x": 1}, "dict"),
        (lambda: F("a") > True, "no order"),
        (lambda: F("a").isin("abc"), "list of values"),
        (lambda: F("a").isin(3), "list of values"),
        (lambda: F("a").startswith(3), "string"),
        (lambda: F("a").contains([1]), "list"),
    ],
)
def test_refused_when_made(make: Callable[[], Any], says: str) -> None:
    with pytest.raises(FilterError, match=says):
        make()


def test_a_filter_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="&"):
        bool(F("a") == 1)


FIELDS = field_types({"year": int, "lang": str, "tags": list[str], "day": datetime, "ok": bool, "price": "float"})


@pytest.mark.parametrize(
    "where",
    [
        F("year") == "2024",
        F("year") >= "x",
        F("year") == True,  # noqa: E712
        F("lang") > 3,
        F("lang").contains("a"),
        F("tags") >= "a",
        F("tags").contains(3),
        F("tags").startswith("a"),
        F("day") > "not a day",
        F("ok") == 1,
        F("year").isin([2024, "2025"]),
        (F("lang") == "en") & ~(F("year") == "2024"),
    ],
)
def test_wrong_type_for_a_declared_field_is_refused(where: Comparison) -> None:
    with pytest.raises(FilterError, match="declared as"):
        check(where, FIELDS)


def test_declared_fields_bring_values_to_their_type() -> None:
    checked = check(F("day") >= "2024-01-02T00:00+07:00", FIELDS)
    assert checked == Comparison("day", Op.GE, datetime.fromisoformat("2024-01-02T00:00+07:00"))
    assert check(F("day") == "2024-01-02", FIELDS) == Comparison("day", Op.EQ, datetime(2024, 1, 2, tzinfo=UTC))
    assert check(F("year") >= 2023.5, FIELDS) == Comparison("year", Op.GE, 2023.5)
    assert check(F("other") == "anything", FIELDS) == Comparison("other", Op.EQ, "anything")


def test_field_types_refuse_what_cannot_be_filtered() -> None:
    with pytest.raises(InputError, match="a field is one of"):
        field_types({"a": dict})
    assert field_types({"tags": list[str], "n": "int"}) == {"tags": "list[str]", "n": "int"}
