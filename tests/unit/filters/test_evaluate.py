"""The evaluator against its typed comparison table, and its laws on random filters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.filters import F, matches
from ragopt.types import And, Comparison, Filter, Not, Op, Or

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


scalars = st.one_of(st.booleans(), st.integers(-2, 2), st.sampled_from([0.5, -0.0]), st.sampled_from(["", "a", "ab"]))
values = st.one_of(scalars, st.none(), st.lists(scalars, max_size=3))
metadatas = st.dictionaries(st.sampled_from("abc"), values, max_size=3)
fields = st.sampled_from("abc").map(F)
comparisons: st.SearchStrategy[Filter] = st.one_of(
    st.builds(lambda f, v: f == v, fields, scalars),
    st.builds(lambda f, v: f != v, fields, scalars),
    st.builds(lambda f, v: f >= v, fields, scalars.filter(lambda v: not isinstance(v, bool))),
    st.builds(lambda f, v: f.isin(v), fields, st.lists(scalars, max_size=3)),
    st.builds(lambda f, v: f.contains(v), fields, scalars),
    st.builds(lambda f: f.exists(), fields),
)
filters = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        inner.map(lambda a: ~a),
    ),
    max_leaves=8,
)


def plainly(where: Filter, metadata: dict[str, Any]) -> bool:
    """The same meaning, written a second time: and, or, not over comparisons."""
    match where:
        case And(parts):
            return all(plainly(part, metadata) for part in parts)
        case Or(parts):
            return any(plainly(part, metadata) for part in parts)
        case Not(part):
            return not plainly(part, metadata)
        case Comparison(field, Op.NE, value):
            return not plainly(Comparison(field, Op.EQ, value), metadata)
        case Comparison(field, Op.EXISTS, _):
            return metadata.get(field) is not None
        case Comparison(field, Op.CONTAINS, value):
            held = metadata.get(field)
            return isinstance(held, list) and any(alike(part, value) and part == value for part in held)
        case Comparison(field, Op.ISIN, members):
            return any(plainly(Comparison(field, Op.EQ, member), metadata) for member in members)
        case Comparison(field, op, value):
            held = metadata.get(field)
            if not alike(held, value):
                return False
            return bool(held == value) if op is Op.EQ else bool(held >= value)
    raise AssertionError(where)


def alike(a: Any, b: Any) -> bool:
    kinds = [bool if isinstance(v, bool) else float if isinstance(v, (int, float)) else type(v) for v in (a, b)]
    return kinds[0] is kinds[1]


@given(filters, metadatas)
def test_equals_the_plain_evaluator(where: Filter, metadata: dict[str, Any]) -> None:
    assert matches(where, metadata) is plainly(where, metadata)
    assert matches(~~where, metadata) is matches(where, metadata)
    assert matches(~where, metadata) is not matches(where, metadata)
