"""Chunks to ask about: drawn with a seed, spread over documents, long enough to ask something of."""

from __future__ import annotations

import random
from collections.abc import Iterator
from math import log
from typing import Protocol

from ragopt.errors import InputError
from ragopt.types import Chunk
from ragopt.types.parameters import whole

__all__ = ["Chunked", "sample_chunks"]

#: Words of a chunk that is worth a question; headings and stubs have fewer.
LEAST_WORDS = 20
#: Words from which a chunk is not drawn more often for being longer.
_LONG = 200
#: Chunks that are looked at for each one wanted, so that a large index need not be read whole.
_LOOKED_AT = 40


class Chunked(Protocol):
    """What has chunks at places 0 to len - 1: `ragopt.Index`."""

    def chunk(self, ordinal: int, /) -> Chunk:
        """The chunk at a place."""
        ...

    def __len__(self) -> int: ...


def sample_chunks(index: Chunked, count: int, *, seed: int = 0, least_words: int = LEAST_WORDS) -> list[Chunk]:
    """At most `count` chunks of `least_words` words or more; the same for the same index, count and seed.

    Documents take turns, so that a long one has no more chunks in the sample than it must; which of its chunks comes
    first is drawn with a chance that grows with its words, up to 200 (Efraimidis and Spirakis 2006). Of a large index
    a random part is looked at, 40 chunks for each one wanted. InputError where no chunk is long enough.
    """
    rng = random.Random(whole("seed", seed))  # noqa: S311 - a sample, not a secret
    size, wanted = len(index), min(whole("count", count, least=1), len(index))
    places = rng.sample(range(size), min(size, max(1000, _LOOKED_AT * wanted)))
    documents: dict[str, list[tuple[float, Chunk]]] = {}
    for place in places:
        chunk = index.chunk(place)
        # Scripts without spaces have words of many letters: twelve count as one at least.
        words = max(len(chunk.text.split()), len(chunk.text) // 12)
        key = -log(1.0 - rng.random()) / max(1, min(words, _LONG))
        if words >= least_words:
            documents.setdefault(chunk.document, []).append((key, chunk))
    if not documents:
        raise InputError(
            f"no chunk of {size:,} has {least_words} words to ask about: cut larger chunks, or lower least_words"
        )
    for drawn in documents.values():
        drawn.sort(key=lambda one: (one[0], one[1].id))
    return [chunk for chunk, _ in zip(_in_turns(list(documents.values())), range(wanted), strict=False)]


def _in_turns(documents: list[list[tuple[float, Chunk]]]) -> Iterator[Chunk]:
    for turn in range(max(map(len, documents))):
        yield from (drawn[turn][1] for drawn in documents if turn < len(drawn))
