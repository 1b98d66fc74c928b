"""Queries of several parts: each part is searched alone, and the hits are joined by turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from ragopt.errors import InputError
from ragopt.types import Explanation, Hit, Hits, Query

__all__ = ["check_parts", "join_parts", "rejoin", "spread"]


def check_parts(query: Query) -> Query:
    """The query; InputError where a part has a filter or parts of its own."""
    for part in query.parts:
        if not isinstance(part, Query) or part.parts or part.where is not None:
            raise InputError(
                f"Query(parts=...) holds {part!r}"[:200] + ": give Queries without a filter and without parts; the "
                "filter of the whole query holds for all of them"
            )
    return query


def join_parts(parts: Sequence[Query], found: Sequence[Hits], k: int) -> Hits:
    """The `k` best hits by turns: the first of each part, then the second of each, and so on.

    Each part so has the same share of the list; one that runs out leaves its turns to the others. A chunk that two
    parts found stands once, at its better place. Scores stay those of the part's own search: scores of different
    questions have no common scale, which is why they are never summed.
    """
    kept: dict[str, Hit] = {}
    owner: dict[str, Hits] = {}
    for turn in range(max(map(len, found), default=0)):
        for part, hits in zip(parts, found, strict=True):
            if turn < len(hits) and len(kept) < k and hits[turn].id not in kept:
                kept[hits[turn].id] = hits[turn].of_part(part.text)
                owner[hits[turn].id] = hits
    fullest = max(found, key=len)
    explains = all(hits.explainer is not None for hits in found)
    return replace(
        fullest,
        items=tuple(kept.values()),
        exact=all(hits.exact for hits in found),
        reason=None if kept else fullest.reason,
        explainer=partial(_explained, owner, fullest) if explains else None,
    )


def _explained(owner: Mapping[str, Hits], other: Hits, id: str) -> Explanation:
    """The account of a hit in the search of the part that found it."""
    explainer = owner.get(id, other).explainer
    assert explainer is not None
    return explainer(id)


def spread(queries: Sequence[Query]) -> list[Query]:
    """All that has to be searched: the parts of a query in its place."""
    return [one for query in queries for one in (query.parts or (query,))]


def rejoin(queries: Sequence[Query], found: Sequence[Hits], k: int) -> list[Hits]:
    """The hits of `spread(queries)` as one list of hits a query."""
    remaining = iter(found)
    out = []
    for query in queries:
        mine = [next(remaining) for _ in query.parts or (query,)]
        out.append(join_parts(query.parts, mine, k) if query.parts else mine[0])
    return out
