"""All steps in order, and their way through the pipeline."""

from __future__ import annotations

import asyncio
import json
from time import perf_counter

import pytest

from ragopt import Document, F, Index, Pipeline, Query, Settings
from ragopt.errors import InputTypeError, SettingsError
from ragopt.query import QuerySettings, prepare
from ragopt.testing import FakeEmbedder, FakeGenerator, FakeRetriever
from ragopt.types import Reason, SearchSettings, Status
from tests.unit.query.corpus import index

STEPS = ["style", "aside", "parts", "spelling", "references", "keywords", "scope"]
EVERY = QuerySettings(answerable=0.01)
TURNS = [("user", "How do I rotate the encryption key?"), ("assistant", "By a policy.")]


def test_every_step_leaves_a_span_that_says_why() -> None:
    query, spans = prepare("Hi! what about its costs, please?", settings=EVERY, index=index(), history=TURNS)
    assert [span.stage for span in spans] == STEPS
    assert all(span.details["why"] and span.seconds >= 0 for span in spans)
    assert [span.stage for span in spans if span.details["changed"]] == ["style", "references"]
    assert query.text == "what about its costs? (policy, rotate, encryption key)"
    json.dumps([dict(span.details) for span in spans])


def test_a_step_that_is_off_does_not_run() -> None:
    off = QuerySettings(style=False, aside=False, split=False, spelling=False, references=False, keywords=0)
    assert prepare("Hi! gp2 vs gp3?", settings=off, index=index(), history=TURNS) == (Query("Hi! gp2 vs gp3?"), ())


@pytest.mark.parametrize("question", [Query("hi", terms=(("a", 1.0),)), Query("a vs b", parts=(Query("a"),)), "", " "])
def test_what_is_prepared_already_or_empty_passes(question: str | Query) -> None:
    query, spans = prepare(question, index=index())
    assert query == (Query(question) if isinstance(question, str) else question) and spans == ()


def test_filters_are_joined() -> None:
    one, other = F("subject") == "keys", F("subject") == "wings"
    assert prepare("q", one)[0].where == one
    assert prepare(Query("q", where=one), other)[0].where == one & other


@pytest.mark.parametrize("question", [None, 3, ["a"]])
def test_what_is_no_question_is_refused(question: object) -> None:
    with pytest.raises(InputTypeError, match="question is a"):
        prepare(question)  # type: ignore[arg-type]


def test_the_pipeline_prepares_and_its_trace_tells() -> None:
    context = Pipeline(index()).retrieve("Hello, please tell me what about its costs?", history=TURNS)
    assert [span.stage for span in context.trace.spans] == ["query", "retrieve", "prune", "pack"]
    details = context.trace.spans[0].details
    assert details["turns"] == 2 and "encryption key" in details["text"]
    assert [step["stage"] for step in details["steps"] if step["changed"]] == ["style", "references"]
    assert context.hits[0].id.startswith("keys")


def test_parts_reach_the_hits() -> None:
    question = "how do I rotate the encryption key every year and how do experts measure the lift of a swept wing"
    context = Pipeline(index(), Settings(search=SearchSettings(k=4))).retrieve(question)
    assert [hit.part for hit in context.hits] == question.split(" and ") * 2
    assert {hit.id[:4] for hit in context.hits} == {"keys", "wing"}


def test_parts_are_joined_for_a_retriever_that_knows_none() -> None:
    documents = [Document("a", "the red fox"), Document("b", "the blue whale"), Document("c", "a fox in the wood")]
    retriever = FakeRetriever(documents, k=3)
    context = Pipeline(retriever).retrieve("red fox vs blue whale")
    assert {hit.id: hit.part for hit in context.hits} == {"a": "red fox", "b": "blue whale", "c": "red fox"}
    assert sorted(query.text for query in retriever.queries) == ["blue whale", "red fox"]


