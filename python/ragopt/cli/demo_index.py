"""The demo's index: built from botocore's documentation once, opened again while nothing has changed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ragopt
from ragopt.analysis import analyzer
from ragopt.backends import awsdocs, embedders
from ragopt.corpus import DEFAULT_WORDS, SentenceChunker
from ragopt.errors import IndexFileError, IndexWriteError
from ragopt.index import Index
from ragopt.protocols import Embedder
from ragopt.types import Chunk, Document

__all__ = ["ANALYZER", "EMBEDDER", "DemoIndex", "demo_index"]

ANALYZER = "english"
EMBEDDER = "static"
_BATCH = 512  # chunks embedded between two signs of progress

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
    index, documents, text_bytes = _build(progress)
    seconds = time.perf_counter() - started
    made = Made(key["botocore"], documents, len(index), text_bytes, round(seconds, 2))
    _store(folder, index, key, made)
    return DemoIndex(index, folder, made, reused=False, seconds=seconds)


def _key(embedder: Embedder) -> dict[str, Any]:
    return {
        "ragopt": ragopt.__version__,
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


def _build(progress: Progress) -> tuple[Index, int, int]:
    """The index, the number of documents, and the bytes of their chunks."""
    documents: list[Document] = []
    for done, service in enumerate(awsdocs.SERVICES):
        progress(done, len(awsdocs.SERVICES), f"reading {service}, services")
        documents += awsdocs.read([service])
    cut = SentenceChunker(words=DEFAULT_WORDS)
    size = 0

    def measured(document: Document) -> Iterator[Chunk]:
        nonlocal size
        for chunk in cut(document):
            size += len(chunk.full_text.encode())
            yield chunk

    index = Index.build(
        documents,
        embedder=EMBEDDER,
        analyzer=ANALYZER,
        chunker=measured,
        fields=awsdocs.FIELDS,
        progress=progress,
    )
    return index, len(documents), size
