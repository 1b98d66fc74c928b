"""The reading face of an index: search, count, chunks. Every call works on one snapshot, taken when it begins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ragopt import _core
from ragopt.errors import CorruptIndexError, InputError, TenantError
from ragopt.filters import as_filter, both, check, steps
from ragopt.index.attributes import Attributes
from ragopt.index.documents import require_text
from ragopt.index.doors import off_loop
from ragopt.index.embedding import QueryEmbedder
from ragopt.index.pairs import Pairs
from ragopt.index.parts import join_parts, rejoin, spread
from ragopt.index.questions import as_queries, as_query
from ragopt.index.searching import Search, resolve
from ragopt.index.stored import decode
from ragopt.index.vocabulary import Vocabulary
from ragopt.types import Bm25, Chunk, Filter, Hits, Normalizer, Query, Threshold, Where
from ragopt.types.parameters import whole

__all__ = ["Reader", "Snapshot"]

K = TypeVar("K")
V = TypeVar("V")

#: Allow-lists kept for filters that come again.
_CACHED_FILTERS = 64
#: And the most that they take, a bit a chunk: fewer are kept of a very large index.
_CACHED_BITS = 2**29
#: Snapshots kept under other parameters of BM25.
_CACHED_BM25 = 8
_MOST_THREADS = 1024


class Snapshot:
    """The chunks that a search sees, which never change, and what is derived from them.

    `generation` counts commits: those of the folder, or without one those since the index was built.
    """

    def __init__(
        self, core: _core.Index, attributes: Attributes, generation: int, *, tenant: str | None = None
    ) -> None:
        self.core = core
        self.attributes = attributes
        self.generation = generation
        self._tenant = tenant
        self._tenants: dict[str, Snapshot] = {}
        self._live: npt.NDArray[np.uint32] | None = None
        self._columns: frozenset[str] | None = None
        self._keys: dict[int, tuple[Filter, str]] = {}
        self._allowed: dict[str, _core.Allow] = {}
        self._scored: dict[tuple[float, float], Snapshot] = {}

    @classmethod
    def open(cls, path: str) -> Snapshot:
        """What was last committed to the folder `path`."""
        core = _core.Index.open(path)
        return cls(core, Attributes.read(core.attributes, path), core.generation or 0)

    def next(self, core: _core.Index) -> Snapshot:
        """The snapshot that follows this one."""
        generation = core.generation
        return Snapshot(core, self.attributes, self.generation + 1 if generation is None else generation)

    def tenant(self, name: str | None) -> Snapshot:
        """The chunks of one tenant as if they were an index of their own; None: all, in an index without tenants."""
        if name is None:
            return self.undivided
        found = self._tenants.get(name)
        if found is None:
            found = Snapshot(self.core.tenant(name), self.attributes, self.generation, tenant=name)
            if len(found.core):  # what is asked for and not there is not kept
                self._tenants[name] = found
        return found

    @property
    def undivided(self) -> Snapshot:
        """The snapshot itself; TenantError where it holds tenants, which must be kept apart."""
        if self._tenant is None and (field := self.attributes.tenant_field) is not None:
            raise TenantError(
                f"this index keeps tenants apart (tenant_field={field!r}): ask for one, as in index.tenant('a')"
            )
        return self

    def scored(self, k1: float | None, b: float | None) -> Snapshot:
        """The same chunks under another k1 or b of BM25; None leaves it. They share what is large."""
        if k1 is None and b is None:
            return self
        variant, own_k1, own_b, delta, epsilon = self.core.bm25
        asked = Bm25(own_k1 if k1 is None else k1, own_b if b is None else b)
        found = self._scored.get((asked.k1, asked.b))
        if found is None:
            core = self.core.scored((variant, asked.k1, asked.b, delta, epsilon))
            found = Snapshot(core, self.attributes, self.generation, tenant=self._tenant)
            _kept(self._scored, (asked.k1, asked.b), found, _CACHED_BM25)
        return found

    def ordinal(self, place: int) -> int:
        """The core's number of the chunk that stands at `place` among those that are there."""
        if place >= len(self.core):
            raise InputError(f"no chunk {place}: the index holds {len(self.core)}")
        if len(self.core) == self.core.span:
            return place
        if self._live is None:
            self._live = self.core.ordinals()
        return int(self._live[place])

    def chunk(self, ordinal: int) -> Chunk:
        """The chunk with the core's number `ordinal`."""
        return decode(self.core.id(ordinal), self.core.stored(ordinal))

    def allow(self, where: Where) -> _core.Allow:
        """The chunks that the filter lets through."""
        # A filter value never changes, so the same one again needs no look at what it says.
        known = self._keys.get(id(where))
        if known is not None and known[0] is where and (allow := self._allowed.get(known[1])) is not None:
            return allow
        program = steps(check(as_filter(where), self.attributes.fields, self._present))
        try:
            key = repr(program)  # not the values themselves: 1, 1.0 and True are equal but not the same filter
        except ValueError:  # an integer of more digits than Python writes
            return self.core.allow(program)
        allow = self._allowed.get(key)
        if allow is None:
            most = min(_CACHED_FILTERS, max(4, _CACHED_BITS // max(1, self.core.span)))
            allow = _kept(self._allowed, key, self.core.allow(program), most)
        if isinstance(where, Filter):
            _kept(self._keys, id(where), (where, key), _CACHED_FILTERS)
        return allow

    def _present(self) -> Collection[str]:
        if self._columns is None:
            self._columns = frozenset(self.core.fields())
        return self._columns


def _kept(cache: dict[K, V], key: K, value: V, most: int) -> V:
    """Put into a cache of at most `most` entries, which forgets what came first."""
    while len(cache) >= most:
        for first in list(cache)[:1]:  # made in one go: other threads put into it meanwhile
            cache.pop(first, None)
    cache[key] = value
    return value


class Reader(ABC):
    """What can be asked of an index."""

    @property
    @abstractmethod
    def _whole(self) -> Snapshot: ...

    @property
    def _snapshot(self) -> Snapshot:
        """What a question may see."""
        return self._whole.undivided

    @property
    @abstractmethod
    def _embedder(self) -> QueryEmbedder: ...

    def __len__(self) -> int:
        return len(self._whole.core)

    def search(
        self,
        query: str | Query | None = None,
        *,
        k: int = 10,
        alpha: float | None = None,
        where: Where | None = None,
        min_score: float | Threshold | None = None,
        normalizer: Normalizer | str = Normalizer.BOUNDED,
        depth: int = 1000,
        vector: npt.ArrayLike | None = None,
        k1: float | None = None,
        b: float | None = None,
    ) -> Hits:
        """The exact top `k` chunks for one query.

        `alpha` is the share of the dense side, 0 (BM25 alone) to 1 (cosine alone); None takes the
        default of the embedder or the normalizer. `where` filters before ranking. `min_score` drops
        hits below it. `depth` is the population of list-relative normalizers. `vector` replaces the
        embedding of the query. A side that does not exist drops out (`Hits.sides`). The parts of a
        query are searched in parallel, and take turns in the list. `k1` and `b` replace those of the index's BM25.
        """
        snapshot = self._snapshot.scored(k1, b)
        if isinstance(query, str) and vector is None:
            require_text(query, "query")
            search = self._search(snapshot, k, alpha, where, min_score, normalizer, depth)
            row = self._embedder.of_text(query, search.alpha, snapshot.core.dimension)
            return search.run(snapshot.core, query, row, snapshot.chunk)
        question = as_query(query, vector)
        if question.where is not None:
            where = both(question.where, where)
        search = self._search(snapshot, k, alpha, where, min_score, normalizer, depth)
        if question.parts:
            rows = self._embedder.many(question.parts, None, search.alpha, snapshot.core.dimension)
            found = search.run_many(snapshot.core, question.parts, rows, 0, snapshot.chunk)
            return join_parts(question.parts, found, search.k)
        row = self._embedder.one(question, search.alpha, snapshot.core.dimension)
        return search.run(snapshot.core, question, row, snapshot.chunk)

    def search_many(
        self,
        queries: Sequence[str | Query],
        *,
        k: int = 10,
        alpha: float | None = None,
        where: Where | None = None,
        min_score: float | Threshold | None = None,
        normalizer: Normalizer | str = Normalizer.BOUNDED,
        depth: int = 1000,
        vectors: npt.ArrayLike | None = None,
        threads: int = 0,
        k1: float | None = None,
        b: float | None = None,
    ) -> list[Hits]:
        """`search` for many queries in parallel, outside the GIL; `vectors` has a row a query; threads 0: all cores.

        A query of parts is searched part by part; with `vectors`, such a query has a row for each part in its place.
        """
        snapshot = self._snapshot.scored(k1, b)
        asked = as_queries(queries)
        questions = spread(asked)
        threads = min(whole("threads", threads), len(questions), _MOST_THREADS)
        if any(question.where is not None for question in asked):
            raise InputError("search_many takes one filter for all queries: pass where=, or search one by one")
        search = self._search(snapshot, k, alpha, where, min_score, normalizer, depth)
        rows = self._embedder.many(questions, vectors, search.alpha, snapshot.core.dimension)
        return rejoin(asked, search.run_many(snapshot.core, questions, rows, threads, snapshot.chunk), search.k)

    def pairs(
        self,
        queries: Sequence[str | Query],
        *,
        k: int = 10,
        where: Where | None = None,
        normalizer: Normalizer | str = Normalizer.BOUNDED,
        depth: int = 1000,
        vectors: npt.ArrayLike | None = None,
        threads: int = 0,
        k1: float | None = None,
        b: float | None = None,
    ) -> list[Pairs]:
        """For each query, all that `search_many` finds at any alpha with at most this `k`, from one walk of both sides.

        `pairs[i].hits(alpha, k)` is what a search with that alpha finds, without searching. The arguments are those
        of `search_many`. A query of parts has no such pairs (its parts take turns): InputError.
        """
        snapshot = self._snapshot.scored(k1, b)
        asked = as_queries(queries)
        if any(question.parts or question.where is not None for question in asked):
            raise InputError("pairs takes plain queries: one filter for all, as where=, and no parts")
        search = self._search(snapshot, k, 0.5, where, None, normalizer, depth)
        rows = self._embedder.many(asked, vectors, 1.0, snapshot.core.dimension)
        threads = min(whole("threads", threads), len(asked), _MOST_THREADS)
        return search.pairs(snapshot.core, asked, rows, threads, snapshot.chunk)

    def default_alpha(self, normalizer: Normalizer | str = Normalizer.BOUNDED) -> float:
        """The alpha of a search that gives none; InputError for the normalizer that has no default."""
        return self._search(self._snapshot, 0, None, None, None, normalizer, 1).alpha

    def embed_queries(self, queries: Sequence[str | Query]) -> npt.NDArray[np.float32] | None:
        """The vectors of queries that will be searched many times: a row each, or None where there is no embedder.

        Pass them on as `vectors=`, so that `search_many` does not embed the same texts again.
        """
        return self._embedder.many(spread(as_queries(queries)), None, 1.0, self._whole.core.dimension)

    async def asearch(self, query: str | Query | None = None, **options: Any) -> Hits:
        """`search` without blocking the event loop."""
        return await off_loop(self.search, query, **options)

    def count(self, where: Where | None = None) -> int:
        """How many chunks the filter lets through."""
        snapshot = self._snapshot
        return len(snapshot.core) if where is None else snapshot.allow(where).count

    def chunk(self, ordinal: int) -> Chunk:
        """The chunk at `ordinal`, 0 to len - 1 in the order of `ids`: that in which they came."""
        snapshot = self._snapshot
        return snapshot.chunk(snapshot.ordinal(whole("ordinal", ordinal)))

    def get(self, id: str) -> Chunk | None:
        """The chunk with that id, or None."""
        require_text(id, "id")
        snapshot = self._snapshot
        ordinal = snapshot.core.ordinal(id)
        return None if ordinal is None else snapshot.chunk(ordinal)

    def vectors_of(self, ids: Sequence[str]) -> npt.NDArray[np.float32] | None:
        """The stored unit vectors of these chunks, a row each; zeros where one is missing. None: the index has none."""
        core = self._snapshot.core
        if core.dimension is None:
            return None
        rows = np.zeros((len(ids), core.dimension), dtype=np.float32)
        for row, id in zip(rows, ids, strict=True):
            require_text(id, "id")
            ordinal = core.ordinal(id)
            if ordinal is not None and (stored := core.vector(ordinal)) is not None:
                row[:] = stored
        return rows

    def _rehearse(self) -> None:
        """Search once, so that the first search after opening finds code, tables and memory as every other does."""
        terms = tuple((term, 1.0) for term in self._snapshot.core.examples())
        with suppress(CorruptIndexError):  # damage is the error of a search that asked for it
            list(self.search(Query("", terms), alpha=0))

    def warm(self) -> None:
        """Bring what every search reads into memory, so that the first searches after opening are as fast as the rest.

        An opened index is mapped: its pages come from the disk when they are first touched. This reads the
        postings, and copies the coarse codes of the vectors (about half a byte a dimension and chunk) into huge
        pages of their own. Results do not change. An index that was built in memory is warm already.

        Raises CorruptIndexError where the files are damaged.
        """
        self._whole.core.warm()

    def verify(self) -> None:
        """Check every byte of the index's files, and that what they hold fits together.

        Opening checks what is small, and each search and read what it touches for the first time; this checks the
        rest too, in about a second a GB.

        Raises CorruptIndexError, naming the file and the section, for the first damage.
        """
        self._whole.core.verify()

    def terms(self, text: str) -> list[str]:
        """The terms of a text, as this index's analyzer makes them: in order, as often as the text holds them."""
        require_text(text, "text")
        return self._snapshot.core.analyzer.terms(text)

    def document_frequency(self, term: str) -> int:
        """How many chunks hold this term."""
        require_text(term, "term")
        return self._snapshot.core.document_frequency(term)

    @property
    def ids(self) -> list[str]:
        """The ids of all chunks."""
        return self._snapshot.core.ids()

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the chunks as they are now."""
        return Vocabulary(self._snapshot.core)

    @property
    def bm25(self) -> Bm25:
        """The BM25 parameters it was built with."""
        variant, k1, b, delta, epsilon = self._whole.core.bm25
        return Bm25(k1, b, variant, delta, epsilon)

    def _search(
        self,
        snapshot: Snapshot,
        k: int,
        alpha: float | None,
        where: Where | None,
        min_score: float | Threshold | None,
        normalizer: Normalizer | str,
        depth: int,
    ) -> Search:
        allow = None if where is None else snapshot.allow(where)
        floor, better = self._embedder.floor, self._embedder.alpha
        return resolve(k, alpha, min_score, normalizer, depth, floor=floor, better_alpha=better, allow=allow)
