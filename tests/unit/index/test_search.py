"""Searching through the public face: what comes back, why nothing does, and what is refused."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ragopt.errors import InputError, InputTypeError, ScoreKindError, UnknownNameError, VectorError
from ragopt.filters import F
from ragopt.index import Index
from ragopt.testing import FakeEmbedder
from ragopt.types import Document, Hit, Normalizer, Query, Reason, Threshold

TEXTS = {
    "fox": ("the red fox jumps over the fence", {"kind": "land", "legs": 4}),
    "whale": ("the blue whale swims in the sea", {"kind": "sea", "legs": 0}),
    "crab": ("a red crab walks in the sea sideways", {"kind": "sea", "legs": 10}),
    "empty": ("", {"kind": "none"}),
}
DOCUMENTS = [Document(id, text, metadata=metadata) for id, (text, metadata) in TEXTS.items()]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build(DOCUMENTS, embedder=FakeEmbedder(dimension=32))


@pytest.fixture(scope="module")
def lexical() -> Index:
    return Index.build(DOCUMENTS)


def test_a_hit_carries_its_chunk_and_both_raw_scores(index: Index) -> None:
    hit = index.search("red crab sea", k=1)[0]
    assert (hit.id, hit.document, hit.text) == ("crab", "crab", TEXTS["crab"][0])
    assert hit.metadata == TEXTS["crab"][1] and hit.span == (0, len(hit.text)) and hit.title == ""
    assert hit.lexical is not None and hit.lexical > 0 and hit.dense is not None and -1 <= hit.dense <= 1
    assert "crab" in repr(hit)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"query": ""}, Reason.EMPTY_QUERY),
        ({"query": " \n\t"}, Reason.EMPTY_QUERY),
        ({"query": None}, Reason.EMPTY_QUERY),
        ({"query": "red", "k": 0}, Reason.ZERO_K),
        ({"query": "red", "where": F("kind") == "air"}, Reason.FILTER_EMPTY),
        ({"query": "zzzz"}, Reason.NO_MATCH),
        ({"query": "red", "min_score": 0.999}, Reason.BELOW_THRESHOLD),
    ],
)
def test_nothing_found_says_why(lexical: Index, options: dict[str, Any], reason: Reason) -> None:
    hits = lexical.search(**options)
    assert (len(hits), hits.reason) == (0, reason)


def test_an_empty_query_finds_nothing_in_a_batch_either(index: Index) -> None:
    many = index.search_many(["", "red fox"])
    assert [len(hits) > 0 for hits in many] == [False, True]
    assert many[0].reason is Reason.EMPTY_QUERY


def test_an_empty_index_is_valid() -> None:
    empty = Index.build([], embedder=FakeEmbedder(dimension=32))
    assert len(empty) == 0 and empty.search("red").reason is Reason.EMPTY_INDEX


def test_a_search_finds_what_a_batch_finds(index: Index) -> None:
    questions = ["red fox", "sea", "zzzz", "the the the"]
    for normalizer in Normalizer:
        options: dict[str, Any] = {"normalizer": normalizer, "k": 3, "alpha": 0.4}
        one = [index.search(question, **options).items for question in questions]
        assert one == [hits.items for hits in index.search_many(questions, threads=2, **options)]


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("normalizer", Normalizer)
def test_the_explanation_adds_up(index: Index, normalizer: Normalizer, alpha: float) -> None:
    hits = index.search("red crab in the red sea", normalizer=normalizer, alpha=alpha, where=F("legs") >= 0)
    assert len(hits) > 0
    for i, hit in enumerate(hits):
        why = hits.explain(i)
        assert why.lexical.share + why.dense.share == pytest.approx(why.score, abs=1e-12)
        assert (why.id, why.score, why.alpha) == (hit.id, hit.score, alpha)
        assert why.passes_filter and why.passes_threshold
        if why.lexical.raw is not None:
            assert sum(term.share for term in why.terms) + why.constant == pytest.approx(why.lexical.raw)


def test_weighted_terms_replace_the_analysis(lexical: Index) -> None:
    plain = lexical.search("red red sea")
    weighted = lexical.search(Query("", terms=(("red", 2.0), ("sea", 1.0))))
    assert plain.items == weighted.items


def test_the_query_may_carry_vector_and_filter(index: Index) -> None:
    vector = FakeEmbedder(dimension=32).embed_queries(["red fox"])[0]
    carried = index.search(Query("red fox", vector=vector, where=F("kind") == "land"))
    assert carried.items == index.search("red fox", vector=vector, where=F("kind") == "land").items
    assert carried.ids == ["fox"]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"k": -1}, InputError),
        ({"k": 2.5}, InputError),
        ({"k": True}, InputError),
        ({"alpha": 1.2}, InputError),
        ({"alpha": float("nan")}, InputError),
        ({"alpha": "0.5"}, InputError),
        ({"normalizer": "softmax"}, UnknownNameError),
        ({"normalizer": "none"}, InputError),
        ({"normalizer": "minmax", "k": 11, "depth": 10}, InputError),
        ({"normalizer": "zscore", "min_score": 0.5}, ScoreKindError),
        ({"min_score": float("nan")}, InputError),
        ({"vector": [1.0, 2.0]}, VectorError),
        ({"vector": [[1.0] * 32]}, VectorError),
        ({"vector": [float("nan")] * 32}, VectorError),
        ({"where": "kind == 'sea'"}, InputError),
    ],
)
def test_impossible_options_are_refused(index: Index, options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        index.search("red", **options)


def test_a_query_that_is_no_text_is_refused(index: Index) -> None:
    for query in (3, b"red", ["red"]):
        with pytest.raises(InputError, match="give a string"):
            index.search(query)  # type: ignore[arg-type]


def test_batches_refuse_what_does_not_fit(index: Index) -> None:
    with pytest.raises(VectorError, match="2 queries"):
        index.search_many(["a", "b"], vectors=np.ones((1, 32)))
    with pytest.raises(InputError, match="one filter"):
        index.search_many([Query("a", where=F("kind") == "sea")])
    with pytest.raises(InputError, match="every query a vector or none"):
        index.search_many([Query("a", vector=np.ones(32, dtype=np.float32)), "b"])
    assert index.search_many([]) == []


def test_a_threshold_says_its_kind(index: Index) -> None:
    best = index.search("red fox", normalizer="theoretical")[0].score
    kept = index.search("red fox", normalizer="theoretical", min_score=Threshold(best, kind="theoretical"))
    assert [hit.score for hit in kept] == [best]


def test_filters_that_look_alike_are_not_confused(lexical: Index) -> None:
    index = Index.build([Document("int", "x", metadata={"v": 1}), Document("bool", "x", metadata={"v": True})])
    filters: list[tuple[Callable[[], Any], str]] = [(lambda: F("v") == 1, "int"), (lambda: F("v") == True, "bool")]  # noqa: E712
    for make, expected in filters * 2:
        assert index.search("x", where=make()).ids == [expected]


def test_async_search_leaves_the_loop_free(index: Index) -> None:
    async def both() -> list[list[str]]:
        hits = await asyncio.gather(*(index.asearch("red fox", k=2) for _ in range(64)))
        return [one.ids for one in hits]

    assert asyncio.run(both()) == [index.search("red fox", k=2).ids] * 64


def test_numbers_beyond_the_core_s_are_all_of_them(index: Index) -> None:
    for huge in (2**32, 2**64, 10**30, np.uint64(2**64 - 1)):
        assert len(index.search("the sea", k=huge)) == 3
        assert len(index.search("the sea", k=4, normalizer="minmax", depth=huge)) == 3
    with pytest.raises(InputError, match="min_score"):
        index.search("the sea", min_score=10**400)


def test_hits_are_values_that_can_be_compared_copied_and_sent_to_another_process(index: Index) -> None:
    hits = index.search("red crab sea")
    assert hits == index.search("red crab sea") and "explainer" not in repr(hits)
    assert copy.copy(hits).explain(0) == hits.explain(0)
    for twin in (copy.deepcopy(hits), pickle.loads(pickle.dumps(hits))):
        assert twin == hits and [hit.chunk for hit in twin] == [hit.chunk for hit in hits]
        with pytest.raises(InputError, match="copy"):
            twin.explain(0)
    bare = pickle.loads(pickle.dumps(Hit("a", 0.5)))
    assert bare == Hit("a", 0.5)
    with pytest.raises(InputError, match="no chunk"):
        _ = bare.text


@pytest.mark.parametrize("queries", ["the sea", b"x", Query("sea"), {"q1": "sea"}, None, 3])
def test_queries_are_a_list(index: Index, queries: Any) -> None:
    for search in (index.search_many, index.embed_queries):
        with pytest.raises(InputError, match="queries is a"):
            search(queries)


def test_queries_may_be_any_iterable_of_them(index: Index) -> None:
    expected = index.search_many(["sea", "fox"])
    assert index.search_many(query for query in ["sea", "fox"]) == expected
    assert index.search_many(np.array(["sea", "fox"]), threads=10**30) == expected
    assert index.search_many([], vectors=[]) == index.search_many([]) == []


@pytest.mark.parametrize("threads", [-1, 1.5, None, "2", True])
def test_threads_are_a_whole_number(index: Index, threads: Any) -> None:
    with pytest.raises(InputError, match="threads"):
        index.search_many(["sea"], threads=threads)


@pytest.mark.parametrize("vectors", [([1.0], [1.0, 2.0]), (np.ones(32), np.ones(31))])
def test_vectors_of_one_batch_have_one_length(index: Index, lexical: Index, vectors: Any) -> None:
    for one in (index, lexical):
        with pytest.raises(VectorError, match="dimensions"):
            one.search_many([Query("sea", vector=row) for row in vectors])


@pytest.mark.parametrize(
    "terms",
    ["sea", 3, ["sea"], [("sea",)], [("sea", "1")], [(b"sea", 1.0)], [("\ud800", 1.0)], [("sea", 1.0, 2)], {"sea": 1.0}]
    + [[("sea", weight)] for weight in (float("nan"), float("inf"), -1.0, 1e300, 10**400, None, True)],
)
def test_query_terms_are_pairs_of_term_and_weight(index: Index, terms: Any) -> None:
    for search in (lambda query: index.search(query), lambda query: index.search_many([query])):
        with pytest.raises(InputError, match="term"):
            search(Query("", terms=terms))


def test_chunks_are_asked_for_by_place_and_id(index: Index) -> None:
    assert index.chunk(np.int64(0)).id == "fox"  # type: ignore[arg-type]
    for place in (-1, 4, 2**70, "fox", 1.0):
        with pytest.raises(InputError):
            index.chunk(place)  # type: ignore[arg-type]
    for id in (3, None, b"fox", "\ud800"):
        with pytest.raises(InputTypeError, match="id"):
            index.get(id)  # type: ignore[arg-type]
    assert repr(index) == "Index(4 chunks, analyzer 'multilingual', 32 dimensions)"


def test_an_index_is_copied_but_sent_to_another_process_as_a_folder(index: Index) -> None:
    pipeline = copy.deepcopy({"index": index})
    assert pipeline["index"] is not index and pipeline["index"].search("the sea") == index.search("the sea")
    with pytest.raises(InputTypeError, match=r"Index\.open"):
        pickle.dumps(index)


@pytest.mark.parametrize("path", [None, 3, ["x"]])
def test_a_path_that_is_none_is_refused(lexical: Index, path: Any) -> None:
    with pytest.raises(InputError, match="give the folder"):
        lexical.save(path)
    with pytest.raises(InputError, match="give the folder"):
        Index.open(path)


def test_hits_read_their_chunks_late_and_survive_a_copy() -> None:
    index = Index.build([{"id": f"d{i}", "text": f"heat flow {i}", "title": f"title {i}"} for i in range(20)])
    found = index.search("heat 7", k=20)
    assert [hit.chunk.id for hit in found] == found.ids
    again = index.search("heat 7", k=20)
    copies = [again[0].of_part("heat"), again[0].standing_for([again[1]]), pickle.loads(pickle.dumps(again[0]))]
    assert [copy.title for copy in copies] == ["title 7"] * 3
    assert copies[1].also[0].text == again[1].text


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u2003", "\x1c"])
def test_a_blank_text_has_no_lexical_side_however_it_is_asked(blank: str) -> None:
    index = Index.build([{"id": "a", "text": "heat"}])
    for found in (index.search(blank), index.search(Query(blank)), *index.search_many([blank, Query(blank)])):
        assert (found.ids, found.reason, found.sides.lexical) == ([], "empty_query", False)


def test_a_text_and_a_query_of_it_are_asked_alike() -> None:
    index = Index.build([{"id": f"d{i}", "text": f"heat flow {i}"} for i in range(20)])
    plain, query = index.search("heat 7"), index.search(Query("heat 7"))
    assert plain == query
    assert plain.explain(0) == query.explain(0)
