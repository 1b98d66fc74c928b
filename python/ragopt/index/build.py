"""From documents to what the core builds: chunks, checked one by one, and their vectors."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import fields as dataclass_fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.errors import DuplicateIdError, EmbedderError, InputError, InputTypeError, VectorError
from ragopt.filters.fields import FieldTypes, coerce_metadata
from ragopt.protocols import Chunker, Embedder, Progress, Vectors
from ragopt.types import Chunk, Document

__all__ = ["collect_chunks", "embed_chunks", "given_vectors", "quiet_collector"]

_DOCUMENT_KEYS = {f.name for f in dataclass_fields(Document)}
#: Texts embedded per call: large enough for an embedder to batch well, small enough to show progress.
_EMBED_BATCH = 1024
#: Documents between two reports of progress.
_STEP = 64


@contextmanager
def quiet_collector(wanted: bool = True) -> Iterator[None]:
    """No search for cycles meanwhile, in any thread.

    A build makes millions of objects without a cycle, which would be searched again and again as
    they grow: a quarter of the time. Not `wanted` where a caller's own code runs inside.
    """
    was_on = gc.isenabled()
    if wanted:
        gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def collect_chunks(
    documents: Iterable[Document | Mapping[str, Any]],
    chunker: Chunker | None,
    fields: FieldTypes,
    on_duplicate: str,
    progress: Progress,
) -> list[Chunk]:
    """The chunks of all documents, each checked. Nothing is built when one is refused."""
    if on_duplicate not in ("error", "last"):
        raise InputError(f'on_duplicate={on_duplicate!r}: must be "error" or "last"')
    if not isinstance(documents, Iterable) or isinstance(documents, (str, bytes, Mapping)):
        raise InputTypeError(f"documents is a {type(documents).__name__}: give a list of Documents or such dicts")
    by_document: dict[str, list[Chunk]] = {}
    total = len(documents) if isinstance(documents, Sized) else 0
    for position, given in enumerate(documents):
        if position % _STEP == 0:
            progress(position, total, "cutting, documents" if chunker else "reading, documents")
        document = _document(given, position)
        if document.id in by_document:
            if on_duplicate == "error":
                raise DuplicateIdError(
                    f"document {position} has the id {document.id!r} of an earlier one; give each its own id, or "
                    f'pass on_duplicate="last" to keep the later of the two'
                )
            del by_document[document.id]
        if chunker is None:
            by_document[document.id] = [_whole(document, fields)]
        else:
            by_document[document.id] = [_checked(chunk, fields) for chunk in _cut(document, chunker)]
    flat = [chunk for chunks in by_document.values() for chunk in chunks]
    if chunker is None:
        return flat  # whose ids are those of the documents
    seen: set[str] = set()
    for chunk in flat:
        if chunk.id in seen:
            raise DuplicateIdError(f"the chunker gave two chunks the id {chunk.id!r} (document {chunk.document!r})")
        seen.add(chunk.id)
    return flat


def _document(given: Document | Mapping[str, Any], position: int) -> Document:
    if type(given) is Document and given.id and type(given.metadata) is dict:
        strings = (given.id, given.text, given.title)
        if all(map(_is_ascii, strings)):
            return given  # as most are: nothing to say about it, so no words are made
    if isinstance(given, Mapping):
        if unknown := set(given) - _DOCUMENT_KEYS:
            raise InputError(
                f"document {position}: unknown keys {sorted(map(str, unknown))}; a document has id, text, title and "
                f"metadata, and all else belongs into metadata"
            )
        if missing := {"id", "text"} - set(given):
            raise InputError(f"document {position}: {' and '.join(sorted(missing))} missing")
        given = Document(**given)
    if not isinstance(given, Document):
        raise InputTypeError(f"document {position} is a {type(given).__name__}: give Document(id, text) or such a dict")
    require_text(given.id, f"document {position}: id")
    if not given.id:
        raise InputError(f"document {position}: the id is empty")
    require_text(given.text, f"document {given.id!r}: text")
    require_text(given.title, f"document {given.id!r}: title")
    if not isinstance(given.metadata, Mapping):
        raise InputTypeError(f"document {given.id!r}: metadata is a {type(given.metadata).__name__}, not a mapping")
    return given


def require_text(value: object, where: str) -> None:
    """Raise InputTypeError unless `value` is a string that can be written as UTF-8."""
    if not isinstance(value, str):
        raise InputTypeError(f"{where} is a {type(value).__name__}, not a string: {value!r}"[:300])
    if value.isascii():
        return
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputTypeError(
            f"{where} holds half a surrogate pair at {error.start}: decode the source as UTF-8"
        ) from None


def _is_ascii(value: object) -> bool:
    return type(value) is str and value.isascii()


def _whole(document: Document, fields: FieldTypes) -> Chunk:
    id, text, metadata = document.id, document.text, document.metadata
    chunk = Chunk(id, id, text, (0, len(text)), document.title, metadata)
    # Its strings are the document's, which were checked.
    return _typed(chunk, fields) if metadata or fields else chunk


def _cut(document: Document, chunker: Chunker) -> list[Chunk]:
    cut: object = chunker(document)
    if not isinstance(cut, Iterable) or isinstance(cut, (str, bytes)):
        raise InputTypeError(f"document {document.id!r}: the chunker returned a {type(cut).__name__}, not Chunks")
    chunks = list(cut)
    for chunk in chunks:
        if not isinstance(chunk, Chunk):
            raise InputTypeError(f"document {document.id!r}: the chunker gave a {type(chunk).__name__}, not a Chunk")
        if not chunk.id:
            raise InputError(f"document {document.id!r}: the chunker gave a chunk without an id")
    return chunks


def _checked(chunk: Chunk, fields: FieldTypes) -> Chunk:
    where = f"chunk {chunk.id!r}"
    for name in ("id", "document", "text", "title"):
        require_text(getattr(chunk, name), f"{where}: {name}")
    return _typed(chunk, fields)


def _typed(chunk: Chunk, fields: FieldTypes) -> Chunk:
    for key in chunk.metadata:
        if not isinstance(key, str):
            raise InputTypeError(f"chunk {chunk.id!r}: the metadata key {key!r} is not a string")
    if not fields:
        return chunk
    metadata = coerce_metadata(chunk.metadata, fields, f"chunk {chunk.id!r}")
    return Chunk(chunk.id, chunk.document, chunk.text, chunk.span, chunk.title, metadata)


def embed_chunks(embedder: Embedder, chunks: Sequence[Chunk], progress: Progress) -> Vectors | None:
    """The embedder's vectors of all chunks; None when there is nothing to embed."""
    if not chunks:
        return None
    parts = []
    for start in range(0, len(chunks), _EMBED_BATCH):
        progress(start, len(chunks), "embedding, chunks")
        batch = chunks[start : start + _EMBED_BATCH]
        try:
            vectors = np.asarray(embedder.embed_passages([chunk.full_text for chunk in batch]), dtype=np.float32)
        except EmbedderError as error:
            if error.text is None:
                raise
            raise EmbedderError(f"chunk {batch[error.text].id!r}: {error}", text=start + error.text) from None
        if vectors.ndim != 2 or len(vectors) != len(batch):
            raise EmbedderError(
                f"embedder {embedder.name!r} returned an array of shape {vectors.shape} for {len(batch)} texts; "
                f"it must return one row a text"
            )
        parts.append(vectors)
    if len({part.shape[1] for part in parts}) != 1:
        raise EmbedderError(f"embedder {embedder.name!r} returned vectors of different dimensions")
    return np.ascontiguousarray(np.concatenate(parts))


