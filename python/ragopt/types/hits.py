"""Ranked hits and the account of how each got its score."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, overload

from ragopt.errors import InputError
from ragopt.types.documents import Chunk

__all__ = ["Explanation", "Hit", "Hits", "Normalizer", "Reason", "SideExplanation", "Sides", "TermShare"]

#: Reads the chunk that has an ordinal.
Loader = Callable[[int], Chunk]

_new = object.__new__


class Normalizer(StrEnum):
    """The maps that bring each side's scores to one scale (ARCHITECTURE.md, What the scores mean)."""

    BOUNDED = "bounded"
    THEORETICAL = "theoretical"
    MINMAX = "minmax"
    ZSCORE = "zscore"
    DBSF = "dbsf"
    L2 = "l2"
    RANK = "rank"
    NONE = "none"

    @property
    def default_alpha(self) -> float | None:
        """The share of the dense side that goes with this normalizer; None: it must be given."""
        return _DEFAULT_ALPHA[self]

    @property
    def absolute(self) -> bool:
        """Whether a score means the same for every query, so that a plain threshold makes sense."""
        return self in (Normalizer.BOUNDED, Normalizer.NONE)


_DEFAULT_ALPHA: Mapping[Normalizer, float | None] = {
    Normalizer.BOUNDED: 0.6,
    Normalizer.THEORETICAL: 0.8,
    Normalizer.MINMAX: 0.55,
    Normalizer.ZSCORE: 0.5,
    Normalizer.DBSF: 0.5,
    Normalizer.L2: 0.7,
    Normalizer.RANK: 0.5,
    Normalizer.NONE: None,
}


class Reason(StrEnum):
    """Why a search found nothing."""

    EMPTY_QUERY = "empty_query"
    EMPTY_INDEX = "empty_index"
    FILTER_EMPTY = "filter_empty"
    NO_MATCH = "no_match"
    BELOW_THRESHOLD = "below_threshold"
    ZERO_K = "zero_k"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Sides:
    """Which sides took part. One that does not exist drops out, and the other weighs 1."""

    lexical: bool
    dense: bool


@dataclass(frozen=True, slots=True)
class TermShare:
    """One matched query term: tf in the chunk, idf in the index, weight in the query, share of the raw score."""

    term: str
    tf: int
    idf: float
    weight: float
    share: float


@dataclass(frozen=True, slots=True)
class SideExplanation:
    """One side of one hit: raw and normalized score, rank among that side's hits (1 is best), weight in the sum.

    `raw` and `rank` are None where the chunk has no score on this side.
    """

    raw: float | None
    normalized: float
    rank: int | None
    weight: float

    @property
    def share(self) -> float:
        """What this side adds to the score."""
        return self.weight * self.normalized


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a hit has its score: `lexical.share + dense.share == score`, and the terms' shares add up to `lexical.raw`.

    `constant` is what bm25l and bm25plus give every chunk for absent terms; it is part of
    `lexical.raw` and is subtracted before normalizing. It is 0 for the other variants.
    """

    id: str
    score: float
    alpha: float
    normalizer: Normalizer
    lexical: SideExplanation
    dense: SideExplanation
    terms: tuple[TermShare, ...]
    constant: float
    passes_filter: bool
    min_score: float | None

    @property
    def passes_threshold(self) -> bool:
        """Whether the score reaches `min_score` (always, when there is none)."""
        return self.min_score is None or self.score >= self.min_score


class Hit:
    """One found chunk with its score.

    `lexical` is the raw BM25 score (0.0 without a query term), `dense` the cosine; each is None
    where its side took no part or the chunk has no vector. `part` is the text of the sub-query that
    found it, None where the query had no parts. `also` are hits that say the same and were dropped for
    this one, to be cited with it. The chunk itself is read when asked for.
    """

    __slots__ = ("_at", "_chunk", "_load", "also", "dense", "id", "lexical", "part", "score")

    _at: int | None
    _load: Callable[..., Chunk] | None

    def __init__(
        self,
        id: str,
        score: float,
        *,
        lexical: float | None = None,
        dense: float | None = None,
        chunk: Chunk | None = None,
        load: Callable[[], Chunk] | None = None,
        part: str | None = None,
        also: tuple[Hit, ...] = (),
    ) -> None:
        self.id = id
        self.score = score
        self.lexical = lexical
        self.dense = dense
        self.part = part
        self.also = also
        self._chunk = chunk
        self._load = load
        self._at = None

    @classmethod
    def many(cls, rows: Iterable[tuple[str, float, float | None, float | None, int]], load: Loader) -> tuple[Hit, ...]:
        """A hit for each id, score, raw BM25, cosine and ordinal; `load` reads the chunk of an ordinal.

        What a search waits for: written out, since a call of the constructor takes four times as long.
        """
        made: list[Hit] = []
        for id, score, lexical, dense, ordinal in rows:
            hit: Hit = _new(cls)
            hit.id = id
            hit.score = score
            hit.lexical = lexical
            hit.dense = dense
            hit.part = None
            hit.also = ()
            hit._chunk = None
            hit._load = load
            hit._at = ordinal
            made.append(hit)
        return tuple(made)

    def of_part(self, part: str) -> Hit:
        """The same hit, found by the sub-query `part`."""
        return self._changed(part, self.also)

    def standing_for(self, dropped: Sequence[Hit]) -> Hit:
        """The same hit, to be cited with `dropped` and all that those stood for."""
        known = {hit.id: hit for each in (*self.also, *dropped) for hit in (each, *each.also)}
        return self._changed(self.part, tuple(hit for id, hit in known.items() if id != self.id))

    def _changed(self, part: str | None, also: tuple[Hit, ...]) -> Hit:
        hit = Hit(self.id, self.score, lexical=self.lexical, dense=self.dense, part=part, also=also)
        hit._chunk, hit._load, hit._at = self._chunk, self._load, self._at
        return hit

    @property
    def chunk(self) -> Chunk:
        """The chunk that was found."""
        if self._chunk is None:
            if self._load is None:
                raise InputError(f"hit {self.id!r} carries no chunk: its source gave only id and score")
            self._chunk = self._load() if self._at is None else self._load(self._at)
        return self._chunk

    @property
    def text(self) -> str:
        """The chunk's text."""
        return self.chunk.text

    @property
    def title(self) -> str:
        """The title of its document."""
        return self.chunk.title

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The chunk's metadata."""
        return self.chunk.metadata

    @property
    def document(self) -> str:
        """The id of its document."""
        return self.chunk.document

    @property
    def span(self) -> tuple[int, int]:
        """Its place in the document's text, in characters, end excluded."""
        return self.chunk.span

    def __repr__(self) -> str:
        return f"Hit(id={self.id!r}, score={self.score:.6g}, lexical={self.lexical}, dense={self.dense})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hit):
            return NotImplemented
        mine = (self.id, self.score, self.lexical, self.dense, self.part, self.also)
        return mine == (other.id, other.score, other.lexical, other.dense, other.part, other.also)

    def __hash__(self) -> int:
        return hash((self.id, self.score))

    def __reduce__(self) -> tuple[Any, ...]:
        chunk = None if self._chunk is None and self._load is None else self.chunk
        return _hit, (self.id, self.score, self.lexical, self.dense, chunk, self.part, self.also)


