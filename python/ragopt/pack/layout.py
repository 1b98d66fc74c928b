"""How a context reads: numbered blocks, each with its title, a blank line between two.

A block is `[1] Title`, a line break, and the text of the chunk. A line of a chunk that would start
like a block (`[2] ...`) gets a backslash in front of its bracket, so that text cannot pose as
another source: the lines that start with a marker are exactly the sources. Markers inside a line
are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragopt.types import Citation, Hit, Order

__all__ = ["SEPARATOR", "arrange", "block", "citation", "marker"]

SEPARATOR = "\n\n"
_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_FORGED = re.compile(rf"(^|[{_BREAKS}])(\s*)\[(?=\s*\d+\s*\])")


def marker(number: int) -> str:
    """What stands in the text for source `number`, from 1."""
    return f"[{number}]"


def block(number: int, hit: Hit) -> str:
    """The text of one source."""
    title = " ".join(hit.title.split())
    head = f"{marker(number)} {title}" if title else marker(number)
    return f"{head}\n{_FORGED.sub(_escape, hit.text)}"


def _escape(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}\\["


def citation(number: int, hit: Hit) -> Citation:
    """Where source `number` comes from."""
    return Citation(marker(number), hit.id, hit.document, hit.title, hit.span)


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
