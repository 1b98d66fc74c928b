"""From hits to the numbered sources of a context, and the order in which they stand."""

from __future__ import annotations

from collections.abc import Sequence

from ragopt.types import Citation, Hit, Order, Piece, Source

__all__ = ["arrange", "source"]


def source(number: int, cited: Sequence[Hit]) -> Source:
    """Source `number` (from 1): the text of the first of `cited`, and citations of all with what they stand for."""
    shown = cited[0]
    marker = f"[{number}]"
    citations = tuple(
        Citation(marker, hit.id, hit.document, hit.title, hit.span) for each in cited for hit in (each, *each.also)
    )
    return Source(number, shown.id, shown.document, shown.title, (Piece(shown.text, shown.span),), citations)


def arrange(hits: Sequence[Hit], order: Order) -> list[Hit]:
    """Hits ranked best first, in the order in which the context shows them.

    `document` keeps the chunks of a document together and in its order, documents by their best
    chunk; `edges` puts the best first, the second best last, and so on towards the middle.
    """
    if order is Order.DOCUMENT:
        rank: dict[str, int] = {}
        for hit in hits:
            rank.setdefault(hit.document, len(rank))
        return sorted(hits, key=lambda hit: (rank[hit.document], hit.span))
    if order is Order.EDGES:
        return [*hits[::2], *reversed(hits[1::2])]
    return list(hits)
