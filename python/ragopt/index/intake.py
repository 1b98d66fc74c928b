"""The documents of one call on their way into drafts: checked, cut, given vectors, batch by batch."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ragopt.errors import DuplicateIdError, TenantError
from ragopt.filters.fields import FieldTypes
from ragopt.index.change import Change
from ragopt.index.documents import checked_documents, cut
from ragopt.index.draft import Draft, Row
from ragopt.index.rows import EmbeddedRows, Rows
from ragopt.index.stored import encode
from ragopt.protocols import Chunker, Progress, Vectors
from ragopt.types import Chunk, Document

__all__ = ["Intake", "Tenancy"]

#: Chunks that are cut, embedded and handed on together.
_BATCH = 1024

Documents = Iterable[Document | Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Whose documents a call brings: the field that says so, and the one tenant of a view."""

    field: str | None = None
    name: str | None = None

    def of(self, document: Document) -> str | None:
        """The document's tenant; None in an index without tenants. TenantError where it has none, or another's."""
        if self.field is None:
            return None
        value = document.metadata.get(self.field, self.name)
        if not isinstance(value, str) or not value:
            raise TenantError(
                f"document {document.id!r}: its metadata field {self.field!r} must name its tenant, a non-empty "
                f"string, but is {value!r}"
            )
        if self.name is not None and value != self.name:
            raise TenantError(
                f"document {document.id!r} belongs to the tenant {value!r} by its field {self.field!r}, but is given "
                f"to the tenant {self.name!r}"
            )
        return value

    def stamp(self, document: Document) -> Document:
        """The document with its tenant in its metadata."""
        if self.field is None or self.name is None or self.field in document.metadata:
            return document
        return replace(document, metadata={**document.metadata, self.field: self.name})


class Piece(NamedTuple):
    """A document cut."""

    tenant: str | None
    document: str
    chunks: list[Chunk]


@dataclass(frozen=True, slots=True)
class Intake:
    """How documents become chunks of drafts. `replace`: a document that is there gives way to the new one."""

    fields: FieldTypes
    chunker: Chunker | None
    rows: Rows | None
    replace: bool
    tenancy: Tenancy
    progress: Progress
    #: Of what a repeated id is, and what to do.
    cure: str

    def run(self, documents: Documents, change: Change) -> int:
        """Put all documents into the drafts of their tenants; how many chunks they are."""
        total = len(documents) if isinstance(documents, Sized) else 0
        chunks = done = 0
        # Not where a caller's own code runs in between: a chunker, a generator, an embedder.
        is_ours = not isinstance(self.rows, EmbeddedRows)
        with quiet_collector(is_ours and self.chunker is None and type(documents) in (list, tuple)):
            for batch in self._batches(documents):
                self.progress(done, total, "indexing, documents")
                with quiet_collector(is_ours):
                    chunks += self._put(batch, done, change)
                done += len(batch)
        if self.rows is not None:
            self.rows.close(chunks)
        self.progress(done, done, "indexing, documents")
        return chunks

    def _batches(self, documents: Documents) -> Iterator[list[Piece]]:
        batch: list[Piece] = []
        held = 0
        tenant = None
        has_tenants = self.tenancy.field is not None
        for document in checked_documents(documents):
            if has_tenants:
                document = self.tenancy.stamp(document)
                tenant = self.tenancy.of(document)
            chunks = cut(document, self.chunker, self.fields)
            batch.append(Piece(tenant, document.id, chunks))
            held += len(chunks) or 1
            if held >= _BATCH:
                yield batch
                batch, held = [], 0
        if batch:
            yield batch

    def _put(self, batch: list[Piece], done: int, change: Change) -> int:
        by_tenant: dict[str | None, list[str]] = {}
        for piece in batch:
            by_tenant.setdefault(piece.tenant, []).append(piece.document)
        drafts = {tenant: change.draft(tenant) for tenant in by_tenant}
        present = {tenant: draft.present(by_tenant[tenant]) for tenant, draft in drafts.items()}
        if self.replace:
            for tenant, there in present.items():
                drafts[tenant].remove(list(there))
        else:
            self._refuse_repeated(batch, done, present)
        last = {(piece.tenant, piece.document): piece for piece in batch}
        chunks = [chunk for piece in batch for chunk in piece.chunks]
        vectors = change.vectors(None if self.rows is None else self.rows.take(chunks), chunks)
        if self.chunker is None and len(last) == len(batch) and len(drafts) == 1:
            (draft,) = drafts.values()
            if not draft.has_any_chunk([chunk.id for chunk in chunks]):
                draft.put_whole(list(map(_row, chunks, repeat(None) if vectors is None else vectors)))
                return len(chunks)
        start = 0
        for piece in batch:
            stop = start + len(piece.chunks)
            if last[piece.tenant, piece.document] is piece:
                rows = _rows(piece, None if vectors is None else vectors[start:stop], drafts[piece.tenant])
                drafts[piece.tenant].put(piece.document, rows)
            start = stop
        return len(chunks)

    def _refuse_repeated(self, batch: list[Piece], done: int, present: dict[str | None, set[str]]) -> None:
        for position, piece in enumerate(batch, start=done):
            if piece.document in present[piece.tenant]:
                raise DuplicateIdError(f"document {position} has the id {piece.document!r} of {self.cure}")
            present[piece.tenant].add(piece.document)


def _rows(piece: Piece, vectors: Vectors | None, draft: Draft) -> list[Row]:
    rows = []
    for place, chunk in enumerate(piece.chunks):
        if draft.has_chunk(chunk.id):
            raise DuplicateIdError(
                f"two chunks have the id {chunk.id!r}; the later one is cut from document {piece.document!r}"
            )
        rows.append(_row(chunk, None if vectors is None else vectors[place]))
    if len(rows) > 1 and (twice := [id for id, count in Counter(row.id for row in rows).items() if count > 1]):
        raise DuplicateIdError(f"document {piece.document!r}: the chunker gave two chunks the id {twice[0]!r}")
    return rows


def _row(chunk: Chunk, vector: npt.NDArray[np.float32] | None) -> Row:
    return Row(chunk.id, chunk.document, chunk.full_text, encode(chunk), chunk.metadata, vector)


@contextmanager
def quiet_collector(wanted: bool) -> Iterator[None]:
    """No search for cycles meanwhile, in any thread: a build makes millions of objects without one."""
    was_on = gc.isenabled()
    if wanted:
        gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
