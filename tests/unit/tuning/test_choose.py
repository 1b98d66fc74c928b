"""The rules that choose alpha and k, on numbers alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.tuning.choose import choose_alpha, loses_at_most, nearest_within_one_se, smallest_k

ALPHAS = [0.0, 0.25, 0.5, 0.75, 1.0]


def curves(means: list[float], n: int, noise: float, seed: int = 0) -> np.ndarray:
    """Scores whose means are about `means`; `noise` is what differs between alphas on one query."""
    rng = np.random.default_rng(seed)
    return np.array(means)[:, None] + rng.normal(0, 0.3, n) + rng.normal(0, noise, (len(means), n))


def test_a_clear_best_is_taken_and_a_flat_curve_keeps_the_default() -> None:
    assert nearest_within_one_se(curves([0.2, 0.3, 0.4, 0.5, 0.9], 50, 0.02), ALPHAS, 1) == 4
    assert nearest_within_one_se(curves([0.5] * 5, 50, 0.05), ALPHAS, 2) == 2


def test_it_goes_no_further_than_it_must() -> None:
    # .75 and 1 are equally good: the one nearer the default is enough.
    scores = curves([0.2, 0.3, 0.4, 0.8, 0.8], 50, 0.05)
    assert nearest_within_one_se(scores, ALPHAS, 1) == 3
    assert nearest_within_one_se(scores[::-1], ALPHAS, 4) == 1


def test_equally_near_the_better_one() -> None:
    scores = np.zeros((5, 30))
    scores[1], scores[3] = 0.5, 0.6
    scores[1, 0] += 3.01  # .25 is a little better, with an error that lets .75 in
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


@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(0, 4))
def test_never_below_the_default_on_its_own_queries(seed: int, n: int, default: int) -> None:
    scores = np.random.default_rng(seed).random((5, n))
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
