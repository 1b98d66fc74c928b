"""How a part is measured: hosts are opened, answers compared, rounds alternated until the part's time is over."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import numpy as np

from benches.full.engines import SAVED_AS
from benches.full.parts import Build, Entry, Goal, Left, Opening, Part, Race, Room, dense, hybrid, lexical
from benches.full.process import Host, place
from benches.full.workloads import Workload
from benches.run import same, say

#: Seconds after which a part starts no further round.
BUDGET = 420.0
#: Least seconds of a round, so that one slice of another process does not decide it.
ROUND = 0.2
#: Questions whose answers are compared.
COMPARED = 50
#: Slower than so many times the median, a question has fallen off a cliff.
CLIFF = 5.0


@dataclass(frozen=True)
class Code:
    """The copy of ragopt that is measured."""

    key: str
    folder: Path


def measure(part: Part, code: Code, *, budget: float = BUDGET, rounds: int | None = None) -> dict[str, Any]:
    """The figures of a part, JSON-ready."""
    start = monotonic()
    part.workload.ready()
    if isinstance(part, Build):
        found = _build(part, code)
    elif isinstance(part, Room):
        found = _room(part, code)
    elif isinstance(part, Opening):
        found = _opening(part, code, rounds or part.rounds)
    elif isinstance(part, Left):
        found = _left(part, code)
    else:
        found = race(part, code, start + budget, rounds or part.rounds)
    about = {"workload": part.workload.name, "chunks": part.workload.size, "dimension": part.workload.dimension}
    return {"part": part.name, "kind": type(part).__name__.lower(), **about, **found, "took": monotonic() - start}


@contextmanager
def opened(host: str, workload: Workload, code: Code, threads: int = 1) -> Iterator[Host]:
    """A worker with its index open; an index that was not kept is built first, in another process."""
    folder = place(host, workload, code.key)
    if host != "faiss" and not folder.exists():
        if host == "ragopt":  # those of older code are of no use
            for old in folder.parent.glob(f"{workload.name}.ragopt.*"):
                shutil.rmtree(old)
        say(f"building {folder.name} ...")
        with Host(SAVED_AS.get(host, host), workload, code.folder, 2, code.key) as builder:
            builder.do("build", fields=True)
            builder.do("keep")
    with Host(host, workload, code.folder, threads, code.key) as worker:
        worker.opened = worker.do("open")
        yield worker


def race(part: Race, code: Code, deadline: float, rounds: int) -> dict[str, Any]:
    """All entries in alternated rounds, once their answers were compared."""
    with ExitStack() as stack:
        workers: dict[tuple[str, int], Host] = {}
        for entry in part.entries:
            if (place := (entry.host, entry.threads)) not in workers:
                workers[place] = stack.enter_context(opened(entry.host, part.workload, code, entry.threads))
        asked = {entry.label: min(entry.questions, _questions(part.workload, entry)) for entry in part.entries}
        whose = {entry.label: workers[entry.host, entry.threads] for entry in part.entries}
        tasks = {entry.label: entry.task for entry in part.entries}
        agreed = {}
        for ours, theirs in part.same:
            count = min(COMPARED, asked[ours])
            lists = [whose[name].do("answers", task=tasks[name], questions=count) for name in (ours, theirs)]
            agreed[theirs] = sum(map(same, *lists)) / count
        times = {}
        for label, worker in whose.items():  # also the first, cold round: it is not counted
            few = asked[label] if "batch" in tasks[label] else min(10, asked[label])
            once = worker.do("round", task=tasks[label], questions=few)["seconds"]
            times[label] = max(1, ceil(ROUND / (median(once) * asked[label])))
        seconds: dict[str, list[Any]] = {label: [] for label in whose}
        processor: dict[str, list[float]] = {label: [] for label in whose}
        done = 0
        while done < rounds and (done < 2 or monotonic() < deadline):
            done += 1
            say(f"{part.name}: round {done} of {rounds}")
            for label, worker in whose.items():
                answer = worker.do("round", task=tasks[label], questions=asked[label], times=times[label])
                seconds[label].append(np.reshape(answer["seconds"], (times[label], -1)))
                processor[label].append(answer["processor"])
    entries = {
        label: figures(rows) | {"processor": median(processor[label]), "questions": asked[label]}
        for label, rows in seconds.items()
    }
    for label, share in agreed.items():
        entries[label]["same_top"] = share
    return {"entries": entries, "rounds": done, "goals": [judged(goal, entries) for goal in part.goals]}


def figures(rounds: list[Any]) -> dict[str, Any]:
    """Seconds a question: the median of the rounds' medians, and their range; the median of their 99th percentiles.

    `mean` and `slow` are the mean and the 99th percentile of the questions' own medians over the rounds: of what
    is slow every time, not of what the machine did meanwhile.
    """
    p50 = [float(np.median(times)) for times in rounds]
    own = np.median(np.concatenate(rounds), axis=0)
    return {
        "p50": median(p50),
        "range": [min(p50), max(p50)],
        "mean": float(own.mean()),
        "p99": median(float(np.quantile(times, 0.99)) for times in rounds),
        "slow": float(np.quantile(own, 0.99)),
        "cliff": bool(np.quantile(own, 0.99) > CLIFF * np.median(own)),
    }


def judged(goal: Goal, entries: dict[str, Any]) -> dict[str, Any]:
    """A goal with the ratio that was reached: theirs over ours, so that more is better.

    By the clock, and of processor time: on an idle machine the two agree.
    """
    ratio = entries[goal.theirs][goal.figure] / entries[goal.ours][goal.figure]
    return {
        "ours": goal.ours,
        "theirs": goal.theirs,
        "figure": goal.figure,
        "target": goal.factor,
        "ratio": ratio,
        "processor_ratio": entries[goal.theirs]["processor"] / entries[goal.ours]["processor"],
        "reached": ratio >= goal.factor,
    }


def _questions(workload: Workload, entry: Entry) -> int:
    if entry.task["side"] == "dense":
        return len(workload.question_vectors())
    return len(workload.questions(entry.task.get("words", "q")))


def _build(part: Build, code: Code) -> dict[str, Any]:
    rows: dict[str, list[dict[str, float]]] = {}
    for host in part.order:
        say(f"{part.name}: {host} ...")
        with Host(host, part.workload, code.folder, 2, code.key) as worker:
            rows.setdefault(host, []).append(worker.do("build"))
            if host != "ragopt":  # what searches will open; ragopt's has fields besides
                sizes = worker.do("keep")
                rows[host][-1]["disk"] = sum(sizes.values())
    entries = {}
    for host, builds in rows.items():
        seconds = [one["seconds"] for one in builds]
        entries[host] = {
            "p50": median(seconds),
            "range": [min(seconds), max(seconds)],
            **{name: median(one[name] for one in builds) for name in builds[0] if name != "seconds"},
        }
    return {"entries": entries, "goals": [judged(goal, entries) for goal in part.goals]}


def _room(part: Room, code: Code) -> dict[str, Any]:
    given = part.workload
    with opened("ragopt", given, code) as worker:
        at_open, sizes = worker.opened, worker.do("describe")
        tasks = [lexical(), dense(), hybrid()] if given.rows else [lexical()]
        for task in tasks:
            worker.do("round", task=task, questions=20)
        resident = worker.do("memory")
    stored = sections(place("ragopt", given, code.key))
    found = {"open": at_open, "sizes": sizes, "resident": resident, "disk": stored}
    measured: dict[str, float] = {"rss": resident["rss"], "anonymous": resident["anonymous"]}
    measured["memory_to_disk"] = resident["rss"] / stored["all files"]
    if given.words:
        measured["posting_memory"] = sizes["bytes_postings"] / sizes["postings"]
        held = sum(size for name, size in stored.items() if name.startswith("post"))
        measured["posting_disk"] = held / sizes["postings"]
    return {**found, "measured": measured, "limits": _limits(part, measured)}


def _opening(part: Opening, code: Code, rounds: int) -> dict[str, Any]:
    """Each round opens the index in new processes: as it lies, one a side, and warmed."""
    given, tasks = part.workload, {"lexical": lexical(), "dense": dense(), "hybrid": hybrid()}
    with opened("ragopt", given, code) as worker:
        sizes, aside = worker.do("describe"), place("ragopt", given, f"{code.key}.copy")
        start = monotonic()
        worker.do("keep", folder=str(aside))
        took = monotonic() - start
        shutil.rmtree(aside)
    folder = place("ragopt", given, code.key)
    rows: list[dict[str, float]] = []
    for number in range(rounds):
        say(f"{part.name}: round {number + 1} of {rounds}")
        row: dict[str, float] = {}
        for side, task in tasks.items():
            for file in folder.iterdir():  # so that its pages are in memory
                with file.open("rb") as content:
                    while content.read(1 << 24):
                        pass
            with Host("ragopt", given, code.folder, 1, code.key) as worker:
                at_open = worker.do("open", warm=False)
                first = worker.do("first", task=task)
                warm = median(worker.do("round", task=task, questions=100)["seconds"])
                row |= {"open": at_open["seconds"] * 1e3, f"first, {side}": first * 1e3, f"warm, {side}": warm * 1e3}
                row[f"first to warm, {side}"] = first / warm
                if side == "hybrid":
                    row |= {f"{name}, opened": at_open[name] for name in ("rss", "anonymous")}
                    row |= {name: value for name, value in worker.do("memory").items() if name in ("rss", "anonymous")}
                    row["warm()"] = worker.do("warm") * 1e3
                    row["anonymous, warmed"] = worker.do("memory")["anonymous"]
        rows.append(row)
    measured = {name: median(row[name] for row in rows) for name in rows[0]} | {"save, s": took}
    measured["bytes a posting"] = sizes["bytes_postings"] / sizes["postings"]
    found = {"sizes": sizes, "disk": sections(folder), "resident": {}}
    return {**found, "rounds": rounds, "measured": measured, "limits": _limits(part, measured)}


def _left(part: Left, code: Code) -> dict[str, Any]:
    """Means over the questions, for each side and k."""
    rows = {}
    with opened("ragopt", part.workload, code) as worker:
        for task in [made(k=k) for made in (lexical, dense, hybrid) for k in (10, 100)]:
            rows[f"{task['side']}, top {task['k']}"] = worker.do("survivors", task=task, questions=part.questions)
    means = {name: [float(mean) for mean in np.mean(counts, axis=0)] for name, counts in rows.items()}
    return {"survivors": means}


def _limits(part: Room | Opening, measured: dict[str, float]) -> list[dict[str, Any]]:
    return [
        {"what": what, "limit": limit, "value": measured[what], "reached": measured[what] <= limit}
        for what, limit in part.limits.items()
    ]


def sections(folder: Path) -> dict[str, int]:
    """Bytes on disk of each section of a saved index, and of all its files.

    A file ends in the offset of its table (8 bytes), the number of its rows (4), and 12 more; a row of 24 is a
    section's name (8), offset (8) and length (8).
    """
    found: dict[str, int] = {}
    files = [file for file in folder.rglob("*") if file.is_file()]
    for file in files:
        if file.stat().st_size == 0:  # the lock
            continue
        content = np.memmap(file, dtype=np.uint8, mode="r")
        if bytes(content[:8]) != b"RAGOPT\r\n" or bytes(content[-8:]) != b"\r\nRAGEND":
            continue
        foot = bytes(content[-24:-12])
        start, count = int.from_bytes(foot[:8], "little"), int.from_bytes(foot[8:], "little")
        table = bytes(content[start : start + 24 * count])
        for row in (table[i : i + 24] for i in range(0, len(table), 24)):
            name = row[:8].decode("ascii").strip()
            found[name] = found.get(name, 0) + int.from_bytes(row[16:24], "little")
    return found | {"all files": sum(file.stat().st_size for file in files)}
