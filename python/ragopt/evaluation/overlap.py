"""How far questions repeat the words of the chunks that they are judged by.

A question that was made from its chunk, by a model or by taking words out, repeats it more than people's questions do.
Such a question is found by its words alone, so it speaks for BM25 whatever the corpus is, and an alpha that is tuned on
it comes out too low. What is measured here says so before anything is tuned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from statistics import median
from typing import Any, Protocol, runtime_checkable

from ragopt.errors import InputTypeError
from ragopt.evaluation.judgements import Qrels, QrelsLike
from ragopt.evaluation.questions import Queries, Questions
from ragopt.evaluation.unit import By, Unit
from ragopt.types import Chunk

__all__ = [
    "COPIED_SHARE",
    "MOST_COPIES",
    "Copied",
    "Overlap",
    "Worded",
    "document_chunks",
    "lexical_overlap",
    "longest_run",
]

#: A question that repeats this share of its weight, or more, counts as a copy of its chunk.
COPIED_SHARE = 0.9
#: The share of copies among questions up to which alpha may be tuned on them.
MOST_COPIES = 0.5
#: Terms of a question: with fewer, all of them standing in the chunk says little.
_LEAST_TERMS = 3


@runtime_checkable
class Worded(Protocol):
    """What tells its chunks and the weight of words: `ragopt.Index`."""

    def get(self, id: str, /) -> Chunk | None:
        """The chunk with that id."""
        ...

    def terms(self, text: str, /) -> list[str]:
        """The terms of a text: words that carry content, in order."""
        ...

    def document_frequency(self, term: str, /) -> int:
        """How many chunks hold a term."""
        ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Copied:
    """What one question repeats of its chunks.

    `share` is the part of its terms' idf weight that stands in the chunk, 0 to 1; `run` the longest row of terms that
    stands in both, `terms` how many terms the question has. Where several chunks are relevant, these are of the one
    that holds most.
    """

    query: str
    share: float
    run: int
    terms: int

    @property
    def copy(self) -> bool:
        """Whether the question counts as a copy."""
        return self.terms >= _LEAST_TERMS and self.share >= COPIED_SHARE


@dataclass(frozen=True, slots=True)
class Overlap:
    """The overlap of all questions that have a relevant chunk in the index, in their order."""

    questions: tuple[Copied, ...]

    @property
    def copies(self) -> tuple[str, ...]:
        """The ids of the questions that count as copies."""
        return tuple(one.query for one in self.questions if one.copy)

    @property
    def copied(self) -> float:
        """The share of the questions that count as copies, 0 to 1."""
        return len(self.copies) / max(1, len(self.questions))

    @property
    def share(self) -> float:
        """The median share of a question's weight that stands in its chunk; 0 without questions."""
        return float(median(one.share for one in self.questions)) if self.questions else 0.0

    @property
    def run(self) -> float:
        """The median of the longest copied row over the question's terms, 0 to 1."""
        runs = [one.run / one.terms for one in self.questions if one.terms]
        return float(median(runs)) if runs else 0.0

    @property
    def copy_like(self) -> bool:
        """Whether too many are copies for alpha to be tuned on them."""
        return self.copied > MOST_COPIES

    def __str__(self) -> str:
        return (
            f"{len(self.copies)} of {len(self.questions)} questions repeat {COPIED_SHARE:.0%} or more of their weight "
            f"from the chunk that they are judged by (median {self.share:.2f}, longest copied row {self.run:.0%} of a "
            f"question)"
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "questions": len(self.questions),
            "copies": list(self.copies),
            "copied": self.copied,
            "share": self.share,
            "run": self.run,
            "copy_like": self.copy_like,
        }


def lexical_overlap(
    index: Worded, queries: Queries | Questions, qrels: QrelsLike, *, by: By | str = By.CHUNK
) -> Overlap:
    """What the judged questions repeat of their relevant chunks, in terms of the index and weighed by its idf.

    `queries`, `qrels` and `by` are those of `evaluate`. A document is all of its chunks. Questions without text,
    without a term, or without a relevant chunk in the index are left out.
    """
    if not isinstance(index, Worded):
        raise InputTypeError(f"index is a {type(index).__name__}: the overlap needs an Index, which tells its terms")
    asked, judged, whole = Questions.of(queries), Qrels.of(qrels), Unit(by).by is By.DOCUMENT
    texts = _Texts(index, whole=whole)
    found = []
    for id, text in zip(asked.ids, asked.texts, strict=True):
        terms = _words(index, text) if id in judged else []
        wanted = [texts.of(chunk) for chunk, grade in judged[id].items() if grade > 0] if terms else []
        if held := [chunk for chunk in wanted if chunk]:
            found.append(max((_copied(id, terms, chunk, texts.idf) for chunk in held), key=lambda one: one.share))
    return Overlap(tuple(found))


class _Texts:
    """The terms of judged chunks and the weight of a term, each looked up once."""

    def __init__(self, index: Worded, *, whole: bool) -> None:
        self._index, self._whole, self._count = index, whole, len(index)
        self._terms: dict[str, list[str]] = {}
        self._idf: dict[str, float] = {}

    def of(self, id: str) -> list[str]:
        """The terms of a chunk, or of a document; none where the index lacks it."""
        known = self._terms.get(id)
        if known is None:
            chunks = document_chunks(self._index, id) if self._whole else [self._index.get(id)]
            known = [term for chunk in chunks if chunk is not None for term in _words(self._index, chunk.full_text)]
            self._terms[id] = known
        return known

    def idf(self, term: str) -> float:
        """Lucene's: a word that no chunk holds weighs most."""
        known = self._idf.get(term)
        if known is None:
            held = self._index.document_frequency(term)
            known = self._idf[term] = log(1.0 + (self._count - held + 0.5) / (held + 0.5))
        return known


def _words(index: Worded, text: str) -> list[str]:
    """The terms that are one word. Pairs of neighbors, which the Vietnamese analyzer adds, would count a word twice."""
    return [term for term in index.terms(text) if " " not in term]


def _copied(query: str, terms: Sequence[str], chunk: Sequence[str], idf: Callable[[str], float]) -> Copied:
    held, distinct = set(chunk), sorted(set(terms))
    weight = sum(map(idf, distinct))
    share = sum(idf(term) for term in distinct if term in held) / weight
    return Copied(query, share, longest_run(terms, chunk), len(terms))


def longest_run(first: Sequence[str], second: Sequence[str]) -> int:
    """The length of the longest row of items that stands in both."""
    places: dict[str, list[int]] = {}
    for place, item in enumerate(second):
        places.setdefault(item, []).append(place)
    longest, before = 0, dict[int, int]()
    for item in first:
        before = {place: before.get(place - 1, 0) + 1 for place in places.get(item, ())}
        longest = max(longest, *before.values(), 0)
    return longest


def document_chunks(index: Worded, id: str) -> list[Chunk]:
    """The chunks of a document, which are named by it: `id` itself, or `id#0`, `id#1`, ... ."""
    if (chunk := index.get(id)) is not None and chunk.document == id:
        return [chunk]
    found: list[Chunk] = []
    while (chunk := index.get(f"{id}#{len(found)}")) is not None and chunk.document == id:
        found.append(chunk)
    return found
