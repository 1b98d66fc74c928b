"""What cannot be right is refused when the filter is made or checked, naming field and reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import reduce
from operator import and_, or_
from typing import Any

import pytest

from ragopt.errors import FilterError, InputError
from ragopt.filters import F, check, field_types
from ragopt.index import Index, reading
from ragopt.types import Comparison, Document, Op


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
        (lambda: Comparison("a", "like", "x"), "unknown operator 'like'"),  # type: ignore[arg-type]
        (lambda: Comparison("a", Op.ISIN, "abc"), "needs a list of values"),
        (lambda: Comparison("a", Op.STARTSWITH, 3), "needs a string"),
        (lambda: Comparison("a", Op.EQ), "exists and is_null"),
        (lambda: Comparison("a", Op.EXISTS, True), "needs no value"),
        (lambda: check(Comparison("a", Op.EQ, object()), {}), "'a'.*a object.*compare with"),
        (lambda: check(Comparison("a", Op.ISIN, [{"x": 1}]), {}), "'a'.*a dict.*compare with"),
        (lambda: check("a", {}), "not a filter"),  # type: ignore[arg-type]
    ],
)
def test_refused_when_made(make: Callable[[], Any], says: str) -> None:
    with pytest.raises(FilterError, match=says):
        make()


def test_a_filter_has_no_truth_value() -> None:
    for error in (TypeError, InputError):
        with pytest.raises(error, match="&"):
            bool(F("a") == 1)


@pytest.mark.parametrize("other", [True, "b", F("b"), None])
def test_filters_join_with_filters_alone(other: Any) -> None:
    for join in (lambda: (F("a") == 1) & other, lambda: (F("a") == 1) | other):
        with pytest.raises(FilterError, match="not a filter"):
            join()


def test_a_long_chain_of_filters_is_no_deep_one() -> None:
    index = Index.build([Document(str(n), "x", metadata={"n": n}) for n in range(5)])
    chain = [F("n") == n for n in range(3, 3000)]
    assert index.count(reduce(or_, chain)) == 2 and index.count(reduce(and_, (~one for one in chain))) == 3
    assert index.count((F("n") == 1) & (F("n") >= 1) | (F("n") == 2) & (F("n") == 3)) == 1
    deep = reduce(lambda where, _: ~where, range(10_001), F("n") == 1)
    assert index.count(deep) == 4 and index.count(deep | deep) == 4


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


def test_a_misspelled_field_is_refused_with_what_was_meant() -> None:
    fields = {"year": int, "published": "datetime"}
    index = Index.build([Document("a", "x", metadata={"year": 2024, "yeah": 1})], fields=fields)
    for wrong, meant in {"yaer": "year", "Year": "year", "publshed": "published"}.items():
        for where in (F(wrong) == 2024, (F("year") == 2024) | ~F(wrong).exists(), {wrong: 2024}):
            with pytest.raises(FilterError, match=f"{wrong!r}.*did you mean {meant!r}"):
                index.count(where)
    assert index.count(F("yeah") == 1) == 1  # like a declared one, but there
    assert index.count(F("color") == "red") == 0  # like no declared one: a field that no chunk has
    undeclared = Index.build([Document("a", "x", metadata={"year": 2024})])
    assert undeclared.count(F("yaer") == 2024) == 0


def test_a_filter_that_comes_again_is_not_evaluated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    index = Index.build([Document(str(n), "x", metadata={"n": n, "flag": n == 1}) for n in range(5)])
    evaluated = []
    check_steps = reading.steps
    monkeypatch.setattr(reading, "steps", lambda where: evaluated.append(where) or check_steps(where))
    where = F("n") <= 2
    for _ in range(3):
        assert index.count(where) == len(index.search("x", where=where)) == 3
    assert len(evaluated) == 1
    # Equal in Python, but not the same filter.
    assert [index.count(F("n") == value) for value in (1, 1.0, True)] == [1, 1, 0]
    assert [index.count(F("flag") == value) for value in (True, 1, 1.0)] == [1, 0, 0]
    for bits in (2**29, 1):  # the fewest are kept of an index that is too large for more
        monkeypatch.setattr(reading, "_CACHED_BITS", bits)
        for n in range(200):
            assert index.count(F("n") >= n) == max(0, 5 - n)
        assert index.count(where) == 3


def test_integers_of_any_size_that_python_writes() -> None:
    index = Index.build([Document("a", "x", metadata={"n": 10**4000}), Document("b", "x", metadata={"n": -(10**4000)})])
    assert index.count(F("n") == 10**4000) == index.count(F("n") > 10**3999) == index.count(F("n") < 0) == 1
    assert index.count(F("n") < 10**5000) == 2  # a filter is not stored
    with pytest.raises(InputError, match="'a'.*4300 digits"):
        Index.build([Document("a", "x", metadata={"n": 10**5000})])
