"""All that is staged: a draft for each tenant that is to change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ragopt import _core
from ragopt.errors import VectorError
from ragopt.index.draft import Draft
from ragopt.index.reading import Snapshot
from ragopt.protocols import Vectors
from ragopt.types import Chunk

__all__ = ["Change"]


class Change:
    """Drafts over one committed snapshot. A call works on a copy, which replaces this one if all went well."""

    def __init__(self, base: Snapshot) -> None:
        self._base = base
        self._drafts: dict[str | None, Draft] = {}
        self._own: set[str | None] = set()  # those that no earlier Change shares
        self._dimension = base.core.dimension
        self._is_empty = len(base.core) == 0

    def copy(self) -> Change:
        """The same, to go on from."""
        copied = Change(self._base)
        copied._drafts = dict(self._drafts)
        copied._dimension, copied._is_empty = self._dimension, self._is_empty
        return copied

    def draft(self, tenant: str | None) -> Draft:
        """The draft of a tenant (None: of an index without tenants), begun if there is none."""
        if tenant not in self._own:
            known = self._drafts.get(tenant)
            self._drafts[tenant] = Draft(self._base.tenant(tenant).core, tenant) if known is None else known.copy()
            self._own.add(tenant)
        return self._drafts[tenant]

    def seal(self) -> None:
        """The end of a call that brought documents."""
        for tenant in self._own:
            self._drafts[tenant].seal()

    def applied(self, core: _core.Index, tenant: str | None = None) -> _core.Index:
        """`core` with what is staged for this tenant (None: for all)."""
        for name, draft in self._drafts.items():
            if tenant is None or name == tenant:
                draft.flush()
                if draft.is_changed:
                    core = draft.work if name is None else core.replaced(name, draft.work)
        return core

    def without(self, base: Snapshot, tenant: str | None) -> Change | None:
        """What is left to commit on `base` when this tenant's draft (None: all) goes; None if nothing is."""
        left = Change(base)
        left._drafts = {} if tenant is None else {t: d for t, d in self._drafts.items() if t != tenant}
        left._dimension, left._is_empty = self._dimension, self._is_empty
        return left if left._drafts else None

    def vectors(self, rows: Vectors | None, chunks: Sequence[Chunk]) -> Vectors | None:
        """The vectors of the next chunks, if they fit the index; VectorError otherwise."""
        if rows is not None and rows.shape[1] == 0:
            rows = None
        if not chunks:
            return None
        if rows is None:
            self._is_empty = False
            return None if self._dimension is None else np.zeros((len(chunks), self._dimension), dtype=np.float32)
        if self._dimension is None and not self._is_empty:
            raise VectorError("the index holds chunks without vectors: rebuild it, so that all of them have one")
        if self._dimension is not None and rows.shape[1] != self._dimension:
            raise VectorError(
                f"the vectors have {rows.shape[1]} dimensions, those of the index {self._dimension}: "
                f"they come from another model"
            )
        finite = np.isfinite(rows)
        if not finite.all():  # now, not when it is committed
            row, place = np.argwhere(~finite)[0]
            raise VectorError(f'the vector of chunk "{chunks[row].id}" is NaN or infinite in dimension {place}')
        self._dimension, self._is_empty = rows.shape[1], False
        return rows
