"""The knapsack against every subset."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.pack import knapsack
from ragopt.pack.knapsack import choose
from tests.reference.packing import best_choice

ITEMS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 20)), max_size=9)


@given(ITEMS, st.integers(0, 120))
def test_equals_the_best_of_every_subset(items: list[tuple[int, int]], capacity: int) -> None:
    weights, values = [w for w, _ in items], [float(v) for _, v in items]
    chosen = choose(weights, values, capacity)
    assert chosen == sorted(set(chosen))
    assert sum(weights[i] for i in chosen) <= capacity
    assert sum(values[i] for i in chosen) == best_choice(weights, values, capacity)


def test_prefers_the_earlier_item_in_a_tie() -> None:
    assert choose([5, 5, 5], [1.0, 1.0, 1.0], 5) == [0]
    assert choose([5, 5, 5], [1.0, 1.0, 1.0], 10) == [0, 1]


def test_above_the_cell_limit_it_is_exact_over_the_first_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knapsack, "MAX_CELLS", 3 * 11)
    weights, values = [99, 6, 5, 5, 1], [9.0, 3.0, 2.0, 2.0, 9.0]
    assert choose(weights, values, 10) == [2, 3]  # the last item is not looked at
    monkeypatch.undo()
    assert choose(weights, values, 10) == [1, 4]


def test_all_of_them_where_all_fit() -> None:
    assert choose([1, 2, 3], [1.0, 1.0, 1.0], 6) == [0, 1, 2]
    assert choose([1, 2, 3], [1.0, 1.0, 1.0], 0) == []
    assert choose([], [], 10) == []
