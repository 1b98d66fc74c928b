"""A worker: a process of its own that answers each line of its input with one line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Self

from benches.data import ROOT

THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON")
#: Settings that change what OpenBLAS may use: a run on them would not be a fair one.
NOT_INHERITED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


class Worker:
    """`python -m *module` in its own process, with so many threads at most.

    `name` is what an error calls it; `more` are further environment variables.
    """

    def __init__(self, name: str, module: Sequence[str], threads: int = 1, more: dict[str, str] | None = None) -> None:
        own = {f"{library}_NUM_THREADS": str(threads) for library in THREADS} | (more or {})
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if k not in NOT_INHERITED} | own,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(120)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def ask(self, command: str) -> Any:
        """Send a command, wait for its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name}: the worker ended at {command!r}; its error is above")
        return json.loads(answer)
