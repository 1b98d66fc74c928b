"""From chosen hits to the numbered sources of a context: what is shown of each, merged with its neighbors, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragopt.types import Citation, Hit, Order, Piece, Source
from ragopt.types.sources import NEAR

__all__ = ["Shown", "Unit", "arrange", "merge", "numbered"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A hit in a context: the pieces of its text that are shown, in order, and all hits that it is cited for.

    `cited` begins with the hit itself; the others have the same text, white space around it apart.
    """

    cited: tuple[Hit, ...]
    pieces: tuple[Piece, ...]

    @classmethod
    def whole(cls, cited: Sequence[Hit]) -> Shown:
        """All of its text."""
        chunk = cited[0].chunk
        return cls(tuple(cited), (Piece(chunk.text, chunk.span),))

    @classmethod
    def part(cls, cited: Sequence[Hit], spans: Sequence[tuple[int, int]]) -> Shown:
        """These spans of its text, in order: as places in the document if the hit's span is exact, else as its span."""
        hit, text = cited[0], cited[0].text
        first = hit.span[0]
        pieces = [
            Piece(text[start:end], (first + start, first + end) if _exact(hit) else hit.span) for start, end in spans
        ]
        return cls(tuple(cited), tuple(pieces))

    @property
    def hit(self) -> Hit:
        """The hit that is shown."""
        return self.cited[0]


@dataclass(frozen=True, slots=True)
class Unit:
    """What becomes one source: chunks that touch in their document (best first), and their pieces without repeats."""

    members: tuple[Shown, ...]
    pieces: tuple[Piece, ...]

    @property
    def start(self) -> int:
        """Where it begins in its document."""
        return min(piece.span[0] for piece in self.pieces)


def merge(shown: Sequence[Shown]) -> list[Unit]:
    """Units of what is shown (given best first), by their best.

    Chunks of one document are one unit where their spans overlap, touch, or leave at most NEAR characters between
    them. A text that two of them hold stands in it once. Where spans do not fit the texts, nothing is merged.
    """
    rank = {id(one): place for place, one in enumerate(shown)}
    if len({one.hit.document for one in shown}) == len(shown):
        return [Unit((one,), one.pieces) for one in shown]
    documents: dict[tuple[str, str], list[Shown]] = {}
    for one in shown:
        documents.setdefault((one.hit.document, one.hit.title), []).append(one)
    units: list[Unit] = []
    for chunks in documents.values():
        chunks.sort(key=lambda one: one.hit.span)
        run: list[Shown] = []
        pieces: tuple[Piece, ...] = ()
        end = 0
        for one in chunks:
            near = bool(run) and _exact(one.hit) and _exact(run[-1].hit) and one.hit.span[0] <= end + NEAR
            joined = _joined(pieces + one.pieces) if near else None
            if joined is None:
                if run:
                    units.append(_unit(run, pieces, rank))
                run, pieces, end = [one], one.pieces, one.hit.span[1]
            else:
                run.append(one)
                pieces, end = joined, max(end, one.hit.span[1])
        units.append(_unit(run, pieces, rank))
    return sorted(units, key=lambda unit: rank[id(unit.members[0])])


def arrange(units: Sequence[Unit], order: Order) -> list[Unit]:
    """Units, best first, in the order in which the context shows them.

    `document` keeps the chunks of a document together and in its order, documents by their best
    chunk; `edges` puts the best first, the second best last, and so on towards the middle.
    """
    if order is Order.DOCUMENT:
        rank: dict[str, int] = {}
        for unit in units:
            rank.setdefault(unit.members[0].hit.document, len(rank))
        return sorted(units, key=lambda unit: (rank[unit.members[0].hit.document], unit.start))
    if order is Order.EDGES:
        return [*units[::2], *reversed(units[1::2])]
    return list(units)


def numbered(units: Sequence[Unit], *, titles: bool = True, cited: bool = True) -> tuple[Source, ...]:
    """The units as sources 1, 2, ...; without `titles` these stand in the citations alone.

    Not `cited`: without citations, for what is only measured.
    """
    return tuple(_source(number, unit, titles, cited) for number, unit in enumerate(units, start=1))


def _source(number: int, unit: Unit, titles: bool, cited: bool) -> Source:
    best = unit.members[0].hit
    citations = tuple(_citations(f"[{number}]", unit)) if cited else ()
    return Source(number, best.id, best.document, best.title if titles else "", unit.pieces, citations)


def _citations(marker: str, unit: Unit) -> list[Citation]:
    citations: list[Citation] = []
    for member in unit.members:
        hit = member.hit
        citations += [Citation(marker, hit.id, hit.document, hit.title, piece.span) for piece in member.pieces]
        for other in member.cited[1:]:
            spans = [_same(piece, hit, other) for piece in member.pieces]
            citations += [
                Citation(marker, other.id, other.document, other.title, span) for span in dict.fromkeys(spans)
            ]
        dropped = (also for one in member.cited for also in one.also)
        citations += [Citation(marker, also.id, also.document, also.title, also.span) for also in dropped]
    return citations


def _same(piece: Piece, hit: Hit, other: Hit) -> tuple[int, int]:
    """Where a piece of the hit stands in the other's document, which has the same text but for white space around."""
    if not (_exact(hit) and _exact(other)):
        return other.span
    shift = other.span[0] - hit.span[0] + _blank(other.text) - _blank(hit.text)
    return max(other.span[0], piece.span[0] + shift), min(other.span[1], piece.span[1] + shift)


def _blank(text: str) -> int:
    return len(text) - len(text.lstrip())


def _unit(run: list[Shown], pieces: tuple[Piece, ...], rank: dict[int, int]) -> Unit:
    return Unit(tuple(sorted(run, key=lambda one: rank[id(one)])), pieces)


def _exact(hit: Hit) -> bool:
    """Whether the hit's span can be that of its text."""
    return hit.span[1] - hit.span[0] == len(hit.text)


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...] | None:
    """The pieces of one document without what they repeat; None where two of them disagree about a place."""
    out: list[Piece] = []
    for piece in sorted(pieces, key=lambda one: one.span):
        start, end = piece.span
        if not out or start > out[-1].span[1]:
            out.append(piece)
            continue
        last = out[-1]
        common = min(last.span[1], end) - start
        if last.text[start - last.span[0] :][:common] != piece.text[:common]:
            return None
        if end > last.span[1]:
            out[-1] = Piece(last.text + piece.text[common:], (last.span[0], end))
    return tuple(out)
