"""Tenants: the view of one answers as an index of that tenant alone, whatever the others do."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import Document, F, Index, Pipeline
from ragopt.errors import DuplicateIdError, InputError, TenantError
from ragopt.integrations.langchain import RagoptRetriever
from ragopt.testing import FakeEmbedder
from ragopt.types import Normalizer
from tests.property.worlds import at_least


def document(tenant: str | None, id_: str, text: str, **metadata: Any) -> Document:
    return Document(id_, text, metadata={**({} if tenant is None else {"tenant": tenant}), **metadata})


DOCUMENTS = [
    document("a", "one", "the red fox", year=2020),
    document("b", "one", "the blue whale", year=2021),
    document("a", "two", "a fox and a hen", year=2022),
    document("b", "three", "fox fox fox", year=2023),
]


def shared(**options: Any) -> Index:
    return Index.build(DOCUMENTS, tenant_field="tenant", **options)


def test_a_view_is_an_index_of_its_tenant() -> None:
    index = shared(embedder=FakeEmbedder(8))
    assert len(index) == 4 and index.tenants == ["a", "b"]
    for name, ids in (("a", ["one", "two"]), ("b", ["one", "three"])):
        view = index.tenant(name)
        alone = Index.build([d for d in DOCUMENTS if d.metadata["tenant"] == name], embedder=FakeEmbedder(8))
        assert (len(view), view.ids, view.count(), view.count(F("year") > 2021)) == (2, ids, 2, 1)
        for normalizer in Normalizer:
            for alpha in (0.0, 0.5, 1.0):
                options: dict[str, Any] = {"alpha": alpha, "normalizer": normalizer}
                mine, theirs = view.search("red fox", **options), alone.search("red fox", **options)
                assert mine == theirs
                assert [mine.explain(i) for i in range(len(mine))] == [theirs.explain(i) for i in range(len(theirs))]
                assert view.search_many(["red fox", "whale"], **options) == alone.search_many(
                    ["red fox", "whale"], **options
                )
        assert view.get("one") == alone.get("one") and view.chunk(1) == alone.chunk(1)
        assert view.describe()["sizes"]["terms"] == alone.describe()["sizes"]["terms"]
    assert index.tenant("b").get("two") is None
    assert index.tenant("nobody").search("fox").ids == [] and len(index.tenant("nobody")) == 0


ASKED: dict[str, Callable[[Index], Any]] = {
    "search": lambda index: index.search("fox"),
    "search_many": lambda index: index.search_many(["fox"]),
    "asearch": lambda index: asyncio.run(index.asearch("fox")),
    "get": lambda index: index.get("one"),
    "chunk": lambda index: index.chunk(0),
    "count": lambda index: index.count(),
    "count(where)": lambda index: index.count(F("year") > 0),
    "ids": lambda index: index.ids,
    "delete(ids)": lambda index: index.delete(ids=["one"]),
    "delete(where)": lambda index: index.delete(where=F("tenant") == "a"),
    "sync": lambda index: index.sync([]),
    "Pipeline": lambda index: Pipeline(index).retrieve("fox"),
    "LangChain": lambda index: RagoptRetriever(source=index).invoke("fox"),
}


@pytest.mark.parametrize("ask", list(ASKED.values()), ids=list(ASKED))
def test_an_index_with_tenants_answers_to_nobody_else(ask: Callable[[Index], Any]) -> None:
    index = shared()
    with pytest.raises(TenantError, match=r"index\.tenant\("):
        ask(index)
    index.commit()
    assert len(index) == 4


def test_a_view_goes_through_the_pipeline_and_langchain() -> None:
    view = shared().tenant("b")
    assert [hit.id for hit in Pipeline(view).retrieve("blue whale").hits] == ["one"]
    [found] = RagoptRetriever(source=view).invoke("blue whale")
    assert found.page_content == "the blue whale"


@pytest.mark.parametrize("wrong", [None, "", 3, True, ["a"]])
def test_a_document_names_its_tenant(wrong: Any) -> None:
    bad = Document("lost", "x", metadata={} if wrong is None else {"tenant": wrong})
    with pytest.raises(InputError, match="'lost'.*tenant"):
        Index.build([*DOCUMENTS, bad], tenant_field="tenant")
    index = shared()
    with pytest.raises(InputError, match="'lost'.*tenant"):
        index.add([bad])
    if wrong is not None:
        with pytest.raises(InputError, match="'lost'.*tenant"):
            index.tenant("a").add([bad])
    assert index.commit() == index.generation and len(index) == 4


def test_a_view_stamps_what_is_added_and_refuses_anothers() -> None:
    index = shared()
    view = index.tenant("a")
    with pytest.raises(TenantError, match="'x' belongs to the tenant 'b'"):
        view.add([document("b", "x", "y")])
    view.add([document(None, "x", "new"), document("a", "three", "the id of another tenant's")])
    with pytest.raises(DuplicateIdError):
        view.add([document(None, "one", "there")])
    view.commit()
    assert index.tenant("a").ids == view.ids == ["one", "two", "x", "three"]
    assert view.get("x").metadata == {"tenant": "a"}  # type: ignore[union-attr]
    assert index.tenant("b").get("three").text == "fox fox fox"  # type: ignore[union-attr]
    index.tenant("c").add([Document("first", "of its kind")])
    index.commit()
    assert index.tenants == ["a", "b", "c"]


def test_a_view_changes_its_tenant_alone() -> None:
    index = shared()
    a, b = index.tenant("a"), index.tenant("b")
    before = b.search("fox").items
    assert a.delete(ids=["one", "three"]) == 1
    assert a.delete(where=F("year").exists()) == 1
    a.commit()
    assert (a.ids, b.search("fox").items, index.tenants) == ([], before, ["b"])
    a.add([Document("one", "back")])
    b.update([Document("one", "a white whale")])
    a.commit()
    assert a.ids == ["one"] and b.search("white").ids == []  # what b staged is b's to commit
    a.add([Document("two", "gone again")])
    a.rollback()
    b.commit()
    assert a.ids == ["one"] and b.search("white").ids == ["one"]
    a.add([Document("x", "1")])
    b.add([Document("x", "2")])
    index.commit()
    assert (len(a), len(b), len(index)) == (2, 3, 5)
    index.update([document("a", "x", "3"), document("b", "x", "4")])
    index.commit()
    assert (a.get("x").text, b.get("x").text) == ("3", "4")  # type: ignore[union-attr]


def test_what_concerns_all_tenants_is_not_for_a_view(tmp_path: Path) -> None:
    view = shared().tenant("a")
    for ask in (lambda: view.tenant("b"), lambda: view.tenants, lambda: view.save(tmp_path / "i"), view.merge):
        with pytest.raises(TenantError, match="view of the tenant 'a'"):
            ask()
    with pytest.raises(TenantError, match="tenant_field"):
        Index.build([Document("a", "x")]).tenant("a")
    for wrong in ("", 3, None):
        with pytest.raises(InputError, match="tenant"):
            shared().tenant(wrong)  # type: ignore[arg-type]
    for field in ("", 3):
        with pytest.raises(InputError, match="tenant_field"):
            Index.build([], tenant_field=field)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="tenant_field"):
        Index.build([], tenant_field="tenant", fields={"tenant": int})


def test_tenants_survive_the_folder(tmp_path: Path) -> None:
    shared(vectors=np.eye(4)).save(tmp_path / "i")
    index = Index.open(tmp_path / "i")
    assert index.tenants == ["a", "b"]
    with pytest.raises(TenantError):
        index.search("fox")
    view = index.tenant("b")
    assert view.search(vector=[0, 0, 0, 1], alpha=1, k=1).ids == ["three"]
    view.delete(ids=["one"])
    view.commit()
    assert Index.open(tmp_path / "i").tenant("b").ids == ["three"]
    index.merge()
    again = copy.deepcopy(Index.open(tmp_path / "i").tenant("a"))
    assert again.ids == ["one", "two"] and len(again) == 2


words = st.lists(st.sampled_from(["fox", "hen", "owl", "elk"]), max_size=5).map(" ".join)
ids = st.sampled_from(["x", "y", "z"])
names = st.sampled_from(["a", "b"])


@at_least(60)
@given(st.lists(st.tuples(names, ids, words, st.booleans()), max_size=14), words)
def test_no_history_of_another_tenant_shows(changes: list[tuple[str, str, str, bool]], query: str) -> None:
    index = Index.build((), tenant_field="tenant", analyzer="whitespace", embedder=FakeEmbedder(4))
    alone = {name: Index.build((), analyzer="whitespace", embedder=FakeEmbedder(4)) for name in "ab"}
    for name, id_, text, goes in changes:
        for one in (index.tenant(name), alone[name]):
            if goes:
                one.delete(ids=[id_])
            else:
                one.update([Document(id_, text)])
            one.commit()
    for name, twin in alone.items():
        for alpha in (0.0, 0.6):
            mine, theirs = index.tenant(name).search(query, alpha=alpha), twin.search(query, alpha=alpha)
            assert [(h.id, h.score) for h in mine] == [(h.id, h.score) for h in theirs]
            assert mine.reason == theirs.reason
