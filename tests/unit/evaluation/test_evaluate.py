"""`evaluate` and `score_run`: who is measured, how deep is searched, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragopt.errors import DuplicateIdError, InputError, InputTypeError, UnknownNameError, VectorError
from ragopt.evaluation import Measure, Run, Table, compare, evaluate, score_run
from ragopt.tuning import tune
from ragopt.types import Chunk, Hit, Hits, Normalizer, Query, SearchSettings, Settings, Sides


def chunk(id: str) -> Chunk:
    return Chunk(id, id.split("#")[0], id, (0, len(id)))


class Shelf:
    """Searches by looking the query's text up: text → chunk ids, best first. Document of `a#1` is `a`."""

    def __init__(self, shelf: dict[str, list[str]]) -> None:
        self.shelf = shelf
        self.calls: list[dict[str, Any]] = []

    def get(self, id: str) -> Chunk | None:
        return chunk(id) if any(id in found for found in self.shelf.values()) else None

    def search_many(self, queries: Sequence[str | Query], **options: Any) -> list[Hits]:
        self.calls.append({"queries": list(queries), **options})
        out = []
        for query in queries:
            text = query if isinstance(query, str) else query.text
            items = [
                Hit(id, 1.0 - rank / 100, chunk=chunk(id)) for rank, id in enumerate(self.shelf[text][: options["k"]])
            ]
            out.append(Hits(tuple(items), 0.6, Normalizer.BOUNDED, Sides(True, True)))
        return out


@pytest.fixture
def shelf() -> Shelf:
    return Shelf({"one": ["a#0", "a#1", "b#0", "c#0"], "two": ["c#0", "b#0", "a#1"], "none": []})


QUERIES = {"1": "one", "2": "two"}


def test_means_and_values(shelf: Shelf) -> None:
    table = evaluate(shelf, QUERIES, {"1": {"b#0": 1}, "2": {"c#0": 1}}, ["RR", "R@2", "nDCG@10"])
    assert list(table) == ["RR", "R@2", "nDCG@10"]
    assert table["RR"] == pytest.approx((1 / 3 + 1) / 2)
    assert table["MRR"] == table["RR"] == dict(table)["RR"]
    assert table.column(Measure.parse("R@2")).tolist() == [0.0, 1.0]
    assert table.per_query()["2"] == {"RR": 1.0, "R@2": 1.0, "nDCG@10": 1.0}
    assert table.run.ids("1") == ["a#0", "a#1", "b#0", "c#0"]
    with pytest.raises(UnknownNameError, match="measure of this table"):
        table["P@1"]
    assert "P@1" not in table


def test_searched_as_deep_as_the_deepest_cutoff_with_the_given_settings(shelf: Shelf) -> None:
    settings = SearchSettings(k=2, alpha=0.25, normalizer="minmax", depth=50)
    qrels = {"1": {"b#0": 1}}
    evaluate(shelf, QUERIES, qrels, ["nDCG@3", "R@7"], settings=settings)
    evaluate(shelf, QUERIES, qrels, ["AP"], settings=Settings(search=settings))
    evaluate(shelf, QUERIES, qrels)
    assert [(c["k"], c["alpha"], c["normalizer"], c["depth"]) for c in shelf.calls] == [
        (7, 0.25, "minmax", 50),
        (50, 0.25, "minmax", 50),
        (100, None, "bounded", 1000),
    ]


def test_vectors_follow_their_queries(shelf: Shelf) -> None:
    rows = np.arange(6, dtype=np.float64).reshape(3, 2)
    queries = [("0", "none"), ("1", "one"), ("2", "two")]
    table = evaluate(shelf, queries, {"2": {"c#0": 1}}, ["RR"], vectors=rows)
    assert shelf.calls[0]["queries"] == ["two"]
    assert shelf.calls[0]["vectors"].tolist() == [[4.0, 5.0]]
    assert table.notes == ("2 of 3 queries have no judgement and are left out",)
    with pytest.raises(VectorError, match="one row a query"):
        evaluate(shelf, queries, {"2": {"c#0": 1}}, ["RR"], vectors=rows[:2])


def test_documents_are_ranked_at_their_best_chunk_and_the_cutoff_is_filled() -> None:
    found = [f"a#{i}" for i in range(30)] + [f"b#{i}" for i in range(30)] + ["c#0"]
    shelf = Shelf({"one": found, "two": ["c#0", "a#0", "b#0"]})
    table = evaluate(shelf, QUERIES, {"1": {"c": 1}, "2": {"c": 1}}, ["RR@3"], by="document")
    assert table.column("RR@3").tolist() == [pytest.approx(1 / 3), 1.0]
    assert table.run.rankings["1"] == (("a", 1.0), ("b", 0.7), ("c", pytest.approx(0.4)))
    assert [call["k"] for call in shelf.calls] == [3, 9, 27, 81]
    assert [len(call["queries"]) for call in shelf.calls] == [2, 1, 1, 1]


def test_documents_are_not_searched_deeper_than_a_relative_normalizer_can() -> None:
    shelf = Shelf({"one": [f"a#{i}" for i in range(30)] + ["c#0"]})
    settings = SearchSettings(normalizer="zscore", depth=20)
    table = evaluate(shelf, {"1": "one"}, {"1": {"c": 1}}, ["RR@3"], settings=settings, by="document")
    assert [call["k"] for call in shelf.calls] == [3, 9, 20]
    assert table["RR@3"] == 0.0