def test_out_of_scope_is_an_answer_without_a_search_or_a_call() -> None:
    generator = FakeGenerator([])
    pipeline = Pipeline(index(), Settings(query=QuerySettings(answerable=0.05)), generator=generator)
    asked = "Who won the football match in Madrid yesterday evening?"
    answer = pipeline.answer(asked)
    assert answer.status is Status.OUT_OF_SCOPE == "out_of_scope" and answer.text == "" and generator.calls == []
    assert answer.context.hits.reason is Reason.OUT_OF_SCOPE and not answer.context.hits
    assert pipeline.retrieve("How do I rotate the encryption key every year?").status is Status.OK
    assert Pipeline(index()).retrieve("Who may measure the lift of a wing?").status is Status.OK


def test_by_default_only_words_alone_can_be_out_of_scope() -> None:
    asked = "Tell me who won the football match in Madrid yesterday evening"
    assert Pipeline(index()).retrieve(asked).status is Status.OUT_OF_SCOPE
    assert (
        Pipeline(index(), Settings(query=QuerySettings(answerable=0))).retrieve(asked).status is not Status.OUT_OF_SCOPE
    )
    documents = [Document(id_, "rotate the encryption key") for id_ in map(str, range(240))]
    dense = Index.build(documents, embedder=FakeEmbedder())
    assert Pipeline(dense).retrieve("Wie oft wechselt man den Schlüssel?").status is Status.OK
    by_words = Settings(search=SearchSettings(alpha=0))
    assert Pipeline(dense, by_words).retrieve("Wie oft wechselt man den Schlüssel?").status is Status.OUT_OF_SCOPE


def test_the_prompt_asks_what_was_asked_and_says_what_it_refers_to() -> None:
    generator = FakeGenerator("It costs little [1].")
    Pipeline(index(), generator=generator).answer("please, what about its costs?", history=TURNS)
    prompt = generator.calls[0].prompt
    assert "Question: please, what about its costs?\n(In the conversation so far, this means: " in prompt
    Pipeline(index(), generator=generator).answer("How do I rotate the encryption key?")
    assert generator.calls[1].prompt.endswith("Question: How do I rotate the encryption key?")


def test_a_rewriter_stands_in_for_the_rules() -> None:
    rewriter = FakeGenerator(['["what about its costs?"]', "What does rotating the encryption key cost?"])
    pipeline = Pipeline(index(), rewriter=rewriter).with_settings(Settings())
    context = pipeline.retrieve("what about its costs?", history=TURNS)
    assert context.trace.spans[0].details["text"] == "What does rotating the encryption key cost?"
    assert len(rewriter.calls) == 2


def test_the_doors_take_history() -> None:
    pipeline = Pipeline(index(), generator=FakeGenerator("yes"))
    context = asyncio.run(pipeline.aretrieve("Why?", history=TURNS))
    assert context.trace.spans[0].details["turns"] == 2
    assert asyncio.run(pipeline.aanswer("Why is it so?", history=TURNS)).context.trace.spans[0].details["turns"] == 2
    *_, last = pipeline.stream("Why is it so?", history=TURNS)
    assert last.context.trace.spans[0].details["turns"] == 2  # type: ignore[union-attr]


def test_settings_files_hold_the_query_stage() -> None:
    settings = Settings(query=QuerySettings(split=False, profile="formal", answerable=0.2))
    assert Settings.from_dict(settings.to_dict()) == settings
    for wrong in (
        {"style": 1},
        {"profile": "grand"},
        {"most_parts": 0},
        {"answerable": 2},
        {"language": "de"},
        {"x": 1},
    ):
        with pytest.raises((ValueError, SettingsError)):
            Settings.from_dict({"query": wrong})


def test_an_empty_index_asks_nothing() -> None:
    query, _ = prepare("gp2 vs gp3. By the way, rain falls.", settings=EVERY, index=Index.build([]))
    assert [part.text for part in query.parts] == [] or query.parts


@pytest.mark.parametrize(
    "word", ["giúp ", "thanks so ", "what is x? ", "a and ", "hope you ", "a=b ", "ERROR x\n", "(", "aA"]
)
def test_no_text_takes_long(word: str) -> None:
    started = perf_counter()
    for length in (7_900, 31_000):
        prepare(word * (length // len(word)), index=index(), history=["How do I rotate a key?"])
    assert perf_counter() - started < 5
