"""Which documents changed since they were indexed: those whose chunks would be others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ragopt import _core
from ragopt.errors import DuplicateIdError
from ragopt.filters.fields import FieldTypes
from ragopt.index.documents import cut
from ragopt.index.lookup import document_of
from ragopt.index.stored import encode
from ragopt.protocols import Chunker
from ragopt.types import Chunk, Document

__all__ = ["Changes", "Comparison"]


@dataclass(frozen=True, slots=True)
class Changes:
    """How many documents a sync adds, replaces, deletes, and leaves as they are."""

    added: int
    updated: int
    deleted: int
    unchanged: int

    def __bool__(self) -> bool:
        return bool(self.added or self.updated or self.deleted)


class Comparison:
    """The documents of an index beside those of a source."""

    def __init__(self, core: _core.Index, chunker: Chunker | None, fields: FieldTypes) -> None:
        self._core = core
        self._chunker = chunker
        self._fields = fields
        self._ordinals: dict[str, list[int]] = {}
        for ordinal in core.ordinals().tolist():
            self._ordinals.setdefault(document_of(core, ordinal), []).append(ordinal)
        self._seen: set[str] = set()
        self._added = self._updated = 0

    def changed(self, documents: Iterator[Document]) -> Iterator[Document]:
        """Those of the documents that are new or not what they were."""
        for position, document in enumerate(documents):
            if document.id in self._seen:
                raise DuplicateIdError(f"document {position} has the id {document.id!r} of an earlier one")
            self._seen.add(document.id)
            ordinals = self._ordinals.get(document.id)
            if ordinals is None:
                self._added += 1
                yield document
            elif not self._is_same(cut(document, self._chunker, self._fields), ordinals):
                self._updated += 1
                yield document

    @property
    def gone(self) -> list[str]:
        """The documents of the index that did not come, once all have."""
        return [id for id in self._ordinals if id not in self._seen]

    def changes(self, deleted: int) -> Changes:
        """What there was to do."""
        return Changes(self._added, self._updated, deleted, len(self._seen) - self._added - self._updated)

    def _is_same(self, chunks: Sequence[Chunk], ordinals: Sequence[int]) -> bool:
        # The bytes kept for a chunk are a function of the chunk: no digest of them is needed.
        return {chunk.id: encode(chunk) for chunk in chunks} == {
            self._core.id(ordinal): self._core.stored(ordinal) for ordinal in ordinals
        }
