"""What cannot be right gets a typed error that says what, where and what to do; and nothing is lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np
import pytest

from ragopt import Bm25, Chunk, Document, F, Index, RagoptError
from ragopt.backends import embedders
from ragopt.errors import (
    DuplicateIdError,
    EmbedderError,
    FilterError,
    InputError,
    InputTypeError,
    UnknownNameError,
    VectorError,
)
from ragopt.evaluation import evaluate
from ragopt.types import Filter
from tests.traps.doors import Ask, Found, build

Door = Callable[[Index, Ask], Found]
HALF = "broken \ud800 text"


# --- documents ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("same", ["a", "", "đường", "\u00e9"])
def test_duplicate_ids(same: str) -> None:
    documents = [Document(same or "x", "old"), Document("b", "other"), Document(same or "x", "new")]
    with pytest.raises(DuplicateIdError) as caught:
        Index.build(documents)
    assert repr(same or "x") in str(caught.value)
    assert "document 2" in str(caught.value)
    with pytest.raises(DuplicateIdError):
        Index.build(iter(documents), vectors=np.eye(3))
    kept = Index.build(documents, on_duplicate="last")
    assert len(kept) == 2
    assert kept.get(same or "x").text == "new"  # type: ignore[union-attr]


def test_ids_that_only_look_alike_are_two() -> None:
    index = Index.build([Document("\u00e9", "composed"), Document("e\u0301", "decomposed"), Document("É", "capital")])
    assert len(index) == 3


def test_a_chunker_that_repeats_an_id() -> None:
    def twice(document: Document) -> Iterator[Chunk]:
        for _ in range(2):
            yield Chunk(f"{document.id}#0", document.id, document.text, (0, len(document.text)))

    with pytest.raises(DuplicateIdError, match="a#0"):
        Index.build([Document("a", "text")], chunker=twice)


@pytest.mark.parametrize("bad", [1, None, b"a", 1.5, ["a"], True, ("a",), HALF])
@pytest.mark.parametrize("shape", [Document, dict])
def test_ids_that_are_not_strings(bad: Any, shape: Any) -> None:
    with pytest.raises(InputTypeError, match="document 1: id"):
        Index.build([Document("fine", "x"), shape(id=bad, text="x")])


@pytest.mark.parametrize("bad", [1, None, b"text", math.nan, ["a"], {"a": 1}, HALF, bytearray(b"x")])
@pytest.mark.parametrize("field", ["text", "title"])
def test_text_that_is_not_text(bad: Any, field: str) -> None:
    with pytest.raises(InputTypeError, match=f"'seven': {field}"):
        Index.build([Document("fine", "x"), Document(**{"id": "seven", "text": "x", field: bad})])


@pytest.mark.parametrize("bad", [{1, 2}, b"x", object(), date(2024, 1, 1), 1 + 2j, {"deep": [object()]}, HALF])
def test_metadata_that_cannot_be_kept(bad: Any) -> None:
    with pytest.raises(InputTypeError, match="'seven'"):
        Index.build([Document("seven", "x", metadata={"field": bad})])


@pytest.mark.parametrize("bad", [[("a", 1)], "x", 3, None])
def test_metadata_that_is_no_mapping(bad: Any) -> None:
    with pytest.raises(InputTypeError, match="metadata"):
        Index.build([Document("seven", "x", metadata=bad)])


@pytest.mark.parametrize(
    "bad", [{"id": "a"}, {"text": "x"}, {"id": "a", "text": "x", "txt": "y"}, {}, "a text", 3, None, ("a", "text")]
)
def test_what_is_no_document(bad: Any) -> None:
    with pytest.raises(InputError, match="document 1"):
        Index.build([Document("fine", "x"), bad])


def test_a_declared_field_with_another_type() -> None:
    with pytest.raises(InputTypeError, match=r"'seven'.*'year'.*int"):
        Index.build([Document("seven", "x", metadata={"year": "2024"})], fields={"year": int})


# --- vectors --------------------------------------------------------------------------------------------------------

TWO = [Document("a", "x"), Document("b", "y")]


@pytest.mark.parametrize(
    "bad",
    [
        np.ones((3, 4)),
        np.ones((1, 4)),
        np.ones(4),
        np.ones((2, 2, 2)),
        np.ones((0, 4)),
        {"a": [1.0, 2.0], "b": [1.0, 2.0, 3.0]},
        {"a": [[1.0, 2.0]]},
        {"a": [1.0], "unknown": [1.0]},
        {"unknown": [1.0]},
        [[1.0, math.nan], [0.0, 1.0]],
        [[1.0, 0.0], [0.0, math.inf]],
    ],
)
def test_vectors_that_do_not_fit(bad: Any) -> None:
    with pytest.raises(VectorError):
        Index.build(TWO, vectors=bad)


@pytest.mark.parametrize("bad", ["text", [["a", "b"], ["c", "d"]], [[1.0], [1.0, 2.0]], np.ones((2, 2), dtype=complex)])
def test_vectors_that_are_not_numbers(bad: Any) -> None:
    with pytest.raises(InputTypeError):
        Index.build(TWO, vectors=bad)


def test_unknown_ids_are_named() -> None:
    with pytest.raises(VectorError, match="'nobody'"):
        Index.build(TWO, vectors={"a": [1.0], "nobody": [1.0]})


@pytest.mark.parametrize("returned", [np.ones((1, 3)), np.ones(3), np.ones((2, 3, 1))])
def test_an_embedder_that_returns_another_shape(returned: Any) -> None:
    with pytest.raises(EmbedderError):
        Index.build(TWO, embedder=lambda texts: returned)


@pytest.mark.parametrize("query", [[1.0], [1.0, 0.0, 0.0], [], [[1.0, 0.0]], 1.0])
def test_a_query_vector_of_another_dimension(query: Any, normalizer: str) -> None:
    index = Index.build(TWO, vectors=np.eye(2))
    with pytest.raises(VectorError):
        index.search("x", vector=query, alpha=0.5, normalizer=normalizer)
    with pytest.raises(VectorError):
        index.search_many(["x", "y"], vectors=[query, query], alpha=0.5, normalizer=normalizer)


def test_query_vectors_of_another_number() -> None:
    index = Index.build(TWO, vectors=np.eye(2))
    with pytest.raises(VectorError, match="2 queries"):
        index.search_many(["x", "y"], vectors=[[1.0, 0.0]])


# --- options --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [-0.1, 1.1, -1e-12, 1 + 1e-12, math.nan, math.inf, "0.5", True, [0.5]])
def test_alpha_outside_0_to_1(alpha: Any, door: Door, normalizer: str) -> None:
    with pytest.raises(InputError, match="alpha"):
        door(build(["fox"], {"fox": [1.0]}), Ask("fox", alpha=alpha, normalizer=normalizer))


def test_raw_scores_need_an_alpha() -> None:
    with pytest.raises(InputError, match="give alpha"):
        build(["fox"], {"fox": [1.0]}).search("fox", normalizer="none")


@pytest.mark.parametrize("depth", [0, -1, 1.5, "10", True])
def test_depth_that_cannot_be(depth: Any) -> None:
    with pytest.raises(InputError, match="depth"):
        build(["fox"], {}).search("fox", depth=depth)


@pytest.mark.parametrize("name", ["minmax", "zscore", "dbsf", "l2", "rank"])
def test_k_above_depth(name: str, door: Door) -> None:
    with pytest.raises(InputError, match="depth"):
        door(build(["fox"], {}), Ask("fox", k=11, depth=10, normalizer=name))


UNKNOWN: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: build(["fox"], {}).search("fox", normalizer="minmx"), "minmx", "minmax"),
    (lambda: build(["fox"], {}).search_many(["fox"], normalizer="Bounded"), "Bounded", "bounded"),
    (lambda: Index.build([], analyzer="englsh"), "englsh", "english"),
    (lambda: Index.build([], embedder="minilmm"), "minilmm", "minilm"),
    (lambda: embedders.load("e6"), "e6", "e5"),
    (lambda: Bm25(variant="bm25+"), "bm25+", "bm25plus"),
    (lambda: evaluate(build(["fox"], {}), {"q": "fox"}, {"q": {"d0": 1}}, measures=["nDCK@10"]), "nDCK", "nDCG"),
]


@pytest.mark.parametrize(("call", "name", "near"), UNKNOWN, ids=[case[1] for case in UNKNOWN])
def test_unknown_names_list_the_known(call: Callable[[], Any], name: str, near: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        call()
    assert name in str(caught.value)
    assert near in str(caught.value)


@pytest.mark.parametrize("query", ["", " ", "\t\n", "\u3000"])
def test_an_empty_query_finds_nothing(query: str, door: Door, normalizer: str, alpha: float) -> None:
    index = build(["fox", ""], {"fox": [1.0, 0.0], "": [0.0, 1.0], " ": [1.0, 1.0]})
    assert door(index, Ask(query, alpha=alpha, normalizer=normalizer)) == []
    assert index.search(query, alpha=alpha, normalizer=normalizer).reason == "empty_query"


@pytest.mark.parametrize("query", [3, b"fox", ["fox"], object(), HALF])
def test_a_query_that_is_not_text(query: Any, door: Door) -> None:
    with pytest.raises(InputError):
        door(build(["fox"], {}), Ask(query))


@pytest.mark.parametrize("where", ["year > 2024", {"year": {"$near": 2024}}, 3, lambda m: True])
def test_a_filter_that_is_none(where: Any, door: Door) -> None:
    with pytest.raises((FilterError, InputTypeError)):
        door(build(["fox"], {}), Ask("fox", where=where))


BAD_FILTERS: list[Callable[[], Filter]] = [
    lambda: F("") == 1,
    lambda: F(3) == 1,  # type: ignore[arg-type]
    lambda: F("year") == None,  # noqa: E711
    lambda: F("year").isin("abc"),
    lambda: F("year").isin(3),  # type: ignore[arg-type]
    lambda: F("year") > True,
    lambda: F("year") == object(),
    lambda: F("year").startswith(3),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("make", BAD_FILTERS)
def test_a_filter_that_cannot_be_right_is_refused_when_made(make: Callable[[], Filter]) -> None:
    with pytest.raises(FilterError):
        make()


def test_a_filter_against_a_declared_type(door: Door) -> None:
    index = Index.build([Document("a", "fox", metadata={"year": 2024})], fields={"year": int})
    with pytest.raises(FilterError, match=r"year.*int"):
        door(index, Ask("fox", where=F("year") >= "2024"))


# --- nothing is lost ------------------------------------------------------------------------------------------------


def test_a_refused_search_leaves_the_index_as_it_was(door: Door) -> None:
    index = build(["fox", "den"], {"fox": [1.0, 0.0], "den": [0.0, 1.0]})
    before = door(index, Ask("fox"))
    for bad in (Ask("fox", k=-1), Ask("fox", alpha=2), Ask("fox", normalizer="?"), Ask("fox", min_score=math.nan)):
        with pytest.raises(RagoptError):
            door(index, bad)
    assert door(index, Ask("fox")) == before
