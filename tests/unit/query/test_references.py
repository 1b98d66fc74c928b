"""The gate, and what is added when it opens. The written conversations are in test_dialogues.py."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ragopt import Index
from ragopt.errors import InputError, InputTypeError
from ragopt.query import Turn, as_turns, needs_history, resolve_references
from ragopt.query.steps import DEFAULTS, lexicon_of
from ragopt.types import Query

LEANING = """
what about its limits?
How much does it cost?
Why?
And in Singapore?
With Terraform?
What is the price?
Does that also apply to students?
How do I delete it?
And the second one?
Is there a limit?
Which one is cheaper?
Is there an easier way?
Are there other ways to do it?
What happens if it fails?
As I said before, the printer is offline
Could you explain that in more detail?
Pricing?
còn cái kia thì sao?
Giá bao nhiêu?
Nó có miễn phí không?
Tại sao vậy?
Mất bao lâu?
Thuốc đó uống lúc nào?
Cái nào rẻ hơn?
Thế còn giới hạn?
Như tôi đã nói ở trên, máy in không hoạt động
Trên Windows thì sao?
Ví dụ?
"""
ALONE = """
What is DynamoDB?
How do I install Docker?
Is it possible to rotate a KMS key automatically?
lambda timeout
If a Lambda function times out, does it retry?
How do I restore a table after I delete it?
How to boil an egg?
Is there an easier way to boil an egg?
What is a Milky Way?
Is there a limit on the number of S3 buckets?
What time is it in Tokyo?
How do I know that my backup is valid?
Can a bank refuse to open an account for its customers?
And how do I renew an expired passport in Berlin?
Lambda là gì?
Cách nấu phở bò?
Nếu tôi quên mật khẩu tài khoản AWS thì sao?
Họ Nguyễn có nguồn gốc từ đâu?
Khi máy tính bị treo thì làm sao khởi động lại nó?
Chúng tôi cần giấy tờ gì để kết hôn?
Mùa này ở Sa Pa có lạnh không?
"""


def listed(text: str) -> list[str]:
    return text.strip().splitlines()


def gate(question: str) -> str | None:
    return needs_history(question, lexicon_of(question, DEFAULTS))


@pytest.mark.parametrize("question", listed(LEANING))
def test_a_leaning_question_opens_the_gate(question: str) -> None:
    assert gate(question)


@pytest.mark.parametrize("question", listed(ALONE))
def test_a_question_that_stands_alone_is_never_touched(question: str) -> None:
    assert gate(question) is None
    history = ["How do I configure reserved concurrency?", ("assistant", "In the console.")]
    query, span = resolve_references(question, history=history)
    assert query.text == question and not span.details["changed"]


TURNS: list[Any] = [("user", "How do I configure reserved concurrency in Lambda?"), ("assistant", "In the console.")]


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build([{"id": "1", "text": "Reserved concurrency of Lambda has limits."}])


def test_phrases_of_earlier_turns_are_added_at_lower_weight(index: Index) -> None:
    query, span = resolve_references("what about its limits?", index=index, history=TURNS)
    assert query.text.startswith("what about its limits? (") and "reserved concurrency" in query.text
    weights = dict(query.terms or ())
    assert weights["limit"] == 1 and 0 < weights["concurr"] < 1
    assert span.details["added"]["reserved concurrency"] == 0.5 and "what about" in span.details["why"]


def test_parts_get_them_too(index: Index) -> None:
    divided = Query("its price and its limits", parts=(Query("its price"), Query("its limits")))
    query, _ = resolve_references(divided, index=index, history=TURNS)
    assert all("reserved concurrency" in part.text and part.terms for part in query.parts)


def test_what_i_said_before_is_that_turn() -> None:
    turns = [*TURNS, ("user", "And in Singapore?"), ("assistant", "Use provisioned mode.")]
    query, span = resolve_references("As I said before, it does not work", history=turns)
    assert span.details["refers_to"] == TURNS[0][1] and TURNS[0][1] in query.text
    _, span = resolve_references("What did you mean by what you said?", history=turns)
    assert span.details["refers_to"] == "Use provisioned mode."


def test_a_turn_that_is_a_pasted_file_costs_no_more_than_its_beginning() -> None:
    start = time.perf_counter()
    query, _ = resolve_references("what about its limits?", history=[f"Reserved concurrency? {'a? ' * 1_000_000}"])
    assert time.perf_counter() - start < 1 and "Reserved concurrency" in query.text


@pytest.mark.parametrize(
    "history",
    [
        ["How do I rotate a key?", ("assistant", "Like this.")],
        [("user", "How do I rotate a key?"), ("assistant", "Like this.")],
        [{"role": "user", "content": "How do I rotate a key?"}, {"role": "AI", "content": [{"text": "Like this."}]}],
        [("system", "Be kind."), ("human", "How do I rotate a key?"), ("assistant", "Like this."), ("user", " ")],
    ],
)
def test_history_is_taken_in_the_usual_forms(history: list[Any]) -> None:
    assert as_turns(history) == (Turn("user", "How do I rotate a key?"), Turn("assistant", "Like this."))
    assert as_turns(None) == ()


@pytest.mark.parametrize(
    ("history", "error"),
    [
        ("text", InputTypeError),
        ([3], InputTypeError),
        ([("robot", "x")], InputError),
        ([{"role": "user"}], InputTypeError),
        ([("user", 3)], InputTypeError),
        ([("user", "a", "b")], InputTypeError),
    ],
)
def test_what_is_no_history_is_refused(history: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="history"):
        as_turns(history)


def test_nothing_to_lean_on() -> None:
    query, span = resolve_references("Why?", history=["ok"])
    assert query.text == "Why?" and not span.details["changed"] and "nothing" in span.details["why"]
