"""What comes in, and the pieces that are indexed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Chunk", "Document"]


@dataclass(frozen=True, slots=True)
class Document:
    """One document as it came in.

    Title and text are analyzed and embedded together (title, newline, text). `metadata` holds
    what can be filtered on: bool, int, float, str, datetime, or lists of those.
    """

    id: str
    text: str
    title: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The piece of a document that is indexed, found and packed.

    `span` is its place in the document's text, in characters, end excluded.
    """

    id: str
    document: str
    text: str
    span: tuple[int, int]
    title: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def full_text(self) -> str:
        """What is analyzed and embedded: title, newline, text; the text alone without a title."""
        return f"{self.title}\n{self.text}" if self.title else self.text
