"""What a run of the tuner has worked out, in a file, so that it can be stopped and resumed.

Tuning is deterministic: the same input takes the same way. So a run that finds its own values again goes where an
unbroken one goes, and only works out what is missing.
"""

from __future__ import annotations

import json
import os
import time
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ragopt.errors import InputError

__all__ = ["State"]

#: Seconds between two writes.
_EVERY = 2.0
_FORMAT = 1


class State:
    """Rows of numbers by name. `path` None keeps them in memory alone.

    `run` says what is tuned, JSON-ready: a file of another run is refused by an InputError, as is what is no such file.
    The file is written aside and renamed, every two seconds as values come, and when the run is stopped; a run that
    is killed leaves the last whole one. It goes when the run is done. Numbers come back bit for bit.
    """

    def __init__(self, path: str | os.PathLike[str] | None, run: dict[str, Any]) -> None:
        self._path = None if path is None else Path(path)
        self._run = json.loads(json.dumps(run))
        self._rows: dict[str, list[list[float]]] = {}
        self._due, self._fresh = time.monotonic() + _EVERY, 0
        self.found = 0
        if self._path is not None and self._path.exists():
            self._rows = self._read(self._path)
            self.found = len(self._rows)

    def get(self, name: str) -> list[list[float]] | None:
        """The rows of that name."""
        return self._rows.get(name)

    def put(self, name: str, rows: list[list[float]]) -> None:
        """Keep these rows."""
        self._rows[name] = rows
        self._fresh += 1
        if self._path is not None and time.monotonic() >= self._due:
            self.write()

    def write(self) -> None:
        """Write what is known, if there is something new and a file for it."""
        if self._path is None or not self._fresh:
            return
        aside = self._path.with_name(self._path.name + f".{os.getpid()}")
        try:
            aside.write_text(json.dumps({"format": _FORMAT, "run": self._run, "rows": self._rows}), encoding="utf-8")
            aside.replace(self._path)
        except OSError as error:
            raise InputError(f"{self._path}: the state cannot be written ({error.strerror})") from error
        self._due, self._fresh = time.monotonic() + _EVERY, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is known, also where the run was stopped; of one that is done the file goes."""
        if kind is not None:
            self.write()
        elif self._path is not None:
            self._path.unlink(missing_ok=True)

    def _read(self, path: Path) -> dict[str, list[list[float]]]:
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["format"] != _FORMAT:
                raise ValueError
            run, rows = dict(kept["run"]), dict(kept["rows"])
            if not all(_whole(values) for values in rows.values()):
                raise ValueError
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); name a file") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(
                f"{path}: no state of a tuning run, or not a whole one; name another file, or delete it to begin anew"
            ) from error
        if run != self._run:
            differing = [name for name in self._run if run.get(name) != self._run[name]]
            raise InputError(
                f"{path}: the state of another run, which differs in {', '.join(differing) or 'what it holds'}; "
                f"delete it, or name another file"
            )
        return rows


def _whole(rows: object) -> bool:
    """Whether these are rows of finite numbers, all of one length."""
    return (
        isinstance(rows, list)
        and bool(rows)
        and all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows)
        and all(isinstance(value, int | float) and isfinite(value) for row in rows for value in row)
    )
