"""A line of progress on a terminal; nothing in a pipe or a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from ragopt.cli.output import shortened

__all__ = ["Progress"]

_EVERY = 0.1  # seconds between two writes
_COLUMNS = 79


class Progress:
    """A callable `progress(done, total, label)` that rewrites one line of stderr, if that is a terminal.

    `total` 0 means that it is not known; `done` 0 with it shows the label alone. The line is wiped
    when the `with` block ends. A nameless call (`progress(done, total)`) keeps the label.
    """

    def __init__(self, label: str = "", *, stream: TextIO | None = None, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._label = label
        self._shown = not quiet and self._stream.isatty()
        self._due = 0.0
        self._dirty = False

    def __call__(self, done: int, total: int = 0, label: str | None = None) -> None:
        """Show how far it is: at most ten times a second, and always at a new label or the end."""
        if not self._shown:
            return
        fresh = label is not None and label != self._label
        self._label = label if label is not None else self._label
        now = time.monotonic()
        if not fresh and now < self._due and done != total:
            return
        self._due = now + _EVERY
        amount = f" {done:,} of {total:,} ({done / total:.0%})" if total else f" {done:,}" if done else ""
        line = shortened(self._label + amount, _COLUMNS)
        self._stream.write(f"\r\x1b[K{line}")
        self._stream.flush()
        self._dirty = True

    def clear(self) -> None:
        """Wipe the line, so that something else can be written."""
        if self._dirty:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._dirty = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
