"""The demo's index: built from botocore's documentation once, opened again while nothing has changed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ragopt.analysis import analyzer
from ragopt.backends import awsdocs, embedders
from ragopt.corpus import DEFAULT_WORDS, SentenceChunker
from ragopt.errors import IndexFileError, IndexWriteError
from ragopt.index import Index
from ragopt.protocols import Embedder, Vectors
from ragopt.types import Chunk, Document

__all__ = ["ANALYZER", "EMBEDDER", "DemoIndex", "demo_index"]

ANALYZER = "english"
EMBEDDER = "static"

#: `progress(done, total, label)`.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What an index was made from, and what making it took. `seconds` holds reading, embedding and indexing."""

    botocore: str
    documents: int
    chunks: int
    text_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class DemoIndex:
    """An index ready to be searched, and the account of it. `reused` says that it stood there already."""

    index: Index
    folder: Path
    made: Made
    reused: bool
    seconds: float


def demo_index(folder: Path, *, rebuild: bool, progress: Progress) -> DemoIndex:
    """The index in `folder`, built there unless it is current.

    Current means: the same botocore, services, analyzer, embedder, chunk size and ragopt. Raises
    MissingExtraError, or IndexWriteError where the folder cannot be written.
    """
    started = time.perf_counter()
    embedder = embedders.load(EMBEDDER)
    key = _key(embedder)
    found = None if rebuild else _stored(folder, key)
    if found is not None:
        index, made = found
        return DemoIndex(index, folder, made, reused=True, seconds=time.perf_counter() - started)
    index, counted = _build(embedder, progress)
    seconds = time.perf_counter() - started
    made = Made(key["botocore"], counted.documents, len(index), counted.text_bytes, round(seconds, 2))
    _store(folder, index, key, made)
    return DemoIndex(index, folder, made, reused=False, seconds=seconds)


def _key(embedder: Embedder) -> dict[str, Any]:
    return {
        "ragopt": version("ragopt"),
        "botocore": awsdocs.botocore_version(),
        "services": list(awsdocs.SERVICES),
        "analyzer": analyzer(ANALYZER).fingerprint,
        "embedder": embedder.name,
        "words": DEFAULT_WORDS,
    }


def _stored(folder: Path, key: dict[str, Any]) -> tuple[Index, Made] | None:
    """The index in the folder if it was made under `key`; None where it must be built."""
    try:
        kept = json.loads((folder / "made.json").read_text(encoding="utf-8"))
        if kept["key"] != key:
            return None
        return Index.open(folder / "index", embedder=EMBEDDER), Made(**kept["made"])
    except (OSError, ValueError, KeyError, TypeError, IndexFileError):
        return None  # nothing there, or nothing that can be used: it is built anew


def _store(folder: Path, index: Index, key: dict[str, Any], made: Made) -> None:
    stamp = folder / "made.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)  # until the new index stands whole, none is current
        index.save(folder / "index")
        stamp.write_text(json.dumps({"key": key, "made": asdict(made)}, indent=1), encoding="utf-8")
    except OSError as error:
        if isinstance(error, IndexWriteError):
            raise
        raise IndexWriteError(f"{folder}: cannot be written ({error.strerror}); choose another --index-dir") from error


@dataclass(slots=True)
class _Counted:
    documents: int = 0
    chunks: int = 0
    text_bytes: int = 0


def _build(embedder: Embedder, progress: Progress) -> tuple[Index, _Counted]:
    counted = _Counted()
    cut = SentenceChunker(words=DEFAULT_WORDS)

    def chunker(document: Document) -> Iterator[Chunk]:
        for chunk in cut(document):
            counted.chunks += 1
            counted.text_bytes += len(chunk.full_text.encode())
            yield chunk

    def documents() -> Iterator[Document]:
        for place, service in enumerate(awsdocs.SERVICES):
            progress(place, len(awsdocs.SERVICES), f"reading {service}")
            for document in awsdocs.read([service]):
                counted.documents += 1
                yield document
        progress(len(awsdocs.SERVICES), len(awsdocs.SERVICES), "reading")

    watched = _Watched(embedder, lambda done: progress(done, counted.chunks, "embedding chunks"))
    index = Index.build(documents(), embedder=watched, analyzer=ANALYZER, chunker=chunker, fields=dict(awsdocs.FIELDS))
    return index, counted


class _Watched:
    """An embedder that tells how many passages it has seen."""

    def __init__(self, embedder: Embedder, seen: Callable[[int], None]) -> None:
        self._embedder = embedder
        self._seen = seen
        self._done = 0

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    @property
    def cosine_floor(self) -> float:
        return self._embedder.cosine_floor

    @property
    def alpha(self) -> float | None:
        return self._embedder.alpha

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        rows = self._embedder.embed_passages(texts)
        self._done += len(texts)
        self._seen(self._done)
        return rows

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_queries(texts)
