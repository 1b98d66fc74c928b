"""BM25 in plain float64: no index, no arrays, only the formulas (Kamphuis et al., ECIR 2020; ARCHITECTURE.md).

A corpus is a list of term lists, a query maps terms to weights (how often the query holds them).
A term that no chunk holds is ignored. Sums run over the terms in byte order, as the core's do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log

VARIANTS = ("lucene", "lucene_lossy", "robertson", "atire", "bm25l", "bm25plus", "okapi")


@dataclass
class Bm25:
    """One corpus under one set of parameters. `delta` None takes the paper's: .5 for bm25l, 1 for bm25plus."""

    corpus: Sequence[Sequence[str]]
    variant: str = "lucene"
    k1: float = 1.2
    b: float = 0.75
    delta: float | None = None
    epsilon: float = 0.25
    counts: list[Counter[str]] = field(init=False)
    frequency: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = [Counter(chunk) for chunk in self.corpus]
        self.frequency = Counter(term for chunk in self.counts for term in chunk)
        self.mean = sum(len(chunk) for chunk in self.corpus) / len(self.corpus) if self.corpus else 0.0
        if self.delta is None:
            self.delta = {"bm25l": 0.5, "bm25plus": 1.0}.get(self.variant, 0.0)

    def idf(self, term: str) -> float:
        """How much a term tells. Lucene's is never negative, robertson's is cut at 0, okapi's has its epsilon."""
        count, n = len(self.corpus), self.frequency[term]
        match self.variant:
            case "lucene" | "lucene_lossy":
                return log(1 + (count - n + 0.5) / (n + 0.5))
            case "robertson":
                return max(0.0, log((count - n + 0.5) / (n + 0.5)))
            case "atire":
                return log(count / n)
            case "bm25l":
                return log((count + 1) / (n + 0.5))
            case "bm25plus":
                return log((count + 1) / n)
            case "okapi":
                plain = {t: log(count - m + 0.5) - log(m + 0.5) for t, m in sorted(self.frequency.items())}
                return plain[term] if plain[term] >= 0 else self.epsilon * sum(plain.values()) / len(plain)
        raise ValueError(self.variant)

    def part(self, tf: float, length: int) -> float:
        """What `tf` occurrences in a chunk of `length` terms are worth, before the idf; tf 0: the absent constant."""
        assert self.delta is not None
        if self.variant == "lucene_lossy":
            length = lossy(length)
        norm = 1 - self.b + self.b * length / self.mean if self.mean else 1.0
        if self.variant == "bm25l":
            c = tf / norm if tf else 0.0
            return (self.k1 + 1) * (c + self.delta) / (self.k1 + c + self.delta) if tf or self.delta else 0.0
        saturated = tf / (tf + self.k1 * norm) if tf else 0.0
        if self.variant in ("lucene", "lucene_lossy", "robertson"):
            return saturated
        return (self.k1 + 1) * saturated + (self.delta if self.variant == "bm25plus" else 0.0)

    def known(self, query: Mapping[str, float]) -> list[tuple[str, float]]:
        """The query's terms that some chunk holds, in byte order, with their weights."""
        return [(t, w) for t, w in sorted(query.items(), key=lambda item: item[0].encode()) if self.frequency[t]]

    def score(self, query: Mapping[str, float], i: int) -> float:
        """The raw score of chunk i, absent constants included."""
        return sum(
            weight * self.idf(term) * self.part(self.counts[i][term], len(self.corpus[i]))
            for term, weight in self.known(query)
        )

    def constant(self, query: Mapping[str, float]) -> float:
        """What a chunk without any of the terms scores: 0 but for bm25l and bm25plus."""
        return sum(weight * self.idf(term) * self.part(0, 0) for term, weight in self.known(query))

    def bound(self, query: Mapping[str, float]) -> float:
        """The most that this query could score anywhere (a supremum: no chunk reaches it unless k1 is 0)."""
        assert self.delta is not None
        top = 1.0 if self.variant in ("lucene", "lucene_lossy", "robertson") else self.k1 + 1
        top += self.delta if self.variant == "bm25plus" else 0.0
        return sum(weight * max(self.idf(term), 0.0) * top for term, weight in self.known(query))

    def matches(self, query: Mapping[str, float], i: int) -> bool:
        """Whether chunk i shares a term with the query: what makes it a lexical hit, whatever the term weighs."""
        return any(self.counts[i][term] for term in query)


def lossy(length: int) -> int:
    """A length as Lucene keeps it in one byte (SmallFloat.intToByte4): exact below 40, then four leading bits."""
    if length < 40:
        return length
    shift = (length - 24).bit_length() - 4
    return 24 + ((length - 24) >> shift << shift)
