"""Packing by trying every subset: what `ragopt.pack` must reach, for up to a dozen hits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations


def value(ranks: Sequence[int]) -> float:
    """What a set of hits is worth: 1/(1 + rank) each, rank 0 being the best."""
    return sum(1 / (1 + rank) for rank in ranks)


def best_choice(weights: Sequence[int], values: Sequence[float], capacity: int) -> float:
    """The most value of any set of items whose weights sum to at most `capacity`."""
    best = 0.0
    for size in range(len(weights) + 1):
        for chosen in combinations(range(len(weights)), size):
            if sum(weights[i] for i in chosen) <= capacity:
                best = max(best, sum(values[i] for i in chosen))
    return best


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
