"""The verdict: what counts as a gain, and that it is honest where there is none."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ragopt.evaluation import Estimate
from ragopt.tuning import Outcome, judge
from ragopt.tuning.choose import choose_alpha, predicted_gain

rng = np.random.default_rng(11)
BASE = rng.beta(0.6, 0.6, 200)


def test_a_plain_gain_and_a_plain_loss() -> None:
    change = rng.normal(0.05, 0.05, 200)
    gained = judge(BASE + change, BASE, "nDCG@10")
    assert gained.outcome is Outcome.GAIN
    assert str(gained).startswith("A gain: +0.0")
    lost = judge(BASE - change, BASE, "nDCG@10")
    assert lost.outcome is Outcome.WORSE
    assert "The default stays" in str(lost)


def test_noise_is_called_noise_with_the_least_visible_gain() -> None:
    verdict = judge(BASE[:60] + rng.normal(0.0, 0.08, 60), BASE[:60], "nDCG@10")
    assert verdict.outcome is Outcome.NO_DETECTABLE_GAIN
    assert verdict.least_gain == pytest.approx(2.8 * 0.08 / np.sqrt(60), rel=0.25)
    assert "cannot be told from noise" in str(verdict)
    assert f"{verdict.least_gain:.3f}" in str(verdict)
    assert "60 held-out queries" in str(verdict)


def test_a_sure_but_tiny_gain_is_not_claimed() -> None:
    verdict = judge(BASE + 0.002, BASE, "nDCG@10")
    assert verdict.comparison.p < 0.001
    assert verdict.outcome is Outcome.NO_DETECTABLE_GAIN
    assert "below the least gain" in str(verdict)
    assert "not claimed" in str(verdict)


def test_significant_but_below_what_can_be_relied_on() -> None:
    change = rng.normal(0.0, 0.1, 100)
    change += 0.023 - change.mean()  # 2.3 standard errors
    verdict = judge(BASE[:100] + change, BASE[:100], "nDCG@10")
    assert verdict.comparison.p < 0.05
    assert verdict.outcome is Outcome.NO_DETECTABLE_GAIN


@pytest.mark.parametrize("n", [2, 5, 9])
def test_under_ten_queries_nothing_is_claimed(n: int) -> None:
    verdict = judge(np.ones(n), np.zeros(n), "nDCG@10")
    assert verdict.outcome is Outcome.TOO_FEW_QUESTIONS
    assert "so few queries" in str(verdict)


def test_one_and_none() -> None:
    one = judge([1.0], [0.0], "nDCG@10")
    assert one.outcome is Outcome.TOO_FEW_QUESTIONS
    assert "on 1 held-out query" in str(one)
    assert json.loads(json.dumps(one.to_dict()))["least_visible"] is None
    same = judge(BASE, BASE, "nDCG@10", moved=False, why="No reason to move.")
    assert same.outcome is Outcome.NO_DETECTABLE_GAIN
    assert str(same) == "No reason to move. The default stays, and nothing is claimed."


def claims(runs: int, n: int, alphas: int, spread: float, seed: int) -> float:
    """How often tuning claims a gain in a world where the default is right.

    Each query's curve around the default is drawn smooth and turned over at random (the exact
    sign-flip null), so that no alpha is better than the default. Half is tuned on, half judges.
    """
    draw = np.random.default_rng(seed)
    points = np.linspace(0, 1, alphas)
    default = int(0.6 * (alphas - 1))
    steps = draw.normal(0, spread / np.sqrt(alphas), (runs, 2 * n, alphas)).cumsum(axis=2)
    curves = (steps - steps[:, :, default : default + 1]) * draw.choice([-1.0, 1.0], (runs, 2 * n, 1))
    claimed = 0
    for run in curves:
        tuning, held_out = run[:n].T, run[n:].T
        choice = choose_alpha(tuning, list(points), default, folds=5, repeats=2, seed=0)
        verdict = judge(held_out[choice.chosen], held_out[default], "nDCG@10", moved=choice.chosen != default)
        claimed += verdict.outcome is Outcome.GAIN
    return claimed / runs


@pytest.mark.parametrize(("n", "spread"), [(30, 0.2), (60, 0.1)])
def test_a_gain_is_claimed_in_at_most_six_of_a_hundred_runs_without_one(n: int, spread: float) -> None:
    assert claims(300, n, 21, spread, seed=n) <= 0.06


def test_and_a_real_gain_is_seen() -> None:
    # The same machinery is no stone: with alpha .2 truly better by .08 than the default, most runs say so.
    draw = np.random.default_rng(5)
    points = np.linspace(0, 1, 21)
    lift = 0.08 * np.exp(-(((points - 0.2) / 0.25) ** 2)) - 0.08 * np.exp(-(((0.6 - 0.2) / 0.25) ** 2))
    seen = 0
    for _ in range(50):
        curves = draw.normal(0, 0.1 / np.sqrt(21), (200, 21)).cumsum(axis=1)
        curves += lift - curves[:, 12:13]
        choice = choose_alpha(curves[:100].T, list(points), 12, folds=5, repeats=2, seed=0)
        held_out = curves[100:].T
        seen += judge(held_out[choice.chosen], held_out[12], "nDCG@10").outcome is Outcome.GAIN
    assert seen >= 45


def test_a_reason_is_one_sentence_and_the_missing_questions_are_counted() -> None:
    change = np.random.default_rng(2).normal(0.012, 0.1, 100)
    verdict = judge(BASE[:100] + change, BASE[:100], "nDCG@10")
    gain, visible = verdict.comparison.difference.mean, verdict.comparison.least_visible
    assert verdict.more_questions is not None
    # With so many in all, a gain of this size is the least visible one.
    total = 100 + verdict.more_questions
    assert visible * np.sqrt(100 / total) <= gain < visible * np.sqrt(100 / (total - 2))
    assert f"about {verdict.more_questions:,} more would show a gain of this size" in verdict.reason
    for one in (verdict, judge([1.0], [0.0], "RR"), judge(BASE + 0.1, BASE, "RR"), judge(BASE - 0.1, BASE, "RR")):
        assert one.reason.endswith(".")
        assert ". " not in one.reason.replace("e.g. ", "")
        assert one.to_dict()["reason"] == one.reason
    assert judge(BASE - 0.1, BASE, "RR").more_questions is None
    few = judge(BASE[:5], BASE[:5], "RR", moved=False, why="No reason to move.")
    assert few.outcome is Outcome.TOO_FEW_QUESTIONS
    assert few.reason == "No reason to move, and 5 held-out queries are too few to tell more."


def test_a_given_p_decides() -> None:
    change = np.random.default_rng(3).normal(0.05, 0.05, 60)
    assert judge(BASE[:60] + change, BASE[:60], "RR", p=0.2).outcome is Outcome.NO_DETECTABLE_GAIN
    assert judge(BASE[:60] + change, BASE[:60], "RR", p=0.01).outcome is Outcome.GAIN


@pytest.mark.parametrize(("n", "m"), [(12, 200), (50, 50)])
def test_the_predicted_interval_covers_means_yet_to_be_seen(n: int, m: int) -> None:
    draw = np.random.default_rng(4)
    hits = 0
    for _ in range(400):
        seen, unseen = draw.normal(0.01, 0.1, n), draw.normal(0.01, 0.1, m)
        expected = predicted_gain(Estimate(float(seen.mean()), 0.0, 0.0), seen, m)
        hits += expected.low <= unseen.mean() <= expected.high
    assert 0.93 <= hits / 400 <= 0.98
    assert not predicted_gain(Estimate(0.1, 0.0, 0.0), np.array([0.1]), 5).known
    nothing = predicted_gain(Estimate(0.1, 0.0, 0.0), np.zeros(9), 5)
    assert (nothing.mean, nothing.low, nothing.high) == (0.0, 0.0, 0.0)