def _hit(
    id: str,
    score: float,
    lexical: float | None,
    dense: float | None,
    chunk: Chunk | None,
    part: str | None,
    also: tuple[Hit, ...],
) -> Hit:
    return Hit(id, score, lexical=lexical, dense=dense, chunk=chunk, part=part, also=also)


@dataclass(frozen=True, slots=True)
class Hits(Sequence[Hit]):
    """Hits ranked by score, best first, with what is needed to read the scores.

    `exact` says that no chunk outside the list scores better than one inside it; for a query of parts
    it says so of each part's share, and the parts take turns in the list. `depth` is the
    population of list-relative normalizers. `reason` says why nothing was found. A copy by pickle
    or deepcopy holds the chunks, but cannot explain: the index stays where it is.
    """

    items: tuple[Hit, ...]
    alpha: float
    normalizer: Normalizer
    sides: Sides
    exact: bool = True
    depth: int | None = None
    reason: Reason | None = None
    explainer: Callable[[str], Explanation] | None = field(default=None, repr=False, compare=False)
    _make: Callable[[], tuple[Hit, ...]] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def later(
        cls,
        make: Callable[[], tuple[Hit, ...]],
        *,
        alpha: float,
        normalizer: Normalizer,
        sides: Sides,
        depth: int | None,
        reason: Reason | None,
        explainer: Callable[[str], Explanation] | None,
    ) -> Hits:
        """The same with `items` made by `make` when they are first asked for: a search need not wait for them."""
        hits = object.__new__(cls)
        put = object.__setattr__
        put(hits, "alpha", alpha)
        put(hits, "normalizer", normalizer)
        put(hits, "sides", sides)
        put(hits, "exact", True)
        put(hits, "depth", depth)
        put(hits, "reason", reason)
        put(hits, "explainer", explainer)
        put(hits, "_make", make)
        return hits

    def __getattr__(self, name: str) -> Any:
        # Reached only for an attribute that is not there: `items` before it is made.
        if name != "items" or self._make is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        items = self._make()
        object.__setattr__(self, "items", items)
        return items

    def explain(self, i: int) -> Explanation:
        """How hit `i` (0 is the best) got its score."""
        if self.explainer is None:
            raise InputError("these hits come from a source that cannot explain its scores, or are a pickled copy")
        return self.explainer(self.items[i].id)

    def keep(self, items: Sequence[Hit], reason: Reason | None = None) -> Hits:
        """The same hits cut to `items`."""
        return replace(self, items=tuple(items), reason=reason if not items else None)

    def __copy__(self) -> Hits:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        kept = (self.items, self.alpha, self.normalizer, self.sides, self.exact, self.depth, self.reason)
        return Hits, kept

    @property
    def ids(self) -> list[str]:
        """The ids, best first."""
        return [hit.id for hit in self.items]

    @overload
    def __getitem__(self, i: int) -> Hit: ...
    @overload
    def __getitem__(self, i: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, i: int | slice) -> Hit | tuple[Hit, ...]:
        return self.items[i]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.items)
