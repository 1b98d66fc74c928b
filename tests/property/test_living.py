"""Whatever happened to an index, it answers as one that was built afresh of what is there now."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ragopt import Bm25, Document, F, Index
from ragopt.errors import DuplicateIdError
from ragopt.types import Chunk, Filter, Hits, Normalizer, Reason

IDS = [f"d{i}" for i in range(10)]
TAGS = (0, 1, 2)
QUERIES = ("a zz", "b é é", "c", "nowhere")
#: Filters, each with what it means.
WHERES: list[tuple[Filter, Callable[[Mapping[str, Any]], bool]]] = [
    (F("tag") == 0, lambda m: m["tag"] == 0),
    (F("tag") > 0, lambda m: m["tag"] > 0),
    (~(F("tag") == 1), lambda m: m["tag"] != 1),
    (F("part") == 1, lambda m: m.get("part") == 1),
    (F("part").is_null() & (F("tag") == 2), lambda m: "part" not in m and m["tag"] == 2),
]
#: The live chunks by id, in the order in which they came.
Model = dict[str, Chunk]


class Letters:
    """An embedder with few different vectors, so that cosines tie; a text without letters has none."""

    name, cosine_floor, alpha, dimension = "letters", -1.0, None, 3

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        rows = [[text.count("a") - text.count("b"), text.count("é"), text.count("z")] for text in texts]
        return np.array(rows, dtype=np.float32).reshape(-1, 3)

    embed_queries = embed_passages


def parts(document: Document) -> Iterator[Chunk]:
    """A chunk for each part of the text between bars."""
    start = 0
    for i, part in enumerate(document.text.split("|")):
        span = (start, start + len(part))
        yield Chunk(f"{document.id}#{i}", document.id, part, span, document.title, {**document.metadata, "part": i})
        start += len(part) + 1


def whole(document: Document) -> Iterator[Chunk]:
    """The document as one chunk."""
    yield Chunk(document.id, document.id, document.text, (0, len(document.text)), "", document.metadata)


def fresh(model: Model, bm25: Bm25, *, dense: bool) -> Index:
    """An index of the model's chunks that never changed."""
    documents = [Document(chunk.id, chunk.text, chunk.title, chunk.metadata) for chunk in model.values()]
    return Index.build(documents, analyzer="whitespace", bm25=bm25, embedder=Letters() if dense else None)


def assert_equal(mine: Hits, theirs: Hits) -> None:
    """The same ids in the same order, scores within rounding, for the same reasons."""
    assert mine.ids == theirs.ids
    assert mine.reason == theirs.reason
    if mine.reason is not Reason.EMPTY_INDEX:
        assert (mine.sides, mine.alpha) == (theirs.sides, theirs.alpha)
    for a, b in zip(mine, theirs, strict=True):
        assert a.score == pytest.approx(b.score, rel=1e-6, abs=1e-6)
        assert (a.lexical, a.dense) == (pytest.approx(b.lexical, abs=1e-6), pytest.approx(b.dense, abs=1e-6))


def assert_answers(index: Index, model: Model, bm25: Bm25, normalizer: Normalizer, *, dense: bool) -> None:
    """The index gives what a fresh one gives: every question, every mode, with and without a filter."""
    assert len(index) == index.count() == len(model)
    assert index.ids == list(model)
    assert [index.chunk(i) for i in range(len(index))] == list(model.values())
    twin = fresh(model, bm25, dense=dense)
    for query in QUERIES:
        for where in (None, WHERES[1][0], WHERES[3][0]):
            for alpha in (0.0, 0.5, 1.0) if dense else (0.0,):
                options: dict[str, Any] = {"alpha": alpha, "where": where, "normalizer": normalizer, "k": 50}
                mine, theirs = index.search(query, **options), twin.search(query, **options)
                assert_equal(mine, theirs)
                if mine:
                    assert mine.explain(0).terms == theirs.explain(0).terms
    for where, passes in WHERES:
        assert index.count(where) == sum(passes(chunk.metadata) for chunk in model.values())


words = st.lists(st.sampled_from(("a", "b", "c", "é", "zz", "a")), max_size=6).map(" ".join)
texts = st.lists(words, min_size=1, max_size=3).map("|".join)
documents = st.builds(
    Document, st.sampled_from(IDS), texts, metadata=st.fixed_dictionaries({"tag": st.sampled_from(TAGS)})
)
batches = st.lists(documents, min_size=1, max_size=5, unique_by=lambda document: document.id)
chunkers = st.sampled_from([None, parts])


