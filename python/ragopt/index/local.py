"""The index of this process: built from documents, searched exactly, changed by commits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ragopt import _core
from ragopt.analysis import analyzer as named_analyzer
from ragopt.errors import InputError, InputTypeError, TenantError
from ragopt.filters import field_types
from ragopt.index.attributes import Attributes
from ragopt.index.change import Change
from ragopt.index.documents import require_text
from ragopt.index.embedding import EmbedderLike, QueryEmbedder
from ragopt.index.intake import Documents, Intake, Tenancy
from ragopt.index.reading import Snapshot
from ragopt.index.rows import EmbeddedRows, given_rows
from ragopt.index.store import Store
from ragopt.index.writing import Writer, silent
from ragopt.protocols import Chunker, Progress
from ragopt.types import Bm25, IndexIdentity

__all__ = ["Index"]

#: Ids that an index's identity holds.
_SAMPLE = 8
_REPEATED = 'an earlier one; give each its own id, or pass on_duplicate="last" to keep the later of the two'


class Index(Writer):
    """Chunks that can be searched by BM25, by cosine, and by the exact fusion of both, and that may change.

    Make one with `Index.build` or `Index.open`. Searching is safe from many threads, also while one
    of them commits: a search sees the generation that was committed when it began. After a fork the
    child has an index of its own, with nothing staged; fork while no thread searches.
    """

    def __init__(self, store: Store, tenant: str | None = None) -> None:
        self._shared = store
        self._name = tenant

    @classmethod
    def build(
        cls,
        documents: Documents,
        *,
        embedder: EmbedderLike | None = None,
        analyzer: str = "multilingual",
        bm25: Bm25 | None = None,
        vectors: npt.ArrayLike | Mapping[str, npt.ArrayLike] | None = None,
        chunker: Chunker | None = None,
        fields: Mapping[str, Any] | None = None,
        tenant_field: str | None = None,
        on_duplicate: str = "error",
        progress: Progress | None = None,
    ) -> Index:
        """Build an index of `documents` (Document values or dicts with id, text, title, metadata).

        Each document is one chunk under its own id, unless `chunker` cuts it. The dense side comes
        from `embedder` (a name, an Embedder, or a callable from texts to an array) or from
        `vectors` (rows in chunk order, or a mapping from chunk id); with both, the embedder serves
        the queries and later additions. With neither, the index is lexical only. `documents` may be a
        generator: they are taken in by batches. `fields` declares metadata types, as in
        `{"year": int}`. `tenant_field` names the metadata field, a string, by which tenants are kept
        apart: questions are then for `index.tenant(name)`. `on_duplicate="last"` keeps the later of
        two documents with one id. `progress(done, total, what)` is called as the work goes on (total
        0: not known).

        Raises DuplicateIdError, InputTypeError, VectorError, TenantError or UnknownNameError, and then
        builds nothing.
        """
        terms = named_analyzer(analyzer)
        if bm25 is not None and not isinstance(bm25, Bm25):
            raise InputTypeError(f"bm25 is a {type(bm25).__name__}: give Bm25(k1, b, variant)")
        if on_duplicate not in ("error", "last"):
            raise InputError(f'on_duplicate={on_duplicate!r}: must be "error" or "last"')
        for name, function in (("chunker", chunker), ("progress", progress)):
            if function is not None and not callable(function):
                raise InputTypeError(f"{name} is a {type(function).__name__}: give a function")
        model = QueryEmbedder.of(embedder)
        attributes = Attributes(_declared(fields, tenant_field), model.identity, tenant_field)
        rows = given_rows(vectors) if vectors is not None else EmbeddedRows(model.model) if model.identity else None
        p = bm25 or Bm25()
        parameters = (str(p.variant), p.k1, p.b, p.delta or 0.0, p.epsilon)
        empty = Snapshot(_core.Index.of(terms, parameters, str(attributes), []), attributes, 0)
        change = Change(empty)
        replace, tenancy = on_duplicate == "last", Tenancy(tenant_field)
        intake = Intake(attributes.fields, chunker, rows, replace, tenancy, progress or silent, _REPEATED)
        intake.run(documents, change)
        return cls(Store(empty.next(change.applied(empty.core)), model))

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, embedder: EmbedderLike | None = None) -> Index:
        """Open a saved index. An embedder that was given by name is loaded again when first needed.

        Raises NotAnIndexError, IndexVersionError, CorruptIndexError, or EmbedderMismatchError when
        `embedder` is not the one that the index was built with.
        """
        store = Store.open(_folder(path))
        store.embedder.adopt(embedder, store.snapshot.core.dimension)
        index = cls(store)
        if store.snapshot.attributes.tenant_field is None:
            index._rehearse()
        return index

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a copy of the index to the folder `path`, replacing an index that stands there, whole or not at all.

        An index that was built in memory belongs to the first folder it is saved to: later commits go
        there. Raises IndexWriteError when it cannot be written (what stood there is then kept),
        IndexLockedError while another writer is at work there, InputError while changes are staged.
        """
        self._refuse_view("save")
        self._store.save(_folder(path))

    def merge(self) -> int:
        """Bring everything into one segment (a tenant), without what was deleted; the generation it makes.

        Commits merge small segments by themselves; this takes as long as copying the index.
        """
        self._refuse_view("merge")
        return self._store.merge()

    def tenant(self, name: str) -> Index:
        """The index of one tenant: it reads and changes that tenant's chunks, and knows of no others.

        Statistics, scores, ids and counts are those of an index that holds this tenant alone. Documents
        that are added get the tenant field if they lack it. `commit` and `rollback` concern what was
        staged for this tenant.
        """
        self._refuse_view("tenant")
        if self._store.snapshot.attributes.tenant_field is None:
            raise TenantError("this index has no tenants: build it with tenant_field=, the field that names them")
        require_text(name, "the tenant")
        if not name:
            raise TenantError("the tenant's name is empty")
        return Index(self._store, name)

    @property
    def tenants(self) -> list[str]:
        """The names of all tenants that have chunks, sorted; none in an index without tenants."""
        self._refuse_view("tenants")
        return sorted(self._store.snapshot.core.tenants())

    def __copy__(self) -> Index:
        return Index(self._store.copy(), self._name)

    def __deepcopy__(self, memo: dict[int, Any]) -> Index:
        return self.__copy__()  # what an index is made of never changes

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (*self._store.pickled(), self._name)

    def __repr__(self) -> str:
        core = self._whole.core
        dense = f"{core.dimension} dimensions" if core.dimension else "lexical only"
        tenant = "" if self._name is None else f", tenant {self._name!r}"
        return f"Index({len(self)} chunks, analyzer {core.analyzer.name!r}, {dense}{tenant})"

    def describe(self) -> dict[str, Any]:
        """What the index is made of, JSON-ready: sizes, analyzer, BM25, embedder, fields, generation, segments."""
        core = self._whole.core
        analyzer = core.analyzer
        variant, k1, b, delta, epsilon = core.bm25
        attributes = self._whole.attributes
        return {
            "analyzer": {"name": analyzer.name, "version": analyzer.version, "fingerprint": analyzer.fingerprint},
            "bm25": {"variant": variant, "k1": k1, "b": b, "delta": delta, "epsilon": epsilon},
            "dimension": core.dimension,
            "embedder": self._embedder.identity,
            "fields": attributes.fields,
            "tenant_field": attributes.tenant_field,
            "generation": self.generation,
            "segments": core.segments(),
            "sizes": core.sizes(),
        }

    def identity(self) -> IndexIdentity:
        """What settings tuned on this index are held against (`ragopt.types.IndexIdentity`)."""
        told = self.describe()
        analyzer, bm25, embedder = told["analyzer"], told["bm25"], told["embedder"]
        count = 0 if told["tenant_field"] else min(len(self), _SAMPLE)
        return IndexIdentity(
            analyzer=f"{analyzer['name']} {analyzer['version']} {analyzer['fingerprint']}",
            bm25=" ".join(f"{name} {value}" if name != "variant" else f"{value}" for name, value in bm25.items()),
            embedder=embedder["name"] if embedder else "given" if told["dimension"] else "",
            dimension=told["dimension"] or 0,
            chunks=len(self),
            sample=tuple(self.chunk(i * len(self) // count).id for i in range(count)),
        )

    @property
    def _store(self) -> Store:
        return self._shared

    @property
    def _tenant(self) -> str | None:
        return self._name

    @property
    def _embedder(self) -> QueryEmbedder:
        return self._shared.embedder

    @property
    def _whole(self) -> Snapshot:
        snapshot = self._shared.snapshot
        return snapshot if self._name is None else snapshot.tenant(self._name)

    def _refuse_view(self, what: str) -> None:
        if self._name is not None:
            raise TenantError(f"{what}: this is the view of the tenant {self._name!r}; ask the index itself")


def _declared(fields: Mapping[str, Any] | None, tenant_field: str | None) -> dict[str, str]:
    declared = field_types(fields)
    if tenant_field is None:
        return declared
    require_text(tenant_field, "tenant_field")
    if not tenant_field or declared.get(tenant_field, "str") != "str":
        raise InputError(f"tenant_field={tenant_field!r}: must name a metadata field of strings")
    return {**declared, tenant_field: "str"}


def _reopened(path: str, model: Any, tenant: str | None) -> Index:
    """The index of a pickle: opened from its folder."""
    index = Index.open(path, embedder=model)
    return index if tenant is None else index.tenant(tenant)


def _folder(path: str | os.PathLike[str]) -> str:
    try:
        name = os.fspath(path) if not isinstance(path, bytes) else os.fsdecode(path)
    except TypeError:
        raise InputTypeError(f"path is a {type(path).__name__}: give the folder as a string or a Path") from None
    return str(Path(name).absolute()) if name else ""  # the current folder may change
