"""Packing on collections: more of what is relevant in the same tokens than cutting the list (see benches/pack.py)."""

from __future__ import annotations

import pytest

from benches.judged import COLLECTIONS
from benches.pack import evidence, gain, spans, speed
from tests.collections.measured import stratified_sign_flip
from tests.shared import shared

pytestmark = [pytest.mark.collections, pytest.mark.slow]


@pytest.fixture(autouse=True)
def collections() -> None:
    for name in (*COLLECTIONS, "chroma-chunking"):
        shared("collections", name)


@pytest.mark.parametrize(("budget", "least"), [(300, 0.018), (500, 0.012), (1000, 0.012), (2000, 0.012)])
def test_more_recall_than_truncation_in_the_same_tokens(budget: int, least: float) -> None:
    difference, p = gain("knapsack", "truncate", budget)
    assert difference >= least, difference
    assert p < 0.01, p
    over_skip, _ = gain("knapsack", "skip", budget)
    assert over_skip >= (0.008 if budget == 2000 else -0.003), over_skip


@pytest.mark.parametrize(("budget", "least"), [(150, 0.54), (300, 0.69)])
def test_evidence_sentences_where_the_budget_is_tight(budget: int, least: float) -> None:
    sentences = evidence("auto", budget)
    assert sentences.mean() >= least, sentences.mean()
    assert stratified_sign_flip([sentences - evidence("truncate", budget)]) < 0.001


@pytest.mark.parametrize("budget", [600, 1000])
def test_evidence_sentences_where_it_is_not(budget: int) -> None:
    assert evidence("auto", budget).mean() >= evidence("truncate", budget).mean()


@pytest.mark.parametrize(("budget", "more", "precision"), [(200, 0.12, 0.13), (400, 0.05, 0.085), (800, 0.015, 0.066)])
def test_tokens_of_gold_spans(budget: int, more: float, precision: float) -> None:
    truncated, precise = spans().measured(budget, "truncate", "chunk")
    sentences, exact = spans().measured(budget, "knapsack", "sentence")
    chosen, _ = spans().measured(budget, "knapsack", "auto")
    assert sentences.mean() >= truncated.mean() + more, (sentences.mean(), truncated.mean())
    assert exact.mean() >= precision, exact.mean()
    assert budget < 800 or exact.mean() >= precise.mean(), (exact.mean(), precise.mean())
    assert chosen.mean() >= truncated.mean() - 0.001, (chosen.mean(), truncated.mean())


def test_two_hundred_hits_are_pruned_and_packed_in_two_milliseconds() -> None:
    _, _, least = speed()
    assert least < 3, least  # 1.5 where nothing else runs; what shares the processor's caches takes from it