class Life(RuleBasedStateMachine):
    """An index and its model, changed side by side. `staged` is the model with what is not committed yet."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ragopt-life-"))
        self.path: Path | None = None
        self.reader: Index | None = None
        self.saves = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @initialize(
        start=st.lists(documents, max_size=5, unique_by=lambda document: document.id),
        bm25=st.sampled_from([Bm25(), Bm25(variant="bm25plus"), Bm25(variant="okapi"), Bm25(b=0.0)]),
        dense=st.booleans(),
        chunker=chunkers,
        normalizer=st.sampled_from([n for n in Normalizer if n is not Normalizer.NONE]),
    )
    def begin(self, start: list[Document], bm25: Bm25, dense: bool, chunker: Any, normalizer: Normalizer) -> None:
        self.bm25, self.dense, self.normalizer = bm25, dense, normalizer
        embedder = Letters() if dense else None
        self.index = Index.build(start, analyzer="whitespace", bm25=bm25, embedder=embedder, chunker=chunker)
        self.committed: Model = self.grown({}, start, chunker)
        self.staged = dict(self.committed)
        self.check()

    def grown(self, model: Model, given: list[Document], chunker: Any) -> Model:
        came = [chunk for document in given for chunk in (chunker or whole)(document)]
        return {**model, **{chunk.id: chunk for chunk in came}}

    def check(self) -> None:
        """What searches see is what was committed."""
        assert_answers(self.index, self.committed, self.bm25, self.normalizer, dense=self.dense)

    @property
    def is_staged(self) -> bool:
        return list(self.staged.items()) != list(self.committed.items())

    @rule(given=batches, chunker=chunkers)
    def add(self, given: list[Document], chunker: Any) -> None:
        there = {chunk.document for chunk in self.staged.values()}
        if any(document.id in there for document in given):
            with pytest.raises(DuplicateIdError):
                self.index.add(given, chunker=chunker)
            return
        grown = self.grown(self.staged, given, chunker)
        assert self.index.add(given, chunker=chunker) == len(grown) - len(self.staged)
        self.staged = grown
        assert len(self.index) == len(self.committed)

    @rule(given=st.lists(documents, min_size=1, max_size=6), chunker=chunkers)
    def update(self, given: list[Document], chunker: Any) -> None:
        self.index.update(iter(given), chunker=chunker)
        last = {document.id: document for document in given}
        kept = {id_: chunk for id_, chunk in self.staged.items() if chunk.document not in last}
        for document in given:  # in the order in which the last of each came
            if last[document.id] is document:
                kept = self.grown(kept, [document], chunker)
        self.staged = kept

    @rule(given=batches, chunker=chunkers)
    def sync(self, given: list[Document], chunker: Any) -> None:
        wanted = self.grown({}, given, chunker)
        same = {
            document.id
            for document in given
            if [chunk for chunk in wanted.values() if chunk.document == document.id]
            == [chunk for chunk in self.staged.values() if chunk.document == document.id]
        }
        there = {chunk.document for chunk in self.staged.values()}
        changes = self.index.sync(given, chunker=chunker)
        came = {document.id for document in given}
        assert changes.unchanged == len(same)
        assert (changes.added, changes.deleted) == (len(came - there), len(there - came))
        assert changes.updated == len(came & there) - len(same)
        kept = {id_: chunk for id_, chunk in self.staged.items() if chunk.document in same}
        self.staged = {**kept, **{id_: chunk for id_, chunk in wanted.items() if chunk.document not in same}}

    @rule(ids=st.lists(st.sampled_from([*IDS, *(f"{id_}#{i}" for id_ in IDS for i in range(3)), "none"]), max_size=4))
    def delete_ids(self, ids: list[str]) -> None:
        gone = {id_ for id_, chunk in self.staged.items() if id_ in ids or chunk.document in ids}
        assert self.index.delete(ids=ids) == len(gone)
        self.staged = {id_: chunk for id_, chunk in self.staged.items() if id_ not in gone}

    @rule(choice=st.sampled_from(WHERES))
    def delete_where(self, choice: tuple[Filter, Callable[[Mapping[str, Any]], bool]]) -> None:
        where, passes = choice
        gone = {id_ for id_, chunk in self.staged.items() if passes(chunk.metadata)}
        assert self.index.delete(where=where) == len(gone)
        self.staged = {id_: chunk for id_, chunk in self.staged.items() if id_ not in gone}

    @rule()
    def commit(self) -> None:
        before, held = self.index.generation, self.index.search("a zz", k=50, alpha=0)
        kept = held.ids, [hit.text for hit in held]
        assert self.index.commit() >= before
        self.committed = dict(self.staged)
        self.check()
        assert kept == (held.ids, [hit.text for hit in held])  # what was found before stays as it was

    @rule()
    def rollback(self) -> None:
        self.index.rollback()
        self.staged = dict(self.committed)
        self.check()

    @rule(fails=st.booleans(), given=batches)
    def block(self, fails: bool, given: list[Document]) -> None:
        try:
            with self.index:
                self.update(given, None)
                if fails:
                    raise KeyError
        except KeyError:
            self.staged = dict(self.committed)
        self.committed = dict(self.staged)
        self.check()

    @precondition(lambda self: not self.is_staged)
    @rule()
    def merge(self) -> None:
        self.index.commit()  # what came and went again
        self.index.merge()
        self.check()

    @precondition(lambda self: not self.is_staged)
    @rule(elsewhere=st.booleans())
    def save(self, elsewhere: bool) -> None:
        self.index.commit()
        self.saves += 1
        path = self.folder / f"i{self.saves}" if elsewhere or self.path is None else self.path
        self.index.save(path)
        self.path = self.path or path
        copy = Index.open(path, embedder=Letters() if self.dense else None)
        assert_answers(copy, self.committed, self.bm25, self.normalizer, dense=self.dense)

    @precondition(lambda self: self.path is not None)
    @rule()
    def reopen(self) -> None:
        assert self.path is not None
        self.index.rollback()
        self.staged = dict(self.committed)
        self.index = Index.open(self.path, embedder=Letters() if self.dense else None)
        self.check()

    @precondition(lambda self: self.path is not None)
    @rule()
    def refresh(self) -> None:
        assert self.path is not None
        if self.reader is None:
            self.reader = Index.open(self.path, embedder=Letters() if self.dense else None)
        self.reader.refresh()
        assert self.reader.generation == self.index.generation
        assert_answers(self.reader, self.committed, self.bm25, self.normalizer, dense=self.dense)


TestLife = Life.TestCase
TestLife.settings = settings(settings(), max_examples=max(40, settings().max_examples // 4), stateful_step_count=30)
