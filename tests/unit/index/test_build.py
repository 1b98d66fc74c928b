"""Building: what comes in is kept whole or refused whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragopt.errors import (
    DuplicateIdError,
    EmbedderError,
    EmbedderMismatchError,
    InputError,
    InputTypeError,
    UnknownNameError,
    VectorError,
)
from ragopt.filters import F
from ragopt.index import Index
from ragopt.testing import FakeEmbedder
from ragopt.types import Chunk, Document

DOCUMENTS = [
    Document("a", "the red fox jumps", title="Foxes", metadata={"year": 2020, "tags": ["x"], "day": "2024-05-01"}),
    Document("b", "a blue whale swims", metadata={"year": 2021, "nested": {"deep": [1, None]}}),
    Document("c", "", metadata={"when": datetime(2024, 1, 1, tzinfo=UTC)}),
]


def test_chunks_come_back_as_they_went_in(tmp_path: Path) -> None:
    index = Index.build(DOCUMENTS)
    index.save(tmp_path / "i")
    for one in (index, Index.open(tmp_path / "i")):
        assert len(one) == 3 and one.ids == ["a", "b", "c"]
        for ordinal, document in enumerate(DOCUMENTS):
            chunk = one.chunk(ordinal)
            assert (chunk.id, chunk.document, chunk.text) == (document.id, document.id, document.text)
            assert (chunk.title, chunk.metadata) == (document.title, document.metadata)
            assert chunk.span == (0, len(document.text))
        assert one.get("b") == one.chunk(1) and one.get("zzz") is None


def test_dicts_are_documents_too() -> None:
    assert Index.build([{"id": "a", "text": "x"}]).ids == ["a"]
    with pytest.raises(InputError, match="unknown keys .'txt'"):
        Index.build([{"id": "a", "text": "x", "txt": "y"}])
    with pytest.raises(InputError, match="text missing"):
        Index.build([{"id": "a"}])


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (Document(1, "x"), "document 0: id is a int"),  # type: ignore[arg-type]
        (Document("a", None), "'a': text is a NoneType"),  # type: ignore[arg-type]
        (Document("a", b"x"), "text is a bytes"),  # type: ignore[arg-type]
        (Document("a", "\ud800"), "surrogate"),
        (Document("a", "x", title=3), "title is a int"),  # type: ignore[arg-type]
        (Document("a", "x", metadata={1: 2}), "metadata key 1"),  # type: ignore[dict-item]
        (Document("a", "x", metadata={"s": {1, 2}}), "chunk 'a'.*set"),
        (Document("a", "x", metadata=[1]), "not a mapping"),  # type: ignore[arg-type]
        ("just text", "document 0 is a str"),
        (Document("a", "x", metadata={"m": {1: 2}}), "chunk 'a'.*key 1"),
        (Document("a", "x", metadata={"m": {"d": date(2024, 1, 1)}}), "chunk 'a'.*date"),
    ],
)
def test_wrong_types_are_refused_by_name(document: Any, says: str) -> None:
    with pytest.raises(InputTypeError, match=says):
        Index.build([document])


def test_an_empty_id_is_refused() -> None:
    with pytest.raises(InputError, match="the id is empty"):
        Index.build([Document("", "x")])


def test_duplicates_are_refused_unless_the_last_is_asked_for() -> None:
    twice = [Document("a", "old"), Document("b", "x"), Document("a", "new")]
    with pytest.raises(DuplicateIdError, match="document 2 .*'a'"):
        Index.build(twice)
    kept = Index.build(twice, on_duplicate="last")
    assert sorted(kept.ids) == ["a", "b"] and kept.get("a").text == "new"  # type: ignore[union-attr]
    with pytest.raises(InputError, match="on_duplicate"):
        Index.build(twice, on_duplicate="first")


def test_a_chunker_that_repeats_an_id_is_refused() -> None:
    def chunker(document: Document) -> Iterable[Chunk]:
        return [Chunk("same", document.id, document.text, (0, 1))] * 2

    with pytest.raises(DuplicateIdError, match="chunker"):
        Index.build([Document("a", "x")], chunker=chunker)


def test_declared_fields_are_checked_and_converted() -> None:
    index = Index.build(DOCUMENTS, fields={"year": int, "day": datetime, "tags": list[str]})
    assert index.chunk(0).metadata["day"] == datetime(2024, 5, 1, tzinfo=UTC)
    assert index.count(F("day") >= "2024-01-01") == 1
    with pytest.raises(InputTypeError, match="chunk 'a': metadata field 'year' is declared as str"):
        Index.build(DOCUMENTS, fields={"year": str})


def test_unknown_analyzer_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'english'"):
        Index.build(DOCUMENTS, analyzer="englsh")


@pytest.mark.parametrize(
    ("vectors", "says"),
    [
        (np.ones((2, 4)), "3 chunks"),
        (np.ones(3), "3 chunks"),
        (np.full((3, 2), np.nan), 'chunk "a"'),
        (np.array([[1, 1], [1, np.inf], [1, 1]]), 'chunk "b"'),
        ({"zzz": [1.0, 2.0]}, "not in the build: 'zzz'"),
        ({"a": [1.0, 2.0], "b": [1.0]}, "chunk 'b' has shape"),
    ],
)
def test_bad_vectors_are_refused(vectors: Any, says: str) -> None:
    with pytest.raises(VectorError, match=says):
        Index.build(DOCUMENTS, vectors=vectors)


def test_vectors_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(InputTypeError, match="not an array of numbers"):
        Index.build(DOCUMENTS, vectors=[["x"], ["y"], ["z"]])


def test_a_mapping_may_leave_chunks_without_a_vector() -> None:
    index = Index.build(DOCUMENTS, vectors={"b": [0.0, 2.0]})
    hits = index.search(vector=[0.0, 1.0], alpha=1)
    assert hits.ids == ["b"] and hits[0].dense == 1.0


def test_an_embedder_must_give_a_row_a_text() -> None:
    with pytest.raises(EmbedderError, match="row"):
        Index.build(DOCUMENTS, embedder=lambda texts: np.ones((1, 3)))


def test_the_embedder_is_stored_and_another_is_refused(tmp_path: Path) -> None:
    embedder = FakeEmbedder(dimension=16)
    index = Index.build(DOCUMENTS, embedder=embedder)
    index.save(tmp_path / "i")
    again = Index.open(tmp_path / "i", embedder=FakeEmbedder(dimension=16))
    assert again.search("red fox").ids == index.search("red fox").ids
    with pytest.raises(EmbedderMismatchError, match="built with"):
        Index.open(tmp_path / "i", embedder=lambda texts: np.ones((len(texts), 16)))
    alone = Index.open(tmp_path / "i")
    with pytest.raises(EmbedderError, match="Index.open.path, embedder="):
        alone.search("red fox")
    assert alone.search("red fox", alpha=0).ids == ["a"]


def test_an_index_without_vectors_says_so(tmp_path: Path) -> None:
    index = Index.build(DOCUMENTS)
    hits = index.search("fox")
    assert (hits.sides.lexical, hits.sides.dense, hits.alpha) == (True, False, 0.0)
    assert index.describe()["embedder"] is None and index.describe()["dimension"] is None
    index.save(tmp_path / "i")
    with pytest.raises(EmbedderMismatchError, match="no vectors"):
        Index.open(tmp_path / "i", embedder=FakeEmbedder(dimension=16))


@pytest.mark.parametrize("documents", ["text", b"text", {"id": "a", "text": "x"}, Document("a", "x"), None, 3])
def test_documents_are_a_list(documents: Any) -> None:
    with pytest.raises(InputTypeError, match="documents is a"):
        Index.build(documents)


@pytest.mark.parametrize(
    "arguments",
    [
        {"bm25": "lucene"},
        {"bm25": {"k1": 1}},
        {"fields": "year"},
        {"fields": ["year"]},
        {"fields": {"year": []}},
        {"fields": {1: int}},
        {"progress": 3},
        {"chunker": 3},
        {"chunker": lambda document: None},
        {"chunker": lambda document: document.text},
        {"chunker": lambda document: ["part"]},
        {"chunker": lambda document: [Chunk("", document.id, "x", (0, 1))]},
        {"chunker": lambda document: [Chunk("a", 7, "x", (0, 1))]},
    ],
    ids=str,
)
def test_wrong_arguments_are_refused_by_name(arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"bm25|fields|progress|chunker|chunk 'a': document"):
        Index.build(DOCUMENTS, **arguments)


def test_metadata_may_hold_what_numpy_and_pandas_hold(tmp_path: Path) -> None:
    moment = np.datetime64("2024-05-01T10:00", "ns")
    metadata = {"n": np.int64(3), "x": np.float32(0.5), "ok": np.bool_(True), "l": np.array([1, 2]), "when": moment}
    Index.build([Document("a", "x", metadata={**metadata, "no": np.datetime64("NaT")})]).save(tmp_path / "i")
    index = Index.open(tmp_path / "i")
    when = datetime(2024, 5, 1, 10, tzinfo=UTC)
    expected = {"n": 3, "x": 0.5, "ok": True, "l": [1, 2], "when": when, "no": None}
    assert index.chunk(0).metadata == expected
    declared = {"n": int, "x": float, "ok": bool, "l": list[int], "when": datetime}
    typed = Index.build([Document("a", "x", metadata=metadata)], fields=declared)
    where = (F("n") == np.int32(3)) & (F("when") >= moment) & F("n").isin(np.arange(9)) & (F("ok") == np.bool_(True))
    assert index.count(where) == typed.count(where) == 1


@pytest.mark.parametrize(
    "value", [{"$datetime": "2024-01-01"}, {"$datetime": "no date"}, {"$$datetime": {"$datetime": 1}}, {"$datetime": 3}]
)
def test_a_mapping_of_the_callers_is_never_taken_for_a_datetime(value: Any) -> None:
    for metadata in ({"m": value}, {"m": [value]}, value):
        assert Index.build([Document("a", "x", metadata=metadata)]).chunk(0).metadata == metadata


def test_metadata_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(InputTypeError, match="chunk 'a'.*in itself"):
        Index.build([Document("a", "x", metadata={"m": loop})])
