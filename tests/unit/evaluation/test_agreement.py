"""Cohen's kappa against the plain way, and its interval."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.evaluation import agreement

GRADES = st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=1, max_size=12)


def plain(pairs: list[tuple[int, int]], *, squares: bool) -> float:
    """1 − the mean disagreement of pairs over that of all pairs of one judge's grade with the other's."""

    def apart(a: int, b: int) -> float:
        return (a - b) ** 2 if squares else float(a != b)

    expected = sum(apart(a, b) for a, _ in pairs for _, b in pairs) / len(pairs) ** 2
    return 1 - sum(apart(a, b) for a, b in pairs) / len(pairs) / expected if expected else nan


@given(GRADES)
def test_kappa_is_that_of_the_plain_way(pairs: list[tuple[int, int]]) -> None:
    first = {f"q{i % 3}": {} for i in range(len(pairs))}  # type: ignore[var-annotated]
    second = {query: {"unjudged": 1} for query in first}
    for i, (a, b) in enumerate(pairs):
        first[f"q{i % 3}"][f"d{i}"], second[f"q{i % 3}"][f"d{i}"] = a, b
    found = agreement(first, second)
    assert found.pairs == len(pairs) and found.questions == min(3, len(pairs))
    two = [(int(a > 0), int(b > 0)) for a, b in pairs]
    assert found.kappa.mean == pytest.approx(plain(two, squares=False), nan_ok=True)
    assert (found.stricter, found.milder) == (two.count((0, 1)), two.count((1, 0)))
    if found.graded is not None:
        four = [(min(max(a, 0), 3), min(max(b, 0), 3)) for a, b in pairs]
        assert found.graded.mean == pytest.approx(plain(four, squares=True), nan_ok=True)


def test_nothing_in_common_and_one_voice() -> None:
    none = agreement({"q": {"a": 1}}, {"p": {"a": 1}})
    assert none.pairs == 0 and isnan(none.same) and str(none) == "no pair was graded by both"
    same = agreement({"q": {"a": 1, "b": 1}}, {"q": {"a": 1, "b": 0}})
    assert isnan(same.kappa.mean - 0) or same.kappa.mean == 0.0
    alike = agreement({"q": {"a": 1}}, {"q": {"a": 3}})
    assert isnan(alike.kappa.mean) and "no value" in str(alike) and alike.to_dict()["kappa"]["mean"] is None


def test_the_interval_covers() -> None:
    """Judges who agree by a known chance: nine in ten intervals of 95 % or more hold the true kappa."""
    rng, hits, runs = np.random.default_rng(1), 0, 200
    true = 1 - 0.2 / 0.5  # each says 1 in half of the pairs, and they differ in a fifth
    for _ in range(runs):
        one = {f"q{i}": {f"d{j}": int(rng.random() < 0.5) for j in range(5)} for i in range(40)}
        two = {q: {d: g ^ int(rng.random() < 0.2) for d, g in grades.items()} for q, grades in one.items()}
        kappa = agreement(one, two).kappa
        hits += kappa.low <= true <= kappa.high
    assert 0.9 <= hits / runs <= 0.99
