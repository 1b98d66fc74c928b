"""The index of this process: built from documents, searched exactly."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt import _core
from ragopt.analysis import analyzer as named_analyzer
from ragopt.backends import embedders
from ragopt.errors import EmbedderError, EmbedderMismatchError, FilterError, InputError, InputTypeError, VectorError
from ragopt.filters import check, field_types, matcher
from ragopt.index.build import as_floats, collect_chunks, embed_chunks, given_vectors, quiet_collector, require_text
from ragopt.index.doors import off_loop
from ragopt.index.questions import as_queries, as_query
from ragopt.index.searching import Search, resolve
from ragopt.index.stored import decode, decode_metadata, encode
from ragopt.protocols import Chunker, Embedder, Progress, Vectors
from ragopt.types import Bm25, Chunk, Document, Filter, Hits, Normalizer, Query, Threshold
from ragopt.types.parameters import whole

__all__ = ["Index"]

#: Allow-lists kept for filters that come again.
_CACHED_FILTERS = 64
_MOST_THREADS = 1024

EmbedderLike = str | Embedder | Callable[[Sequence[str]], Any]


class Index:
    """Chunks that can be searched by BM25, by cosine, and by the exact fusion of both.

    Make one with `Index.build` or `Index.open`. Searching is safe from many threads.
    """

    def __init__(self, core: _core.Index, embedder: Embedder | None, attributes: Mapping[str, Any]) -> None:
        self._core = core
        self._embedder = embedder
        self._attributes = attributes
        self._allow_lists: dict[str, npt.NDArray[np.bool_]] = {}

    @classmethod
    def build(
        cls,
        documents: Iterable[Document | Mapping[str, Any]],
        *,
        embedder: EmbedderLike | None = None,
        analyzer: str = "multilingual",
        bm25: Bm25 | None = None,
        vectors: npt.ArrayLike | Mapping[str, npt.ArrayLike] | None = None,
        chunker: Chunker | None = None,
        fields: Mapping[str, Any] | None = None,
        on_duplicate: str = "error",
        progress: Progress | None = None,
    ) -> Index:
        """Build an index of `documents` (Document values or dicts with id, text, title, metadata).

        Each document is one chunk under its own id, unless `chunker` cuts it. The dense side comes
        from `embedder` (a name, an Embedder, or a callable from texts to an array) or from
        `vectors` (rows in chunk order, or a mapping from chunk id); with both, the embedder serves
        the queries only. With neither, the index is lexical only. `fields` declares metadata types,
        as in `{"year": int}`. `on_duplicate="last"` keeps the later of two documents with one id.
        `progress(done, total, what)` is called as the work goes on (total 0: not known).

        Raises DuplicateIdError, InputTypeError, VectorError or UnknownNameError, and then builds nothing.
        """
        terms = named_analyzer(analyzer)
        if bm25 is not None and not isinstance(bm25, Bm25):
            raise InputTypeError(f"bm25 is a {type(bm25).__name__}: give Bm25(k1, b, variant)")
        for name, function in (("chunker", chunker), ("progress", progress)):
            if function is not None and not callable(function):
                raise InputTypeError(f"{name} is a {type(function).__name__}: give a function")
        step = progress or _silent
        declared = field_types(fields)
        model = embedders.of(embedder)
        with quiet_collector(chunker is None and type(documents) is list):
            chunks = collect_chunks(documents, chunker, declared, on_duplicate, step)
        rows: Vectors | None = None
        if vectors is not None:
            rows = given_vectors(vectors, chunks)
        elif model is not None:
            rows = embed_chunks(model, chunks, step)
        step(len(chunks), len(chunks), "building, chunks")
        parameters = bm25 or Bm25()
        attributes = {"fields": declared, "embedder": _identity(model, embedder)}
        with quiet_collector():
            stored = [encode(chunk) for chunk in chunks]
        core = _core.Index.build(
            terms,
            (str(parameters.variant), parameters.k1, parameters.b, parameters.delta or 0.0, parameters.epsilon),
            [chunk.id for chunk in chunks],
            [chunk.full_text for chunk in chunks],
            stored,
            rows,
            json.dumps(attributes),
        )
        return cls(core, model, attributes)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, embedder: EmbedderLike | None = None) -> Index:
        """Open a saved index. An embedder that was given by name is loaded again when first needed.

        Raises NotAnIndexError, IndexVersionError, CorruptIndexError, or EmbedderMismatchError when
        `embedder` is not the one that the index was built with.
        """
        core = _core.Index.open(_folder(path))
        attributes = json.loads(core.attributes)
        index = cls(core, None, attributes)
        if embedder is not None:
            index._adopt(embedders.of(embedder))
        return index

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to the folder `path`, replacing an index that stands there, whole or not at all.

        Raises IndexWriteError when it cannot be written; what stood there is then kept.
        """
        self._core.save(_folder(path))

    def __len__(self) -> int:
        return len(self._core)

    def __deepcopy__(self, memo: dict[int, Any]) -> Index:
        return Index(self._core, self._embedder, self._attributes)  # what it is made of never changes

    def __reduce__(self) -> tuple[Any, ...]:
        raise InputTypeError("an Index is not pickled: save(path) it, and Index.open(path) it where it is needed")

    def __repr__(self) -> str:
        dense = f"{self._core.dimension} dimensions" if self._core.dimension else "lexical only"
        return f"Index({len(self)} chunks, analyzer {self._core.analyzer.name!r}, {dense})"

    def search(
        self,
        query: str | Query | None = None,
        *,
        k: int = 10,
        alpha: float | None = None,
        where: Filter | None = None,
        min_score: float | Threshold | None = None,
        normalizer: Normalizer | str = Normalizer.BOUNDED,
        depth: int = 1000,
        vector: npt.ArrayLike | None = None,
    ) -> Hits:
        """The exact top `k` chunks for one query.

        `alpha` is the share of the dense side, 0 (BM25 alone) to 1 (cosine alone); None takes the
        default of the embedder or the normalizer. `where` filters before ranking. `min_score` drops
        hits below it. `depth` is the population of list-relative normalizers. `vector` replaces the
        embedding of the query. A side that does not exist drops out (`Hits.sides`).
        """
        question = as_query(query, vector)
        if where is not None and question.where is not None:
            where = question.where & where
        elif where is None:
            where = question.where
        search = self._search(k, alpha, where, min_score, normalizer, depth)
        if (row := self._query_vector(question, search)) is not None:
            question = Query(question.text, question.terms, row, question.where)
        return search.run(self._core, question, self.chunk)

    def search_many(
        self,
        queries: Sequence[str | Query],
        *,
        k: int = 10,
        alpha: float | None = None,
        where: Filter | None = None,
        min_score: float | Threshold | None = None,
        normalizer: Normalizer | str = Normalizer.BOUNDED,
        depth: int = 1000,
        vectors: npt.ArrayLike | None = None,
        threads: int = 0,
    ) -> list[Hits]:
        """`search` for many queries in parallel, outside the GIL; `vectors` has a row a query; threads 0: all cores."""
        questions = as_queries(queries)
        threads = min(whole("threads", threads), len(questions), _MOST_THREADS)
        if any(question.where is not None for question in questions):
            raise InputError("search_many takes one filter for all queries: pass where=, or search one by one")
        search = self._search(k, alpha, where, min_score, normalizer, depth)
        rows = self._query_vectors(questions, vectors, search)
        return search.run_many(self._core, questions, rows, threads, self.chunk)

    def embed_queries(self, queries: Sequence[str | Query]) -> npt.NDArray[np.float32] | None:
        """The vectors of queries that will be searched many times: a row each, or None where there is no embedder.

        Pass them on as `vectors=`, so that `search_many` does not embed the same texts again.
        """
        questions = as_queries(queries)
        return self._query_vectors(questions, None, self._search(1, 1.0, None, None, Normalizer.BOUNDED, 1))

    async def asearch(self, query: str | Query | None = None, **options: Any) -> Hits:
        """`search` without blocking the event loop."""
        return await off_loop(self.search, query, **options)

    def count(self, where: Filter | None = None) -> int:
        """How many chunks the filter lets through."""
        return len(self) if where is None else int(self._allow(where).sum())

    def chunk(self, ordinal: int) -> Chunk:
        """The chunk at `ordinal`, 0 to len - 1 in build order."""
        ordinal = min(whole("ordinal", ordinal), 2**32 - 1)
        return decode(self._core.id(ordinal), self._core.stored(ordinal))

    def get(self, id: str) -> Chunk | None:
        """The chunk with that id, or None."""
        require_text(id, "id")
        ordinal = self._core.ordinal(id)
        return None if ordinal is None else self.chunk(ordinal)

    @property
    def ids(self) -> list[str]:
        """The ids of all chunks."""
        return self._core.ids()

    @property
    def bm25(self) -> Bm25:
        """The BM25 parameters it was built with."""
        variant, k1, b, delta, epsilon = self._core.bm25
        return Bm25(k1, b, variant, delta, epsilon)

    def describe(self) -> dict[str, Any]:
        """What the index is made of, JSON-ready: sizes, analyzer, BM25, embedder, declared fields."""
        analyzer = self._core.analyzer
        variant, k1, b, delta, epsilon = self._core.bm25
        return {
            "analyzer": {"name": analyzer.name, "version": analyzer.version, "fingerprint": analyzer.fingerprint},
            "bm25": {"variant": variant, "k1": k1, "b": b, "delta": delta, "epsilon": epsilon},
            "dimension": self._core.dimension,
            "embedder": self._attributes["embedder"],
            "fields": self._attributes["fields"],
            "sizes": self._core.sizes(),
        }

    @cached_property
    def _metadata(self) -> list[Mapping[str, Any]]:
        return [decode_metadata(self._core.stored(ordinal)) for ordinal in range(len(self))]

    def _allow(self, where: Filter) -> npt.NDArray[np.bool_]:
        try:
            return self._allow_list(where)
        except RecursionError:
            raise FilterError("where: nested too deeply; join its parts by one & or |, or use isin") from None

    def _allow_list(self, where: Filter) -> npt.NDArray[np.bool_]:
        checked = check(where, self._attributes["fields"])
        key = repr(checked)  # not the value itself: 1, 1.0 and True are equal but not the same filter
        allow = self._allow_lists.get(key)
        if allow is None:
            test = matcher(checked)
            allow = np.fromiter((test(m) for m in self._metadata), dtype=np.bool_, count=len(self))
            while len(self._allow_lists) >= _CACHED_FILTERS:
                self._allow_lists.pop(next(iter(self._allow_lists)), None)
            self._allow_lists[key] = allow
        return allow

    def _search(
        self,
        k: int,
        alpha: float | None,
        where: Filter | None,
        min_score: float | Threshold | None,
        normalizer: Normalizer | str,
        depth: int,
    ) -> Search:
        identity = self._attributes["embedder"] or {}
        floor, better = identity.get("cosine_floor", -1.0), identity.get("alpha")
        allow = None if where is None else self._allow(where)
        return resolve(k, alpha, min_score, normalizer, depth, floor=floor, better_alpha=better, allow=allow)

    def _query_vector(self, question: Query, search: Search) -> npt.NDArray[np.float32] | None:
        if question.vector is not None:
            self._check_dimension(question.vector)
            return question.vector
        if not question.text.strip() or not self._needs_embedder(search):
            return None
        rows = self._embedded([question.text])
        return rows.reshape(-1)

    def _query_vectors(
        self, questions: Sequence[Query], vectors: npt.ArrayLike | None, search: Search
    ) -> npt.NDArray[np.float32] | None:
        if vectors is not None:
            rows = as_floats(vectors, "vectors")
            if rows.size == 0 and not questions:
                return None
            if rows.ndim != 2 or len(rows) != len(questions):
                raise VectorError(f"vectors has shape {rows.shape}, but there are {len(questions)} queries")
            self._check_dimension(rows)
            return rows
        if all(question.vector is not None for question in questions):
            given = [question.vector for question in questions if question.vector is not None]
            if len({len(row) for row in given}) > 1:
                raise VectorError("search_many: the queries' vectors differ in their number of dimensions")
            return self._query_vectors(questions, np.stack(given), search) if given else None
        if any(question.vector is not None for question in questions):
            raise InputError("search_many: give every query a vector or none")
        if not self._needs_embedder(search):
            return None
        rows = self._embedded([question.text for question in questions])
        blank = [i for i, question in enumerate(questions) if not question.text.strip()]
        if blank:  # an empty query finds nothing, whatever a model makes of an empty text
            rows = rows.copy()
            rows[blank] = 0.0
        return rows

    def _needs_embedder(self, search: Search) -> bool:
        return search.alpha > 0 and self._core.dimension is not None and self._attributes["embedder"] is not None

    def _embedded(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        if self._embedder is None:
            identity = self._attributes["embedder"]
            if identity["load"] is None:
                raise EmbedderError(
                    f"the index was built with the embedder {identity['name']!r}, which is not at hand: pass it to "
                    f"Index.open(path, embedder=...), pass vector= to the search, or search with alpha=0"
                )
            self._adopt(embedders.load(identity["load"]))
        assert self._embedder is not None
        rows = as_floats(self._embedder.embed_queries(texts), f"embedder {self._embedder.name!r}")
        if rows.ndim != 2 or len(rows) != len(texts):
            raise EmbedderError(f"embedder {self._embedder.name!r} returned shape {rows.shape} for {len(texts)} texts")
        self._check_dimension(rows)
        return rows

    def _adopt(self, embedder: Embedder | None) -> None:
        built_with = self._attributes["embedder"]
        if embedder is None:
            return
        if built_with is not None and embedder.name != built_with["name"]:
            raise EmbedderMismatchError(
                f"the index was built with the embedder {built_with['name']!r}, not {embedder.name!r}: vectors of two "
                f"models cannot be compared. Open it with the same one, or rebuild it"
            )
        if built_with is None and self._core.dimension is None:
            raise EmbedderMismatchError("the index has no vectors, so an embedder has nothing to search: rebuild it")
        if built_with is None:
            self._attributes = {**self._attributes, "embedder": _identity(embedder, None)}
        self._embedder = embedder

    def _check_dimension(self, rows: npt.NDArray[np.float32]) -> None:
        dimension = self._core.dimension
        if dimension is not None and rows.shape[-1] != dimension:
            raise VectorError(
                f"the query vector has {rows.shape[-1]} dimensions, the index {dimension}: it comes from another model"
            )
        if not np.isfinite(rows).all():
            raise VectorError("the query vector holds NaN or infinity")


def _identity(model: Embedder | None, given: EmbedderLike | None) -> dict[str, Any] | None:
    if model is None:
        return None
    load = given if isinstance(given, str) else None
    return {"name": model.name, "load": load, "cosine_floor": model.cosine_floor, "alpha": model.alpha}


def _folder(path: str | os.PathLike[str]) -> str:
    try:
        return str(os.fspath(path)) if not isinstance(path, bytes) else os.fsdecode(path)
    except TypeError:
        raise InputTypeError(f"path is a {type(path).__name__}: give the folder as a string or a Path") from None


def _silent(_done: int, _total: int, _what: str) -> None:
    """Progress that nobody watches."""
