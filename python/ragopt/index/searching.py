"""One search of the core: settings resolved, results as Hits, with the account of each score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from ragopt import _core
from ragopt.errors import InputError
from ragopt.index.pairs import Pairs
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

Allow = _core.Allow
Vector = npt.NDArray[np.float32]
Lexical = str | list[tuple[str, float]] | None

_MOST = 2**32 - 1
_SIDES = {(lexical, dense): Sides(lexical, dense) for lexical in (True, False) for dense in (True, False)}
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
    try:
        search = _remembered(k, alpha, min_score, normalizer, depth, floor, better_alpha)
    except TypeError:  # what cannot be hashed is refused by name
        search = _resolved(k, alpha, min_score, normalizer, depth, floor, better_alpha)
    return search if allow is None else replace(search, allow=allow)


def _resolved(
    k: int,
    alpha: float | None,
    min_score: float | Threshold | None,
    normalizer: Normalizer | str,
    depth: int,
    floor: float,
    better_alpha: float | None,
) -> Search:
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
    # No index has more chunks than _MOST, and the core's integers end somewhere.
    first, deep = min(settings.k, _MOST), min(settings.depth, _MOST)
    parameters = _core.Parameters(first, share, str(kind), deep, floor, least)
    return Search(settings.k, share, kind, settings.depth, floor, least, None, parameters)


#: Most searches of a process ask in the same few ways. Typed: True is not 1 here.
_remembered = lru_cache(maxsize=256, typed=True)(_resolved)


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
    parameters: _core.Parameters

    def run(self, core: _core.Index, asked: str | Query, row: Vector | None, load: Callable[[int], Chunk]) -> Hits:
        """The hits of one query with its vector. A text was checked, and need not be made a Query."""
        lexical = _lexical(asked)
        return self._hits(core, core.search(lexical, row, self.allow, self.parameters), lexical, row, load)

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
        found = core.search_many(lexical, vectors, self.allow, self.parameters, threads)
        rows: Sequence[Vector | None] = [None] * len(queries) if vectors is None else list(vectors)
        return [self._hits(core, *one, load) for one in zip(found, lexical, rows, strict=True)]

    def pairs(
        self,
        core: _core.Index,
        queries: Sequence[Query],
        vectors: Vector | None,
        threads: int,
        load: Callable[[int], Chunk],
    ) -> list[Pairs]:
        """The chunks of each query that can win at some alpha."""
        made = core.pairs([_lexical(query) for query in queries], vectors, self.allow, self.parameters, threads)
        shared = self.k, self.normalizer, self._depth
        return [
            Pairs(*shared, _SIDES[exist], ordinals, lexical, dense, found, raw, cosines, core, load)
            for ordinals, lexical, dense, found, raw, cosines, exist in made
        ]

    @property
    def _depth(self) -> int | None:
        return self.depth if self.normalizer in _LIST_RELATIVE else None

    def _hits(
        self,
        core: _core.Index,
        found: _core.Found,
        lexical: Lexical,
        row: Vector | None,
        load: Callable[[int], Chunk],
    ) -> Hits:
        return Hits.later(
            partial(_made, found, load),
            alpha=found.alpha,
            normalizer=self.normalizer,
            sides=_SIDES[found.sides],
            depth=self._depth,
            reason=None if len(found) else self._reason(core, found, lexical, row),
            explainer=partial(self._explain, core, lexical, row),
        )

    def _reason(self, core: _core.Index, found: _core.Found, lexical: Lexical, row: Vector | None) -> Reason:
        if self.k == 0:
            return Reason.ZERO_K
        if len(core) == 0:
            return Reason.EMPTY_INDEX
        if lexical is None and (row is None or not row.any()):
            return Reason.EMPTY_QUERY
        if self.allow is not None and not self.allow.count:
            return Reason.FILTER_EMPTY
        return Reason.BELOW_THRESHOLD if found.below else Reason.NO_MATCH

    def _explain(self, core: _core.Index, lexical: Lexical, row: Vector | None, id: str) -> Explanation:
        ordinal = core.ordinal(id)
        if ordinal is None:
            raise InputError(f"no chunk {id!r} in the index")
        account = core.explain(lexical, row, self.allow, self.parameters, ordinal)
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


def _lexical(asked: str | Query) -> Lexical:
    if isinstance(asked, str):
        return None if asked.isspace() else asked or None
    if asked.terms is not None:
        return list(asked.terms)
    return _lexical(asked.text)


def _made(found: _core.Found, load: Callable[[int], Chunk]) -> tuple[Hit, ...]:
    return Hit.many(found.rows(), load)
