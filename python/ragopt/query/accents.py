"""Words typed without their accents: found through the terms of the index that differ by marks alone.

`duong` can be đường or dương. Which is meant is told by the neighbors: the index holds pairs of syllables, so each
reading has a probability under a chain of pairs (bigrams, smoothed by single words as in MacKay and Peto, "A
hierarchical Dirichlet language model", Natural Language Engineering 1(3), 1995), worked out forward and backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ragopt.index.vocabulary import Vocabulary

__all__ = ["Readings", "read"]

#: Readings of a word that are looked at, and the least probability of one that is searched for.
MOST = 16
LEAST = 0.05
#: How many chunks the knowledge of single words weighs as much as, against the pairs of a word.
SMOOTHING = 2.0
#: From this share of neighbors on that the index knows as pairs with accents, a question is one typed without them.
PAIRS = 0.4


Terms = tuple[tuple[str, float], ...]
Held = dict[str, int]
Steps = dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Readings:
    """The readings of a question's words, best first, with probabilities; none for a word that is as it should be.

    `pairs` are those of a word with the one before it.
    """

    words: tuple[Terms, ...]
    pairs: tuple[Terms, ...]


def read(words: Sequence[str], known: Sequence[bool], vocabulary: Vocabulary) -> Readings:
    """How words (in lower case) may read with accents; `known` are those that the index has as they are.

    Where the whole question is typed without accents, known words are read anew too: `ban` is also bạn and bán.
    """
    found = [dict(vocabulary.unmarked(word)) if word.isascii() and word.isalpha() else {} for word in words]
    marked = [any(term != word for term in terms) for word, terms in zip(words, found, strict=True)]
    if not any(marked):
        return Readings(((),) * len(words), ((),) * len(words))
    joined = [dict(vocabulary.unmarked(f"{a} {b}")) for a, b in pairwise(words)]
    paired = sum(any(not term.isascii() for term in pairs) for pairs in joined)
    bare = all(word.isascii() for word in words) and (len(words) == 1 or paired >= PAIRS * len(joined))
    open_ = [is_marked and (bare or not is_known) for is_marked, is_known in zip(marked, known, strict=True)]
    states = [
        dict(sorted(terms.items(), key=lambda item: (-item[1], item[0]))[:MOST]) if is_open else {word: 1}
        for word, terms, is_open in zip(words, found, open_, strict=True)
    ]
    steps = [_steps(a, b, pairs) for a, b, pairs in zip(states, states[1:], joined, strict=False)]
    forward, backward = _forward(states, steps), _backward(states, steps)
    singles: list[Terms] = []
    doubles: list[Terms] = [()]
    for i, is_open in enumerate(open_):
        shares = _shares({term: forward[i][term] * backward[i][term] for term in states[i]})
        singles.append(shares if is_open else ())
    for i, pairs in enumerate(joined):
        weights = {f"{a} {b}": forward[i][a] * step * backward[i + 1][b] for (a, b), step in steps[i].items()}
        likely = _shares(weights)
        doubles.append(tuple(pair for pair in likely if pair[0] in pairs) if open_[i] or open_[i + 1] else ())
    return Readings(tuple(singles), tuple(doubles))


def _steps(before: Held, after: Held, pairs: Held) -> Steps:
    """The probability of each reading of a word after each reading of the one before."""
    total = sum(after.values())
    return {
        (a, b): (pairs.get(f"{a} {b}", 0) + SMOOTHING * held / total) / (held_before + SMOOTHING)
        for a, held_before in before.items()
        for b, held in after.items()
    }


def _forward(states: Sequence[Held], steps: Sequence[Steps]) -> list[dict[str, float]]:
    rows = [_scaled({term: float(held) for term, held in states[0].items()})]
    for state, step in zip(states[1:], steps, strict=True):
        before = rows[-1]
        rows.append(_scaled({b: sum(before[a] * step[a, b] for a in before) for b in state}))
    return rows


def _backward(
    states: Sequence[dict[str, int]], steps: Sequence[dict[tuple[str, str], float]]
) -> list[dict[str, float]]:
    rows = [_scaled(dict.fromkeys(states[-1], 1.0))]
    for state, step in zip(states[-2::-1], steps[::-1], strict=True):
        after = rows[-1]
        rows.append(_scaled({a: sum(step[a, b] * after[b] for b in after) for a in state}))
    return rows[::-1]


def _scaled(row: dict[str, float]) -> dict[str, float]:
    total = sum(row.values())
    return {term: value / total for term, value in row.items()}


def _shares(weights: dict[str, float]) -> Terms:
    """The likely ones with their probabilities, best first."""
    total = sum(weights.values())
    shares = sorted(((term, weight / total) for term, weight in weights.items()), key=lambda pair: (-pair[1], pair[0]))
    return tuple((term, share) for term, share in shares if share >= LEAST)
