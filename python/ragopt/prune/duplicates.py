"""Hits that say what a better one says already."""

from __future__ import annotations

from ragopt import _core
from ragopt.types import Hit, Hits
from ragopt.types.parameters import fraction

__all__ = ["drop_duplicates"]


def drop_duplicates(hits: Hits, least: float = 1.0) -> Hits:
    """The hits without those of which at least the share `least`, in [0, 1], stands in better ones that are kept.

    That is the share of its characters (white space apart) which overlap with windows of the same document, or the
    share of its distinct runs of five words (whole words, as written) which stand in one better text. The latter must
    also hold every word of it with a digit: texts that differ in a number say different things. So 1 drops a text that
    is equal but for white space, or stands whole in a better one; at 0.9 a tenth may differ.

    What is kept carries the hits that it stands for as `also`, and a context cites them with it. The hits given are
    not changed, and none is lost: every hit is kept or stands in the `also` of one that is.
    """
    least = fraction("duplicates", least)
    documents: dict[str, int] = {}
    chunks = [hit.chunk for hit in hits]
    better = _core.duplicates(
        [_text(chunk.text) for chunk in chunks],
        [documents.setdefault(chunk.document, len(documents)) for chunk in chunks],
        [chunk.span for chunk in chunks],
        least,
    )
    dropped: dict[int, list[Hit]] = {}
    for hit, place in zip(hits, better, strict=True):
        if place is not None:
            dropped.setdefault(place, []).append(hit)
    if not dropped:
        return hits
    kept = [
        hit.standing_for(dropped[place]) if place in dropped else hit
        for place, hit in enumerate(hits)
        if better[place] is None
    ]
    return hits.keep(kept)


def _text(text: str) -> str:
    """Half a surrogate pair, which no index holds but another source may, counts as a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
