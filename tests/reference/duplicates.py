"""Which hits say what a better one says, and diverse orders: the rules of `ragopt.prune`, plainly."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Window = tuple[str, str, tuple[int, int]]  # text, document, span

_LETTERS = re.compile(r"[\u4e00-\u9fff\u3041-\u3096\u0e01-\u0e30]|[^\s\u4e00-\u9fff\u3041-\u3096\u0e01-\u0e30]+")


def words(text: str) -> list[str]:
    """What stands between white space; Han, Hiragana and Thai letters one by one."""
    return _LETTERS.findall(text)


def shingles(text: str) -> set[tuple[str, ...]]:
    """The runs of five words, or the one run of fewer."""
    found = words(text)
    return {tuple(found[i : i + 5]) for i in range(len(found) - 4)} if len(found) >= 5 else {tuple(found)}


def numbers(text: str) -> set[str]:
    """The words with a digit."""
    return {word for word in words(text) if any(unicodedata.category(c)[0] == "N" for c in word)}


def covered(window: Window, others: Sequence[tuple[int, Window]]) -> tuple[int, int | None]:
    """How many characters (but white space) of the window others of its document hold too, and which holds most."""
    text, document, (start, end) = window
    held: set[int] = set()
    best: tuple[int, int | None] = (0, None)
    for place, (text2, document2, (start2, end2)) in others:
        low, high = max(start, start2), min(end, end2)
        if document != document2 or low >= high or len(text) != end - start or len(text2) != end2 - start2:
            continue
        if text[low - start : high - start] == text2[low - start2 : high - start2]:
            held |= set(range(low, high))
            if high - low > best[0]:
                best = (high - low, place)
    return sum(not text[at - start].isspace() for at in held), best[1]


def duplicates(windows: Sequence[Window], least: float) -> list[int | None]:
    """For each window the place of the better one that stands for it."""
    found: list[int | None] = []
    kept: list[tuple[int, Window]] = []
    for place, window in enumerate(windows):
        held, holder = covered(window, kept)
        if holder is not None and held >= least * len("".join(window[0].split())):
            found.append(holder)
            continue
        mine = shingles(window[0])
        shared = [(-len(mine & shingles(other[0])), at) for at, other in kept]
        enough = [
            at
            for count, at in sorted(shared)
            if count < 0 and -count >= least * len(mine) and numbers(window[0]) <= set(words(windows[at][0]))
        ]
        found.append(enough[0] if enough else None)
        if not enough:
            kept.append((place, window))
    return found


def mmr(scores: Sequence[float], rows: npt.NDArray[np.float64], weight: float) -> list[int]:
    """Maximal marginal relevance: every candidate looked at in every round."""
    picks: list[int] = []
    while len(picks) < len(scores):
        values = {
            place: weight * scores[place]
            - (1 - weight) * max((rows[place] @ rows[pick] for pick in picks), default=0.0)
            for place in range(len(scores))
            if place not in picks
        }
        picks.append(max(values, key=lambda place: (values[place], -place)))
    return picks


def facility_location(scores: Sequence[float], rows: npt.NDArray[np.float64], weight: float) -> list[int]:
    """Facility location: every candidate looked at in every round."""
    near = np.maximum(rows @ rows.T, 0.0)
    picks: list[int] = []
    while len(picks) < len(scores):
        held = near[picks].max(axis=0) if picks else np.zeros(len(scores))
        gains = np.maximum(near - held, 0.0).mean(axis=1)
        left = [place for place in range(len(scores)) if place not in picks]
        picks.append(max(left, key=lambda place: (weight * scores[place] + (1 - weight) * gains[place], -place)))
    return picks
