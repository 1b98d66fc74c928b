"""The writing face of an index: changes are staged, and a commit lets searches see them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

import numpy.typing as npt

from ragopt.errors import InputError, InputTypeError, VectorError
from ragopt.index.change import Change
from ragopt.index.documents import checked_documents, require_text
from ragopt.index.intake import Documents, Intake, Tenancy
from ragopt.index.reading import Reader, Snapshot
from ragopt.index.rows import EmbeddedRows, Rows, given_rows
from ragopt.index.store import Store
from ragopt.index.syncing import Changes, Comparison
from ragopt.protocols import Chunker, Progress
from ragopt.types import Where

__all__ = ["Writer", "silent"]

_KEPT = "one that the index holds: update() replaces it"


class Writer(Reader):
    """What can be done to an index. `add`, `update` and `delete` stage; nobody sees that before `commit`.

    Staging takes the lock of the index's folder, if it has one, and starts from its newest
    generation; commit and rollback give it back. `with index:` commits at the end of the block, or
    rolls back if it raised.
    """

    @property
    @abstractmethod
    def _store(self) -> Store: ...

    @property
    @abstractmethod
    def _tenant(self) -> str | None: ...

    def add(
        self,
        documents: Documents,
        *,
        vectors: npt.ArrayLike | Mapping[str, npt.ArrayLike] | None = None,
        chunker: Chunker | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Stage documents that are new; how many chunks they are.

        They are checked, cut and embedded as by `Index.build`, with the index's own embedder where
        `vectors` is not given. Raises DuplicateIdError for an id that the index or an earlier
        document has, IndexLockedError while another writer has staged something, and then stages nothing.
        """
        return self._put(documents, vectors, chunker, progress, replace=False)

    def update(
        self,
        documents: Documents,
        *,
        vectors: npt.ArrayLike | Mapping[str, npt.ArrayLike] | None = None,
        chunker: Chunker | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Stage documents in place of those with the same ids, all chunks of them; how many chunks they are.

        A document whose id is new is added; of two with one id in one call the later counts.
        """
        return self._put(documents, vectors, chunker, progress, replace=True)

    def delete(self, ids: Iterable[str] | None = None, *, where: Where | None = None) -> int:
        """Stage that chunks go: those of `ids`, or those that pass the filter; how many there are.

        An id is that of a document, all of whose chunks go, or that of a chunk. Ids that are not
        there count nothing. What is staged is seen: a document added and then deleted is not committed.
        """
        if (ids is None) == (where is None):
            raise InputError("delete takes ids= or where=: one of the two")
        wanted = None if ids is None else _ids(ids)
        attributes = self._snapshot.attributes

        def work(change: Change) -> int:
            draft = change.draft(self._tenant)
            if wanted is not None:
                return draft.remove(wanted) + draft.remove_chunks(wanted)
            draft.flush()
            assert where is not None
            snapshot = Snapshot(draft.work, attributes, 0, tenant=draft.tenant)
            return draft.drop(snapshot.allow(where).ordinals().tolist())

        return self._store.stage(work)

    def sync(
        self,
        documents: Documents,
        *,
        chunker: Chunker | None = None,
        keep: bool = False,
        progress: Progress | None = None,
    ) -> Changes:
        """Stage what makes the index hold exactly these documents; how many are added, updated, deleted, unchanged.

        A document whose chunks would be what they are, in text, title, metadata and place, is neither
        embedded nor written again. `keep=True` deletes nothing: documents that are not given stay.
        """
        rows, fields = self._rows(None), self._whole.attributes.fields
        tenancy = Tenancy(self._snapshot.attributes.tenant_field, self._tenant)

        def work(change: Change) -> Changes:
            change.draft(self._tenant).flush()
            compared = Comparison(change.draft(self._tenant).work, chunker, fields)
            changed = compared.changed(map(tenancy.stamp, checked_documents(documents)))
            Intake(fields, chunker, rows, True, tenancy, progress or silent, _KEPT).run(changed, change)
            gone = [] if keep else compared.gone
            change.draft(self._tenant).remove(gone)
            return compared.changes(len(gone))

        return self._store.stage(work)

    def commit(self) -> int:
        """Let searches see what is staged, all of it or none; the generation it makes.

        With a folder it is written there first (IndexWriteError if that fails; then it stays staged,
        and the folder holds its last generation). Small segments are merged by the way, in bounded time.
        """
        return self._store.commit(self._tenant)

    def rollback(self) -> None:
        """Forget what is staged."""
        self._store.rollback(self._tenant)

    def refresh(self) -> bool:
        """Let searches see what another process committed to the folder; whether there was something."""
        return self._store.refresh()

    @property
    def generation(self) -> int:
        """How many commits led to what searches see: of the folder, or without one since the index was built."""
        return self._store.snapshot.generation

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.rollback()

    def _put(
        self,
        documents: Documents,
        vectors: npt.ArrayLike | Mapping[str, npt.ArrayLike] | None,
        chunker: Chunker | None,
        progress: Progress | None,
        *,
        replace: bool,
    ) -> int:
        for name, function in (("chunker", chunker), ("progress", progress)):
            if function is not None and not callable(function):
                raise InputTypeError(f"{name} is a {type(function).__name__}: give a function")
        attributes = self._whole.attributes
        tenancy = Tenancy(attributes.tenant_field, self._tenant)
        intake = Intake(attributes.fields, chunker, self._rows(vectors), replace, tenancy, progress or silent, _KEPT)
        return self._store.stage(lambda change: intake.run(documents, change))

    def _rows(self, vectors: npt.ArrayLike | Mapping[str, npt.ArrayLike] | None) -> Rows | None:
        if vectors is not None:
            return given_rows(vectors)
        if self._embedder.identity is not None:
            return EmbeddedRows(self._embedder.model)
        if (dimension := self._whole.core.dimension) is not None:
            raise VectorError(
                f"the index has vectors of {dimension} dimensions and no embedder: pass vectors=, a row a chunk"
            )
        return None


def silent(_done: int, _total: int, _what: str) -> None:
    """Progress that nobody watches."""


def _ids(ids: Iterable[str]) -> list[str]:
    if isinstance(ids, (str, bytes, Mapping)) or not isinstance(ids, Iterable):
        raise InputTypeError(f"ids is a {type(ids).__name__}: give a list of ids")
    wanted = list(dict.fromkeys(ids))
    for id in wanted:
        require_text(id, "an id to delete")
    return wanted
