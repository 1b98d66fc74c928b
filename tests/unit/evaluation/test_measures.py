"""Measures: how they parse and print, hand-worked values, and equality with the plain twin."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.errors import InputError, UnknownNameError
from ragopt.evaluation import Gauge, Judged, Measure, parse_measures
from tests.reference import measures as twin

NAMES = [
    *("nDCG", "nDCG@1", "nDCG@3", "nDCG@10", "nDCG_exp", "nDCG_exp@3", "AP", "AP@3", "RR", "RR@2", "RR@10"),
    *("R@1", "R@5", "R@100", "P@1", "P@5", "P@100", "hit@1", "hit@5"),
]
IDS = [f"d{i}" for i in range(12)]


def values(name: str, ranked: list[str], grades: dict[str, int]) -> float:
    return float(Measure.parse(name).values(Judged.of([ranked], [grades]))[0])


@pytest.mark.parametrize("name", NAMES)
def test_parse_and_print_are_inverse(name: str) -> None:
    assert str(Measure.parse(name)) == name
    assert Measure.parse(Measure.parse(name)) == Measure.parse(name)


@pytest.mark.parametrize(
    ("alias", "meant"),
    [
        ("MAP", "AP"),
        ("mrr@10", "RR@10"),
        ("Recall@5", "R@5"),
        ("precision@3", "P@3"),
        ("Success@1", "hit@1"),
        ("ndcg@10", "nDCG@10"),
    ],
)
def test_other_names(alias: str, meant: str) -> None:
    assert str(Measure.parse(alias)) == meant


@pytest.mark.parametrize("name", ["nDGC@10", "nDCG@", "nDCG@x", "nDCG@-1", "@10", "", "nDCG 10", "nDCG@1.5"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(UnknownNameError):
        Measure.parse(name)


def test_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"nDGC.*Did you mean 'nDCG'"):
        Measure.parse("nDGC")


@pytest.mark.parametrize("name", ["R", "P", "hit", "nDCG@0"])
def test_impossible_cutoffs(name: str) -> None:
    with pytest.raises(InputError, match="cutoff"):
        Measure.parse(name)


def test_lists_of_measures() -> None:
    assert parse_measures("nDCG@10") == (Measure(Gauge.NDCG, 10),)
    with pytest.raises(InputError, match="twice"):
        parse_measures(["RR", "MRR"])
    with pytest.raises(InputError, match="no measure"):
        parse_measures([])


def test_by_hand() -> None:
    ranked, grades = ["x", "a", "c", "b"], {"a": 2, "b": 1, "c": -1, "d": 3}
    best = 3 + 2 / log2(3) + 1 / 2
    assert values("nDCG@10", ranked, grades) == pytest.approx((2 / log2(3) + 1 / log2(5)) / best, rel=1e-14)
    best = 7 + 3 / log2(3) + 1 / 2
    assert values("nDCG_exp@10", ranked, grades) == pytest.approx((3 / log2(3) + 1 / log2(5)) / best, rel=1e-14)
    assert values("AP", ranked, grades) == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert values("RR", ranked, grades) == 0.5
    assert values("R@2", ranked, grades) == pytest.approx(1 / 3)
    assert values("P@4", ranked, grades) == 0.5
    assert values("hit@1", ranked, grades) == 0.0
    assert values("hit@2", ranked, grades) == 1.0


def test_huge_grades_do_not_overflow() -> None:
    assert values("nDCG_exp@2", ["b", "a"], {"a": 5000, "b": 4999}) == pytest.approx(
        (0.5 + 1 / log2(3)) / (1 + 0.5 / log2(3)), rel=1e-12
    )


@pytest.mark.parametrize("name", NAMES)
def test_no_queries_and_no_hits(name: str) -> None:
    assert Measure.parse(name).values(Judged.of([], [])).shape == (0,)
    assert Measure.parse(name).values(Judged.of([[], []], [{"a": 1}, {}])).tolist() == [0.0, 0.0]


rankings = st.lists(st.sampled_from(IDS), unique=True)
judgements = st.dictionaries(st.sampled_from(IDS), st.integers(-2, 4))


@given(st.lists(st.tuples(rankings, judgements), max_size=6))
def test_equal_to_the_twin(cases: list[tuple[list[str], dict[str, int]]]) -> None:
    judged = Judged.of([ranked for ranked, _ in cases], [grades for _, grades in cases])
    for name in NAMES:
        expected = [twin.measure(name, ranked, grades) for ranked, grades in cases]
        np.testing.assert_allclose(Measure.parse(name).values(judged), expected, rtol=1e-12, atol=1e-15)


@given(rankings, judgements, st.permutations(IDS))
def test_perfect_order_is_never_beaten(ranked: list[str], grades: dict[str, int], other: list[str]) -> None:
    perfect = sorted(IDS, key=lambda id: -grades.get(id, 0))
    for name in NAMES:
        assert values(name, perfect, grades) >= values(name, list(other), grades) - 1e-12
        assert 0.0 <= values(name, ranked, grades) <= 1.0 + 1e-12
