"""Traps 1 to 7: filters that let through what they should not, or fail in the middle of a search."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragopt import Index
from ragopt.cli.app import main
from ragopt.errors import FilterError, InputTypeError
from ragopt.filters import F, to_dict
from ragopt.types import Filter
from tests.property.filtering import ids as twin
from tests.property.filtering import metadatas, sayable
from tests.traps.doors import DOORS, Ask, Found, Table, ids

Door = Callable[[Index, Ask], Found]
ROWS = {"same": (1.0, 0.0), "other": (0.5, 0.5)}
AWAY = timezone(timedelta(hours=7))
NOON = datetime(2024, 1, 1, 17, tzinfo=UTC)


def index_of(*rows: dict[str, Any], text: str = "same", **options: Any) -> Index:
    """Chunks of equal text, so that nothing but the filter tells them apart; their ids are their places."""
    documents = [{"id": str(place), "text": text, "metadata": row} for place, row in enumerate(rows)]
    return Index.build(documents, analyzer="whitespace", embedder=Table(ROWS), **options)


def passing(index: Index, where: Any) -> list[str]:
    """The ids that pass, which every door must find."""
    asked = {name: ids(door(index, Ask("same", k=50, where=where))) for name, door in DOORS.items()}
    found = {tuple(sorted(hits)) for hits in asked.values()}
    assert len(found) == 1, asked
    [hits] = found
    assert len(hits) == index.count(where)
    return list(hits)


# --- 1: a hard predicate before top-k, not a mask of scores ---------------------------------------------------------


@pytest.mark.parametrize("k", [1, 4, 100])
def test_k_beyond_what_matches_brings_nothing_else(k: int, door: Door, alpha: float, normalizer: str) -> None:
    index = index_of({"tenant": "t2"}, {"tenant": "t1"}, {"tenant": "t3"}, {}, {"tenant": "t1"})
    found = door(index, Ask("same", k=k, alpha=alpha, normalizer=normalizer, where=F("tenant") == "t1"))
    assert ids(found) == ["1", "4"][:k]


def test_what_fails_the_filter_never_comes_however_well_it_scores(door: Door, alpha: float, normalizer: str) -> None:
    documents = [
        {"id": str(n), "text": "same same same" if n % 2 else "other same", "metadata": {"keep": n % 2 == 0}}
        for n in range(40)
    ]
    rows = {"same same same": (1.0, 0.0), "other same": (0.1, 1.0), "same": (1.0, 0.0)}
    index = Index.build(documents, analyzer="whitespace", embedder=Table(rows))
    found = door(index, Ask("same", k=30, alpha=alpha, normalizer=normalizer, where=F("keep") == True))  # noqa: E712
    assert sorted(ids(found), key=int) == [str(n) for n in range(0, 40, 2)]


# --- 2: no match is no hit, and not "no filter" ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "where",
    [
        F("lang") == "xx",
        F("nowhere") == 1,
        F("lang").isin([]),
        (F("lang") == "en") & (F("lang") == "vi"),
        ~(F("lang").exists() | F("lang").is_null()),
        {"lang": "xx"},
        {"lang": {"$in": []}},
    ],
)
def test_nothing_that_matches_is_no_hit(where: Any, door: Door, alpha: float) -> None:
    index = index_of({"lang": "en"}, {"lang": "vi"}, {})
    assert door(index, Ask("same", alpha=alpha, where=where)) == []
    assert index.count(where) == 0
    hits = index.search("same", alpha=alpha, where=where)
    assert (list(hits), hits.reason) == ([], "filter_empty")


def test_an_empty_filter_is_refused_and_not_taken_for_none(door: Door) -> None:
    for empty in ({}, {"$and": []}, {"lang": {}}):
        with pytest.raises(FilterError, match="empty|one or more"):
            door(index_of({"lang": "en"}), Ask("same", where=empty))  # type: ignore[arg-type]


# --- 3: one meaning on every path -----------------------------------------------------------------------------------


def by_command_line(index: Index, where: Filter, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    index.save(folder / "index")
    (folder / "where.json").write_text(json.dumps(to_dict(where)), encoding="utf-8")
    command = ["search", str(folder / "index"), "same", "-k", "50", "--json", "--alpha", "0"]
    main([*command, "--where-json", str(folder / "where.json")])
    return [hit["id"] for hit in json.loads(capsys.readouterr().out)["hits"]]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(metadatas, min_size=1, max_size=8), st.recursive(sayable(), lambda inner: inner.map(lambda a: ~a)))
def test_every_path_gives_the_same_chunks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[dict[str, Any]], where: Filter
) -> None:
    # A document of LangChain cannot hold what pydantic refuses to copy, but all of these values it can.
    index = index_of(*rows)
    expected = twin(where, rows)
    assert passing(index, where) == sorted(expected)
    assert passing(index, to_dict(where)) == sorted(expected)
    assert sorted(by_command_line(index, where, tmp_path, capsys)) == sorted(expected)
    assert index.delete(where=where) == len(expected)
    with index:
        assert index.count(where) == len(expected)  # until it is committed
    assert sorted(index.ids) == [id for id in sorted(map(str, range(len(rows)))) if id not in expected]
    assert passing(index, where) == []


def test_a_tenants_filter_sees_the_tenants_chunks_alone() -> None:
    rows = [{"t": "a", "n": 1}, {"t": "b", "n": 1}, {"t": "a", "n": 2}, {"t": "b", "only": True}]
    index = index_of(*rows, fields={"n": int}, tenant_field="t")
    assert passing(index.tenant("a"), F("n") >= 1) == ["0", "2"]
    assert passing(index.tenant("b"), ~(F("n") >= 2)) == ["1", "3"]
    assert passing(index.tenant("a"), F("only").exists() | (F("t") == "b")) == []
    assert passing(index.tenant("nobody"), F("n").is_null()) == []
    assert index.tenant("a").delete(where=F("n") >= 1) == 2
    index.tenant("a").commit()
    assert (passing(index.tenant("a"), ~F("x").exists()), passing(index.tenant("b"), F("n") == 1)) == ([], ["1"])


# --- 4: ne is not(eq), notin is not(isin), not(not(x)) is x ---------------------------------------------------------


@pytest.mark.parametrize("value", [2, 2.0, "2", True, "", [], [2], NOON, float("nan")])
def test_ne_lets_through_what_lacks_the_field(value: Any) -> None:
    rows: list[dict[str, Any]] = [{"a": 1}, {}, {"a": None}, {"a": value}, {"a": {"b": 1}}]
    index = index_of(*rows)
    equal = passing(index, F("a") == value)
    assert equal == ([] if value != value else ["3"])
    for negative in (F("a") != value, ~(F("a") == value), ~~(F("a") != value)):
        assert passing(index, negative) == [id for id in index.ids if id not in equal]
    if not isinstance(value, list):
        assert passing(index, F("a").notin([value])) == passing(index, F("a") != value)
    assert passing(index_of({"a": 1}, {}), F("a") != 2) == ["0", "1"]


# --- 5: missing, null, empty ----------------------------------------------------------------------------------------


def test_missing_and_empty_are_told_apart() -> None:
    values = ["", [], 0, False, {}, " ", float("nan"), None]
    index = index_of({}, *({"a": value} for value in values))
    assert passing(index, F("a").is_null()) == ["0", "7", "8"]
    assert passing(index, F("a").exists()) == ["1", "2", "3", "4", "5", "6"]
    for value, alone in {"": "1", 0: "3", " ": "6"}.items():
        assert passing(index, F("a") == value) == [alone]
    assert passing(index, F("a") == []) == ["2"]
    assert passing(index, F("a") == False) == ["4"]  # noqa: E712
    with pytest.raises(FilterError, match=r"is_null\(\) or \.exists\(\)"):
        F("a") == None  # noqa: B015, E711


# --- 6: unlike kinds never match and never raise --------------------------------------------------------------------

KINDS: dict[str, Any] = {
    "bool": True,
    "int": 1,
    "float": 1.5,
    "text": "1",
    "datetime": NOON,
    "list": [1],
    "mapping": {"a": 1},
    "null": None,
}


@pytest.mark.parametrize("asked", ["bool", "int", "float", "text", "datetime", "list"])
def test_unlike_kinds(asked: str) -> None:
    value = KINDS[asked]
    index = index_of(*({"f": held} for held in KINDS.values()))
    own = str(list(KINDS).index(asked))
    assert passing(index, F("f") == value) == [own]
    if asked not in ("bool", "list"):
        alike = {own} | ({"1", "2"} if asked in ("int", "float") else set())
        assert set(passing(index, (F("f") < value) | (F("f") >= value))) == alike
        assert set(passing(index, (F("f") <= value) | (F("f") > value))) == alike
    if asked != "list":
        assert passing(index, F("f").isin([value, "other"])) == [own]
        assert passing(index, F("f").contains(value)) == (["5"] if asked == "int" else [])
    assert passing(index, F("f").startswith("")) == ["3"]


def test_in_needs_a_list_and_groups_nest() -> None:
    index = index_of({"a": "a"}, {"a": "abc"}, {"a": True}, {"a": 1}, {"a": "5"})
    for wrong in (partial(F("a").isin, "abc"), partial(F("a").isin, 5), partial(F("a").notin, "abc")):
        with pytest.raises(FilterError, match="list of values"):
            wrong()
    assert passing(index, F("a").isin(["abc"])) == ["1"]
    assert passing(index, F("a") == 1) == ["3"]
    assert passing(index, F("a") > 3) == []
    deep: Filter = F("a") == "a"
    for _ in range(10_000):
        deep = ~(deep & F("a").exists())
    assert passing(index, deep) == ["0"]


@pytest.mark.parametrize("kind", ["bool", "int", "float", "str", "datetime", "list[int]"])
@pytest.mark.parametrize("given", list(KINDS))
def test_declared_fields_refuse_other_kinds_when_the_filter_is_made(kind: str, given: str) -> None:
    value = KINDS[given]
    fits = {
        "bool": {"bool"},
        "int": {"int", "float"},
        "float": {"int", "float"},
        "str": {"text"},
        "datetime": {"datetime"},
        "list[int]": {"list"},
    }[kind]
    if given in ("mapping", "null"):
        with pytest.raises(FilterError, match="'f'"):
            F("f") == value  # noqa: B015
        return
    index = index_of({}, fields={"f": kind})
    if given in fits:
        assert passing(index, F("f") == value) == []
        return
    for where in (F("f") == value, ~(F("g") == 1) | (F("f") == value), {"f": value}):
        for ask in (index.count, lambda where: index.search("same", where=where)):
            with pytest.raises(FilterError, match=f"'f': it is declared as {kind}".replace("[", r"\[")):
                ask(where)
    with pytest.raises(InputTypeError, match="'f' is declared as"):
        index_of({"f": value}, fields={"f": kind})


# --- 7: dates are instants ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "same",
    [
        "2024-01-02T00:00+07:00",
        "2024-01-01T17:00Z",
        "2024-01-01T17:00",
        "2024-01-01T12:00:00.000400-05:00",
        datetime(2024, 1, 2, tzinfo=AWAY),
        datetime(2024, 1, 1, 17),
    ],
)
def test_dates_are_compared_as_instants(same: Any) -> None:
    index = index_of({"d": same}, {"d": NOON + timedelta(milliseconds=1)}, {}, {"d": None}, fields={"d": "datetime"})
    for asked in (NOON, same, "2024-01-01T17:00Z"):
        assert passing(index, F("d") == asked) == ["0"]
        assert passing(index, F("d") >= asked) == ["0", "1"]
        assert passing(index, F("d") > asked) == ["1"]
        assert passing(index, F("d") < asked) == []
        assert passing(index, F("d").isin([asked])) == ["0"]
    assert passing(index, {"d": {"$lte": {"$date": "2024-01-02T00:00:00+07:00"}}}) == ["0"]


def test_text_is_no_date_unless_it_is_declared() -> None:
    index = index_of({"d": "2024-01-01"}, {"d": datetime(2024, 1, 1)}, {"d": "not a date"}, {"d": 2024})
    assert passing(index, F("d") >= datetime(2000, 1, 1)) == ["1"]
    assert passing(index, F("d") >= "2000-01-01") == ["0", "2"]
    for wrong in ("not a date", "2024-13-01", 2024):
        with pytest.raises(FilterError, match="'d': it is declared as datetime"):
            index_of({}, fields={"d": "datetime"}).count(F("d") >= wrong)
