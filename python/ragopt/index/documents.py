"""What comes in: documents, checked one by one, and the chunks they are cut into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from typing import Any

from ragopt.errors import InputError, InputTypeError
from ragopt.filters.fields import FieldTypes, coerce_metadata
from ragopt.protocols import Chunker
from ragopt.types import Chunk, Document

__all__ = ["RESERVED", "checked_documents", "cut", "require_text"]

_DOCUMENT_KEYS = {f.name for f in dataclass_fields(Document)}
#: What the names of metadata fields begin with that ragopt adds to the core's columns.
RESERVED = "\0"


def checked_documents(documents: Iterable[Document | Mapping[str, Any]]) -> Iterator[Document]:
    """The documents, checked: those of a list all before the first is given, those of a generator as they come."""
    if not isinstance(documents, Iterable) or isinstance(documents, (str, bytes, Mapping)):
        raise InputTypeError(f"documents is a {type(documents).__name__}: give a list of Documents or such dicts")
    checked = (_document(one, position) for position, one in enumerate(documents))
    return iter(list(checked)) if isinstance(documents, Sequence) else checked


def cut(document: Document, chunker: Chunker | None, fields: FieldTypes) -> list[Chunk]:
    """The chunks of a document, checked: one under its own id without a chunker."""
    if chunker is None:
        return [_whole(document, fields)]
    return [_checked(chunk, fields) for chunk in _cut(document, chunker)]


def _document(given: Document | Mapping[str, Any], position: int) -> Document:
    if type(given) is Document and type(given.metadata) is dict:
        id, text, title = given.id, given.text, given.title
        strings = type(id) is str and type(text) is str and type(title) is str
        if strings and id and id.isascii() and text.isascii() and title.isascii():
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
        if key.startswith(RESERVED):
            raise InputError(f"chunk {chunk.id!r}: the metadata key {key!r} begins with a null, which ragopt keeps")
    if not fields:
        return chunk
    metadata = coerce_metadata(chunk.metadata, fields, f"chunk {chunk.id!r}")
    return Chunk(chunk.id, chunk.document, chunk.text, chunk.span, chunk.title, metadata)
