"""Judged queries with their ids and vectors, and the search that is deep enough to measure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from ragopt.errors import DuplicateIdError, InputError, InputTypeError, VectorError
from ragopt.evaluation.judgements import Qrels
from ragopt.evaluation.unit import By, Unit
from ragopt.types import Chunk, Hits, Normalizer, Query, SearchSettings, Threshold, Where

__all__ = ["Queries", "Questions", "Searchable", "check_ids", "missing_ids", "require_searchable", "search_deep"]

#: Query id → text or Query; or (id, text) pairs; or dicts with `_id` (or `id`) and `text`.
Queries = Mapping[str, str | Query] | Iterable[tuple[str, str | Query] | Mapping[str, Any]]

_EVERYWHERE = (Normalizer.BOUNDED, Normalizer.THEORETICAL, Normalizer.NONE)


class Searchable(Protocol):
    """What is evaluated and tuned: `ragopt.Index`, or anything that searches as it does."""

    def search_many(
        self,
        queries: Sequence[str | Query],
        *,
        k: int,
        alpha: float | None,
        where: Where | None,
        min_score: float | Threshold | None,
        normalizer: Normalizer | str,
        depth: int,
        vectors: npt.ArrayLike | None,
    ) -> list[Hits]:
        """The hits of each query, best first."""
        ...


@runtime_checkable
class _Readable(Protocol):
    def get(self, id: str, /) -> Chunk | None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """Queries in order; row i of `vectors` and of `weights`, where there are any, belongs to query i.

    A query of weight 3 counts as three in every mean; without weights all count alike.
    """

    ids: tuple[str, ...]
    queries: tuple[str | Query, ...]
    vectors: npt.NDArray[np.float32] | None = None
    weights: npt.NDArray[np.float64] | None = None

    @classmethod
    def of(
        cls,
        queries: Queries | Questions,
        vectors: npt.ArrayLike | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> Questions:
        """The questions of a mapping, of pairs or of dicts; `weights` by id. Two with one id are a DuplicateIdError."""
        if isinstance(queries, Questions):
            return queries
        if not isinstance(queries, Iterable):
            raise InputTypeError(f"queries is a {type(queries).__name__}: give a mapping {{id: text}}")
        pairs = list(queries.items()) if isinstance(queries, Mapping) else [_pair(query) for query in queries]
        for id, query in pairs:
            if not isinstance(id, str) or not isinstance(query, str | Query):
                raise InputTypeError(f"query {id!r}: give a string id and a text or Query, not {type(query).__name__}")
        ids = tuple(id for id, _ in pairs)
        if len(set(ids)) < len(ids):
            twice = next(id for i, id in enumerate(ids) if id in ids[:i])
            raise DuplicateIdError(f"two queries have the id {twice!r}")
        rows = None if vectors is None else np.asarray(vectors, dtype=np.float32)
        if rows is not None and (rows.ndim != 2 or len(rows) != len(ids)):
            raise VectorError(f"vectors has shape {rows.shape}, but there are {len(ids)} queries: one row a query")
        return cls(ids, tuple(query for _, query in pairs), rows, _weights(ids, weights))

    def at(self, rows: Sequence[int]) -> Questions:
        """Those questions."""
        vectors = None if self.vectors is None else self.vectors[list(rows)]
        weights = None if self.weights is None else self.weights[list(rows)]
        return Questions(tuple(self.ids[i] for i in rows), tuple(self.queries[i] for i in rows), vectors, weights)

    def judged(self, qrels: Qrels) -> Questions:
        """The questions that have judgements. InputError where none has."""
        rows = [i for i, id in enumerate(self.ids) if id in qrels]
        if not rows:
            mine = f"query ids such as {self.ids[0]!r}" if self.ids else "no queries at all"
            theirs = f"judgements of {next(iter(qrels))!r} and so on" if len(qrels) else "no judgement at all"
            raise InputError(f"no query has a judgement: there are {mine} and {theirs}")
        return self.at(rows)

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """What each counts in a mean: its weight over the mean weight."""
        if self.weights is None or not len(self):
            return np.ones(len(self))
        return np.asarray(self.weights / self.weights.mean())

    @property
    def worth(self) -> float:
        """As how many equal questions these tell: (sum of weights)² / sum of squares (Kish 1965)."""
        return len(self) ** 2 / float(np.square(self.shares).sum()) if len(self) else 0.0

    @property
    def texts(self) -> tuple[str, ...]:
        """The text of each question."""
        return tuple(query if isinstance(query, str) else query.text for query in self.queries)

    def __len__(self) -> int:
        return len(self.ids)


def require_searchable(index: object) -> None:
    """Raise InputTypeError for what cannot be searched: a path, say."""
    if not callable(getattr(index, "search_many", None)):
        raise InputTypeError(f"index is a {type(index).__name__}: give an Index, as of Index.open(path)")


def search_deep(
    index: Searchable,
    questions: Questions,
    settings: SearchSettings,
    *,
    k: int,
    unit: Unit,
    where: Where | None = None,
) -> list[Hits]:
    """Hits that hold `k` judged units a question, or all there are. `settings.k` is not looked at.

    Where documents are judged, several chunks may be one document: those questions are searched
    deeper until `k` documents stand, up to `settings.depth` for a normalizer that is relative to it.
    """
    cap = None if settings.normalizer in _EVERYWHERE else settings.depth
    found = _search(index, questions, settings, k, where)
    asked, open_rows = k, list(range(len(questions)))
    while unit.by is By.DOCUMENT:
        open_rows = [i for i in open_rows if len(found[i]) == asked and len(unit.ids(found[i])) < k]
        if not open_rows or asked == cap:
            break
        asked = asked * 3 if cap is None else min(asked * 3, cap)
        for i, hits in zip(open_rows, _search(index, questions.at(open_rows), settings, asked, where), strict=True):
            found[i] = hits
    return found


def check_ids(index: Searchable, qrels: Qrels, unit: Unit) -> list[str]:
    """Notes on judged ids that the index lacks. InputError when it has not one of them.

    What cannot `get` a chunk by its id is not checked. Chunks of document d are named d, or d#0, d#1, ... .
    """
    judged, missing = missing_ids(index, qrels, unit)
    documents = unit.by is By.DOCUMENT
    if not missing:
        return []
    if len(missing) == judged:
        other = "chunk" if documents else "document"
        raise InputError(
            f"not one of the {judged} judged ids is in the index (the first is {missing[0]!r}): these judgements "
            f'belong to another corpus, or they name {other}s (by="{other}")'
        )
    return [
        f"{len(missing)} of {judged} judged ids are not in the index (the first is {missing[0]!r}); "
        f"a relevant one among them counts as never found"
    ]


def missing_ids(index: Searchable, qrels: Qrels, unit: Unit) -> tuple[int, list[str]]:
    """How many ids are judged, and those of them that the index lacks; none where it cannot `get` a chunk."""
    judged = dict.fromkeys(id for query in qrels for id in qrels[query])
    if not isinstance(index, _Readable):
        return len(judged), []
    documents = unit.by is By.DOCUMENT
    return len(judged), [id for id in judged if not (_has_document(index, id) if documents else index.get(id))]


def _has_document(index: _Readable, id: str) -> bool:
    chunk = index.get(id) or index.get(f"{id}#0")
    return chunk is not None and chunk.document == id


def _search(
    index: Searchable, questions: Questions, settings: SearchSettings, k: int, where: Where | None
) -> list[Hits]:
    return index.search_many(
        questions.queries,
        k=k,
        alpha=settings.alpha,
        where=where,
        min_score=settings.min_score,
        normalizer=settings.normalizer,
        depth=settings.depth,
        vectors=questions.vectors,
        **settings.bm25,
    )


def _weights(ids: Sequence[str], given: Mapping[str, float] | None) -> npt.NDArray[np.float64] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or (lacking := [id for id in ids if id not in given]):
        what = f"lacks query {lacking[0]!r}" if isinstance(given, Mapping) else f"is a {type(given).__name__}"
        raise InputError(f"weights {what}: give {{query id: weight}} with all queries")
    for id in ids:
        weight = given[id]
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < float("inf"):
            raise InputError(f"weights: query {id!r} has {weight!r}: give a number above 0")
    return np.array([given[id] for id in ids], dtype=np.float64)


def _pair(query: object) -> tuple[str, str | Query]:
    if isinstance(query, Mapping):
        id = query.get("_id", query.get("id"))
        if id is None or "text" not in query:
            raise InputError(f"a query needs `_id` and `text`, but this one has {sorted(map(str, query))}")
        return cast(str, id), query["text"]
    if isinstance(query, tuple | list) and len(query) == 2:
        return query[0], query[1]
    raise InputTypeError(
        f"queries hold a {type(query).__name__}: give a mapping {{id: text}}, (id, text) pairs or dicts, since "
        f"judgements are joined by the query's id"
    )
