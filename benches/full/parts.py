"""The parts of the full run: who races whom on what, and what is to be reached (the targets are the issue's)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benches.full.workloads import REAL, WORKLOADS, Workload

Task = dict[str, Any]

#: The default alpha of each normalizer.
ALPHA = {"bounded": 0.6, "theoretical": 0.8, "minmax": 0.55, "zscore": 0.5, "rank": 0.5}


@dataclass(frozen=True)
class Entry:
    """One engine at one task; a label is its name within the part. `questions` are the most that it is asked."""

    label: str
    host: str
    task: Task
    questions: int = 1000
    threads: int = 1


@dataclass(frozen=True)
class Goal:
    """`ours` takes at most 1/`factor` of the time of `theirs`, in the median (p50) or the mean."""

    ours: str
    theirs: str
    factor: float
    figure: str = "p50"


@dataclass(frozen=True)
class Race:
    """Entries in alternated rounds. `same`: pairs of labels whose top lists must be one."""

    name: str
    workload: Workload
    entries: tuple[Entry, ...]
    goals: tuple[Goal, ...] = ()
    same: tuple[tuple[str, str], ...] = ()
    rounds: int = 7


@dataclass(frozen=True)
class Build:
    """Text to searchable index on all cores, alternated; `order` names hosts, goals compare their medians."""

    name: str
    workload: Workload
    order: tuple[str, ...]
    goals: tuple[Goal, ...] = ()


@dataclass(frozen=True)
class Room:
    """What ragopt's index takes: on disk, by parts in memory, resident after opening and searching."""

    name: str
    workload: Workload
    limits: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Opening:
    """How ragopt's saved index is opened in fresh processes, its files in memory: milliseconds and resident bytes."""

    name: str
    workload: Workload
    limits: dict[str, float] = field(default_factory=dict)
    rounds: int = 5


@dataclass(frozen=True)
class Left:
    """How many chunks the bounds of ragopt leave, a question: the mean over the questions."""

    name: str
    workload: Workload
    questions: int = 200


Part = Race | Build | Room | Opening | Left


def lexical(k: int = 10, words: str = "q", **more: Any) -> Task:
    return {"side": "lexical", "k": k, "words": words, **more}


def dense(k: int = 10, **more: Any) -> Task:
    return {"side": "dense", "k": k, **more}


def hybrid(normalizer: str = "bounded", k: int = 10, **more: Any) -> Task:
    return {"side": "hybrid", "k": k, "normalizer": normalizer, "alpha": ALPHA[normalizer], **more}


def words_race(name: str, workload: Workload, words: str, targets: Sequence[float]) -> Race:
    """BM25 beside its peers, mean against mean: tantivy, bm25s, bm25q, as many as there are targets."""
    peers = ("tantivy", "bm25s", "bm25q")[: len(targets)]
    task = lexical(words=words)
    return Race(
        name,
        workload,
        tuple(Entry(host, host, task) for host in ("ragopt", *peers)),
        goals=tuple(Goal("ragopt", peer, f, "mean") for peer, f in zip(peers, targets, strict=True)),
        same=(("ragopt", "bm25s"),),
    )


def dense_race(name: str, workload: Workload, questions: int = 100) -> Race:
    """One question after the other, beside IndexFlatIP and SQ8 with refinement."""
    return Race(
        name,
        workload,
        (
            Entry("ragopt", "ragopt", dense(), questions),
            Entry("IndexFlatIP", "faiss", dense(), questions),
            Entry("SQ8 + refine", "faiss", dense(coarse=True), questions),
        ),
        goals=(Goal("ragopt", "IndexFlatIP", 9), Goal("ragopt", "SQ8 + refine", 3)),
        same=(("ragopt", "IndexFlatIP"),),
    )


def batch_race(name: str, workload: Workload, size: int) -> Race:
    """Batches in one thread."""
    return Race(
        name,
        workload,
        (
            Entry("ragopt", "ragopt", dense(batch=size, threads=1), size),
            Entry("IndexFlatIP", "faiss", dense(batch=size), size),
        ),
        goals=(Goal("ragopt", "IndexFlatIP", 10),),
        same=(("ragopt", "IndexFlatIP"),),
        rounds=5,
    )


def hybrid_race(name: str, workload: Workload, questions: int = 100) -> Race:
    """The exact top ten of both sides, beside bm25s and numpy that score every chunk."""
    entries, goals, same = [], [], []
    for normalizer in ("bounded", "theoretical"):
        ours, theirs = f"ragopt, {normalizer}", f"bm25s + numpy, {normalizer}"
        task = hybrid(normalizer)
        entries += [Entry(ours, "ragopt", task, questions), Entry(theirs, "glue", task, questions)]
        goals.append(Goal(ours, theirs, 8))
        same.append((ours, theirs))
    return Race(name, workload, tuple(entries), tuple(goals), tuple(same))


def ways(name: str, workload: Workload, task: Task, questions: int, limit: float | None = None) -> Race:
    """ragopt alone: k, filters, thresholds. `limit`: a top 100 takes at most so many times a top 10."""
    made = {f"top {k}": {**task, "k": k} for k in (10, 1, 100, 1000)}
    made |= {f"filter {keep / 10:g} %": {**task, "keep": keep} for keep in (500, 100, 10, 1)}
    if task["side"] == "lexical":
        made |= {"min_score 0.3": {**task, "normalizer": "bounded", "min_score": 0.3}}
    elif task["side"] == "dense":
        made |= {"min_score 0.5": {**task, "min_score": 0.5}}
    else:
        made |= {"min_score 0.6": {**task, "min_score": 0.6}}
        made |= {kind: {**task, "normalizer": kind, "alpha": ALPHA[kind]} for kind in ("theoretical", "minmax", "rank")}
    entries = tuple(Entry(label, "ragopt", own, questions) for label, own in made.items())
    goals = () if limit is None else (Goal("top 100", "top 10", 1 / limit),)
    return Race(name, workload, entries, goals, rounds=5)


