"""What filters cost: `python -m benches.filters` prints, for a million chunks, time by filter and memory by field."""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ragopt import Document, Index
from ragopt.filters import F
from ragopt.types import Filter

__all__ = ["main"]

_START = datetime(2020, 1, 1, tzinfo=UTC)
_FIELDS: dict[str, Callable[[random.Random], Any]] = {
    "year": lambda r: 1990 + r.randrange(36),
    "lang": lambda r: r.choice(["en", "vi", "fr", "de"]),
    "tags": lambda r: [f"tag-{r.randrange(1000)}" for _ in range(3)],
    "day": lambda r: _START + timedelta(seconds=r.randrange(10**8)),
    "url": lambda r: f"https://docs.example.com/{r.randrange(10**9)}/page-{r.randrange(10**6)}",
    "price": lambda r: r.random() * 1000,
    "share": lambda r: r.randrange(1000),
}
_FILTERS: dict[str, Filter] = {
    "year == 2000": F("year") == 2000,
    "year >= 2010": F("year") >= 2010,
    "lang in 2": F("lang").isin(["en", "vi"]),
    "tags contains": F("tags").contains("tag-7"),
    "day in 5 months": (F("day") >= datetime(2021, 1, 1, tzinfo=UTC)) & (F("day") < datetime(2021, 6, 1, tzinfo=UTC)),
    "url startswith": F("url").startswith("https://docs.example.com/77"),
    "price < 10": F("price") < 10,
    "share < 10": F("share") < 10,
    "four of them": (F("year") >= 2000) & (F("lang") == "en") & F("tags").contains("tag-1") & ~(F("price") > 500),
}
_ROUNDS = 7


def _documents(chunks: int, fields: Sequence[str]) -> list[Document]:
    r = random.Random(1)
    return [Document(str(i), "x", metadata={name: _FIELDS[name](r) for name in fields}) for i in range(chunks)]


def _milliseconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benches.filters", description=__doc__)
    parser.add_argument("--chunks", type=int, default=1_000_000)
    chunks = parser.parse_args(argv).chunks
    print(f"{'field':8} bytes a chunk, of {chunks:,}")
    for name in _FIELDS:
        sizes = Index.build(_documents(chunks, [name]), analyzer="whitespace").describe()["sizes"]
        print(f"{name:8} {sizes['bytes_columns'] / chunks:5.1f}")
    index = Index.build(_documents(chunks, list(_FIELDS)), analyzer="whitespace")
    print(f"\n{'filter':16} {'chunks':>9} new, ms  again, ms")
    for name, where in _FILTERS.items():
        # Each time with another number of chunks that never pass, so that it is new.
        fresh = iter([where | (F("share") == -1 - place) for place in range(_ROUNDS)])
        new = _milliseconds(lambda fresh=fresh: index.count(next(fresh)))  # type: ignore[misc]
        again = _milliseconds(lambda where=where: index.count(where))  # type: ignore[misc]
        print(f"{name:16} {index.count(where):9,} {new:7.2f} {again:10.4f}")


if __name__ == "__main__":
    main()
