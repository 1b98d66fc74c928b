"""Workers, and the copy of ragopt that they run: a rebuild in the middle of a run changes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import ragopt
from benches.data import ROOT
from benches.full.engines import SAVED_AS
from benches.full.workloads import Workload, cache
from benches.run import NOT_INHERITED, THREADS


def frozen() -> tuple[str, Path]:
    """A key of ragopt's code as it is now, and the folder of a copy to import it from."""
    package = Path(ragopt.__file__).parent
    files = sorted(file for file in package.rglob("*") if file.suffix in (".py", ".so") and file.is_file())
    contents = {file: file.read_bytes() for file in files}
    digest = hashlib.sha256()
    for file, content in contents.items():
        digest.update(str(file.relative_to(package)).encode() + b"\0" + content)
    key = digest.hexdigest()[:10]
    copy = cache() / "code" / key
    if not copy.exists():
        part = copy.with_suffix(".part")
        for file, content in contents.items():
            place = part / "ragopt" / file.relative_to(package)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        part.replace(copy)
    return key, copy


def place(host: str, workload: Workload, key: str) -> Path:
    """Where a host's index of a workload is kept: ragopt's under its code, a peer's under the terms that it holds."""
    name = f"{workload.name}.ragopt.{key}" if host == "ragopt" else f"{workload.words}.{SAVED_AS.get(host, host)}"
    return cache() / "index" / name


class Worker:
    """One host in its own process, with so many threads at most."""

    def __init__(self, host: str, workload: Workload, code: Path, threads: int, key: str) -> None:
        self.name, self._folder = host, str(place(host, workload, key))
        #: What opening its index took.
        self.opened: dict[str, float] = {}
        own = {f"{name}_NUM_THREADS": str(threads) for name in THREADS} | {"PYTHONPATH": str(code)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benches.full.worker", host, json.dumps(asdict(workload))],
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

    def ask(self, do: str, **command: Any) -> Any:
        """Send a command, wait for its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, "folder": self._folder, **command}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name}: the worker ended at {do!r}; its error is above")
        return json.loads(answer)