def thread_race(name: str, workload: Workload, task: Task, factor: float, questions: int = 1000) -> Race:
    """A batch in two threads against the same in one."""
    entries = tuple(
        Entry(label, "ragopt", {**task, "batch": questions, "threads": threads}, questions, threads=2)
        for label, threads in (("two threads", 2), ("one thread", 1))
    )
    return Race(name, workload, entries, (Goal("two threads", "one thread", factor),), rounds=5)


def _million() -> list[Part]:
    words, both = WORKLOADS["lex1m"], WORKLOADS["hyb1m"]
    return [
        Build("1m/build/tantivy", words, ("ragopt", "tantivy") * 3, (Goal("ragopt", "tantivy", 3),)),
        Build("1m/build/bm25s", words, ("ragopt", "bm25s", "ragopt"), (Goal("ragopt", "bm25s", 10),)),
        Build("1m/build/bm25q", words, ("bm25q",)),
        Room("1m/room/lexical", words, {"posting_disk": 4.0, "memory_to_disk": 1.5}),
        words_race("1m/lexical", words, "q", (5, 7, 1)),
        words_race("1m/lexical/stop-words", words, "qh", (15, 4, 1)),
        ways("1m/lexical/ways", words, lexical(), 1000, 1.3),
        ways("1m/lexical/stop-words/ways", words, lexical(words="qh"), 300),
        thread_race("1m/lexical/threads", words, lexical(), 1.8),
        Room("1m/room/hybrid", both, {"rss": 2.4e9, "anonymous": 0.8e9}),
        Opening(
            "1m/open",
            both,
            {"open": 100, "rss": 2.4e9, "anonymous": 0.8e9}
            | {f"first to warm, {side}": 3 for side in ("dense", "hybrid")}
            | {"bytes a posting": 4},
        ),
        dense_race("1m/dense", both),
        batch_race("1m/dense/batch-100", both, 100),
        batch_race("1m/dense/batch-1000", both, 1000),
        ways("1m/dense/ways", both, dense(), 200, 1.3),
        thread_race("1m/dense/threads", both, dense(), 1.2, 100),
        hybrid_race("1m/hybrid", both),
        ways("1m/hybrid/ways", both, hybrid(), 200, 1.3),
        thread_race("1m/hybrid/threads", both, hybrid(), 1.2, 200),
        Left("1m/survivors", both),
    ]


def _hundred_thousand() -> list[Part]:
    words, both = WORKLOADS["lex100k"], WORKLOADS["hyb100k"]
    return [
        Build("100k/build", words, ("ragopt", "tantivy", "bm25s", "bm25q"), (Goal("ragopt", "tantivy", 3),)),
        words_race("100k/lexical", words, "q", (5, 7, 1)),
        words_race("100k/lexical/stop-words", words, "qh", (15, 4, 1)),
        Room("100k/room", both),
        dense_race("100k/dense", both, 300),
        batch_race("100k/dense/batch-100", both, 100),
        batch_race("100k/dense/batch-1000", both, 1000),
        hybrid_race("100k/hybrid", both, 300),
        ways("100k/hybrid/ways", both, hybrid(), 300, 1.3),
    ]


def _real(name: str) -> list[Part]:
    given = WORKLOADS[name]
    return [
        words_race(f"{name}/lexical", given, "q", (5, 7, 1)),
        dense_race(f"{name}/dense", given),
        hybrid_race(f"{name}/hybrid", given),
        ways(f"{name}/lexical/ways", given, lexical(), 1000, 1.3),
        ways(f"{name}/dense/ways", given, dense(), 1000, 1.3),
        ways(f"{name}/hybrid/ways", given, hybrid(), 1000, 1.3),
        Left(f"{name}/survivors", given),
    ]


def parts() -> list[Part]:
    """All of them, in the order in which they run."""
    return [*_million(), *_hundred_thousand(), *(part for name in REAL for part in _real(name))]


def small() -> list[Race]:
    """What the tests look at: the same races on workloads that the benches make themselves, in two parts."""
    short, both = WORKLOADS["short"], WORKLOADS["small"]
    plain, heavy = words_race("", short, "q", (5, 7)), _named(words_race("", short, "qh", (15, 4)), "stop words")
    single, batch, joined = dense_race("", both, 50), batch_race("", both, 100), hybrid_race("", both, 50)
    return [_together("small/lexical", plain, heavy), _together("small/vectors", single, _named(batch, "100"), joined)]


def _named(race: Race, word: str) -> Race:
    """The race with a word after each label."""

    def named(label: str) -> str:
        return f"{label}, {word}"

    return replace(
        race,
        entries=tuple(replace(entry, label=named(entry.label)) for entry in race.entries),
        goals=tuple(replace(goal, ours=named(goal.ours), theirs=named(goal.theirs)) for goal in race.goals),
        same=tuple((named(ours), named(theirs)) for ours, theirs in race.same),
    )


def _together(name: str, *races: Race) -> Race:
    """Races on one workload as one, so that its indexes are opened once."""
    return Race(
        name,
        races[0].workload,
        tuple(entry for race in races for entry in race.entries),
        tuple(goal for race in races for goal in race.goals),
        tuple(pair for race in races for pair in race.same),
        rounds=3,
    )
