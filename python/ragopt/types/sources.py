"""The numbered sources of a context, as they stand before any form of text is chosen for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["GAP", "NEAR", "Citation", "Form", "Piece", "Source"]

#: What stands between two pieces of a source that do not touch in the document.
GAP = " … "
#: So many characters between two pieces are taken for the blanks that chunkers leave out: a line break is shown.
NEAR = 2


class Form(StrEnum):
    """How a context is written for a model (ragopt.types.rendering): numbered text, XML, or Bedrock's blocks."""

    TEXT = "text"
    XML = "xml"
    SEARCH_RESULTS = "search_results"


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a piece of the context comes from: `marker` is what stands in the packed text.

    Several citations share a marker where one text stands for several chunks (duplicates, merged neighbors).
    """

    marker: str
    id: str
    document: str
    title: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A text that is shown, and its place in the document: `document.text[span[0]:span[1]] == text`."""

    text: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """One numbered source of a context, from 1: what is shown of it, and every chunk that it cites.

    `id` and `document` are those of its best chunk; `pieces` stand in the order in which they are shown.
    """

    number: int
    id: str
    document: str
    title: str
    pieces: tuple[Piece, ...]
    citations: tuple[Citation, ...]

    @property
    def marker(self) -> str:
        """What an answer cites it by."""
        return f"[{self.number}]"

    @property
    def text(self) -> str:
        """The pieces joined: by a line break where at most NEAR characters lie between them, else by GAP."""
        text, end = "", 0
        for i, piece in enumerate(self.pieces):
            between = "" if i == 0 else "\n" if 0 <= piece.span[0] - end <= NEAR else GAP
            text, end = text + between + piece.text, piece.span[1]
        return text
