"""Filters written as mappings: each operator, both ways, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from ragopt import Document, Index, Pipeline
from ragopt.errors import FilterError
from ragopt.filters import F, from_dict, to_dict
from ragopt.types import And, Filter, Not, Or, Query

DAY = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ({"year": 2024}, F("year") == 2024),
        ({"year": {"$eq": 2024}}, F("year") == 2024),
        ({"year": {"$ne": 2024}}, F("year") != 2024),
        ({"year": {"$gte": 2024, "$lt": 2026}}, (F("year") >= 2024) & (F("year") < 2026)),
        ({"year": {"$lte": 2.5}}, F("year") <= 2.5),
        ({"year": {"$gt": 1}}, F("year") > 1),
        ({"lang": {"$in": ["en", "vi"]}}, F("lang").isin(["en", "vi"])),
        ({"lang": {"$nin": ["en"]}}, F("lang").notin(["en"])),
        ({"tags": {"$contains": "aws"}}, F("tags").contains("aws")),
        ({"tags": ["a", "b"]}, F("tags") == ["a", "b"]),
        ({"title": {"$startswith": "How"}}, F("title").startswith("How")),
        ({"draft": {"$exists": True}}, F("draft").exists()),
        ({"draft": {"$exists": False}}, F("draft").is_null()),
        ({"draft": None}, F("draft").is_null()),
        ({"draft": {"$ne": None}}, F("draft").exists()),
        ({"year": {"$not": {"$gte": 5}}}, ~(F("year") >= 5)),
        ({"$not": {"year": 5}}, ~(F("year") == 5)),
        ({"$and": [{"a": 1}, {"b": 2}]}, (F("a") == 1) & (F("b") == 2)),
        ({"$or": [{"a": 1}, {"b": 2}]}, (F("a") == 1) | (F("b") == 2)),
        ({"$or": [{"a": 1}]}, Or((F("a") == 1,))),
        ({"$nor": [{"a": 1}, {"b": 2}]}, ~((F("a") == 1) | (F("b") == 2))),
        ({"a": 1, "$or": [{"b": 2}, {"c": 3}]}, (F("a") == 1) & ((F("b") == 2) | (F("c") == 3))),
        ({"day": {"$gte": {"$date": "2024-01-01T00:00:00Z"}}}, F("day") >= DAY),
        ({"day": {"$date": "2024-01-01T07:00+07:00"}}, F("day") == DAY),
        ({"day": {"$in": [{"$date": "2024-01-01T00:00Z"}]}}, F("day").isin([DAY])),
        ({"day": {"$lt": DAY}}, F("day") < DAY),
        ({"n": np.int64(3)}, F("n") == 3),
    ],
)
def test_what_a_mapping_says(written: dict[str, Any], where: Filter) -> None:
    assert from_dict(written) == where
    assert from_dict(to_dict(where)) == where


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({}, "empty mapping"),
        ({"year": {}}, "'year'.*empty mapping.*\\$gte"),
        ({"$and": []}, "\\$and needs a list of one or more"),
        ({"$or": {"a": 1}}, "\\$or needs a list"),
        ({"$nor": "ab"}, "\\$nor needs a list"),
        ({"$or": [{"a": 1}, {}]}, "empty mapping"),
        ({"$or": [1]}, "1 is not a mapping"),
        ({"$xor": [{"a": 1}]}, "unknown operator '\\$xor'; known: \\$and, \\$or, \\$nor, \\$not"),
        ({"year": {"$gtee": 1}}, "'year': unknown operator '\\$gtee'; known: .*\\$gte"),
        ({"year": {"gte": 1}}, "unknown operator 'gte'"),
        ({"year": {"$gte": 1, "b": 2}}, "unknown operator 'b'"),
        ({"year": {"$gte": True}}, "no order"),
        ({"year": {"$gte": {"x": 1}}}, "is no value.*\\$date"),
        ({"year": {"$exists": 1}}, "true or false"),
        ({"year": {"$not": 5}}, "\\$not needs operators"),
        ({"year": {"$in": "abc"}}, "list of values"),
        ({"title": {"$startswith": 3}}, "must be a string"),
        ({"day": {"$date": "yesterday"}}, "is no value"),
        ({"day": {"$date": 5}}, "is no value"),
        ({3: 4}, "name 3"),
        ({"": 4}, "non-empty string"),
    ],
)
def test_what_is_refused(written: Any, says: str) -> None:
    with pytest.raises(FilterError, match=says):
        from_dict(written)


def test_what_has_no_mapping() -> None:
    for where in (And(()), Or(()), Not(And(()))):
        with pytest.raises(FilterError, match="group of no filters"):
            to_dict(where)
    with pytest.raises(FilterError, match="begins with \\$"):
        to_dict(F("$x") == 1)


def test_a_mapping_is_taken_wherever_a_filter_is() -> None:
    index = Index.build([Document(str(n), "word", metadata={"n": n}) for n in range(4)])
    written = {"n": {"$gte": 2}}
    assert index.count(written) == 2
    for hits in (
        index.search("word", where=written),
        index.search_many(["word"], where=written)[0],
        index.search(Query("word", where=written)),
        index.search(Query("word", where={"n": {"$lt": 4}}), where=written),
        Pipeline(index).retrieve("word", where=written).hits,
        Pipeline(index).retrieve(Query("word", where={"n": {"$lt": 4}}), where=written).hits,
    ):
        assert sorted(hit.id for hit in hits) == ["2", "3"]
    written["n"] = {"$gte": 3}  # the caller's own, which may change
    assert index.count(written) == 1
    for wrong in (3, "n>=2", [written]):
        with pytest.raises(FilterError, match="not a filter"):
            index.count(wrong)  # type: ignore[arg-type]


def test_a_mapping_may_be_as_deep_as_it_likes() -> None:
    index = Index.build([Document(str(n), "x", metadata={"n": n}) for n in range(5)])
    deep: dict[str, Any] = {"n": 1}
    for i in range(10_000):
        deep = [{"$not": deep}, {"$and": [deep, {"n": {"$exists": True}}]}, {"$or": [{"n": 7}, deep]}][i % 3]
    assert index.count(deep) == 1 and index.count(from_dict({"$not": deep})) == 4
