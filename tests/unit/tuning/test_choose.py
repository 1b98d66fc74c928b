"""The rules that choose alpha and k, on numbers alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragopt.tuning.choose import choose_alpha, loses_at_most, smallest_k, tuner_of
from ragopt.tuning.tuner import folds_of, signs_of
from tests.reference import tuner as twin

ALPHAS = [0.0, 0.25, 0.5, 0.75, 1.0]


def curves(means: list[float], n: int, noise: float, seed: int = 0) -> np.ndarray:
    """Scores whose means are about `means`; `noise` is what differs between alphas on one query."""
    rng = np.random.default_rng(seed)
    return np.array(means)[:, None] + rng.normal(0, 0.3, n) + rng.normal(0, noise, (len(means), n))


def nearest_within_one_se(scores: np.ndarray, alphas: list[float], default: int) -> int:
    """What the tuner takes of all queries, without a prior."""
    differences = (scores - scores[default]).T
    return int(tuner_of(alphas, default).picks(differences, differences.sum(axis=0)[None])[0])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 14), st.integers(0, 4), st.sampled_from([0.0, 20.0]))
def test_the_tuner_is_its_twin_whatever_the_signs(seed: int, n: int, default: int, weight: float) -> None:
    rng = np.random.default_rng(seed)
    differences = rng.normal(0.0, 0.1, (n, 5))
    differences -= differences[:, [default]]
    prior = rng.normal(0.0, 0.05, 5)
    tuner = tuner_of(ALPHAS, default, prior, weight)
    folds, signs = folds_of(n, 3, 2, seed), signs_of(rng, 6, n)
    made = tuner.choose(differences, signs, folds)
    for row, chosen, gain in zip(signs, made.chosen, made.gains, strict=True):
        rows = (row[:, None] * differences).tolist()
        expected = twin.choose(rows, ALPHAS, default, (prior - prior[default]).tolist(), weight, folds.tolist())
        assert (chosen, pytest.approx(gain, abs=1e-9)) == expected


def test_a_prior_leads_where_questions_say_little_and_yields_where_they_say_much() -> None:
    prior = np.array([-0.1, -0.05, 0.0, -0.05, -0.1])
    few, many = curves([0.5] * 5, 10, 0.02), curves([0.4, 0.45, 0.5, 0.7, 0.5], 400, 0.02)
    led = choose_alpha(few, ALPHAS, 0, folds=5, repeats=2, seed=0, prior=prior, weight=100.0)
    assert ALPHAS[led.wanted] in (0.25, 0.5)
    assert choose_alpha(many, ALPHAS, 2, folds=5, repeats=2, seed=0, prior=prior, weight=100.0).chosen == 3


def test_the_permutation_holds_the_tuner() -> None:
    """Under the sign-flip null its p is uniform or larger, though the tuner picks what looks best."""
    rng = np.random.default_rng(1)
    tuner, folds = tuner_of(ALPHAS, 2), folds_of(20, 4, 1, 0)
    small = 0
    for seed in range(200):
        halves = rng.normal(0.0, 0.1, (2, 20, 5))
        halves -= halves[:, :, [2]]
        place = int(tuner.choose(halves[0], np.ones((1, 20)), folds).chosen[0])
        small += tuner.p_value(halves[0], halves[1], place, folds, 99, seed) <= 0.05
    assert small <= 20


def test_a_clear_best_is_taken_and_a_flat_curve_keeps_the_default() -> None:
    assert nearest_within_one_se(curves([0.2, 0.3, 0.4, 0.5, 0.9], 50, 0.02), ALPHAS, 1) == 4
    assert nearest_within_one_se(curves([0.5] * 5, 50, 0.05), ALPHAS, 2) == 2


def test_it_goes_no_further_than_it_must() -> None:
    # .5 and .75 are equally good: the one nearer the default is enough.
    scores = curves([0.2, 0.3, 0.8, 0.8, 0.4], 50, 0.05)
    assert nearest_within_one_se(scores, ALPHAS, 1) == 2
    assert nearest_within_one_se(scores[::-1], ALPHAS, 4) == 2


def test_a_side_alone_is_enough_where_it_loses_less_than_the_least_effect() -> None:
    for behind, place in ((0.004, 4), (0.006, 3)):
        scores = np.zeros((5, 30))
        scores[3], scores[4] = 0.5, 0.5 - behind
        assert nearest_within_one_se(scores, ALPHAS, 1) == place


def test_equally_near_the_better_one() -> None:
    scores = np.zeros((5, 30))
    scores[1], scores[3] = 0.5, 0.6
    scores[1, 0] += 3.01  # .25 is a little better, with an error that lets .75 in
    scores[0], scores[4] = -1.0, -1.0
    assert nearest_within_one_se(scores, ALPHAS, 2) == 1


@pytest.mark.parametrize("n", [0, 1])
def test_under_two_queries_nothing_moves(n: int) -> None:
    choice = choose_alpha(np.ones((5, n)) * np.arange(5)[:, None], ALPHAS, 2, folds=5, repeats=3, seed=0)
    assert choice.chosen == 2
    assert choice.shares == (0, 0, 1, 0, 0)


def test_choice_is_reproducible_and_shares_add_up() -> None:
    scores = curves([0.4, 0.45, 0.5, 0.5, 0.45], 40, 0.1)
    first = choose_alpha(scores, ALPHAS, 2, folds=5, repeats=10, seed=1)
    assert first == choose_alpha(scores, ALPHAS, 2, folds=5, repeats=10, seed=1)
    assert sum(first.shares) == pytest.approx(1.0)


def test_a_choice_that_unseen_queries_do_not_confirm_is_dropped() -> None:
    # One query pulls the mean to alpha 1; without it in the training folds, and for it alone, alpha 0 wins.
    rng = np.random.default_rng(3)
    dropped = 0
    for _ in range(200):
        scores = rng.normal(0.5, 0.1, (5, 12))
        choice = choose_alpha(scores, ALPHAS, 2, folds=4, repeats=4, seed=0)
        if not choice.confirmed:
            dropped += 1
            assert choice.unseen.mean <= 0
            assert choice.chosen == 2
            assert nearest_within_one_se(scores, ALPHAS, 2) != 2
    assert dropped > 0


@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(1, 3))
def test_never_below_the_default_on_its_own_queries(seed: int, n: int, default: int) -> None:
    scores = np.random.default_rng(seed).random((5, n))
    scores[[0, 4]] = -1.0  # a side alone has a rule of its own
    place = nearest_within_one_se(scores, ALPHAS, default)
    best = scores[scores.mean(axis=1).argmax()]
    assert (best - scores[place]).mean() <= (best - scores[place]).std(ddof=1) / np.sqrt(n) + 1e-9


def test_smallest_k() -> None:
    same = np.full((3, 40), 0.8)
    assert smallest_k(same, 2, margin=0.1, seed=0) == 0
    assert smallest_k(same, 2, margin=0.02, seed=0) == 2  # forty queries cannot promise that
    lossy = same.copy()
    lossy[0] -= 0.1
    assert smallest_k(lossy, 2, margin=0.1, seed=0) == 1
    unsure = same.copy()
    unsure[:2, ::8] -= 0.5  # five of forty lose .5: .0625 on average, but not surely under .1
    assert smallest_k(unsure, 2, margin=0.1, seed=0) == 2
    assert smallest_k(same[:, :1], 2, margin=0.9, seed=0) == 2


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.3])
def test_a_loss_beyond_the_margin_is_let_through_in_at_most_5_of_100_runs(rate: float) -> None:
    # A query loses half of its recall now and then; on average a little more than the margin.
    rng = np.random.default_rng(4)
    losses = [0.5 * (rng.random(80) < rate) for _ in range(200)]
    assert sum(loses_at_most(loss, 0.5 * rate - 1e-6, seed=0) for loss in losses) / 200 <= 0.05


def test_a_small_loss_is_let_through() -> None:
    rng = np.random.default_rng(5)
    losses = [0.5 * (rng.random(150) < 0.02) for _ in range(100)]
    assert sum(loses_at_most(loss, 0.05, seed=0) for loss in losses) >= 80
