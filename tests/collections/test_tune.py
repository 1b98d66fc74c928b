"""Tuning on real judged questions: it leaves a good default alone, finds the way from a bad one, and claims no more."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pytest

from benches import tune_honesty as honesty
from ragopt.evaluation import evaluate
from ragopt.index import Index
from ragopt.tuning import Outcome, TuneResult, tune
from ragopt.types import SearchSettings, Settings
from tests.collections.measured import FOUR, collection, index_of, stratified_sign_flip

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


@pytest.mark.parametrize("claims", [honesty.flipped_claims, honesty.shuffled_claims])
def test_what_is_not_there_is_not_claimed(claims: Callable[[str, int], float]) -> None:
    """The bar is 6 % of 1,000 runs, which `benches.tune_honesty` draws; here 50 on each collection."""
    shares = {name: claims(name, 50) for name in FOUR}
    print(shares)
    assert np.mean(list(shares.values())) <= 0.06


def test_what_is_there_is_found() -> None:
    """A tuner that never claims would pass the test above."""
    assert honesty.planted_claims("cranfield", 0.05, 20) >= 0.5
    assert min(honesty.planted_claims(name, 0.1, 20) for name in FOUR) >= 0.7


def test_the_predicted_interval_covers() -> None:
    shares = {size: honesty.covered("cranfield", size, 100) for size in (25, 50, 100)}
    print(shares)
    assert np.mean(list(shares.values())) >= 0.93


def test_a_tuned_alpha_is_no_worse_than_the_default_and_better_than_the_middle() -> None:
    """On the half not tuned on, with a prior of the other collections. The fixed default wins .0194 over alpha .5 and
    the best alpha in hindsight .0213, so the issue's .020 is out of an honest tuner's reach here (docs/tuning.md)."""
    over_default = [honesty.held_out_gain(name, "theoretical", 0.8, 0.8, 3).mean() for name in FOUR]
    over_middle = [honesty.held_out_gain(name, "theoretical", 0.8, 0.5, 3) for name in FOUR]
    print(over_default, [gain.mean() for gain in over_middle])
    assert np.mean(over_default) >= -0.001
    assert np.mean([gain.mean() for gain in over_middle]) >= 0.018
    assert stratified_sign_flip(over_middle) < 0.001


@pytest.mark.parametrize("dense", ["random", "hashed"])
def test_a_useless_side_is_left(dense: str) -> None:
    data = collection("cranfield")
    rng, texts = np.random.default_rng(0), [document.text for document in data.documents]
    if dense == "hashed":
        vectors, queries = (_hashed(of) for of in (texts, list(data.queries.values())))
    else:
        vectors = rng.normal(size=(len(texts), 128))
        queries = rng.normal(size=(len(data.queries), 128))
    index = Index.build(data.documents, vectors=vectors.astype(np.float32), analyzer="english")
    result = tune(index, data.queries, data.qrels, vectors=queries.astype(np.float32))
    print(dense, result.chosen_alpha, result.settings.search.alpha, result.verdict, result.side)
    assert result.settings.search.alpha == 0.0


def _hashed(texts: list[str], dimension: int = 64) -> npt.NDArray[np.float64]:
    """The hashing trick: each word adds or takes one in a dimension of its own."""
    out = np.full((len(texts), dimension), 1e-6)
    for row, text in zip(out, texts, strict=True):
        for word in text.lower().split():
            code = crc32(word.encode())
            row[code % dimension] += 1.0 if code >> 16 & 1 else -1.0
    return out
