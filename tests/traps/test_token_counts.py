"""Traps 40, 41, 48 and 49: a budget holds by the true counts, and a count says where it comes from."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from ragopt import Budget, Pipeline
from ragopt.errors import BudgetError
from ragopt.pack import pack
from ragopt.protocols import TokenCounter
from ragopt.testing import FakeGenerator, FakeRetriever
from ragopt.tokens import ByteEstimate, CountTokens, LearningCounter
from ragopt.types import Generation, Query, TokenCount, Usage
from tests.shared import ROOT

FACTS = [json.loads(line) for line in (ROOT / "tests" / "cases" / "token_counts.jsonl").read_text("utf-8").splitlines()]
WHOLE = [row for row in FACTS if row["kind"] in {"English documentation", "English science", "Vietnamese", "JSON"}]


class Thumb:
    """A counter as others have it: one number, taken for the truth."""

    def __init__(self, rule: Callable[[str], float]) -> None:
        self.rule = rule

    def count(self, text: str) -> TokenCount:
        tokens = round(self.rule(text))
        return TokenCount(tokens, tokens, tokens, "rule of thumb")


def spent(rows: list[dict[str, Any]], counter: TokenCounter, budget: int) -> int:
    """The true tokens of the texts that this counter packs, without their marks; equal ones are shown once."""
    hits = FakeRetriever([f"fox {row['text']}" for row in rows], k=len(rows)).retrieve(Query(text="fox"))
    packed = pack(hits, budget, counter)
    assert packed.tokens.high <= budget
    return sum(rows[int(source.id)]["claude-5"] for source in packed.sources)


@pytest.mark.parametrize("rows", [FACTS, WHOLE], ids=["all, hard ones too", "sentences"])
@pytest.mark.parametrize("budget", [100, 500, 2000])
def test_a_budget_holds_by_the_true_counts(rows: list[dict[str, Any]], budget: int) -> None:
    draw = random.Random(budget)
    for _ in range(10):
        chosen = draw.sample(rows, min(len(rows), 60))
        assert 0 < spent(chosen, ByteEstimate(), budget) <= budget


def test_characters_by_four_overflow_a_budget() -> None:
    assert spent(WHOLE, Thumb(lambda text: len(text) / 4), 400) > 400


def test_a_window_without_room_is_an_error_with_all_the_numbers() -> None:
    with pytest.raises(BudgetError, match=r"1000.*300.*800"):
        spent(WHOLE, ByteEstimate(), Budget(window=1000, reserve=300, fixed=800))  # type: ignore[arg-type]


class Refusing:
    """A client whose model is not counted."""

    def count_tokens(self, **_: Any) -> dict[str, int]:
        from botocore.exceptions import ClientError

        message = "The provided model doesn't support counting tokens."
        raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "CountTokens")


class Billing(FakeGenerator):
    """Bills a third more than the estimate, most of it from a cache."""

    def generate(self, system: str, prompt: str, settings: Any) -> Generation:
        reply = super().generate(system, prompt, settings)
        estimate = ByteEstimate("pooled")
        true = round(4 / 3 * (estimate.count(system).point + estimate.count(prompt).point))
        return Generation(reply.text, "end_turn", Usage(true - 50, 5, cache_read=30, cache_write=20), "acme.model")


def test_a_model_that_is_not_counted_is_estimated_and_its_margin_is_learnt() -> None:
    provider = CountTokens("acme.model", Refusing())
    counter = LearningCounter(provider, model="acme.model")
    pipeline = Pipeline(FakeRetriever(["fox " * 200]), counter=counter, generator=Billing())
    text = "fox " * 300
    assert counter.count(text).method == "estimate:pooled (count_tokens: the model is not counted)"
    before = counter.count(text)
    for _ in range(40):
        assert pipeline.answer("fox").trace.spans[-1].details["learned"] is True
    after = counter.count(text)
    assert after.method == "estimate:pooled (count_tokens: the model is not counted)+usage"
    assert after.point / before.point == pytest.approx(4 / 3, rel=0.05)  # cached tokens are input too
    assert after.samples == before.samples + 40
    assert after.high - after.low < before.high - before.low
