"""Words, sentences and what must not be touched, with their places in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ragopt.query.lexicon import Lexicon

__all__ = ["Piece", "content_words", "pieces", "protected", "token_spans"]

#: A word with what binds its parts: getObject, s3:GetObject, opt-level=3, us-east-1, don't.
_TOKEN = re.compile(r"\w+(?:[-'’./_:=@]\w+)*")
_QUOTED = re.compile(r"\"[^\"\n]+\"|“[^”\n]+”|«[^»\n]+»|`[^`\n]+`|(?<!\w)'[^'\n]{2,}'(?!\w)")
_CODE = re.compile(
    r"\S*\d\S*"  # whatever holds a digit
    r"|\S+://\S+|\S+@\S+\.\w+"
    r"|\w+(?:[_./:=]\w+)+"  # snake_case, a.b, a/b, s3:GetObject, key=value
    r"|\b[a-z]+[A-Z]\w*|\b[A-Z][a-z]+[A-Z]\w*"  # camelCase, PascalCase
)
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|mr|mrs|dr|prof|no|fig|st|approx|v\.v|tp|ths|ts|(?:[a-z]\.)+[a-z])\.$", re.IGNORECASE
)
_INITIAL = re.compile(r"(?<![^\W_])[A-Z]\.$")  # E. coli
_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？]+|\n+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, from `start` to `end`, without white space around it."""

    text: str
    start: int
    end: int


def token_spans(text: str) -> list[tuple[str, int, int]]:
    """Every word with its place."""
    return [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]


def protected(text: str, lexicon: Lexicon | None) -> list[tuple[int, int]]:
    """Places that no step removes or rewrites: quoted phrases, numbers, codes, identifiers, negations."""
    spans = [match.span() for expression in (_QUOTED, _CODE) for match in expression.finditer(text)]
    if lexicon is not None:
        spans += [(start, end) for word, start, end in token_spans(text) if word.lower() in lexicon.negations]
    return spans


def content_words(text: str, lexicon: Lexicon | None) -> list[str]:
    """The words that carry content, in lower case."""
    found = (word.lower() for word, _, _ in token_spans(text))
    return [word for word in found if lexicon is None or word not in lexicon.functions]


def pieces(text: str) -> list[Piece]:
    """The sentences and lines of a text.

    A full stop ends one before white space, but not after `e.g.` or `U.S.`, nor in names like `E. coli`.
    """
    return list(_pieces(text))


def _pieces(text: str) -> Iterator[Piece]:
    start = 0
    for match in _END.finditer(text):
        if match[0] == "." and _abbreviated(text, start, match.end()):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _abbreviated(text: str, start: int, end: int) -> bool:
    """Whether the full stop before `end` ends a shortened word, not the sentence from `start`."""
    if _ABBREVIATION.search(text, start, end):
        return True
    return bool(_INITIAL.search(text, start, end)) and text[end:].lstrip(" \t")[:1].islower()


def _trimmed(text: str, start: int, end: int) -> Iterator[Piece]:
    part = text[start:end]
    if part.strip(" \t\r\n.!?"):
        left = len(part) - len(part.lstrip())
        yield Piece(part.strip(), start + left, start + left + len(part.strip()))
