"""One search of the core: settings resolved, results as Hits, with the account of each score."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from ragopt import _core
from ragopt.errors import InputError
from ragopt.types import (
    Chunk,
    Explanation,
    Hit,
    Hits,
    Normalizer,
    Query,
    Reason,
    SearchSettings,
    SideExplanation,
    Sides,
    TermShare,
    Threshold,
)

__all__ = ["Search", "resolve"]

Allow = npt.NDArray[np.bool_]
Vector = npt.NDArray[np.float32]
Lexical = str | list[tuple[str, float]] | None

_MOST = 2**32 - 1
_LIST_RELATIVE = (Normalizer.MINMAX, Normalizer.ZSCORE, Normalizer.DBSF, Normalizer.L2, Normalizer.RANK)


def resolve(
    k: int,
    alpha: float | None,
    min_score: float | Threshold | None,
    normalizer: Normalizer | str,
    depth: int,
    *,
    floor: float,
    better_alpha: float | None,
    allow: Allow | None,
) -> Search:
    """The search with every default filled in; InputError or ScoreKindError for what cannot be."""
    settings = SearchSettings(k=k, alpha=alpha, normalizer=normalizer, depth=depth, min_score=min_score)
    kind = Normalizer(settings.normalizer)
    share = settings.alpha
    if share is None:
        share = better_alpha if better_alpha is not None and kind is Normalizer.BOUNDED else kind.default_alpha
    if share is None:
        raise InputError(f'normalizer="{kind}" has no default alpha: raw scores have no common scale, so give alpha')
    if kind in _LIST_RELATIVE and settings.k > settings.depth:
        raise InputError(
            f"k={settings.k} is above depth={settings.depth}: {kind} scores come from the top {settings.depth} of "
            f"each side; raise depth or lower k"
        )
    least = Threshold.on(settings.min_score, kind)
    return Search(settings.k, share, kind, settings.depth, floor, least, allow)


@dataclass(frozen=True, slots=True)
class Search:
    """A search ready to run."""

    k: int
    alpha: float
    normalizer: Normalizer
    depth: int
    floor: float
    min_score: float | None
    allow: Allow | None

    def run(self, core: _core.Index, query: Query, load: Callable[[int], Chunk]) -> Hits:
        """The hits of one query."""
        lexical = _lexical(query)
        found = core.search(lexical, query.vector, self.allow, self._parameters())
        return self._hits(core, found, query, load)

    def run_many(
        self,
        core: _core.Index,
        queries: Sequence[Query],
        vectors: Vector | None,
        threads: int,
        load: Callable[[int], Chunk],
    ) -> list[Hits]:
        """The hits of each query."""
        lexical = [_lexical(query) for query in queries]
        found = core.search_many(lexical, vectors, self.allow, self._parameters(), threads)
        rows: Sequence[Vector | None] = [None] * len(queries) if vectors is None else list(vectors)
        return [
            self._hits(core, one, Query(query.text, query.terms, row), load)
            for one, query, row in zip(found, queries, rows, strict=True)
        ]

    def _parameters(self) -> _core.Parameters:
        # No index has more chunks than that, and the core's integers end somewhere.
        k, depth = min(self.k, _MOST), min(self.depth, _MOST)
        return _core.Parameters(k, self.alpha, str(self.normalizer), depth, self.floor, self.min_score)

    def _hits(self, core: _core.Index, found: _core.Found, query: Query, load: Callable[[int], Chunk]) -> Hits:
        lexical, dense = found.sides
        rows = zip(
            found.ids,
            found.scores.tolist(),
            found.lexical.tolist(),
            found.dense.tolist(),
            found.ordinals.tolist(),
            strict=True,
        )
        items = tuple(
            Hit(id, score, lexical=_known(raw), dense=_known(cosine), load=partial(load, ordinal))
            for id, score, raw, cosine, ordinal in rows
        )
        return Hits(
            items,
            alpha=found.alpha,
            normalizer=self.normalizer,
            sides=Sides(lexical, dense),
            depth=self.depth if self.normalizer in _LIST_RELATIVE else None,
            reason=None if items else self._reason(core, found, query),
            explainer=partial(self._explain, core, query),
        )

    def _reason(self, core: _core.Index, found: _core.Found, query: Query) -> Reason:
        if self.k == 0:
            return Reason.ZERO_K
        if len(core) == 0:
            return Reason.EMPTY_INDEX
        if _lexical(query) is None and (query.vector is None or not query.vector.any()):
            return Reason.EMPTY_QUERY
        if self.allow is not None and not self.allow.any():
            return Reason.FILTER_EMPTY
        return Reason.BELOW_THRESHOLD if found.below else Reason.NO_MATCH

    def _explain(self, core: _core.Index, query: Query, id: str) -> Explanation:
        ordinal = core.ordinal(id)
        if ordinal is None:
            raise InputError(f"no chunk {id!r} in the index")
        account = core.explain(_lexical(query), query.vector, self.allow, self._parameters(), ordinal)
        return Explanation(
            id=id,
            score=account.score,
            alpha=account.alpha,
            normalizer=self.normalizer,
            lexical=SideExplanation(*account.lexical),
            dense=SideExplanation(*account.dense),
            terms=tuple(TermShare(*term) for term in account.terms),
            constant=account.constant,
            passes_filter=account.allowed,
            min_score=self.min_score,
        )


def _lexical(query: Query) -> Lexical:
    if query.terms is not None:
        return list(query.terms)
    return query.text if query.text.strip() else None


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
