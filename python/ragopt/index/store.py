"""What an index and the views of its tenants share: the committed snapshot, what is staged, the folder, its lock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from weakref import WeakSet

from ragopt import _core
from ragopt.errors import IndexFileError, InputError, InputTypeError
from ragopt.index.change import Change
from ragopt.index.embedding import QueryEmbedder
from ragopt.index.reading import Snapshot
from ragopt.protocols import Embedder

__all__ = ["Store"]

T = TypeVar("T")

#: A commit leaves larger segments alone, so that the time it takes is bounded; `Index.merge` takes them too.
_MERGED_AT_COMMIT = 50_000


class Store:
    """The one place that changes. A search takes `snapshot` once; a commit puts another in its place.

    The lock of the folder is held while something is staged, and the change begins from the newest
    generation, so that nothing that another process committed is lost.
    """

    def __init__(self, snapshot: Snapshot, embedder: QueryEmbedder, path: str | None = None) -> None:
        self.snapshot = snapshot
        self.embedder = embedder
        self.path = path
        self._change: Change | None = None
        self._lock: _core.Lock | None = None
        self._is_staging = False
        self._guard = threading.RLock()  # one writer at a time among the threads, too
        _STORES.add(self)

    @classmethod
    def open(cls, path: str) -> Store:
        """The index in the folder `path`."""
        snapshot = Snapshot.open(path)
        return cls(snapshot, QueryEmbedder(snapshot.attributes.embedder), path)

    @property
    def is_staged(self) -> bool:
        """Whether something waits to be committed."""
        return self._change is not None

    def stage(self, work: Callable[[Change], T]) -> T:
        """What `work` returns, after it has changed what is staged. Nothing is staged if it raises."""
        with self._writing():
            self._begin()
            self._is_staging = True
            try:
                change = Change(self.snapshot) if self._change is None else self._change.copy()
                result = work(change)
                change.seal()
                self._change = change
            finally:
                self._is_staging = False
                self._end()
            return result

    def commit(self, tenant: str | None = None) -> int:
        """Let searches see what is staged, on disk first if there is a folder; the generation it is now.

        If it cannot be written, it stays staged, and the last generation is what it was.
        """
        with self._writing():
            if self._change is not None:
                core = self._change.applied(self.snapshot.core, tenant)
                if core is not self.snapshot.core:
                    self._write(core.merged(_MERGED_AT_COMMIT) or core)
                self._change = self._change.without(self.snapshot, tenant)
                self._end()
            return self.snapshot.generation

    def rollback(self, tenant: str | None = None) -> None:
        """Forget what is staged."""
        with self._writing():
            if self._change is not None:
                self._change = self._change.without(self.snapshot, tenant)
                self._end()

    def merge(self) -> int:
        """One segment a tenant, without deleted chunks; the generation it is now."""
        with self._writing():
            self.refuse_staged("merge")
            self._begin()
            try:
                if (merged := self.snapshot.core.merged(None)) is not None:
                    self._write(merged)
            finally:
                self._end()
            return self.snapshot.generation

    def refresh(self) -> bool:
        """Take up what another process committed; whether there was something."""
        with self._writing():
            # Whoever holds the lock has the newest.
            return self.path is not None and self._lock is None and self._take_up(self.path)

    def save(self, path: str) -> None:
        """A whole copy of what is committed to the folder `path`, where later commits go if there is no folder yet."""
        with self._writing():
            self.refuse_staged("save")
            self.snapshot.core.save(path)
            if self.path is None or self.path == path:
                self.path = path
                self.snapshot = self.snapshot.next(self.snapshot.core)

    def copy(self) -> Store:
        """Another over what is committed; what is staged stays with this one."""
        return Store(self.snapshot, self.embedder, self.path)

    def pickled(self) -> tuple[str, Embedder | None]:
        """What another process opens: the folder, and the embedder where it has no name to load it by."""
        self.refuse_staged("pickle")
        if self.path is None:
            raise InputTypeError(
                "an Index is pickled by its folder, and this one has none: save(path) it first; a copy is what "
                "Index.open(path) gives where it is needed"
            )
        return self.path, self.embedder.unnamed

    def forget(self) -> None:
        """In a child process that was forked: what is staged, and the lock, stay with the parent."""
        self._change = self._lock = None
        self._is_staging = False
        self._guard = threading.RLock()

    def refuse_staged(self, what: str) -> None:
        """InputError if something is staged."""
        if self._change is not None:
            raise InputError(f"{what}: there are staged changes; commit() them or roll them back first")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._guard:
            if self._is_staging:
                raise InputError("the documents that are being staged change the index themselves: make a list of them")
            yield

    def _begin(self) -> None:
        if self.path is not None and self._lock is None:
            lock = _core.Lock(self.path)
            self._take_up(self.path)
            self._lock = lock

    def _take_up(self, path: str) -> bool:
        if _core.Index.current(path) == self.snapshot.generation:
            return False
        snapshot = Snapshot.open(path)
        if snapshot.attributes != self.snapshot.attributes:
            raise IndexFileError(f"{path}: another index was saved there; open it anew")
        self.snapshot = snapshot
        return True

    def _end(self) -> None:
        """Give the lock back if nothing is staged."""
        if self._change is None and self._lock is not None:
            self._lock.release()
            self._lock = None

    def _write(self, core: _core.Index) -> None:
        if self.path is not None:
            assert self._lock is not None
            core.commit(self.path, self._lock)
        self.snapshot = self.snapshot.next(core)


_STORES: WeakSet[Store] = WeakSet()


def _after_fork() -> None:
    for store in list(_STORES):
        store.forget()


os.register_at_fork(after_in_child=_after_fork)
