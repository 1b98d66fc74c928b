"""What each comparison means, kind by kind: the core and its twin against a table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ragopt.filters import F
from ragopt.types import Comparison, Filter, Op
from tests.property.filtering import passes as matches

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
SAMPLES: dict[str, Any] = {
    "bool": True,
    "int": 1,
    "float": 2.5,
    "text": "1",
    "empty": "",
    "date": NOON,
    "list": ["a", 1],
    "none": None,
    "mapping": {"a": 1},
}


@pytest.mark.parametrize("stored", SAMPLES)
@pytest.mark.parametrize("asked", ["bool", "int", "float", "text", "empty", "date"])
def test_unlike_kinds_never_match_and_never_raise(stored: str, asked: str) -> None:
    metadata, value = {"f": SAMPLES[stored]}, SAMPLES[asked]
    number = {"int", "float"}
    same = stored == asked or {stored, asked} <= number or {stored, asked} <= {"text", "empty"}
    assert matches(F("f") == value, metadata) is (stored == asked)
    assert matches(F("f") != value, metadata) is (stored != asked)
    if asked != "bool":
        assert matches((F("f") < value) | (F("f") >= value), metadata) is same
        assert matches((F("f") > value) | (F("f") <= value), metadata) is same


@pytest.mark.parametrize(
    ("where", "metadata", "expected"),
    [
        (F("a") != 2, {"a": 1}, True),
        (F("a") != 2, {}, True),
        (F("a").notin([1, 2]), {}, True),
        (F("a").isin([]), {"a": 1}, False),
        (F("a").isin(["abc"]), {"a": "a"}, False),
        (F("a") == True, {"a": 1}, False),  # noqa: E712 - a filter, not a truth test
        (F("a") == 1, {"a": True}, False),
        (F("a") == 1.0, {"a": 1}, True),
        (F("a") == 2**53 + 1, {"a": 2**53}, False),
        (F("a") > float("nan"), {"a": 1.0}, False),
        (F("a") > float("nan"), {"a": None}, False),
        (F("a").exists(), {"a": float("nan")}, False),
        (F("a").is_null(), {"a": float("nan")}, True),
        (F("a") != 1, {"a": float("nan")}, True),
        (F("a") == float("nan"), {"a": float("nan")}, False),
        (Comparison("a", "eq", 1), {"a": 1}, True),  # type: ignore[arg-type]
        (Comparison("a", Op.GE, ("x",)), {"a": ["x"]}, False),
        (F("a").exists(), {"a": ""}, True),
        (F("a").exists(), {"a": []}, True),
        (F("a").exists(), {"a": None}, False),
        (F("a").is_null(), {}, True),
        (F("a") == "", {"a": None}, False),
        (F("t").contains("x"), {"t": ["x", "y"]}, True),
        (F("t").contains("x"), {"t": "xyz"}, False),
        (F("t").contains(1), {"t": [True]}, False),
        (F("t") == ["x", "y"], {"t": ["x", "y"]}, True),
        (F("t") == ["y", "x"], {"t": ["x", "y"]}, False),
        (F("s").startswith("ab"), {"s": "abc"}, True),
        (F("s").startswith("ab"), {"s": ["abc"]}, False),
        (F("d") == datetime(2024, 1, 1, 17, tzinfo=UTC), {"d": datetime.fromisoformat("2024-01-02T00:00+07:00")}, True),
        (F("d") == NOON, {"d": datetime(2024, 1, 1, 12)}, True),
        (F("d") == NOON, {"d": NOON.replace(microsecond=999)}, True),
        (F("d") >= NOON, {"d": "2025-01-01"}, False),
    ],
)
def test_case(where: Filter, metadata: dict[str, Any], expected: bool) -> None:
    assert matches(where, metadata) is expected
    assert matches(~where, metadata) is not expected
