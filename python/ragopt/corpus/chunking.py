"""Chunkers: a document cut into pieces of a size, at the ends of sentences or words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ragopt.corpus.segments import Piece, sentences, word_bounds, words
from ragopt.errors import InputError
from ragopt.protocols import TokenCounter
from ragopt.tokens import ByteEstimate
from ragopt.types import Chunk, Document
from ragopt.types.parameters import whole

__all__ = ["DEFAULT_WORDS", "SentenceChunker", "WindowChunker"]

DEFAULT_WORDS = 180
"""The size of a chunk where none is given: what an encoder with a window of 256 tokens takes in."""


@dataclass(frozen=True, slots=True)
class _Sized:
    """A size in words (default DEFAULT_WORDS), or in `tokens` of `counter` (default: ByteEstimate).

    `overlap` repeats up to that many words or tokens of a chunk's end at the start of the next.
    """

    words: int | None = None
    tokens: int | None = None
    overlap: int = 0
    counter: TokenCounter | None = None

    def __post_init__(self) -> None:
        if self.words is not None and self.tokens is not None:
            raise InputError("a chunker takes words= or tokens=, not both")
        if self.tokens is None and self.counter is not None:
            raise InputError("a chunker with counter= needs tokens=, the size to count to")
        unit = "tokens" if self.tokens is not None else "words"
        size = whole(unit, DEFAULT_WORDS if self.words is self.tokens is None else getattr(self, unit), least=1)
        object.__setattr__(self, unit, size)
        object.__setattr__(self, "overlap", whole("overlap", self.overlap))
        if self.overlap >= size:
            raise InputError(f"overlap={self.overlap}: must be less than {unit}={size}, or chunks would not move on")
        if self.tokens is not None and self.counter is None:
            object.__setattr__(self, "counter", ByteEstimate())

    @property
    def size(self) -> int:
        """The most words or tokens of a chunk."""
        return self.tokens or self.words or DEFAULT_WORDS

    def measure(self, text: str) -> Callable[[int, int], int]:
        """The size of text[start:end]: words by looking up, tokens by counting (their upper bound)."""
        counter = self.counter
        if counter is not None:
            return lambda start, end: counter.count(text[start:end]).high
        starts, ends = word_bounds(text)
        return lambda start, end: bisect_left(starts, end) - bisect_right(ends, start)


@dataclass(frozen=True, slots=True)
class SentenceChunker(_Sized):
    """Cuts at the ends of sentences, and at a heading where one comes in the second half of a chunk.

    Chunks of a document are of about equal size, at most `words` words (or `tokens` tokens); only a
    sentence that is longer is cut inside, between words. Of a document that fits, one chunk is made,
    and of an empty one too. Chunks have the document's title and metadata, and exact spans.
    """

    def __call__(self, document: Document) -> Iterator[Chunk]:
        """The chunks of the document, `id#0`, `id#1`, ..."""
        text = document.text
        size = self.measure(text)
        pieces = [part for piece in sentences(text) for part in self._divided(text, piece, size)]
        return _chunks(document, _cuts(pieces, size, self.size, self.overlap))

    def _divided(self, text: str, piece: Piece, size: Callable[[int, int], int]) -> list[Piece]:
        if size(piece.start, piece.end) <= self.size:
            return [piece]
        parts = words(text, piece.start, piece.end)
        return [Piece(start, end, piece.heading) for start, end in _cuts(parts, size, self.size, 0)]


@dataclass(frozen=True, slots=True)
class WindowChunker(_Sized):
    """Cuts between words, wherever the size is reached: chunks of at most `words` words or `tokens` tokens.

    The size is met whatever the text looks like, except by a single word that is larger.
    """

    def __call__(self, document: Document) -> Iterator[Chunk]:
        """The chunks of the document, `id#0`, `id#1`, ..."""
        pieces = words(document.text)
        cuts = _cuts(pieces, self.measure(document.text), self.size, self.overlap, even=False)
        return _chunks(document, cuts)


def _chunks(document: Document, spans: list[tuple[int, int]]) -> Iterator[Chunk]:
    for i, (start, end) in enumerate(spans or [(0, 0)]):
        text = document.text[start:end]
        yield Chunk(f"{document.id}#{i}", document.id, text, (start, end), document.title, document.metadata)


def _cuts(
    pieces: Sequence[Piece], size: Callable[[int, int], int], limit: int, overlap: int, *, even: bool = True
) -> list[tuple[int, int]]:
    """Spans of whole pieces of at most `limit` each (a larger piece stands alone), in order."""
    spans = []
    first, done = 0, -1  # done: the last piece that a chunk holds
    while done < len(pieces) - 1:
        last = _furthest(pieces, first, size, limit)
        if last <= done:  # with so much repeated, nothing new fits
            first += 1
            continue
        start = pieces[first].start
        if even and last < len(pieces) - 1:
            rest = size(start, pieces[-1].end) - overlap
            target = overlap + rest / -(-rest // (limit - overlap))
            last = max(done + 1, _evened(pieces, first, last, size, target))
        spans.append((start, pieces[last].end))
        begun, first, done = first, last + 1, last
        while overlap and first - 1 > begun and size(pieces[first - 1].start, pieces[last].end) <= overlap:
            first -= 1
    return spans


def _furthest(pieces: Sequence[Piece], first: int, size: Callable[[int, int], int], limit: int) -> int:
    """The last piece up to which a chunk from `first` is within the limit (`first` at least)."""
    start, step, low = pieces[first].start, 1, first
    while low + step < len(pieces) and size(start, pieces[low + step].end) <= limit:
        low += step
        step *= 2
    while step:
        if low + step < len(pieces) and size(start, pieces[low + step].end) <= limit:
            low += step
        step //= 2
    return low


def _evened(pieces: Sequence[Piece], first: int, last: int, size: Callable[[int, int], int], target: float) -> int:
    """The piece up to `last` whose end is nearest to `target`; one before a heading in the second half wins."""
    start = pieces[first].start
    near = last
    while near > first and size(start, pieces[near].end) > target:
        near -= 1
    if near < last and size(start, pieces[near + 1].end) - target < target - size(start, pieces[near].end):
        near += 1
    for i in range(near, first, -1):
        if pieces[i].heading:
            if size(start, pieces[i - 1].end) >= target / 2:
                return i - 1
            break
    return near
