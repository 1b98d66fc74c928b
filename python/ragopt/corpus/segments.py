"""Where a text may be cut: sentences, words, and never inside what a reader sees as one character."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["Piece", "safe_cut", "sentences", "word_bounds", "words"]

# Scripts without blanks between words: each character counts as a word, and may be cut after.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]{{1,24}}")
_ASCII_WORD = re.compile(r"\S{1,24}")  # the same on ASCII, and quicker
_FULL_STOPS = "\u3002\uff01\uff1f\uff0e\u2026\u0964\u061f\u06d4"
_END = re.compile(rf"[.!?]+[\"')\]\u2019\u201d\u00bb]*(?=\s)|[{_FULL_STOPS}]+[\"')\]\u2019\u201d\u00bb\u300d\u300f]*")
_BREAK = re.compile(r"\n[^\S\n]*(?:\n\s*|(?=[-*+\u2022|] |\d{1,3}[.)] |#{1,6} ))")
_HEADING = re.compile(r"#{1,6} ")
_ABBREVIATION = re.compile(
    r"(?:\b[A-Zp]|\b(?:e\.g|i\.e|etc|vs|cf|al|approx|Dr|Mr|Mrs|Ms|Prof|St|Fig|Eq|No|Nos|Vol|pp|Inc|Ltd|Corp|TP|ThS|TS))\.$"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text that stays together: start and end in characters, and whether it is a heading."""

    start: int
    end: int
    heading: bool = False


def words(text: str, start: int = 0, end: int | None = None) -> list[Piece]:
    """The words between `start` and `end`, in order. Scripts without blanks give a word a character.

    Long runs without a blank are several words of at most 24 characters.
    """
    found: list[Piece] = []
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        at = match.start()
        if found and at == found[-1].end:  # no blank between the two
            at = safe_cut(text, at)
            if at <= found[-1].start:  # this one belongs to the character before it
                found[-1] = Piece(found[-1].start, match.end())
                continue
            found[-1] = Piece(found[-1].start, at)
        found.append(Piece(at, match.end()))
    return found


def word_bounds(text: str) -> tuple[list[int], list[int]]:
    """The starts and the ends of the words, for counting: quick, and never fewer than `words` gives."""
    spans = [match.span() for match in (_ASCII_WORD if text.isascii() else _WORD).finditer(text)]
    return [start for start, _ in spans], [end for _, end in spans]


def sentences(text: str) -> list[Piece]:
    """The sentences of the text, in order, without the blanks around them.

    Blank lines, list items, table rows and Markdown headings end one too; a line break inside a
    paragraph does not, for text may be wrapped.
    """
    found: list[Piece] = []
    start = 0
    for match in _BREAK.finditer(text):
        found += _paragraph(text, start, match.start())
        start = match.end()
    return found + _paragraph(text, start, len(text))


def _paragraph(text: str, start: int, end: int) -> list[Piece]:
    found = []
    begin = start
    for match in _END.finditer(text, start, end):
        if match[0][0] == "." and _is_abbreviation(text, begin, match.end(), end):
            continue
        if safe_cut(text, match.end()) != match.end():
            continue
        found.append((begin, match.end()))
        begin = match.end()
    found.append((begin, end))
    pieces = []
    for first, last in found:
        piece = text[first:last]
        first += len(piece) - len(piece.lstrip())
        last = first + len(piece.strip())
        if first < last:
            pieces.append(Piece(first, last, bool(_HEADING.match(text, first))))
    return pieces


def _is_abbreviation(text: str, begin: int, stop: int, end: int) -> bool:
    following = text[stop : min(end, stop + 8)].lstrip()[:1]
    return following.islower() or bool(_ABBREVIATION.search(text, max(begin, stop - 12), stop))


def safe_cut(text: str, at: int) -> int:
    """The last place at or before `at` that is not inside a grapheme: marks, joiners, flags, line ends stay whole."""
    while 0 < at < len(text) and _joined(text, at):
        at -= 1
    return at


def _joined(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if after < "\u0300" or before.isspace():
        return before == "\r" and after == "\n"
    if unicodedata.category(after)[0] == "M" or after in "\u200d\u200c" or before == "\u200d":
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff":  # skin tones
        return True
    if "\U0001f1e6" <= after <= "\U0001f1ff":  # two regional indicators make a flag
        count = 0
        while count < at and "\U0001f1e6" <= text[at - 1 - count] <= "\U0001f1ff":
            count += 1
        return count % 2 == 1
    return False
