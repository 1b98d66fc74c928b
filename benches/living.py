"""`python -m benches.living PART`: what changing an index costs, and that nothing grows with time.

grow   memory, mapped files and files of the folder over many searches and commits
build  peak memory of a build from a generator beside the final size
add    chunks added to a large index, committed and searched (PART build must have run)
first  the first question of a process beside the same one asked again, its files in memory (PART build must have run)
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from ragopt import Document, Index

WORDS = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ("", "n", "rk", "st", "lo", "mi")]


class Random:
    """An embedder that costs nothing and tells texts apart: a row of numbers by the text's hash."""

    name, cosine_floor, alpha = "random", -1.0, None

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._pool = np.random.default_rng(1).standard_normal((4096, dimension), dtype=np.float32)

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        keys = np.array([crc32(text.encode()) & 0xFFFFFF for text in texts], dtype=np.int64)
        return self._pool[keys % 4096] + 0.5 * self._pool[keys // 4096]

    embed_queries = embed_passages


def documents(count: int, first: int = 0, words: int = 40) -> Iterator[Document]:
    """Documents of random words, the frequent ones far more often."""
    rng = np.random.default_rng(first + 7)
    for start in range(0, count, 1000):
        size = min(1000, count - start)
        chosen = (len(WORDS) * rng.random((size, words)) ** 3).astype(int)
        for i in range(size):
            yield Document(f"d{first + start + i}", " ".join([WORDS[w] for w in chosen[i]]), metadata={"n": i})


def resident(name: str = "VmRSS") -> int:
    """Bytes of memory of this process, after what can be given back was."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1]) * 1024


def maps() -> int:
    """How many mappings this process has."""
    return len(Path("/proc/self/maps").read_text(encoding="utf-8").splitlines())


def grow(searches: int, commits: int, chunks: int = 1000) -> dict[str, Any]:
    """Memory before and after, once a tenth of the work has filled what may be filled."""
    with tempfile.TemporaryDirectory(prefix="ragopt-grow-") as folder:
        index = Index.build(documents(chunks), embedder=Random(32))
        index.save(Path(folder, "i"))

        def search(count: int) -> None:
            for i in range(count):
                hits = index.search(f"{WORDS[i % 97]} {WORDS[i % 31]}", k=5, alpha=(0.0, 0.5, 1.0)[i % 3])
                assert all(hit.text for hit in hits)

        def commit(count: int) -> None:
            for i in range(count):
                index.update(documents(3, first=(i * 3) % chunks, words=20))
                index.delete(ids=[f"d{(i * 7) % chunks}"])
                index.commit()
                if i % 16 == 0:
                    search(1)

        figures: dict[str, Any] = {"searches": searches, "commits": commits}
        for name, work, count in (("searching", search, searches), ("committing", commit, commits)):
            work(count // 10)
            before = resident(), maps()
            start = perf_counter()
            work(count)
            figures[name] = {
                "seconds": round(perf_counter() - start, 1),
                "rss_before": before[0],
                "rss_after": resident(),
                "maps_before": before[1],
                "maps_after": maps(),
            }
        figures["files"] = len(list(Path(folder, "i").iterdir()))
        figures["segments"] = len(index.describe()["segments"])
        return figures


def build(path: Path, chunks: int, dimension: int) -> dict[str, Any]:
    """Peak memory of building, less what Python had before, beside the size in memory afterwards and on disk."""
    embedder = Random(dimension)
    before = resident()
    start = perf_counter()
    index = Index.build(documents(chunks), embedder=embedder)
    elapsed = perf_counter() - start
    peak = resident("VmHWM") - before
    size = sum(count for name, count in index.describe()["sizes"].items() if name.startswith("bytes"))
    start = perf_counter()
    index.save(path)
    return {
        "chunks": chunks,
        "dimension": dimension,
        "build_seconds": round(elapsed, 1),
        "save_seconds": round(perf_counter() - start, 1),
        "peak_bytes": peak,
        "final_bytes": size,
        "disk_bytes": sum(file.stat().st_size for file in path.iterdir()),
        "peak_to_final": round(peak / size, 3),
    }


def add(path: Path, dimension: int, count: int = 1000) -> dict[str, Any]:
    """Seconds until chunks that are added to the index at `path` are committed and found."""
    start = perf_counter()
    index = Index.open(path, embedder=Random(dimension))
    opened = perf_counter() - start
    index.search("bark", k=1)
    had = len(index)
    given = list(documents(count, first=10**9 + had))
    given[0] = Document(given[0].id, "zebra zebra")
    start = perf_counter()
    index.add(given)
    staged = perf_counter()
    index.commit()
    committed = perf_counter()
    assert index.search("zebra", k=1, alpha=0).ids == [given[0].id]
    done = perf_counter()
    index.delete(ids=[document.id for document in given])
    index.commit()
    deleted = perf_counter()
    return {
        "chunks": had,
        "added": count,
        "open_seconds": round(opened, 3),
        "add_seconds": round(staged - start, 3),
        "commit_seconds": round(committed - staged, 3),
        "search_seconds": round(done - committed, 4),
        "together_seconds": round(done - start, 3),
        "delete_and_commit_seconds": round(deleted - done, 3),
    }


#: One question of a fresh process: seconds to open, of the first time, and of many times after.
_ASK = """
import json, sys
from time import perf_counter as now
from ragopt import Index
start = now(); index = Index.open(sys.argv[1]); opened = now() - start
times = []
for _ in range(40):
    start = now(); index.search(sys.argv[2], alpha=0); times.append(now() - start)
print(json.dumps([opened, times[0], sorted(times[5:])[17]]))
"""


def first(path: Path, questions: int = 12) -> dict[str, Any]:
    """Medians over BM25 questions, each in a process of its own: two words that few chunks hold, then that many do."""
    rng = np.random.default_rng(3)
    figures: dict[str, Any] = {"questions": questions}
    for name, words in (("rare", WORDS[-90:]), ("frequent", WORDS[:30])):
        rows = []
        for _ in range(questions):
            for file in path.iterdir():  # so that its pages are in memory
                with file.open("rb") as content:
                    while content.read(1 << 24):
                        pass
            asked = " ".join(rng.choice(words, 2, replace=False))
            done = subprocess.run([sys.executable, "-c", _ASK, path, asked], capture_output=True, text=True, check=True)
            rows.append(json.loads(done.stdout))
        opened, cold, warm = np.median(rows, axis=0)
        ratios = [row[1] / row[2] for row in rows]
        figures[name] = {
            "open_ms": round(opened * 1e3, 1),
            "first_us": round(cold * 1e6),
            "again_us": round(warm * 1e6),
            "first_to_again": round(float(np.median(ratios)), 2),
            "highest": round(max(ratios), 2),
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benches.living", description=__doc__)
    parser.add_argument("part", choices=("grow", "build", "add", "first"))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ragopt-living-1m")
    parser.add_argument("--chunks", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--searches", type=int, default=100_000)
    parser.add_argument("--commits", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=12)
    args = parser.parse_args()
    if args.part == "grow":
        figures = grow(args.searches, args.commits)
    elif args.part == "build":
        figures = build(args.folder, args.chunks, args.dimension)
    elif args.part == "first":
        figures = first(args.folder, args.questions)
    else:
        figures = add(args.folder, args.dimension)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
