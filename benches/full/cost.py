"""How time, memory and building grow: the same searches at many sizes. `make bench-report` draws what this measured."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from benches.full.measure import BUDGET, Code, race, sections
from benches.full.parts import Entry, Race, dense, hybrid, lexical
from benches.full.process import Host, place
from benches.full.workloads import WORKLOADS, Workload

CHUNKS = (10_000, 30_000, 100_000, 300_000, 1_000_000, 2_000_000)
DIMENSIONS = (64, 128, 256, 384, 768, 1024)
TERMS = (1, 2, 4, 8, 16, 32)

#: Chunks need about so much memory while an index of them is built, its vectors (384 dimensions) included.
BUILD_BYTES = 5500


@dataclass(frozen=True)
class Sweep:
    """One point of a curve: an index of its own, built, searched, and thrown away."""

    name: str
    axis: str
    value: int
    workload: Workload
    entries: tuple[Entry, ...]


def parts() -> list[Sweep | Race]:
    """All points, cheap ones first. Curves over k and filters are drawn from the parts that end in `ways`."""
    searches = (
        Entry("lexical", "ragopt", lexical(), 300),
        Entry("lexical, stop words", "ragopt", lexical(words="qh"), 300),
        Entry("dense", "ragopt", dense(), 100),
        Entry("dense, batches of 100", "ragopt", dense(batch=100, threads=1), 100),
        Entry("hybrid", "ragopt", hybrid(), 100),
    )
    found: list[Sweep | Race] = []
    for count in CHUNKS:
        stems = ("lex2m", "d2m") if count > 1_000_000 else ("lex1m", "d1m")
        given = Workload(f"cost{count}", *stems, count)
        found.append(Sweep(f"cost/chunks/{count}", "chunks", count, given, searches))
    for width in DIMENSIONS:
        given = Workload(f"cost{width}d", "lex100k", "d100k", width=width)
        found.append(Sweep(f"cost/dimension/{width}", "dimension", width, given, searches[2:]))
    lengths = tuple(Entry(f"{n} terms", "ragopt", lexical(words=f"first{n}"), 200) for n in TERMS)
    found.append(Race("cost/terms/lexical", WORKLOADS["lex1m"], lengths, rounds=5))
    both = tuple(replace(entry, task=hybrid() | {"words": entry.task["words"]}, questions=100) for entry in lengths)
    found.append(Race("cost/terms/hybrid", WORKLOADS["hyb1m"], both, rounds=3))
    return found


def measure(part: Sweep, code: Code, *, rounds: int | None = None) -> dict[str, Any]:
    """One point: building, memory, disk, opening, and each search."""
    start = monotonic()
    part.workload.ready()
    needed = part.workload.size * BUILD_BYTES
    if (free := available()) < needed:
        raise SystemExit(
            f"{part.name}: {free / 1e9:.0f} GB of memory are free, and building this index takes {needed / 1e9:.0f}: "
            f"run it again when there is room, or choose others with --only"
        )
    given = part.workload
    folder = place("ragopt", given, code.key)
    try:
        with Host("ragopt", given, code.folder, 2, code.key) as worker:
            built = worker.do("build")
            worker.do("keep")
        with Host("ragopt", given, code.folder, 1, code.key) as worker:
            opened, sizes = worker.do("open"), worker.do("describe")
        raced = race(Race(part.name, given, part.entries), code, monotonic() + BUDGET / 3, rounds or 5)
        with Host("ragopt", given, code.folder, 1, code.key) as worker:
            worker.do("open")
            for entry in part.entries:
                worker.do("round", task=entry.task, questions=min(entry.questions, 20))
            resident = worker.do("memory")
        stored = sections(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "part": part.name,
        "kind": "sweep",
        "axis": part.axis,
        "value": part.value,
        "chunks": given.size,
        "dimension": given.dimension,
        **raced,
        "build": built,
        "open": opened,
        "sizes": sizes,
        "resident": resident,
        "disk": stored,
        "took": monotonic() - start,
    }


def available() -> int:
    """Bytes of memory that a new process can have."""
    lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
