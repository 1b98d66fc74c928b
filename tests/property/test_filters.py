"""What the core lets through is what the twin does, on random metadata and random filters."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import Index
from ragopt.filters import F, from_dict, steps, to_dict
from ragopt.types import And, Comparison, Filter, Not, Op, Or
from tests.property.filtering import comparisons, filters, found, groups, ids, index_of, metadatas, sayable
from tests.property.worlds import at_least


@at_least(200)
@given(st.lists(metadatas, max_size=12), st.lists(filters, min_size=3, max_size=3))
def test_the_core_equals_its_twin(rows: list[dict[str, Any]], some: list[Filter]) -> None:
    index = index_of(rows)
    for where in some:
        assert found(index, where) == ids(where, rows)
        assert found(index, ~where) == [id for id in index.ids if id not in ids(where, rows)]
        assert found(index, ~~where) == ids(where, rows)
        assert found(index, where) == ids(where, rows)  # from the cache
        same = [index.search("word", k=20, where=where), *index.search_many(["word", "word"], k=20, where=where)]
        assert same[0].items == same[1].items == same[2].items


@at_least(50)
@given(st.lists(metadatas, max_size=12), filters)
def test_a_saved_index_filters_alike(tmp_path_factory: pytest.TempPathFactory, rows: Any, where: Filter) -> None:
    folder = tmp_path_factory.mktemp("index") / "index"
    index_of(rows).save(folder)
    assert found(Index.open(folder), where) == ids(where, rows)


# What has a form as a mapping: no group of nothing.
writable = st.recursive(sayable(), lambda inner: groups(inner, least=1), max_leaves=8)


@at_least(150)
@given(writable, st.lists(metadatas, max_size=6))
def test_a_filter_goes_through_json_and_back(where: Filter, rows: list[dict[str, Any]]) -> None:
    written = json.loads(json.dumps(to_dict(where)))
    again = from_dict(written)
    assert repr(steps(again)) == repr(steps(where))  # the values too: 1 is not 1.0, and NaN not equal to itself
    index = index_of(rows)
    assert found(index, written) == found(index, where) == ids(where, rows)


def test_ten_thousand_levels() -> None:
    rows: list[dict[str, Any]] = [{"n": n} for n in range(4)]
    index = index_of(rows)
    nots = reduce(lambda where, _: Not(where), range(10_001), F("n") == 1)
    ands: Filter = F("n") >= 2
    for level in range(10_000):
        ands = And((F("n") != 3, ands)) if level % 2 else Or((ands, F("n") == 17))
    assert found(index, nots) == ["0", "2", "3"]
    assert found(index, ands) == ["2"]
    assert from_dict_of_depth(10_000) in ("nested too deeply", ["1"])
    assert most_waiting(ands) == 2


def from_dict_of_depth(depth: int) -> Any:
    """What comes of a mapping in mappings: hits, or the end of an error's first sentence."""
    where: dict[str, Any] = {"n": 1}
    for _ in range(depth):
        where = {"$and": [where]}
    try:
        return found(index_of([{"n": 0}, {"n": 1}]), where)
    except ValueError as error:
        return "nested too deeply" if "nested too deeply" in str(error) else str(error)


@at_least(100)
@given(st.recursive(comparisons(), groups, max_leaves=40))
def test_few_sets_wait_at_once(where: Filter) -> None:
    """As many as the logarithm of the comparisons, and one."""
    leaves = sum(name not in ("and", "or", "not") for name, _, _ in steps(where))
    assert most_waiting(where) <= leaves.bit_length()


def most_waiting(where: Filter) -> int:
    """The most sets on the stack while the steps of a filter run, which leave one."""
    height = most = 0
    for name, _, _ in steps(where):
        height += {"and": -1, "or": -1, "not": 0}.get(name, 1)
        most = max(most, height)
    assert height == 1
    return most


def test_comparisons_that_f_does_not_make_are_no_less_exact(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"n": 2**64}, {"n": float(2**64)}, {"n": 2**64 + 1}, {"n": -(10**400)}, {"n": "x"}]
    index = index_of(rows)
    assert found(index, F("n") == 2**64) == ["0", "1"]
    assert found(index, F("n") > 2.0**64) == ["2"]
    assert found(index, F("n") < float("-1e308")) == ["3"]
    assert found(index, F("n") > float("-inf")) == ["0", "1", "2", "3"]
    assert found(index, Comparison("n", Op.STARTSWITH, "\ud800")) == []
    assert found(index, F("n") < "\ud800") == ["4"]
