"""Random metadata and random filters on them, and what the core and its twin let through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from ragopt import Document, Index
from ragopt.types import And, Comparison, Filter, Not, Op, Or
from tests.reference import filters as reference

__all__ = [
    "comparisons",
    "filters",
    "found",
    "groups",
    "ids",
    "index_of",
    "metadatas",
    "passes",
    "sayable",
    "scalars",
    "values",
]

NAMES = ("a", "b", "c")
_MOMENT = datetime(2024, 1, 1, 12, tzinfo=UTC)
_ZONES = (None, UTC, timezone(timedelta(hours=7)), timezone(-timedelta(hours=3, minutes=30)))

#: Values that meet: equal over types, next to one another beyond 2^53 and beyond 64 bits, parts of one another.
small = st.sampled_from([0, 1, -1, 2, 0.0, -0.0, 1.0, 0.5, -2.5, 5e-324, float("inf"), float("-inf")])
large = st.sampled_from([2**53, 2**53 + 1, float(2**53), 2**63, -(2**63) - 1, 2**64 + 1, 10**30, 1e30, -(10**400)])
numbers = small | large | st.integers(-3, 3)
texts = st.sampled_from(["", "a", "ab", "abc", "b", "1", "é", "e\u0301", "đường", "\U0001f600", "\uffff"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=2
)
moments = st.builds(
    lambda seconds, micro, zone: (_MOMENT + timedelta(hours=seconds, microseconds=micro)).replace(tzinfo=zone),
    st.sampled_from([0, 7, -3, 24]),
    st.sampled_from([0, 999, 1000]),
    st.sampled_from(_ZONES),
)
scalars = st.booleans() | numbers | texts | moments
nothing = st.sampled_from([None, float("nan")])
mappings = st.sampled_from([{}, {"a": 1}, {"$datetime": "x"}])
values = st.one_of(scalars, scalars, nothing, mappings, st.lists(scalars | nothing | mappings, max_size=3))
metadatas = st.dictionaries(st.sampled_from(NAMES), values, max_size=3)


def _comparison(draw: st.DrawFn, given: st.SearchStrategy[Any]) -> Filter:
    field, op = draw(st.sampled_from(NAMES)), draw(st.sampled_from(list(Op)))
    value: Any = draw(given)
    if op in (Op.EXISTS, Op.IS_NULL):
        value = None
    elif op in (Op.ISIN, Op.NOTIN):
        value = draw(st.lists(given, max_size=4))
    elif op is Op.STARTSWITH:
        value = draw(texts)
    return Comparison(field, op, value)


@st.composite
def comparisons(draw: st.DrawFn) -> Filter:
    """One comparison, also such as F does not make: with lists in lists, ordered booleans."""
    return _comparison(draw, st.one_of(scalars, scalars, st.just(float("nan")), st.lists(scalars, max_size=3)))


@st.composite
def sayable(draw: st.DrawFn) -> Filter:
    """One comparison that F makes too."""
    where = _comparison(draw, scalars | st.just(float("nan")))
    assert isinstance(where, Comparison)
    if where.op in (Op.LT, Op.LE, Op.GT, Op.GE) and isinstance(where.value, bool):
        return Comparison(where.field, Op.EQ, [where.value])
    return where


def groups(inner: st.SearchStrategy[Filter], *, least: int = 0) -> st.SearchStrategy[Filter]:
    """Filters of filters."""
    parts = st.lists(inner, min_size=least, max_size=3).map(tuple)
    return st.one_of(parts.map(And), parts.map(Or), inner.map(Not))


filters = st.recursive(comparisons(), groups, max_leaves=8)


def index_of(rows: Sequence[Mapping[str, Any]], **options: Any) -> Index:
    """An index of chunks with this metadata; their ids are their places."""
    return Index.build([Document(str(place), "word", metadata=row) for place, row in enumerate(rows)], **options)


def ids(where: Filter, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The places of the rows that the twin lets through."""
    return [str(place) for place, row in enumerate(rows) if reference.matches(where, row)]


def found(index: Index, where: Any) -> list[str]:
    """What a search under the filter finds, in order of the ids as numbers, which must be as many as are counted."""
    hits = index.search("word", k=max(len(index), 1), where=where)
    assert len(hits) == index.count(where)
    return sorted((hit.id for hit in hits), key=int)


def passes(where: Filter, row: Mapping[str, Any]) -> bool:
    """Whether one chunk's metadata pass, as the core says and its twin."""
    passed = index_of([row]).count(where) == 1
    assert passed is reference.matches(where, row)
    return passed
