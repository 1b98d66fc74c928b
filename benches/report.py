"""The figures as text: one table a data set, and what it was run on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ragopt._core import __version__

PACKAGES = ("bm25s", "numba", "rank-bm25", "faiss-cpu", "numpy")


def machine() -> dict[str, str]:
    """Processor, cores, Python and the versions of all engines."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": f"{models[0] if models else platform.processor()}, {os.cpu_count()} cores, one thread an engine",
        "python": platform.python_version(),
        "versions": ", ".join((f"ragopt {__version__}", *(f"{name} {version(name)}" for name in PACKAGES))),
    }


def shown(value: float | None, form: str) -> str:
    """A figure, or nothing where there is none."""
    return "" if value is None else format(value, form)


def table(result: dict[str, Any]) -> str:
    """One line an engine. The ratios are to ragopt in the same kind of search, by the clock and of processor time: on
    an idle machine they agree. The range is that of the rounds."""
    head = (
        f"{result['collection']}: {result['chunks']:,} chunks, {result['dimension']} dimensions, "
        f"{result['queries']} questions, top 10; analysis of the chunks {result['analysis_seconds']:.2f} s "
        f"(within ragopt's index time, given to the peers)"
    )
    names = ("index s", "MB", "ms/query", "range", "queries/s", "x ragopt", "(CPU)", "same top 10")
    columns = " " * 38 + "".join(
        f"{name:>{width}}" for name, width in zip(names, (9, 8, 10, 17, 11, 10, 8, 13), strict=True)
    )
    lines = [head, columns]
    for name, row in result["engines"].items():
        ratio, used, agreed = (
            value.get(key)
            for value, key in (
                (result["ratios"], name),
                (result["processor_ratios"], name),
                (row, "same_top_10"),
            )
        )
        times = [one["seconds"] * 1e3 for one in row["rounds"]]
        spread = f"{min(times):.3f}–{max(times):.3f}"
        note = f"  ({row['queries']} questions)" if row["queries"] < result["queries"] else ""
        lines.append(
            f"{name:38}{row['index_seconds']:9.3f}{row['index_bytes'] / 1e6:8.1f}{row['query_seconds'] * 1e3:10.3f}"
            f"{spread:>17}{1 / row['query_seconds']:11,.0f}"
            f"{shown(ratio, '.2f'):>10}{shown(used, '.2f'):>8}{shown(agreed, '.1%'):>13}{note}"
        )
    return "\n".join(lines)
