"""Packing by trying every subset, and the knapsack as a plain table: what `ragopt.pack` must reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import inf


def value(ranks: Sequence[int]) -> float:
    """What a set of hits is worth: 1/(1 + rank) each, rank 0 being the best."""
    return sum(1 / (1 + rank) for rank in ranks)


def best_choice(weights: Sequence[int], values: Sequence[float], capacity: int) -> float:
    """The most value of any set of items whose weights sum to at most `capacity`, by trying all."""
    best = 0.0
    for size in range(len(weights) + 1):
        for chosen in combinations(range(len(weights)), size):
            if sum(weights[i] for i in chosen) <= capacity:
                best = max(best, sum(values[i] for i in chosen))
    return best


def best_by_table(groups: Sequence[tuple[int, Sequence[tuple[int, float]]]], capacity: int) -> float:
    """The same for any number of items, in groups of (head, items): the first item of a group costs its head too."""
    best = [0.0] * (capacity + 1)
    for head, items in groups:
        opened = [best[room - head] if room >= head else -inf for room in range(capacity + 1)]
        for weight, worth in items:
            for room in range(capacity, weight - 1, -1):
                opened[room] = max(opened[room], opened[room - weight] + worth)
        best = [max(pair) for pair in zip(best, opened, strict=True)]
    return best[capacity]


def context(blocks: Sequence[tuple[str, str]]) -> str:
    """(title, text) pairs as a context: numbered from 1, a blank line between two."""
    return "\n\n".join(
        f"[{number}] {title}\n{text}" if title else f"[{number}]\n{text}"
        for number, (title, text) in enumerate(blocks, start=1)
    )


def best_packing(blocks: Sequence[tuple[str, str]], budget: int, count: Callable[[str], int]) -> float:
    """The most value of any subset of `blocks` (ranked best first) whose whole text counts within `budget`."""
    best = 0.0
    for size in range(1, len(blocks) + 1):
        for chosen in combinations(range(len(blocks)), size):
            if count(context([blocks[i] for i in chosen])) <= budget:
                best = max(best, value(chosen))
    return best
