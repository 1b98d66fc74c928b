"""What was wrong with a file, as a value: the rest of the corpus is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ragopt.errors import CorpusError

__all__ = ["OnError", "Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that was wrong: where (`file`, and `line` from 1 where there is one), what, what to do.

    `lost` says whether something that should have been a document was not read; the others are
    notes (files of other kinds, an empty file).
    """

    file: str
    what: str
    advice: str
    line: int | None = None
    lost: bool = True

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.what}; {self.advice}"

    def error(self) -> CorpusError:
        """The problem as an exception."""
        return CorpusError(str(self))


OnError = Callable[[Problem], None]
