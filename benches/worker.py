"""One engine in a process of its own. The parent writes a command a line, the worker answers a JSON line.

`build` → seconds and memory; `answers n` → the top ten of the first n questions; `round n times` → seconds
a question, by the clock and of the processor, over the first n questions, so many times.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benches.data import Given
from benches.engines import ENGINES, Engine


def resident() -> int:
    """Bytes of this process in memory, after everything that is free was given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


class Timed(Given):
    """Data that remembers how long it took to read, so that an index time holds none of it."""

    seconds = 0.0

    def __getattribute__(self, name: str) -> Any:
        if name not in ("documents", "terms", "vectors", "queries", "query_terms", "query_vectors"):
            return super().__getattribute__(name)
        start = perf_counter()
        value = super().__getattribute__(name)
        type(self).seconds += perf_counter() - start
        return value


def build(engine: Engine, given: Given) -> dict[str, float]:
    """Make the index twice: once to warm up (imports, compilers), once for time and memory."""
    scrap = ENGINES[sys.argv[1]]()
    scrap.build(Given(Path(sys.argv[3])))
    scrap.search(0)
    del scrap
    before, timed = resident(), Timed(given.folder)
    start = perf_counter()
    engine.build(timed)
    seconds = perf_counter() - start - Timed.seconds
    return {"seconds": seconds, "bytes": resident() - before}


def one_round(engine: Engine, questions: int, times: int) -> dict[str, float]:
    """Mean seconds a question, by the clock and of the processor (all threads of the process)."""
    search: Callable[[int], Any] = engine.search
    start, used = perf_counter(), process_time()
    for _ in range(times):
        for i in range(questions):
            search(i)
    asked = times * questions
    return {"seconds": (perf_counter() - start) / asked, "processor_seconds": (process_time() - used) / asked}


def main() -> None:
    """Answer commands until the input ends."""
    engine: Engine = ENGINES[sys.argv[1]]()
    given = Given(Path(sys.argv[2]))
    for line in sys.stdin:
        command, *numbers = line.split()
        answer: Any
        if command == "build":
            answer = build(engine, given)
        elif command == "answers":
            answer = [engine.search(i) for i in range(int(numbers[0]))]
        else:
            answer = one_round(engine, int(numbers[0]), int(numbers[1]))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
