"""Tuning on real judged questions: it leaves a good default alone, finds the way from a bad one, and claims no more."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ragopt.evaluation import evaluate
from ragopt.tuning import Outcome, TuneResult, tune
from ragopt.types import SearchSettings, Settings
from tests.collections.measured import FOUR, collection, index_of

pytestmark = pytest.mark.collections


@cache
def tuned(name: str, alpha: float | None = None) -> TuneResult:
    """Tuned on one random half of the questions, judged on the other."""
    data = collection(name)
    settings = Settings(search=SearchSettings(alpha=alpha))
    return tune(index_of(name), data.queries, data.qrels, vectors=data.query_vectors, settings=settings)


@pytest.mark.parametrize("name", FOUR)
def test_a_good_default_is_not_distinguishable_and_stays(name: str) -> None:
    result = tuned(name)
    print(name, result, sep="\n")
    assert result.default_alpha == 0.6
    assert result.verdict.outcome is Outcome.NO_DETECTABLE_GAIN
    assert result.settings.search.alpha == 0.6
    # What the rule would have changed on questions that it did not see (evidence: never worse by more than .006).
    assert result.unseen_gain.mean >= -0.006


def test_the_rule_does_no_harm_on_average() -> None:
    assert np.mean([tuned(name).unseen_gain.mean for name in FOUR]) >= -0.001


@pytest.mark.parametrize("name", FOUR)
def test_a_bad_default_is_left_behind(name: str) -> None:
    result = tuned(name, 0.1)
    print(name, result.chosen_alpha, result.verdict)
    assert result.chosen_alpha is not None
    assert 0.25 <= result.chosen_alpha <= 0.8
    assert result.verdict.comparison.difference.mean > 0.005
    assert result.unseen_gain.mean > 0.005


def test_and_the_gain_is_claimed_where_it_can_be_seen() -> None:
    assert tuned("scifact", 0.1).verdict.outcome is Outcome.GAIN


@pytest.mark.parametrize("name", FOUR)
def test_the_held_out_row_is_what_evaluate_says(name: str) -> None:
    result, data = tuned(name), collection(name)
    arm = result.arm("default hybrid")
    assert arm is not None
    rows = [list(data.queries).index(query) for query in arm.table.queries]
    assert data.query_vectors is not None
    table = evaluate(
        index_of(name),
        {query: data.queries[query] for query in arm.table.queries},
        data.qrels,
        ["nDCG@10", "R@10"],
        vectors=data.query_vectors[rows],
    )
    assert dict(table) == pytest.approx(dict(arm.table), abs=1e-12)
