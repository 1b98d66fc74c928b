"""Sentences of the best chunks, for a budget of less than about two and a half chunks.

A sentence is worth what its chunk is worth times the share of the question that it has: the idf of the question's
terms in it over the idf of all of them, to the power of 1.1, with df counted over the sentences at hand. (Measured on
the evidence sentences of scifact: benches/pack.py. Without the chunk's worth, or with titles, it gains less.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from math import log

from ragopt.analysis import Analyzer, analyzer
from ragopt.corpus.segments import sentences

__all__ = ["LEAST", "MOST_CHUNKS", "merged_spans", "spans_of", "worth"]

MOST_CHUNKS = 10
"""The best chunks whose sentences are looked at: more gain nothing."""

LEAST = 0.04
"""Of the best sentence's worth, what a sentence must have to be packed: room is left rather than filled with others.
(The most that costs no evidence of scifact at any budget; on chroma-chunking it raises the precision at each.)"""

_POWER = 1.1


def spans_of(text: str) -> list[tuple[int, int]]:
    """The sentences of a text as spans, in order."""
    return [(piece.start, piece.end) for piece in sentences(text)]


def worth(question: str, texts: Sequence[Sequence[str]], values: Sequence[float]) -> list[list[float]]:
    """What each sentence of each chunk is worth: 0 where it shares no term with the question."""
    known = _analyzer()
    asked = set(known.terms(_whole(question)))
    terms = [[asked.intersection(found) for found in known.terms_many([_whole(text) for text in of])] for of in texts]
    df = Counter(term for chunk in terms for found in chunk for term in found)
    count = sum(len(chunk) for chunk in texts)
    idf = {term: log(1 + (count - df[term] + 0.5) / (df[term] + 0.5)) for term in sorted(asked)}
    whole = sum(idf.values()) or 1.0
    return [
        [value * (sum(idf[term] for term in sorted(found)) / whole) ** _POWER for found in chunk]
        for chunk, value in zip(terms, values, strict=True)
    ]


def _whole(text: str) -> str:
    """Half a surrogate pair, which no index holds but another source may, counts as a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


@cache
def _analyzer() -> Analyzer:
    return analyzer()


def merged_spans(spans: Sequence[tuple[int, int]], places: Sequence[int]) -> list[tuple[int, int]]:
    """The spans at `places` (ascending), those that follow each other as one with what stands between them."""
    out: list[tuple[int, int]] = []
    before = -2
    for place in places:
        start, end = spans[place]
        if place == before + 1:
            start = out.pop()[0]
        out.append((start, end))
        before = place
    return out
