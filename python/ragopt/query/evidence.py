"""What an index has to say about a text: how much of it is known, and how well the best chunks match it.

One lexical search a text, all of them in one call of the core: no model, a fraction of a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from ragopt.query.steps import Statistics
from ragopt.types import Query, Where

__all__ = ["Evidence", "idf", "weigh"]

#: The best chunks that are looked at.
BEST = 10


@dataclass(frozen=True, slots=True)
class Evidence:
    """One text against one index.

    `known` is the share of the text's idf whose terms the index knows at all; an unknown term weighs as much as
    one that a single chunk could hold. `scores` are raw BM25, best first, and `bound` the most that the known
    terms could score, so that `score(1) / bound` is the share that the best chunk reaches.
    """

    terms: tuple[str, ...]
    idf: tuple[float, ...]
    known: float
    scores: tuple[float, ...]
    bounded: tuple[float, ...]
    ids: tuple[str, ...]

    def kinship(self, other: Evidence) -> float:
        """The share of the best chunks that both texts have in common, 0 to 1."""
        fewer = min(len(self.ids), len(other.ids))
        return len(set(self.ids).intersection(other.ids)) / fewer if fewer else 0.0

    def togetherness(self, other: Evidence, both: Evidence) -> float:
        """Whether one chunk speaks of both texts, 0 to 1; `both` is the evidence for the two in one.

        BM25 adds up over terms, so the best chunk of both scores between the better one's best (0: no chunk of
        the one says anything of the other) and the sum of both bests (1: one chunk is the best for either).
        """
        if not (self.scores and other.scores and both.scores):
            return 0.0
        less, more = sorted((self.scores[0], other.scores[0]))
        return (both.scores[0] - more) / less if less > 0 else 0.0

    def mean(self, best: int, *, bounded: bool = False) -> float:
        """The mean score (bounded: share of the bound) of the `best` chunks; what is not there counts 0."""
        values = self.bounded if bounded else self.scores
        return sum(values[:best]) / best


def idf(index: Statistics, term: str) -> float:
    """Lucene's idf of the term; of one that no chunk holds, the highest there can be."""
    chunks, held = len(index), index.document_frequency(term)
    return log(1 + (chunks - held + 0.5) / (held + 0.5))


def weigh(index: Statistics, texts: Sequence[str | Query], where: Where | None = None) -> list[Evidence]:
    """The evidence for each text, from the chunks that the filter lets through."""
    plain = [text if isinstance(text, str) else Query(text.text, text.terms) for text in texts]
    found = index.search_many(plain, k=BEST, alpha=0.0, where=where, normalizer="bounded", threads=1)
    out = []
    for text, hits in zip(texts, found, strict=True):
        given = None if isinstance(text, str) else text.terms
        words = index.terms(text if isinstance(text, str) else text.text) if given is None else [t for t, _ in given]
        terms = tuple(dict.fromkeys(words))
        weights = tuple(idf(index, term) for term in terms)
        total = sum(weights)
        known = sum(w for term, w in zip(terms, weights, strict=True) if index.document_frequency(term))
        out.append(
            Evidence(
                terms,
                weights,
                known / total if total else 0.0,
                tuple(hit.lexical or 0.0 for hit in hits),
                tuple(hit.score for hit in hits),
                tuple(hits.ids),
            )
        )
    return out
