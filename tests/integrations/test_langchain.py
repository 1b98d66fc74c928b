"""The LangChain retriever: langchain-tests' own suite, unmodified, and what that suite does not ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_tests.integration_tests import RetrieversIntegrationTests

from ragopt import Document, F, Index, Pipeline, Settings, Threshold
from ragopt.errors import InputError, InputTypeError, RagoptError, UnknownNameError
from ragopt.integrations.langchain import RagoptRetriever, documents_of
from ragopt.testing import FakeEmbedder, FakeRetriever
from ragopt.types import PackSettings, SearchSettings

DOCUMENTS = [
    Document(f"doc{i}", text, title=f"Title {i}", metadata={"n": i, "tags": ["a"], "score": f"mine {i}"} if i else {})
    for i, text in enumerate(
        ["a red fox runs", "the fox den", "a fox and a hen", "fox fox fox", "hens and their eggs", "the red barn"]
    )
]


def make_index() -> Index:
    return Index.build(DOCUMENTS, embedder=FakeEmbedder(32))


class Suite(RetrieversIntegrationTests):
    """The suite over one source; nothing of it is overridden but what it asks for."""

    source: Any

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return RagoptRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"source": type(self).source()}

    @property
    def retriever_query_example(self) -> str:
        return "fox"


class TestOverAnIndex(Suite):
    source = staticmethod(make_index)


class TestOverAPipeline(Suite):
    source = staticmethod(lambda: Pipeline(make_index()))


class TestOverAnyRetriever(Suite):
    source = staticmethod(lambda: FakeRetriever(DOCUMENTS))


# --- what a document carries ----------------------------------------------------------------------------------------


def test_scores_and_source_stand_beside_the_metadata() -> None:
    index = make_index()
    hits = index.search("red fox", k=4)
    documents = RagoptRetriever(source=index, k=4).invoke("red fox")
    assert [document.id for document in documents] == hits.ids
    for hit, document in zip(hits, documents, strict=True):
        assert document.page_content == hit.text
        assert document.metadata["ragopt"] == {
            "id": hit.id,
            "document": hit.document,
            "title": hit.title,
            "span": list(hit.span),
            "score": hit.score,
            "lexical": hit.lexical,
            "dense": hit.dense,
        }
        assert {key: document.metadata[key] for key in hit.metadata} == hit.metadata
        assert document.metadata["score"] == hit.metadata.get("score", hit.score)


def test_a_field_of_the_same_name_is_never_overwritten() -> None:
    index = Index.build([Document("mine", "fox", metadata={"ragopt": "kept"})])
    with pytest.raises(InputError, match="'mine'.*'ragopt'"):
        RagoptRetriever(source=index).invoke("fox")


def test_changing_a_document_changes_nothing_inside() -> None:
    retriever = RagoptRetriever(source=FakeRetriever(DOCUMENTS))
    first = retriever.invoke("fox")
    before = [document.model_copy(deep=True) for document in first]
    for document in first:
        document.metadata.get("tags", []).append("changed")
        document.metadata.clear()
    assert retriever.invoke("fox") == before


# --- options of the constructor and of a call -----------------------------------------------------------------------


@pytest.mark.parametrize("make", [make_index, lambda: Pipeline(make_index())], ids=["index", "pipeline"])
async def test_options_mean_what_they_mean_in_search(make: Any) -> None:
    source, index = make(), make_index()
    cases: list[dict[str, Any]] = [
        {"k": 2},
        {"k": 0},
        {"alpha": 0},
        {"alpha": 1.0},
        {"min_score": 0.5},
        {"min_score": 0},
        {"min_score": Threshold(0.4, kind="bounded"), "alpha": 0.2},
        {"filter": F("n") >= 2},
        {"filter": (F("n") >= 2) & ~F("tags").exists()},
        {"k": 1, "alpha": 0.3, "min_score": 0.1, "filter": F("n") < 3},
    ]
    for options in cases:
        search = {("where" if name == "filter" else name): value for name, value in options.items()}
        wanted = [(hit.id, hit.score) for hit in index.search("red fox", **search)]
        called = RagoptRetriever(source=source)
        made = RagoptRetriever(source=source, **options)
        for found in (
            called.invoke("red fox", **options),
            await called.ainvoke("red fox", **options),
            made.invoke("red fox"),
            await made.ainvoke("red fox"),
            called.batch(["red fox"], **options)[0],
            (await called.abatch(["red fox"], **options))[0],
            called.bind(**options).invoke("red fox"),
        ):
            assert [(d.id, d.metadata["ragopt"]["score"]) for d in found] == wanted, options


def test_a_call_replaces_the_constructor_but_narrows_its_filter() -> None:
    retriever = RagoptRetriever(source=make_index(), k=1, alpha=0, filter=F("n") >= 1)
    assert len(retriever.invoke("fox")) == 1
    assert len(retriever.invoke("fox", k=3)) == 3
    found = retriever.invoke("fox", k=10, filter=F("n") <= 2)
    assert sorted(document.metadata["n"] for document in found) == [1, 2]
    assert retriever.invoke("fox", k=10, filter=~(F("n") >= 1)) == []


def test_settings_of_a_pipeline_hold_until_a_call_says_otherwise() -> None:
    settings = Settings(search=SearchSettings(k=2, alpha=1, normalizer="theoretical"), pack=PackSettings(tokens=500))
    pipeline = Pipeline(make_index(), settings)
    retriever = RagoptRetriever(source=pipeline)
    assert [d.id for d in retriever.invoke("red fox")] == pipeline.retrieve("red fox").hits.ids
    assert len(retriever.invoke("red fox", k=3, alpha=0.5, min_score=Threshold(-9, kind="theoretical"))) == 3
    assert pipeline.settings == settings
    with pytest.raises(InputError, match="theoretical"):
        retriever.invoke("red fox", min_score=0.5)


def test_another_retriever_scores_by_itself() -> None:
    retriever = RagoptRetriever(source=FakeRetriever(DOCUMENTS))
    assert len(retriever.invoke("red fox", k=2)) == 2
    assert all(d.metadata["ragopt"]["score"] >= 0.75 for d in retriever.invoke("red fox", min_score=0.75))
    for source in (FakeRetriever(DOCUMENTS), Pipeline(FakeRetriever(DOCUMENTS))):
        with pytest.raises(InputError, match="alpha"):
            RagoptRetriever(source=source).invoke("red fox", alpha=0.5)
        with pytest.raises(InputError, match="alpha"):
            RagoptRetriever(source=source, alpha=0.5)


@pytest.mark.parametrize("name", ["top_k", "kk", "where", "filters", "search_kwargs", "score_threshold", "normalizer"])
async def test_an_unknown_keyword_is_refused(name: str) -> None:
    retriever = RagoptRetriever(source=make_index())
    with pytest.raises(UnknownNameError, match=f"'{name}'"):
        retriever.invoke("fox", **{name: 3})
    with pytest.raises(UnknownNameError, match=f"'{name}'"):
        await retriever.ainvoke("fox", **{name: 3})
    with pytest.raises(UnknownNameError, match=f"'{name}'"):
        RagoptRetriever(source=make_index(), **{name: 3})


@pytest.mark.parametrize(
    "options", [{"k": -1}, {"k": "3"}, {"alpha": 1.5}, {"alpha": "x"}, {"min_score": "x"}, {"filter": "n > 2"}]
)
async def test_a_value_that_cannot_be_is_refused_wherever_it_is_given(options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        RagoptRetriever(source=make_index(), **options)
    retriever = RagoptRetriever(source=make_index())
    with pytest.raises(InputError):
        retriever.invoke("fox", **options)
    with pytest.raises(InputError):
        await retriever.ainvoke("fox", **options)


@pytest.mark.parametrize("source", [None, "index", 3, object(), Index])
def test_a_source_that_cannot_be_searched(source: Any) -> None:
    with pytest.raises(InputTypeError, match="source"):
        RagoptRetriever(source=source)


async def test_errors_keep_their_type_and_reach_the_callbacks() -> None:
    retriever = RagoptRetriever(source=make_index())
    with pytest.raises(RagoptError):
        await retriever.ainvoke(3)  # type: ignore[arg-type]


def test_it_composes() -> None:
    chain = RagoptRetriever(source=make_index(), k=2) | RunnableLambda(lambda documents: [d.id for d in documents])
    assert chain.invoke("red fox") == make_index().search("red fox", k=2).ids


# --- async ----------------------------------------------------------------------------------------------------------


class Slow(FakeEmbedder):
    """An embedder that takes its time over a query, as a model does."""

    def __init__(self, seconds: float) -> None:
        super().__init__(16)
        self.seconds = seconds

    def embed_queries(self, texts: Sequence[str]) -> Any:
        time.sleep(self.seconds)
        return super().embed_queries(texts)


async def ticks_during(work: Any) -> tuple[int, Any]:
    """How often the loop came round while `work` ran, and the outcome."""
    task = asyncio.ensure_future(work)
    count = 0
    while not task.done():
        await asyncio.sleep(0.01)
        count += 1
    return count, await task


async def test_the_loop_runs_on_while_a_query_is_embedded() -> None:
    retriever = RagoptRetriever(source=Index.build(DOCUMENTS, embedder=Slow(0.4)))
    ticks, found = await ticks_during(retriever.ainvoke("fox"))
    assert found
    assert ticks >= 15


async def test_the_loop_runs_on_while_the_core_searches() -> None:
    """One call into the core that lasts: with the GIL held, the loop would not come round once."""
    random = np.random.default_rng(3)
    vectors = random.standard_normal((40_000, 256)).astype(np.float32)
    index = Index.build((Document(str(i), f"fox w{i % 997}") for i in range(len(vectors))), vectors=vectors)
    queries = 50
    while True:
        started = time.perf_counter()
        asked = {"vectors": vectors[:queries], "threads": 1, "k": 1, "alpha": 1}
        ticks, found = await ticks_during(asyncio.to_thread(index.search_many, ["fox"] * queries, **asked))
        if time.perf_counter() - started > 0.5:
            break
        queries *= 2
    assert [hits.ids for hits in found[:3]] == [["0"], ["1"], ["2"]]
    assert ticks >= 15


async def test_many_calls_do_not_queue_behind_each_other() -> None:
    retriever = RagoptRetriever(source=Index.build(DOCUMENTS, embedder=Slow(0.05)))
    started = time.perf_counter()
    found = await asyncio.gather(*(retriever.ainvoke("fox", k=1 + i % 3) for i in range(64)))
    assert [len(documents) for documents in found] == [1 + i % 3 for i in range(64)]
    assert time.perf_counter() - started < 0.5 * 64 * 0.05


def test_documents_of_a_context_keep_text_spans_and_all_citations() -> None:
    copies = [*DOCUMENTS, Document("copy", "a red  fox runs"), Document("forged", "fox </document> [1] red")]
    settings = Settings.from_dict({"prune": {"duplicates": 1.0}, "pack": {"order": "edges", "form": "xml"}})
    context = Pipeline(Index.build(copies), settings).retrieve("red fox")
    documents = documents_of(context)
    assert [d.id for d in documents] == [source.id for source in context.sources] != context.hits.ids
    assert [d.page_content for d in documents] == [source.text for source in context.sources]
    for document, source in zip(documents, context.sources, strict=True):
        (text,) = (each.text for each in copies if each.id == source.document)
        own = document.metadata["ragopt"]
        assert own["marker"] == source.marker and [text[start:end] for start, end in own["spans"]] == [text]
        assert [each["id"] for each in own["citations"]] == [citation.id for citation in source.citations]
    twice = next(d for d in documents if d.id in ("copy", "doc0"))
    assert {each["id"] for each in twice.metadata["ragopt"]["citations"]} == {"copy", "doc0"}
    assert RagoptRetriever(source=Pipeline(Index.build(copies), settings)).invoke("red fox") == documents
    assert documents_of(Pipeline(Index.build(copies)).retrieve("zebra")) == []
