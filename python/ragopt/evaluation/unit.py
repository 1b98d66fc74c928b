"""What the judgements speak of: chunks, or the documents that they come from."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from ragopt.errors import UnknownNameError
from ragopt.types import Hit

__all__ = ["By", "Unit"]


class By(StrEnum):
    """What a judgement names. A document stands where its best chunk stands, once."""

    CHUNK = "chunk"
    DOCUMENT = "document"


class Unit:
    """Hits to the ids that are judged. It remembers each chunk's document, which costs a read to know."""

    def __init__(self, by: By | str) -> None:
        if by not in list(By):
            raise UnknownNameError.of("unit of judgement", by, By)
        self.by = By(by)
        self._documents: dict[str, str] = {}

    def scored(self, hits: Iterable[Hit]) -> list[tuple[str, float]]:
        """The judged ids with their scores, best first, none twice."""
        best: dict[str, float] = {}
        for hit in hits:
            best.setdefault(self._of(hit), hit.score)
        return list(best.items())

    def ids(self, hits: Iterable[Hit]) -> list[str]:
        """The judged ids, best first, none twice."""
        return list(dict.fromkeys(self._of(hit) for hit in hits))

    def _of(self, hit: Hit) -> str:
        if self.by is By.CHUNK:
            return hit.id
        document = self._documents.get(hit.id)
        if document is None:
            document = self._documents[hit.id] = hit.document
        return document
