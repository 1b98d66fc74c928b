"""Questions that count unlike each other: means, intervals, tests and verdicts know it."""

from __future__ import annotations

import numpy as np
import pytest

from ragopt.errors import InputError
from ragopt.evaluation import Feedback, Questions, feedback_labels, mean_interval
from ragopt.tuning import Outcome, tune
from tests.unit.tuning.test_copies import GRADES, INDEX, OWN
from tests.unit.tuning.world import World

WORLD = World(160, lexical=2.0, dense=0.0, seed=1)


def test_equal_weights_change_nothing() -> None:
    plain = tune(WORLD, WORLD.queries, WORLD.qrels)
    same = tune(WORLD, WORLD.queries, WORLD.qrels, weights=dict.fromkeys(WORLD.queries, 2.5))
    one, two = plain.to_dict(), same.to_dict()
    assert plain.verdict.outcome is Outcome.GAIN and one["verdict"] == two["verdict"]
    for part in ("arms", "curves", "top_k", "contributions", "health", "settings", "claims"):
        assert repr(one[part]) == repr(two[part]), part
    exact = tune(INDEX, OWN, GRADES), tune(INDEX, OWN, GRADES, weights=dict.fromkeys(OWN, 3))
    assert exact[0].verdict == exact[1].verdict and exact[0].curves.alpha == exact[1].curves.alpha


def test_means_are_weighted_means() -> None:
    weights = {id: 1.0 + 5 * (i % 3) for i, id in enumerate(WORLD.queries)}
    result = tune(WORLD, WORLD.queries, WORLD.qrels, weights=weights)
    for arm in result.arms:
        values, mine = arm.table.column("nDCG@10"), [weights[id] for id in arm.table.queries]
        assert arm.table.estimates["nDCG@10"].mean == pytest.approx(np.average(values, weights=mine))
        assert arm.table["nDCG@10"] == pytest.approx(np.average(values, weights=mine))
        assert arm.sent_tokens.mean == pytest.approx(np.average(arm.tokens, weights=mine))
    default, tuned = result.pair
    gain = tuned.table["nDCG@10"] - default.table["nDCG@10"]
    assert result.verdict.comparison.difference.mean == pytest.approx(gain)
    assert result.contributions[0].quality.mean != tune(WORLD, WORLD.queries, WORLD.qrels).contributions[0].quality.mean


def test_the_path_is_weighted_too() -> None:
    weights = {id: 1.0 + 4 * (i % 2) for i, id in enumerate(OWN)}
    result = tune(INDEX, OWN, GRADES, weights=weights)
    assert result.curves.exact is not None
    for point in result.curves.alpha:
        assert float(result.curves.exact.at(point.alpha)) == pytest.approx(point.score.mean)


def test_one_question_that_is_all_of_the_traffic_is_one_question() -> None:
    weights = {id: 1000.0 if i < 8 else 0.001 for i, id in enumerate(WORLD.queries)}
    result = tune(WORLD, WORLD.queries, WORLD.qrels, weights=weights)
    assert result.verdict.outcome is Outcome.TOO_FEW_QUESTIONS and not result.side
    assert "80 held-out queries (worth " in result.verdict.reason and result.verdict.worth < 10  # type: ignore[operator]
    assert result.settings.search.alpha in (None, result.default_alpha)


def test_intervals_of_weighted_means_cover() -> None:
    """Weights of one to sixteen: the interval holds the true mean in about 95 of 100 draws; the plain one does not."""
    rng, hits, plain = np.random.default_rng(3), 0, 0
    for _ in range(200):
        weights = rng.choice([1.0, 16.0], 120, p=[0.8, 0.2])
        values = rng.random(120) < np.where(weights > 1, 0.8, 0.3)
        true = (0.8 * 1 * 0.3 + 0.2 * 16 * 0.8) / (0.8 * 1 + 0.2 * 16)
        found = mean_interval(values, shares=weights / weights.mean(), draws=1000)
        bare = mean_interval(values, draws=1000)
        hits, plain = hits + (found.low <= true <= found.high), plain + (bare.low <= true <= bare.high)
    assert 0.9 <= hits / 200 <= 0.99 and plain < 20


def test_wrong_weights() -> None:
    for weights, part in (
        ({"q0": 1.0}, "lacks query 'q1'"),
        ({**dict.fromkeys(WORLD.queries, 1.0), "q3": 0}, "'q3' has 0"),
        ({**dict.fromkeys(WORLD.queries, 1.0), "q3": float("nan")}, "'q3' has nan"),
        ([1.0], "is a list"),
    ):
        with pytest.raises(InputError, match=part):
            tune(WORLD, WORLD.queries, WORLD.qrels, weights=weights)  # type: ignore[arg-type]
    assert Questions.of({}).worth == 0.0 and Questions.of({"a": "b"}).worth == 1.0


def test_feedback_weighs_by_its_records() -> None:
    records = [Feedback("often", ("a",), clicked=("a",))] * 3 + [Feedback("once", ("a",), clicked=("a",))]
    records += [Feedback("often", ("a",))]  # silent
    records += [Feedback("tried", ("a",), clicked=("a",), exploration=p) for p in (0.9, 0.1)]
    found = feedback_labels(records)
    weights = dict(zip(found.queries.values(), found.weights.values(), strict=True))
    ws = 1 / 0.9 + 10
    assert weights == {"often": 3.0, "once": 1.0, "tried": pytest.approx(ws**2 / (1 / 0.81 + 100))}


def test_the_wider_search_weighs_too() -> None:
    plain = tune(INDEX, OWN, GRADES, levers=["search.k"])
    same = tune(INDEX, OWN, GRADES, levers=["search.k"], weights=dict.fromkeys(OWN, 3))
    assert plain.levers is not None and same.levers is not None
    assert plain.levers.to_dict() == same.levers.to_dict()
    few = tune(INDEX, OWN, GRADES, levers=["search.k"], weights={q: 1e6 if i < 8 else 1 for i, q in enumerate(OWN)})
    assert few.levers is not None and few.levers.outcome is Outcome.TOO_FEW_QUESTIONS
