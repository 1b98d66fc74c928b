"""One host in a process of its own. The parent writes a JSON line, the worker answers one.

`build` → seconds, bytes; `keep` → bytes on disk; `open` → seconds; `first` and `warm` → seconds of the first question
and of warming; `answers` → ordinals and scores; `round` → seconds of each question, in the order asked; `memory` →
resident bytes; `describe` → ragopt's own account; `survivors` → how many chunks its bounds left to each question.
"""

from __future__ import annotations

import gc
import json
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benches.full.engines import HOSTS, Ragopt
from benches.full.workloads import Workload

Command = dict[str, Any]


def memory() -> dict[str, int]:
    """Resident bytes of this process: all, those of its own, those of files, the highest so far."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    names = {"rss": "VmRSS", "anonymous": "RssAnon", "file": "RssFile", "peak": "VmHWM"}
    return {name: int(lines[field].split()[0]) * 1024 for name, field in names.items() if field in lines}


def disk(folder: Path) -> dict[str, int]:
    """Bytes of the files in a folder, by name."""
    return {file.name: file.stat().st_size for file in sorted(folder.rglob("*")) if file.is_file()}


def build(host: Any, command: Command) -> dict[str, float]:
    """Text (and vectors) to a searchable index; compilers have been warmed up on a few chunks before."""
    kind, given = type(host), host.workload
    few = kind(replace(given, name=f"{given.name}.few", count=500))
    few.build()
    del few
    gc.collect()
    before, start, used = memory()["rss"], perf_counter(), process_time()
    if isinstance(host, Ragopt):
        host.build(fields=command.get("fields", False))
    else:
        host.build()
    seconds, processor = perf_counter() - start, process_time() - used
    gc.collect()
    now = memory()
    return {"seconds": seconds, "processor": processor, "rss_more": now["rss"] - before, "peak": now["peak"]}


def measured(host: Any, command: Command) -> dict[str, Any]:
    """One round: seconds of every question. A batch's seconds are shared among its questions."""
    task, stop = command["task"], command["questions"]
    call, size = host.call(task), task.get("batch", 1)
    times: list[float] = []
    if size == 1:
        call(0, 1)
    used = process_time()
    for _ in range(command.get("times", 1)):
        for first in range(0, stop, size):
            end = min(first + size, stop)
            start = perf_counter()
            call(first, end)
            times.append((perf_counter() - start) / (end - first))
    return {"seconds": times, "processor": (process_time() - used) / (stop * command.get("times", 1))}


def answer(host: Any, command: Command) -> Any:
    """What a command asks for."""
    folder = Path(command["folder"])
    match command["do"]:
        case "build":
            return build(host, command)
        case "keep":
            folder.parent.mkdir(parents=True, exist_ok=True)
            host.keep(folder)
            return disk(folder)
        case "open":
            start = perf_counter()
            if isinstance(host, Ragopt):
                host.load(folder, warm=command.get("warm", True))
            else:
                host.load(folder)
            return {"seconds": perf_counter() - start, **memory()}
        case "first":
            call = host.call(command["task"])
            start = perf_counter()
            call(0, 1)
            return perf_counter() - start
        case "warm":
            start = perf_counter()
            host.index.warm()
            return perf_counter() - start
        case "answers":
            call, size, stop = host.call(command["task"]), command["task"].get("batch", 1), command["questions"]
            return [one for i in range(0, stop, size) for one in host.answers(call(i, min(i + size, stop)))]
        case "round":
            return measured(host, command)
        case "survivors":
            return host.survivors(command["task"], command["questions"])
        case "memory":
            return memory()
        case "describe":
            return host.index.describe()["sizes"]
    raise ValueError(command["do"])


def main() -> None:
    """Answer commands until the input ends."""
    name, given = sys.argv[1], Workload(**json.loads(sys.argv[2]))
    host = HOSTS[name](given)
    for line in sys.stdin:
        print(json.dumps(answer(host, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
