"""What is to change in the chunks of one tenant, or of an index without tenants, until it is committed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ragopt import _core
from ragopt.index.lookup import DOCUMENT, chunks_of, document_of

__all__ = ["Draft", "Row"]

#: Chunks that wait together to become a segment: small adds do not make a segment each.
_WAITING = 1024


class Row(NamedTuple):
    """A chunk as the core takes it."""

    id: str
    document: str
    text: str
    stored: bytes
    metadata: Mapping[str, Any]
    vector: npt.NDArray[np.float32] | None


class Draft:
    """The chunks as they will be: a snapshot of the core, and what came in since.

    What comes in waits until it is enough for a segment. A call that brings more feeds one builder
    of the core with it, so that the memory it takes is that of the segment.
    """

    def __init__(self, work: _core.Index, tenant: str | None) -> None:
        self.work = work
        self.tenant = tenant
        self._base = work
        self._waiting: dict[str, list[Row]] = {}  # by document
        self._ids: set[str] = set()  # of the chunks that wait
        self._builder: _core.Builder | None = None
        self._built: set[str] = set()  # ids of the chunks in the builder
        self._built_documents: set[str] = set()  # and of the documents that were cut into several

    def copy(self) -> Draft:
        """The same, to go on from; this one stays as it is. Not in the middle of a call."""
        assert self._builder is None
        copied = Draft(self._base, self.tenant)
        copied.work = self.work
        copied._waiting, copied._ids = dict(self._waiting), set(self._ids)
        return copied

    @property
    def is_changed(self) -> bool:
        """Whether anything came in or went."""
        return bool(self._waiting) or self.work is not self._base

    def present(self, documents: Sequence[str]) -> set[str]:
        """Those of the documents that are there."""
        found = {id for id in documents if id in self._waiting or self._is_built(id)}
        for ordinal in chunks_of(self.work, [id for id in documents if id not in found]):
            found.add(document_of(self.work, ordinal))
        return found

    def has_chunk(self, id: str) -> bool:
        """Whether a chunk has this id."""
        return id in self._ids or id in self._built or self.work.ordinal(id) is not None

    def has_any_chunk(self, ids: Sequence[str]) -> bool:
        """Whether a chunk has one of these ids."""
        if not self._ids.isdisjoint(ids) or not self._built.isdisjoint(ids):
            return True
        return len(self.work) > 0 and any(self.work.ordinal(id) is not None for id in ids)

    def put_whole(self, rows: list[Row]) -> None:
        """Add documents that are one chunk each, under their own ids, and are not there."""
        self._waiting.update({row.id: [row] for row in rows})
        self._ids.update([row.id for row in rows])
        if len(self._ids) >= _WAITING:
            self._spill()

    def put(self, document: str, rows: list[Row]) -> None:
        """Add the chunks of a document that is not there."""
        if not rows:
            return
        self._waiting[document] = rows
        self._ids.update([row.id for row in rows])
        if len(self._ids) >= _WAITING:
            self._spill()

    def remove(self, documents: Sequence[str]) -> int:
        """Take away all chunks of these documents; how many there were."""
        if any(self._is_built(id) for id in documents):
            self.seal()
        removed = 0
        for id in documents:
            rows = self._waiting.pop(id, ())
            self._ids.difference_update(row.id for row in rows)
            removed += len(rows)
        return removed + self.drop(chunks_of(self.work, documents))

    def remove_chunks(self, ids: Sequence[str]) -> int:
        """Take away these chunks, whatever their documents; how many there were."""
        if not self._ids.isdisjoint(ids):
            self.flush()
        found = (self.work.ordinal(id) for id in ids)
        return self.drop(ordinal for ordinal in found if ordinal is not None)

    def drop(self, ordinals: Iterable[int]) -> int:
        """Take away the chunks of `work` with these numbers; how many there were."""
        gone = sorted(set(ordinals))
        if gone:
            self.work = self.work.changed(gone, [])
        return len(gone)

    def flush(self) -> None:
        """Let `work` hold all."""
        if self._waiting:
            self._spill()
        self.seal()

    def seal(self) -> None:
        """Finish the builder: the end of a call."""
        if self._builder is not None:
            segment = self._builder.finish()
            self._builder = None
            self._built.clear()
            self._built_documents.clear()
            self.work = self.work.changed([], [(self.tenant, segment)])

    def _is_built(self, document: str) -> bool:
        return document in self._built_documents or document in self._built

    def _spill(self) -> None:
        rows = [row for rows in self._waiting.values() for row in rows]
        if self._builder is None:
            vector = rows[0].vector
            self._builder = _core.Builder(self.work.analyzer, None if vector is None else len(vector))
        ids, documents, texts, stored, metadata, vectors = zip(*rows, strict=True)
        if ids != documents:
            metadata = tuple(map(_columns, rows))
        array = None if vectors[0] is None else np.stack(vectors)
        self._builder.push(ids, texts, stored, array, metadata if any(metadata) else None)
        for document, of_it in self._waiting.items():
            if len(of_it) > 1 or of_it[0].id != document:
                self._built_documents.add(document)
        self._built |= self._ids
        self._waiting.clear()
        self._ids.clear()


def _columns(row: Row) -> Mapping[str, Any]:
    """What filters see: the metadata, and the document where the id does not say it."""
    return row.metadata if row.id == row.document else {**row.metadata, DOCUMENT: row.document}