def given_vectors(vectors: npt.ArrayLike | Mapping[str, npt.ArrayLike], chunks: Sequence[Chunk]) -> Vectors:
    """The caller's vectors as one row a chunk: an array in chunk order, or a mapping from chunk id to vector."""
    if isinstance(vectors, Mapping):
        return _mapped(vectors, chunks)
    array = as_floats(vectors, "vectors")
    if array.ndim != 2 or len(array) != len(chunks):
        raise VectorError(
            f"vectors has shape {array.shape}, but there are {len(chunks)} chunks; give one row a chunk, in order"
        )
    return array


def _mapped(vectors: Mapping[str, npt.ArrayLike], chunks: Sequence[Chunk]) -> Vectors:
    row = {chunk.id: i for i, chunk in enumerate(chunks)}
    if unknown := [id for id in vectors if id not in row]:
        raise VectorError(
            f"vectors for ids that are not in the build: {', '.join(map(repr, unknown[:5]))} ({len(unknown)} in all)"
        )
    out: Vectors | None = None
    for id, vector in vectors.items():
        array = as_floats(vector, f"the vector of chunk {id!r}")
        if out is None:
            out = np.zeros((len(chunks), array.size), dtype=np.float32)
        if array.shape != out.shape[1:]:
            raise VectorError(f"the vector of chunk {id!r} has shape {array.shape}, the first one {out.shape[1:]}")
        out[row[id]] = array
    return np.zeros((len(chunks), 0), dtype=np.float32) if out is None else out


def as_floats(vectors: npt.ArrayLike, name: str) -> Vectors:
    """An array of numbers as float32; InputTypeError if it is not one."""
    try:
        array = np.asarray(vectors)
        if array.dtype.kind not in "fiu":
            raise TypeError(f"its type is {array.dtype}")
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(array, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputTypeError(f"{name}: not an array of numbers ({error})") from None
