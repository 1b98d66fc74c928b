"""The fakes keep their protocols, and behave as their docstrings say."""

from __future__ import annotations

import threading
from typing import get_type_hints

import numpy as np
import pytest

import ragopt.testing
from ragopt.errors import GenerationError, IncompleteAnswerError, InputError
from ragopt.protocols import Chunker, Embedder, Generator, Retriever, TokenCounter
from ragopt.testing import FakeChunker, FakeEmbedder, FakeGenerator, FakeRetriever, FakeTokenCounter
from ragopt.types import Chunk, Comparison, Document, GenerateSettings, Generation, Op, Query, Reason, Usage

SETTINGS = GenerateSettings(max_tokens=100)


def test_each_fake_satisfies_its_protocol() -> None:
    embedder: Embedder = FakeEmbedder()
    generator: Generator = FakeGenerator()
    retriever: Retriever = FakeRetriever([])
    counter: TokenCounter = FakeTokenCounter()
    chunker: Chunker = FakeChunker()
    for fake, protocol in (
        (embedder, Embedder),
        (generator, Generator),
        (retriever, Retriever),
        (counter, TokenCounter),
        (chunker, Chunker),
    ):
        members = [name for name in vars(protocol) if not name.startswith("_")] or ["__call__"]
        assert all(hasattr(fake, name) for name in members)
        for name in members:
            method = vars(protocol)[name]
            if callable(method):
                ours = get_type_hints(getattr(type(fake), name), vars(ragopt.testing))
                assert set(get_type_hints(method)) == set(ours)
    assert isinstance(generator, Generator)


def test_embedder_is_a_bag_of_words() -> None:
    embedder = FakeEmbedder(dimension=256)
    rows = embedder.embed_passages(["red fox", "Fox, red!", "red crab", "blue", "", "?!"])
    assert rows.dtype == np.float32
    assert rows.shape == (6, 256)
    assert np.array_equal(rows[0], rows[1])
    cosines = rows @ rows[0]
    assert cosines[0] == pytest.approx(1)
    assert cosines[0] > cosines[2] > cosines[3]
    assert not rows[4:].any()
    assert np.array_equal(FakeEmbedder(256).embed_queries(["red fox"])[0], rows[0])
    assert (FakeEmbedder(8).name, FakeEmbedder(8, name="mine").name) == ("fake-8", "mine-8")
    with pytest.raises(InputError):
        FakeEmbedder(0)


def test_generator_echoes_or_follows_its_script() -> None:
    assert FakeGenerator().generate("be kind", "Sources\n\nwhy is it red?\n", SETTINGS).text == "why is it red?"
    constant = FakeGenerator("always this")
    assert [constant.generate("", "a", SETTINGS).text for _ in range(2)] == ["always this"] * 2
    scripted = FakeGenerator(["first", "second one"])
    assert scripted.generate("s y s", "a b", SETTINGS) == Generation("first", "end_turn", Usage(5, 1), "fake-model")
    assert scripted.generate("", "c", GenerateSettings(model="other")).model == "other"
    with pytest.raises(GenerationError, match="has 2 replies, and this is call 3"):
        scripted.generate("", "d", SETTINGS)
    assert [call.prompt for call in scripted.calls] == ["a b", "c", "d"]


def test_generator_streams_the_words_of_the_whole() -> None:
    *pieces, last = FakeGenerator("one  two\nthree").stream("", "q", SETTINGS)
    assert pieces == ["one", "  two", "\nthree"]
    assert isinstance(last, Generation)
    assert last.text == "one  two\nthree"
    assert last.usage == Usage(1, 3)


def test_generator_cuts_at_max_tokens_and_says_so() -> None:
    reply = FakeGenerator("one two three").generate("", "q", GenerateSettings(max_tokens=2))
    assert (reply.text, reply.stop_reason, reply.usage.output) == ("one two", "max_tokens", 2)


@pytest.mark.parametrize(("after", "text"), [(0, ""), (2, "one two"), (9, "one two three")])
def test_generator_breaks_with_the_text_so_far(after: int, text: str) -> None:
    generator = FakeGenerator("one two three", break_after=after)
    with pytest.raises(IncompleteAnswerError) as caught:
        list(generator.stream("", "q", SETTINGS))
    assert caught.value.text == text
    with pytest.raises(IncompleteAnswerError) as caught:
        generator.generate("", "q", SETTINGS)
    assert caught.value.text == text


def test_generator_fails_as_told() -> None:
    generator = FakeGenerator(fail=GenerationError("throttled"))
    for call in (generator.generate, lambda *args: list(generator.stream(*args))):
        with pytest.raises(GenerationError, match="throttled"):
            call("", "q", SETTINGS)
    assert len(generator.calls) == 2


def test_generator_may_be_shared_by_threads() -> None:
    generator = FakeGenerator([str(i) for i in range(64)])
    texts: list[str] = []
    threads = [
        threading.Thread(target=lambda: texts.append(generator.generate("", "q", SETTINGS).text)) for _ in range(64)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts, key=int) == [str(i) for i in range(64)]


def test_retriever_ranks_by_shared_words() -> None:
    retriever = FakeRetriever(
        ["red fox", Document("d", "a red crab", title="Sea"), Chunk("c#0", "c", "blue", (0, 4)), "fox red"], k=2
    )
    hits = retriever.retrieve(Query("a red fox"))
    assert [(hit.id, hit.score) for hit in hits] == [("0", 2 / 3), ("3", 2 / 3)]
    assert retriever.retrieve(Query("sea")).ids == ["d"]
    assert hits[0].text == "red fox"
    assert [query.text for query in retriever.queries] == ["a red fox", "sea"]


def test_retriever_says_why_it_found_nothing() -> None:
    assert FakeRetriever([]).retrieve(Query("a")).reason is Reason.EMPTY_INDEX
    assert FakeRetriever(["a"]).retrieve(Query("?")).reason is Reason.EMPTY_QUERY
    assert FakeRetriever(["a"]).retrieve(Query("b")).reason is Reason.NO_MATCH
    assert FakeRetriever(["a"], k=0).retrieve(Query("a")).reason is Reason.ZERO_K
    assert FakeRetriever(["a"]).retrieve(Query("a")).reason is None
    with pytest.raises(InputError, match="cannot filter"):
        FakeRetriever(["a"]).retrieve(Query("a", where=Comparison("year", Op.EQ, 2024)))


def test_counter_counts_words() -> None:
    counter = FakeTokenCounter()
    count = counter.count(" two words\n")
    assert (count.low, count.point, count.high, count.method) == (2, 2, 2, "words")
    assert counter.count("").point == 0
    assert counter.texts == [" two words\n", ""]


def test_chunker_covers_the_text() -> None:
    document = Document("d", "a b c d e ", title="T", metadata={"year": 2024})
    chunks = list(FakeChunker(2)(document))
    assert [(chunk.id, chunk.text, chunk.span) for chunk in chunks] == [
        ("d#0", "a b", (0, 3)),
        ("d#1", " c d", (3, 7)),
        ("d#2", " e ", (7, 10)),
    ]
    assert all((chunk.document, chunk.title, chunk.metadata) == ("d", "T", {"year": 2024}) for chunk in chunks)
    assert [chunk.span for chunk in FakeChunker()(Document("d", ""))] == [(0, 0)]
