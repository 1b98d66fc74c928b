"""`python -m benches.changes`: what changing a large index takes, in time and memory.

It builds an index in batches, saves and opens it, commits additions to it, and commits ten thousand small changes to
another. The chunks are made of a seed; memory is that of the process's own pages, sampled while it works.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter

import numpy as np
import numpy.typing as npt

from ragopt import _core

BM25 = ("lucene", 1.2, 0.75, 0.0, 0.0)
#: Chunks above which a commit leaves a segment alone.
MOST = 50_000
BATCH = 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether every limit holds."""
    parser = argparse.ArgumentParser(prog="python -m benches.changes", description=__doc__)
    parser.add_argument("--chunks", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--added", type=int, default=1000)
    parser.add_argument("--commits", type=int, default=10_000)
    options = parser.parse_args(arguments)
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        figures |= building(options.chunks, options.dimension, f"{folder}/large")
        figures |= adding(options.added, options.dimension, f"{folder}/large")
        figures |= committing(options.commits, f"{folder}/small")
    print(json.dumps(figures, indent=1))
    limits = {"building, peak to size": 1.5, "adding, s": 1.0, "committing, growth": 1.1}
    missed = [name for name, limit in limits.items() if figures[name] > limit]
    for name, limit in limits.items():
        print(f"{'MISSED ' if name in missed else 'reached'}  {name} {figures[name]:.2f} (at most {limit:.2f})")
    return int(bool(missed))


def building(chunks: int, dimension: int, folder: str) -> dict[str, float]:
    """Chunks pushed in batches: the highest memory while it lasts, to that of what is built."""
    start, before = perf_counter(), own()
    with sampled() as memory:
        builder = _core.Builder(_core.Analyzer("english"), dimension)
        for first in range(0, chunks, BATCH):
            push(builder, first, min(BATCH, chunks - first), dimension)
        index = _core.Index.of(_core.Analyzer("english"), BM25, "{}", [(None, builder.finish())])
    size = sum(count for name, count in index.sizes().items() if name.startswith("bytes_"))
    took = perf_counter() - start
    index.save(folder)
    return {
        "building, s": took,
        "building, size MB": size / 1e6,
        "building, peak to size": (max(memory) - before) / max(size, 1),
    }


def adding(added: int, dimension: int, folder: str, rounds: int = 5) -> dict[str, float]:
    """New chunks in the index of `folder`: built, committed, and found."""
    start = perf_counter()
    index = _core.Index.open(folder)
    opened = perf_counter() - start
    query = vectors(1, dimension, 0)[0]
    parameters = _core.Parameters(10, 0.6, "bounded", 1000, -1.0, None)
    index.search("word1 word2", query, None, parameters)
    seconds = []
    for number in range(rounds):
        start = perf_counter()
        builder = _core.Builder(index.analyzer, dimension)
        push(builder, 10**9 + number * added, added, dimension)
        index = index.changed([number], [(None, builder.finish())])
        index = index.merged(MOST) or index
        lock = _core.Lock(folder)
        index.commit(folder, lock)
        lock.release()
        index.search("word1 word2", query, None, parameters)
        seconds.append(perf_counter() - start)
    return {"opening, ms": opened * 1e3, "adding, s": median(seconds)}


def committing(commits: int, folder: str) -> dict[str, float]:
    """Commits of one chunk that comes and one that goes: memory at the end, to that after a tenth of them."""
    draw = np.random.default_rng(3)
    builder = _core.Builder(_core.Analyzer("english"), 32)
    push(builder, 0, 2000, 32)
    index = _core.Index.of(_core.Analyzer("english"), BM25, "{}", [(None, builder.finish())])
    lock = _core.Lock(folder)
    index.save(folder, lock)
    early, most, start = own(), 0, perf_counter()
    for number in range(commits):
        live = index.ordinals()
        builder = _core.Builder(index.analyzer, 32)
        push(builder, 10**9 + number, 1, 32)
        index = index.changed([int(live[draw.integers(len(live))])], [(None, builder.finish())])
        index = index.merged(MOST) or index
        index.commit(folder, lock)
        most = max(most, len(index.segments()))
        if number == commits // 10:
            early = own()
    lock.release()
    took = (perf_counter() - start) / commits
    return {
        "committing, ms each": took * 1e3,
        "committing, segments at most": most,
        "committing, growth": own() / early,
    }


def push(builder: _core.Builder, first: int, count: int, dimension: int) -> None:
    """Chunks from number `first` on: some sixty words of Zipf's frequencies, a random vector."""
    draw = np.random.default_rng(first)
    words = np.minimum(draw.zipf(1.2, (count, 60)), 300_000)
    texts = [" ".join(f"word{word}" for word in row) for row in words]
    ids = [f"{number:010}" for number in range(first, first + count)]
    builder.push(ids, texts, [text.encode() for text in texts], vectors(count, dimension, first))


def vectors(count: int, dimension: int, seed: int) -> npt.NDArray[np.float32]:
    """Rows of normal numbers."""
    return np.random.default_rng(seed).standard_normal((count, dimension), dtype=np.float32)


def own() -> int:
    """Bytes of this process's own pages."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return int(lines["RssAnon"].split()[0]) * 1024


@contextmanager
def sampled(seconds: float = 0.05) -> Iterator[list[int]]:
    """`own` over and over while the block runs."""
    found, ended = [own()], threading.Event()

    def sample() -> None:
        while not ended.wait(seconds):
            found.append(own())

    thread = threading.Thread(target=sample)
    started = monotonic()
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()
        print(f"built in {monotonic() - started:.1f} s, {len(found)} samples", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
