"""Searches go on while a writer commits; nothing grows with the number of searches or commits."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benches import living
from ragopt import Document, F, Index
from ragopt.types import Hits


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads take turns often: a writer among 32 others would wait 32 × 5 ms for each of its calls."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    yield
    sys.setswitchinterval(usual)


def found(hits: Hits) -> tuple[Any, ...]:
    return tuple((hit.id, hit.score, hit.text) for hit in hits)


@pytest.mark.parametrize("saved", [False, True], ids=["memory", "folder"])
@pytest.mark.usefixtures("quick_switches")
def test_32_threads_see_committed_generations_alone(saved: bool, tmp_path: Path) -> None:
    vectors = np.random.default_rng(5).random((400, 8)) + 0.1

    def document(i: int, word: str) -> Document:
        return Document(f"d{i}", f"common {word} w{i % 9}", metadata={"n": i})

    index = Index.build([document(i, "old") for i in range(120)], vectors=vectors[:120])
    if saved:
        index.save(tmp_path / "i")
    past5 = F("n") > 5
    asked: list[Callable[[], Any]] = [
        lambda: found(index.search("common w3", k=30, alpha=0)),
        lambda: found(index.search("common new", vector=vectors[3], k=30, where=past5)),
        lambda: found(index.search_many(["common w4"], vectors=vectors[4:5], k=30)[0]),
        lambda: index.count(F("n") > 100),
    ]
    seen: list[set[Any]] = [set() for _ in asked]
    legal = [{ask()} for ask in asked]
    stop = threading.Event()
    failures: list[BaseException] = []

    def reader(which: int) -> None:
        try:
            while not stop.is_set():
                seen[which % len(asked)].add(asked[which % len(asked)]())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=reader, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for commit in range(40):
        with index:
            index.update([document(commit, "new"), document(120 + commit, "new")], vectors=vectors[commit : commit + 2])
            index.delete(ids=[f"d{119 - commit}"])
        for which, ask in enumerate(asked):
            legal[which].add(ask())
        if commit == 20:
            index.merge()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    for mine, allowed in zip(seen, legal, strict=True):
        assert mine <= allowed, "a result that no committed generation has"
        assert len(mine) > 3


def test_two_threads_may_stage_together() -> None:
    index = Index.build(())
    threads = [
        threading.Thread(target=lambda n=n: [index.add([Document(f"{n}-{i}", "x")]) for i in range(50)])
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    index.commit()
    assert len(index) == 400


def test_memory_does_not_grow() -> None:
    """The short form of `python -m benches.living grow`, which makes 100,000 searches and 10,000 commits."""
    figures = living.grow(searches=4000, commits=300, chunks=300)
    for work in ("searching", "committing"):
        grown = figures[work]["rss_after"] - figures[work]["rss_before"]
        assert grown < 6e6, f"{work}: {grown / 1e6:.1f} MB more"
        assert figures[work]["maps_after"] <= figures[work]["maps_before"] + 40
    assert figures["files"] < 60 and figures["segments"] < 25


def test_a_build_takes_little_more_than_what_it_builds(tmp_path: Path) -> None:
    """The small form of `python -m benches.living build` and `add`."""
    built = living.build(tmp_path / "i", chunks=3000, dimension=16)
    assert built["final_bytes"] > 3000 * 16 * 4
    added = living.add(tmp_path / "i", dimension=16, count=100)
    assert added["chunks"] == 3000 and added["together_seconds"] < 5
