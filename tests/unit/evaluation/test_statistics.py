"""Intervals and tests: known values, and that they hold what they promise on simulated queries."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.errors import InputError
from ragopt.evaluation import (
    compare_values,
    holm,
    mean_interval,
    mean_intervals,
    minimum_detectable_effect,
    sign_flip_test,
)


def test_interval_is_reproducible_and_holds_the_mean() -> None:
    values = np.random.default_rng(1).beta(0.6, 0.8, 80)
    first, second = mean_interval(values), mean_interval(values)
    assert first == second
    assert first.low < first.mean < first.high
    assert first.mean == pytest.approx(values.mean())
    assert mean_interval(values, confidence=0.5).low > first.low
    # Near the normal interval, at this size.
    half = 1.96 * values.std(ddof=1) / np.sqrt(80)
    assert first.high - first.low == pytest.approx(2 * half, rel=0.1)


def test_degenerate_intervals() -> None:
    same = mean_interval([0.25] * 7)
    assert (same.low, same.mean, same.high) == (0.25, 0.25, 0.25)
    one = mean_interval([0.5])
    assert one.mean == 0.5
    assert not one.known
    assert one.to_dict() == {"mean": 0.5, "low": None, "high": None}
    assert isnan(mean_interval([]).mean)
    with pytest.raises(InputError, match="finite"):
        mean_interval([0.1, float("nan")])
    with pytest.raises(InputError, match="confidence"):
        mean_interval([0.1, 0.2], confidence=95)


def test_columns_share_their_draws() -> None:
    values = np.random.default_rng(2).random((40, 3))
    together = mean_intervals(values)
    for j, estimate in enumerate(together):
        alone = mean_interval(values[:, j])
        assert (alone.low, alone.mean, alone.high) == pytest.approx((estimate.low, estimate.mean, estimate.high))


@pytest.mark.parametrize(("n", "least"), [(25, 0.90), (60, 0.92)])
def test_interval_covers_the_true_mean(n: int, least: float) -> None:
    # Values as nDCG has them: many at 0 and 1, skewed between.
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(400):
        values = np.clip(rng.beta(0.5, 0.9, n) * 1.2 - 0.1, 0.0, 1.0)
        estimate = mean_interval(values, draws=1000)
        covered += estimate.low <= TRUE_MEAN <= estimate.high
    assert least <= covered / 400 <= 0.99


TRUE_MEAN = float(np.clip(np.random.default_rng(4).beta(0.5, 0.9, 2_000_000) * 1.2 - 0.1, 0.0, 1.0).mean())


def test_sign_flip_known_values() -> None:
    assert sign_flip_test([]) == 1.0
    assert sign_flip_test([0.0, 0.0]) == 1.0
    assert sign_flip_test([0.3]) == 1.0
    assert sign_flip_test([1.0, 1.0, 1.0]) == 0.25  # 2 of 8 patterns reach it
    assert sign_flip_test([1.0, 1.0, 1.0, 0.0]) == 0.25
    assert sign_flip_test([0.1, 0.2, 0.4, -0.3]) == pytest.approx(
        np.mean(
            [
                abs(a * 0.1 + b * 0.2 + c * 0.4 + d * 0.3) >= 0.4 - 1e-9
                for a in (1, -1)
                for b in (1, -1)
                for c in (1, -1)
                for d in (1, -1)
            ]
        )
    )
    assert 0 < sign_flip_test([0.5] * 300) <= 1 / 10_000
    with pytest.raises(InputError, match="finite"):
        sign_flip_test([float("inf")])


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40))
def test_sign_flip_is_symmetric_and_never_zero(differences: list[float]) -> None:
    p = sign_flip_test(differences, draws=500)
    assert 0 < p <= 1
    assert sign_flip_test([-d for d in differences], draws=500) == p


def test_sampled_and_exact_agree() -> None:
    differences = np.random.default_rng(5).normal(0.02, 0.05, 13)  # 8,192 patterns: exact
    assert sign_flip_test(differences, draws=8191) == pytest.approx(sign_flip_test(differences), abs=0.02)


def test_sign_flip_holds_its_level() -> None:
    rng = np.random.default_rng(6)
    rejected = sum(sign_flip_test(rng.laplace(0, 0.05, 40), draws=999) <= 0.05 for _ in range(1000))
    assert 0.03 <= rejected / 1000 <= 0.07


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_minimum_detectable_effect() -> None:
    # evidence: n = (2.8 sd / effect)^2, so 196 queries at sd .05 show .01
    values = np.tile([0.05, -0.05], 98)
    assert minimum_detectable_effect(values) == pytest.approx(0.01, rel=0.01)
    assert isnan(minimum_detectable_effect([0.1]))
    assert minimum_detectable_effect([0.1, 0.1]) == pytest.approx(0.0)


def test_minimum_detectable_effect_is_seen_with_its_power() -> None:
    rng = np.random.default_rng(7)
    n, sd = 60, 0.08
    effect = 2.8016 * sd / np.sqrt(n)
    seen = sum(sign_flip_test(rng.normal(effect, sd, n), draws=999) <= 0.05 for _ in range(500))
    assert 0.74 <= seen / 500 <= 0.86


def test_comparison_counts_wins_and_forgives_rounding() -> None:
    outcome = compare_values([0.3, 0.1 + 0.2, 0.9, 0.0], [0.1, 0.3, 0.5, 0.5])
    assert (outcome.wins, outcome.ties, outcome.losses) == (2, 1, 1)
    assert outcome.difference.mean == pytest.approx(0.025)
    alone = compare_values([0.3], [0.1]).to_dict()
    assert alone["p"] == 1.0
    assert alone["least_visible"] is None
