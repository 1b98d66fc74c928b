"""Workers, and the copy of ragopt that they run: a rebuild in the middle of a run changes nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ragopt
from benches.full.engines import SAVED_AS
from benches.full.workloads import Workload, cache
from benches.process import Worker


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


class Host(Worker):
    """One host in its own process, with so many threads at most."""

    def __init__(self, host: str, workload: Workload, code: Path, threads: int, key: str) -> None:
        self._folder = str(place(host, workload, key))
        #: What opening its index took.
        self.opened: dict[str, float] = {}
        module = ("benches.full.worker", host, json.dumps(asdict(workload)))
        super().__init__(host, module, threads, {"PYTHONPATH": str(code)})

    def do(self, what: str, **command: Any) -> Any:
        """Send a command, wait for its answer."""
        return self.ask(json.dumps({"do": what, "folder": self._folder, **command}))
