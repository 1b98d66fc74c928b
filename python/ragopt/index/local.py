"""The index of this process: built from documents, searched exactly."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy.typing as npt

from ragopt import _core
from ragopt.analysis import analyzer as named_analyzer
from ragopt.errors import InputTypeError
from ragopt.filters import field_types
from ragopt.index.build import collect_chunks, embed_chunks, given_vectors, quiet_collector
from ragopt.index.embedding import EmbedderLike, QueryEmbedder
from ragopt.index.reading import Reader, Snapshot
from ragopt.index.stored import encode
from ragopt.protocols import Chunker, Progress, Vectors
from ragopt.types import Bm25, Document

__all__ = ["Index"]


class Index(Reader):
    """Chunks that can be searched by BM25, by cosine, and by the exact fusion of both.

    Make one with `Index.build` or `Index.open`. Searching is safe from many threads.
    """

    def __init__(self, core: _core.Index, embedder: QueryEmbedder, fields: Mapping[str, str]) -> None:
        self._state = Snapshot(core, fields)
        self._asked = embedder
        self._fields = fields

    @property
    def _snapshot(self) -> Snapshot:
        return self._state

    @property
    def _embedder(self) -> QueryEmbedder:
        return self._asked

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
        asked = QueryEmbedder.of(embedder)
        with quiet_collector(chunker is None and type(documents) is list):
            chunks = collect_chunks(documents, chunker, declared, on_duplicate, step)
        rows: Vectors | None = None
        if vectors is not None:
            rows = given_vectors(vectors, chunks)
        elif asked.identity is not None:
            rows = embed_chunks(asked.model, chunks, step)
        step(len(chunks), len(chunks), "building, chunks")
        parameters = bm25 or Bm25()
        attributes = {"fields": declared, "embedder": asked.identity}
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
        return cls(core, asked, declared)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, embedder: EmbedderLike | None = None) -> Index:
        """Open a saved index. An embedder that was given by name is loaded again when first needed.

        Raises NotAnIndexError, IndexVersionError, CorruptIndexError, or EmbedderMismatchError when
        `embedder` is not the one that the index was built with.
        """
        core = _core.Index.open(_folder(path))
        attributes = json.loads(core.attributes)
        asked = QueryEmbedder(attributes["embedder"])
        asked.adopt(embedder, core.dimension)
        return cls(core, asked, attributes["fields"])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to the folder `path`, replacing an index that stands there, whole or not at all.

        Raises IndexWriteError when it cannot be written; what stood there is then kept.
        """
        self._state.core.save(_folder(path))

    def __deepcopy__(self, memo: dict[int, Any]) -> Index:
        return Index(self._state.core, self._asked, self._fields)  # what it is made of never changes

    def __reduce__(self) -> tuple[Any, ...]:
        raise InputTypeError("an Index is not pickled: save(path) it, and Index.open(path) it where it is needed")

    def __repr__(self) -> str:
        core = self._state.core
        dense = f"{core.dimension} dimensions" if core.dimension else "lexical only"
        return f"Index({len(self)} chunks, analyzer {core.analyzer.name!r}, {dense})"

    def describe(self) -> dict[str, Any]:
        """What the index is made of, JSON-ready: sizes, analyzer, BM25, embedder, declared fields."""
        core = self._state.core
        analyzer = core.analyzer
        variant, k1, b, delta, epsilon = core.bm25
        return {
            "analyzer": {"name": analyzer.name, "version": analyzer.version, "fingerprint": analyzer.fingerprint},
            "bm25": {"variant": variant, "k1": k1, "b": b, "delta": delta, "epsilon": epsilon},
            "dimension": core.dimension,
            "embedder": self._asked.identity,
            "fields": self._fields,
            "sizes": core.sizes(),
        }


def _folder(path: str | os.PathLike[str]) -> str:
    try:
        return str(os.fspath(path)) if not isinstance(path, bytes) else os.fsdecode(path)
    except TypeError:
        raise InputTypeError(f"path is a {type(path).__name__}: give the folder as a string or a Path") from None


def _silent(_done: int, _total: int, _what: str) -> None:
    """Progress that nobody watches."""
