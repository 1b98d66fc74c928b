"""Pruning on collections: the gain per token saves tokens at the recall of ten hits; raw thresholds cost them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from benches.judged import COLLECTIONS
from benches.prune import Outcome, measure
from tests.collections.measured import stratified_sign_flip
from tests.shared import shared

pytestmark = pytest.mark.collections


@cache
def outcomes(rule: str) -> list[Outcome]:
    for name in COLLECTIONS:
        shared("collections", name)
    found = [measure(rule, name) for name in COLLECTIONS]
    for name, one in zip(COLLECTIONS, found, strict=True):
        print(f"{rule}: {name} {one.saved:+.1%} tokens saved, {one.difference:+.4f}")
    return found


def test_the_gain_per_token_saves_tokens_at_equal_recall() -> None:
    found = outcomes("gain per token")
    assert np.mean([one.difference for one in found]) >= -0.005
    assert np.mean([one.saved for one in found]) >= 0.11
    assert stratified_sign_flip([(one.tokens_ten - one.tokens) / one.tokens_ten.mean() for one in found]) < 0.01


@pytest.mark.parametrize("rule", ["raw cosine", "share of the best score"])
def test_raw_thresholds_cost_tokens_at_equal_recall(rule: str) -> None:
    assert np.mean([one.saved for one in outcomes(rule)]) < 0
