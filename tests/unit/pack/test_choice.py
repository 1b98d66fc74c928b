"""The knapsack against every subset and against the plain table; the baselines by what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import _core
from ragopt.errors import InputError
from ragopt.pack import choice
from ragopt.pack.choice import choose, choose_grouped, skip, take, truncate
from ragopt.types import Method
from tests.reference.packing import best_by_table, best_choice

ITEMS = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 20)), max_size=9)
LONG = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 100)), max_size=60)
GROUPS = st.lists(st.tuples(st.integers(0, 9), st.lists(st.tuples(st.integers(1, 12), st.integers(1, 9)))), max_size=6)


@given(ITEMS, st.integers(0, 120))
def test_equals_the_best_of_every_subset(items: list[tuple[int, int]], capacity: int) -> None:
    weights, values = [w for w, _ in items], [float(v) for _, v in items]
    chosen = choose(weights, values, capacity)
    assert chosen == sorted(set(chosen))
    assert sum(weights[i] for i in chosen) <= capacity
    assert sum(values[i] for i in chosen) == best_choice(weights, values, capacity)
    assert best_by_table([(0, items)], capacity) == best_choice(weights, values, capacity)


@given(LONG, st.integers(0, 700))
def test_equals_the_plain_table(items: list[tuple[int, int]], capacity: int) -> None:
    weights, values = [w for w, _ in items], [float(v) for _, v in items]
    chosen = choose(weights, values, capacity)
    assert sum(weights[i] for i in chosen) <= capacity
    assert sum(values[i] for i in chosen) == best_by_table([(0, items)], capacity)


@given(GROUPS, st.integers(0, 90))
def test_groups_pay_their_head_once(groups: list[tuple[int, list[tuple[int, int]]]], capacity: int) -> None:
    heads = [head for head, _ in groups]
    weights, values = ([[float(item[part]) for item in items] for _, items in groups] for part in (0, 1))
    whole = [[int(weight) for weight in of] for of in weights]
    chosen = choose_grouped(heads, whole, values, capacity)
    assert chosen == sorted(set(chosen))
    cost = sum(whole[g][i] for g, i in chosen) + sum(heads[g] for g in {g for g, _ in chosen})
    assert cost <= capacity
    assert sum(values[g][i] for g, i in chosen) == best_by_table(groups, capacity)


def test_prefers_the_earlier_item_in_a_tie() -> None:
    assert choose([5, 5, 5], [1.0, 1.0, 1.0], 5) == [0]
    assert choose([5, 5, 5], [1.0, 1.0, 1.0], 10) == [0, 1]


def test_above_the_cell_limit_it_is_exact_over_the_first_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "MAX_CELLS", 3 * 11)
    weights, values = [99, 6, 5, 5, 1], [9.0, 3.0, 2.0, 2.0, 9.0]
    assert choose(weights, values, 10) == [2, 3]  # the last item is not looked at
    assert choose_grouped([0, 0], [[6], [5]], [[1.0], [9.0]], 10) == [(0, 0)]
    monkeypatch.undo()
    assert choose(weights, values, 10) == [1, 4]
    assert choose_grouped([0, 0], [[6], [5]], [[1.0], [9.0]], 10) == [(1, 0)]


def test_all_of_them_where_all_fit() -> None:
    assert choose([1, 2, 3], [1.0, 1.0, 1.0], 6) == [0, 1, 2]
    assert choose([1, 2, 3], [1.0, 1.0, 1.0], 0) == []
    assert choose([], [], 10) == []
    assert choose_grouped([1], [[1]], [[1.0]], 0) == []


def test_the_baselines() -> None:
    weights = [6, 5, 3, 2]
    assert skip(weights, 9) == [0, 2]
    assert truncate(weights, 9) == [0]
    assert truncate(weights, 99) == [0, 1, 2, 3]
    values = [1.0, 1.0, 1.0, 1.0]
    assert [take(method, weights, values, 10) for method in Method] == [[1, 2, 3], [0, 2], [0]]


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="differ in length"):
        _core.knapsack([0], [[1, 2]], [[1.0]], 5)
