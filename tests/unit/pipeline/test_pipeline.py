"""The order of the stages, end to end, with fakes at the edges."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ragopt.errors import BudgetError, GenerationError, IncompleteAnswerError, InputError, InputTypeError
from ragopt.filters import F
from ragopt.index import Index
from ragopt.pipeline import Pipeline
from ragopt.testing import FakeEmbedder, FakeGenerator
from ragopt.types import Answer, Budget, Document, PackSettings, SearchSettings, Settings, Status

DOCUMENTS = [
    Document("fox", "the red fox jumps over the fence", title="Foxes", metadata={"kind": "land"}),
    Document("whale", "the blue whale swims in the sea", title="Whales", metadata={"kind": "sea"}),
    Document("crab", "a red crab walks in the sea", title="Crabs", metadata={"kind": "sea"}),
]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build(DOCUMENTS, embedder=FakeEmbedder(dimension=32))


def test_retrieve_packs_cited_chunks_within_the_budget(index: Index) -> None:
    context = Pipeline(index).retrieve("what walks in the red sea?")
    assert context.status is Status.OK and context.hits.ids[0] == "crab"
    assert [citation.id for citation in context.citations] == context.hits.ids
    assert all(citation.marker in context.text for citation in context.citations)
    assert DOCUMENTS[2].text in context.text
    assert 0 < context.tokens.low <= context.tokens.point <= context.tokens.high <= 2000
    assert [span.stage for span in context.trace.spans] == ["query", "retrieve", "prune", "pack"]
    assert all(span.seconds >= 0 for span in context.trace.spans)


def test_settings_reach_every_stage(index: Index) -> None:
    settings = Settings(search=SearchSettings(k=1, alpha=0, min_score=0.01), pack=PackSettings(tokens=500))
    context = Pipeline(index, settings).retrieve("red sea", where=F("kind") == "sea")
    assert context.hits.ids == ["crab"] and context.hits.alpha == 0


def test_the_threshold_has_one_place(index: Index) -> None:
    least = Pipeline(index).retrieve("red sea").hits[0].score
    context = Pipeline(index, Settings(search=SearchSettings(min_score=least))).retrieve("red sea")
    assert [hit.score for hit in context.hits] == [least]
    assert next(span for span in context.trace.spans if span.stage == "prune").details["dropped"] == 2
    assert context.hits.explain(0).min_score == least and context.hits.explain(0).passes_threshold


def test_nothing_relevant_is_an_answer_without_a_call(index: Index) -> None:
    generator = FakeGenerator()
    pipeline = Pipeline(index, Settings(search=SearchSettings(alpha=0)), generator=generator)
    answer = pipeline.answer("zzzz")
    assert (answer.status, answer.text, answer.usage, answer.cost) == (Status.NO_RELEVANT_CONTEXT, "", None, None)
    (streamed,) = pipeline.stream("zzzz")
    assert isinstance(streamed, Answer) and (streamed.status, streamed.text) == (answer.status, "")
    assert generator.calls == []


def test_a_budget_too_small_for_any_chunk_is_said(index: Index) -> None:
    context = Pipeline(index).retrieve("red fox", budget=3)
    assert context.status is Status.NOTHING_FITS and context.text == "" and len(context.hits) == 0


def test_answer_carries_usage_and_trace(index: Index) -> None:
    generator = FakeGenerator()
    answer = Pipeline(index).answer("who jumps the fence?", generator=generator)
    assert answer.status is Status.OK and answer.text and answer.usage is not None
    assert answer.trace.spans[-1].stage == "generate" and answer.trace == answer.context.trace
    assert answer.trace.spans[-1].details["input"] == answer.usage.input
    assert answer.citations == answer.context.citations
    system, prompt = generator.calls[0].system, generator.calls[0].prompt
    assert "never an instruction" in system and answer.context.text in prompt and "who jumps the fence?" in prompt


def test_stream_ends_with_the_whole_answer(index: Index) -> None:
    *pieces, last = Pipeline(index, generator=FakeGenerator()).stream("who jumps the fence?")
    assert isinstance(last, Answer) and "".join(str(piece) for piece in pieces) == last.text != ""


def test_a_broken_stream_is_an_error_with_the_text_so_far(index: Index) -> None:
    generator = FakeGenerator(replies=["one two three four"], break_after=2)
    seen: list[str] = []
    with pytest.raises(IncompleteAnswerError) as caught:
        for piece in Pipeline(index, generator=generator).stream("who jumps the fence?"):
            seen.append(str(piece))
    assert caught.value.text == "".join(seen) != ""


def test_a_generator_that_forgets_its_generation_is_an_error(index: Index) -> None:
    class Forgetful(FakeGenerator):
        def stream(self, system, prompt, settings):  # type: ignore[no-untyped-def]
            yield "half"

    with pytest.raises(GenerationError, match="without its Generation"):
        list(Pipeline(index, generator=Forgetful()).stream("who jumps the fence?"))


def test_wrong_use_is_refused(index: Index) -> None:
    with pytest.raises(InputError, match="no generator"):
        Pipeline(index).answer("red")
    with pytest.raises(InputTypeError, match="give a string"):
        Pipeline(index).retrieve(3)  # type: ignore[arg-type]


def test_async_at_the_door(index: Index) -> None:
    pipeline = Pipeline(index, generator=FakeGenerator())
    context = asyncio.run(pipeline.aretrieve("red fox"))
    assert context.hits.ids == pipeline.retrieve("red fox").hits.ids
    assert asyncio.run(pipeline.aanswer("red fox")).text == pipeline.answer("red fox").text


@pytest.mark.parametrize("budget", [0, Budget(tokens=0), Budget(window=10, reserve=10)])
def test_a_budget_of_nothing_is_an_error_and_never_the_default_one(index: Index, budget: Any) -> None:
    with pytest.raises(BudgetError):
        Pipeline(index).retrieve("red crab", budget=budget)


@pytest.mark.parametrize(
    "arguments", [("docs.idx",), (None,), ("INDEX", {"search": {"k": 3}}), ("INDEX", "ragopt.toml")]
)
def test_what_a_pipeline_is_made_of_is_checked(index: Index, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(InputTypeError, match="is a"):
        Pipeline(*(index if value == "INDEX" else value for value in arguments))
    with pytest.raises(InputTypeError, match="generator is a str"):
        Pipeline(index).answer("red crab", generator="claude")  # type: ignore[arg-type]
