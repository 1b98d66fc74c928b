"""Queries of parts: searched part by part, joined by turns, each hit with the part that found it."""

from __future__ import annotations

import pickle

import pytest

from ragopt import Document, F, Index, Query
from ragopt.errors import InputError
from ragopt.testing import FakeEmbedder
from ragopt.types import Reason

DOCUMENTS = [
    Document(f"{animal}{i}", f"{animal} " * (4 - i) + filler, metadata={"even": i % 2 == 0})
    for animal, filler in (("fox", "runs in the wood"), ("whale", "swims in the sea at night"))
    for i in range(4)
]
BOTH = Query("fox and whale", parts=(Query("fox"), Query("whale")))


@pytest.fixture(scope="module", params=["lexical", "hybrid"])
def index(request: pytest.FixtureRequest) -> Index:
    return Index.build(DOCUMENTS, embedder=FakeEmbedder() if request.param == "hybrid" else None)


def test_parts_take_turns_and_each_hit_says_whose_it_is(index: Index) -> None:
    fox, whale = index.search("fox", k=3), index.search("whale", k=3)
    hits = index.search(BOTH, k=6)
    assert [hit.id for hit in hits if hit.part == "fox"] == fox.ids
    assert [hit.id for hit in hits if hit.part == "whale"] == whale.ids
    assert [hit.part for hit in hits] == ["fox", "whale"] * 3
    assert [hit.score for hit in hits if hit.part == "fox"] == [hit.score for hit in fox]
    assert hits.exact and hits.reason is None
    assert index.search("fox", k=1)[0].part is None


def test_an_odd_k_and_a_part_that_finds_nothing(index: Index) -> None:
    assert [hit.part for hit in index.search(BOTH, k=3)] == ["fox", "whale", "fox"]
    lonely = Query("fox, zzzz", parts=(Query("fox"), Query("zzzz")))
    assert [hit.part for hit in index.search(lonely, k=4, alpha=0)] == ["fox"] * 4
    nothing = index.search(Query("?", parts=(Query("zzzz"), Query("yyyy"))), k=4, alpha=0)
    assert not nothing and nothing.reason is Reason.NO_MATCH
    assert not index.search(BOTH, k=0)


def test_a_chunk_that_two_parts_find_stands_once(index: Index) -> None:
    hits = index.search(Query("fox fox", parts=(Query("fox"), Query("fox runs"))), k=4)
    assert len(set(hits.ids)) == len(hits) == 4


def test_a_hit_is_explained_by_the_search_that_found_it(index: Index) -> None:
    hits = index.search(BOTH, k=4)
    for i, hit in enumerate(hits):
        account = hits.explain(i)
        assert account.score == pytest.approx(hit.score)
        assert [term.term for term in account.terms] == [hit.part]


def test_many_queries_are_as_each_alone(index: Index) -> None:
    queries: list[str | Query] = ["fox", BOTH, "whale sea"]
    assert index.search_many(queries, k=5) == [index.search(query, k=5) for query in queries]
    rows = index.embed_queries(queries)
    if rows is not None:
        assert len(rows) == 4
        assert index.search_many(queries, k=5, vectors=rows) == index.search_many(queries, k=5)


def test_the_filter_holds_for_every_part(index: Index) -> None:
    hits = index.search(BOTH, k=8, where=F("even") == True)  # noqa: E712 (this is how a filter is written)
    assert sorted(hits.ids) == ["fox0", "fox2", "whale0", "whale2"]


def test_what_cannot_be_a_part_is_refused(index: Index) -> None:
    for part in (Query("a", where=F("even") == 1), Query("a", parts=(Query("b"),)), "text"):
        with pytest.raises(InputError, match="parts"):
            index.search(Query("q", parts=(part,)))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no vector of its own"):
        index.search(BOTH, vector=[1.0] * 64)


def test_a_copy_keeps_the_part(index: Index) -> None:
    hits = index.search(BOTH, k=2)
    assert [hit.part for hit in pickle.loads(pickle.dumps(hits))] == ["fox", "whale"]
