"""A model rewrites and divides; whatever is wrong with its reply, the rule's result stands."""

from __future__ import annotations

import json

import pytest

from ragopt.errors import GenerationError
from ragopt.query import QuerySettings, decompose, decompose_by_model, resolve_references, rewrite_by_model
from ragopt.testing import FakeGenerator

TURNS = [("user", "How do I configure reserved concurrency in Lambda?"), ("assistant", "In the console.")]
ASKED = "what is its limit for 3 functions, and not more?"


def test_a_good_rewriting_is_taken() -> None:
    good = "What is the limit of reserved concurrency for 3 functions, and not more?"
    for reply in (json.dumps({"question": good}), f"```json\n{json.dumps({'question': good})}\n```", good):
        generator = FakeGenerator([reply])
        query, span = rewrite_by_model(ASKED, generator, history=TURNS)
        assert query.text == good and span.details["model"] == "rewrote it" and span.details["changed"]
        assert TURNS[0][1] in generator.calls[0].prompt


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("", "empty"),
        ('{"question": 3}', "not a string"),
        ('{"answer": "100"}', "keys"),
        ('{"question": "cut', "not JSON"),
        ("two\nlines", "several lines"),
        (json.dumps({"question": "limit of concurrency " * 40}), "characters"),
        (json.dumps({"question": "What is the limit of reserved concurrency, and not more?"}), "lost '3'"),
        (json.dumps({"question": "What is the limit for 3 functions?"}), "lost 'not'"),
    ],
)
def test_a_bad_rewriting_falls_back_to_the_rule(reply: str, said: str) -> None:
    ruled, _ = resolve_references(ASKED, history=TURNS)
    query, span = rewrite_by_model(ASKED, FakeGenerator([reply]), history=TURNS)
    assert query == ruled and said in span.details["model"] and "fell back" in span.details["model"]


def test_a_failed_call_falls_back_and_the_span_says_so() -> None:
    generator = FakeGenerator(fail=GenerationError("no quota"))
    query, span = rewrite_by_model(ASKED, generator, history=TURNS)
    assert query == resolve_references(ASKED, history=TURNS)[0] and "no quota" in span.details["model"]
    query, span = decompose_by_model("gp2 vs gp3", generator)
    assert query == decompose("gp2 vs gp3")[0] and "no quota" in span.details["model"]


def test_no_call_is_made_for_a_question_that_stands_alone() -> None:
    generator = FakeGenerator([])
    query, _ = rewrite_by_model("How do I rotate a KMS key?", generator, history=TURNS)
    assert query.text == "How do I rotate a KMS key?" and generator.calls == []


BOTH = "rotate a KMS key, then bake sourdough bread"


@pytest.mark.parametrize(
    "reply",
    [
        '{"questions": ["How to rotate a KMS key?", "How to bake sourdough bread?", "how to rotate a KMS key?"]}',
        '["How to rotate a KMS key?", "How to bake sourdough bread?"]',
        "1. How to rotate a KMS key?\n2. How to bake sourdough bread?\n",
        "- How to rotate a KMS key?\n\n- How to bake sourdough bread?",
    ],
)
def test_good_parts_are_taken_without_repeats(reply: str) -> None:
    query, span = decompose_by_model(BOTH, FakeGenerator([reply]))
    assert [part.text for part in query.parts] == ["How to rotate a KMS key?", "How to bake sourdough bread?"]
    assert span.details["model"] == "divided it"


def test_parts_are_capped_and_one_part_is_none() -> None:
    many = json.dumps({"questions": [f"rotate KMS key {i} bread" for i in range(9)]})
    assert len(decompose_by_model(BOTH, FakeGenerator([many]), QuerySettings(most_parts=3))[0].parts) == 3
    query, span = decompose_by_model(BOTH, FakeGenerator([json.dumps({"questions": [BOTH]})]))
    assert query.parts == () and span.details["model"] == "left it whole" and not span.details["changed"]


@pytest.mark.parametrize(
    "reply",
    ['{"questions": []}', '{"questions": "x"}', '{"questions": [1, 2]}', '{"parts": ["a"]}', "{", '["", "bread"]',
     '["How tall is Everest?", "bake bread"]', ""],
)  # fmt: skip
def test_bad_parts_fall_back_to_the_rule(reply: str) -> None:
    question = "KMS key vs sourdough bread"
    query, span = decompose_by_model(question, FakeGenerator([reply]))
    assert query == decompose(question)[0] and len(query.parts) == 2 and "fell back" in span.details["model"]


def test_a_reply_that_was_cut_off_is_refused() -> None:
    _, span = decompose_by_model(BOTH, FakeGenerator(["word " * 400]))
    assert "cut off" in span.details["model"]
