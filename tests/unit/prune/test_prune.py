"""Pruning: one direction (≥), one place, the reasons, and inputs left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.errors import InputError, ScoreKindError
from ragopt.prune import prune
from ragopt.types import Hit, Hits, Normalizer, Reason, Sides, Threshold


def hits_of(scores: list[float], normalizer: Normalizer = Normalizer.BOUNDED, reason: Reason | None = None) -> Hits:
    items = tuple(Hit(f"c{i}", score) for i, score in enumerate(sorted(scores, reverse=True)))
    return Hits(items, 0.6, normalizer, Sides(True, True), reason=reason)


@given(st.lists(st.floats(-1, 1), max_size=12), st.floats(-1, 1), st.integers(0, 15))
def test_keeps_exactly_what_reaches_the_threshold_up_to_k(scores: list[float], least: float, k: int) -> None:
    hits = hits_of(scores)
    kept = prune(hits, min_score=least, k=k)
    assert kept.ids == [hit.id for hit in hits if hit.score >= least][:k]
    assert len(hits) == len(scores)
    assert prune(kept, min_score=least, k=k) == kept
    assert (kept.reason is None) == (len(kept) > 0 or not scores)


@pytest.mark.parametrize("least", [1, 1.0])
def test_the_score_itself_is_kept(least: float) -> None:
    assert prune(hits_of([1.0, 0.5]), min_score=least).ids == ["c0"]


def test_says_why_nothing_is_left() -> None:
    assert prune(hits_of([0.2]), min_score=0.3).reason is Reason.BELOW_THRESHOLD
    assert prune(hits_of([0.2]), k=0).reason is Reason.ZERO_K
    assert prune(hits_of([], reason=Reason.FILTER_EMPTY), min_score=0.3).reason is Reason.FILTER_EMPTY
    assert prune(hits_of([0.2, 0.1])).ids == ["c0", "c1"]


@pytest.mark.parametrize("normalizer", Normalizer)
def test_a_threshold_has_a_meaning_or_is_refused(normalizer: Normalizer) -> None:
    hits = hits_of([0.9, 0.1], normalizer)
    if normalizer.absolute:
        assert prune(hits, min_score=0.5).ids == ["c0"]
    else:
        with pytest.raises(ScoreKindError, match="bounded"):
            prune(hits, min_score=0.5)
    assert prune(hits, min_score=Threshold(0.5, kind=normalizer)).ids == ["c0"]
    other = Normalizer.MINMAX if normalizer is not Normalizer.MINMAX else Normalizer.L2
    with pytest.raises(ScoreKindError):
        prune(hits, min_score=Threshold(0.5, kind=other))


def test_wrong_values_are_refused() -> None:
    with pytest.raises(InputError, match="0 or more"):
        prune(hits_of([0.1]), k=-1)
    with pytest.raises(InputError, match="finite"):
        prune(hits_of([0.1]), min_score=float("nan"))


def test_a_hit_without_a_score_reaches_no_threshold_and_is_no_error() -> None:
    items = (Hit("none", None), Hit("good", 0.3), Hit("nan", float("nan")), Hit("low", 0.1))  # type: ignore[arg-type]
    hits = Hits(items, 0.6, Normalizer.BOUNDED, Sides(True, True))
    assert prune(hits, min_score=0.2).ids == ["good"] and prune(hits).ids == ["none", "good", "nan", "low"]
    assert prune(hits, min_score=0.9).reason is Reason.BELOW_THRESHOLD