def test_queries_in_every_shape(shelf: Shelf) -> None:
    qrels = {"1": {"a#0": 1}}
    shapes: list[Any] = [
        {"1": Query("one")},
        [("1", "one")],
        [{"_id": "1", "text": "one", "metadata": {}}],
        [{"id": "1", "text": "one"}],
    ]
    assert [evaluate(shelf, shape, qrels, ["RR"])["RR"] for shape in shapes] == [1.0] * 4


@pytest.mark.parametrize(
    ("queries", "error"),
    [
        (["one"], InputTypeError),
        ([{"text": "one"}], InputError),
        ({1: "one"}, InputTypeError),
        ({"1": 5}, InputTypeError),
    ],
)
def test_queries_that_cannot_be_joined(shelf: Shelf, queries: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        evaluate(shelf, queries, {"1": {"a#0": 1}}, ["RR"])


def test_two_queries_of_one_id(shelf: Shelf) -> None:
    with pytest.raises(DuplicateIdError, match="'1'"):
        evaluate(shelf, [("1", "one"), ("1", "two")], {"1": {"a#0": 1}}, ["RR"])


def test_nothing_judged(shelf: Shelf) -> None:
    with pytest.raises(InputError, match=r"no query has a judgement.*'1'.*'x'"):
        evaluate(shelf, QUERIES, {"x": {"a#0": 1}}, ["RR"])
    with pytest.raises(InputError, match="no queries at all"):
        evaluate(shelf, {}, {"x": {"a#0": 1}}, ["RR"])
    with pytest.raises(InputError, match="no judgement at all"):
        evaluate(shelf, QUERIES, {}, ["RR"])
    with pytest.raises(InputError, match="hold no judgement"):
        score_run(Run({}), {}, ["RR"])


def test_judged_ids_that_the_index_lacks(shelf: Shelf) -> None:
    table = evaluate(shelf, QUERIES, {"1": {"a#0": 1, "zz": 1}}, ["R@5"])
    assert table["R@5"] == 0.5
    assert "1 of 2 judged ids are not in the index (the first is 'zz')" in table.notes[1]
    with pytest.raises(InputError, match=r'by="document"'):
        evaluate(shelf, QUERIES, {"1": {"a": 1}}, ["R@5"])
    with pytest.raises(InputError, match=r'by="chunk"'):
        evaluate(shelf, QUERIES, {"1": {"a#0": 1}}, ["R@5"], by="document")
    with pytest.raises(UnknownNameError, match="unit of judgement"):
        evaluate(shelf, QUERIES, {"1": {"a": 1}}, ["R@5"], by="page")


def test_a_query_that_finds_nothing_counts_zero(shelf: Shelf) -> None:
    table = evaluate(shelf, {"1": "one", "3": "none"}, {"1": {"a#0": 1}, "3": {"a#0": 1}}, ["RR"])
    assert table.column("RR").tolist() == [1.0, 0.0]


def test_one_query_has_no_interval(shelf: Shelf) -> None:
    table = evaluate(shelf, {"1": "one"}, {"1": {"a#0": 1}}, ["RR"])
    assert not table.estimates["RR"].known
    assert "unknown: one query" in str(table)
    assert json.loads(json.dumps(table.to_dict()))["measures"]["RR"] == {"mean": 1.0, "low": None, "high": None}


def test_score_run_averages_over_all_judged_queries(tmp_path: Path) -> None:
    run = Run({"1": [("a", 2.0), ("b", 1.0)], "9": [("a", 1.0)]})
    run.save(tmp_path / "run.txt")
    for given in (run, tmp_path / "run.txt"):
        table = score_run(given, {"1": {"b": 1}, "2": {"a": 1}}, ["RR"])
        assert table.queries == ("1", "2")
        assert table["RR"] == 0.25
        assert len(table.notes) == 2


def test_print(shelf: Shelf) -> None:
    lines = str(evaluate(shelf, QUERIES, {"1": {"b#0": 1}, "2": {"c#0": 1}}, ["RR", "nDCG@10"])).splitlines()
    assert lines[0].split() == ["measure", "mean", "95", "%", "interval"]
    assert lines[1].startswith("RR ")
    assert lines[-1] == "over 2 queries"


def test_compare_is_paired_by_query() -> None:
    def table(values: dict[str, float]) -> Table:
        matrix = np.array([[value] for value in values.values()])
        return Table(tuple(values), (Measure.parse("RR"),), matrix, Run({}))

    outcome = compare(table({"1": 1.0, "2": 0.5}), table({"2": 0.5, "1": 0.25}), "RR")
    assert (outcome.wins, outcome.ties, outcome.losses) == (1, 1, 0)
    assert outcome.difference.mean == pytest.approx(0.375)
    with pytest.raises(InputError, match="different queries"):
        compare(table({"1": 1.0}), table({"2": 1.0}), "RR")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"index": None}, "index is a NoneType"),
        ({"index": "docs.idx"}, "index is a str"),
        ({"queries": None}, "queries is a NoneType"),
        ({"qrels": {"1": ["a#0"]}}, "query '1' has a list"),
        ({"qrels": {"1": {"a#0": 10**25}}}, "no grade"),
        ({"measures": None}, "measures is a NoneType"),
        ({"settings": {"k": 1}}, "settings is a dict"),
    ],
)
def test_wrong_types_are_refused_by_name(shelf: Shelf, change: dict[str, Any], says: str) -> None:
    arguments: dict[str, Any] = {"index": shelf, "queries": QUERIES, "qrels": {"1": {"a#0": 1}}, **change}
    with pytest.raises(InputError, match=says):
        evaluate(**arguments)
    if not {"measures", "index"} & set(change):
        with pytest.raises(InputError, match=says):
            tune(**arguments)
    if "index" in change:
        with pytest.raises(InputError, match=says):
            tune(change["index"], QUERIES, {"1": {"a#0": 1}})
