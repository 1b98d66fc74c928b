"""`python -m benches.full.cost_report`: docs/cost-model.md and its plots, from what the full run has measured.

Nothing is filled in: a point that was not measured is not drawn, and a text without its figures is an error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benches.data import ROOT
from benches.full import svg
from benches.full.report import LEFT
from benches.full.run import state

Results = dict[str, dict[str, Any]]

DOCS = ROOT / "docs"
SEARCHES = ("hybrid", "dense", "dense, batches of 100", "lexical, stop words", "lexical")
#: An answer that a person waits for has this for its search; the model takes the rest.
PATIENCE = 0.1


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page and the plots."""
    parser = argparse.ArgumentParser(prog="python -m benches.full.cost_report")
    parser.add_argument(
        "--from", dest="file", type=Path, metavar="JSON", help="the --json of a run; default: the cache"
    )
    parser.add_argument("--to", type=Path, default=DOCS, metavar="FOLDER", help="default: docs/")
    chosen = parser.parse_args(arguments)
    if chosen.file is None:
        results = state()
    else:
        results = {one["part"]: one for one in json.loads(chosen.file.read_text(encoding="utf-8"))["parts"]}
    chunks, width = _sweep(results, "chunks"), _sweep(results, "dimension")
    if len(chunks) < 2 or len(width) < 2:
        print("too little was measured: run `make bench-full` (its parts that begin with cost/) first", file=sys.stderr)
        return 1
    for name, text in plots(results, chunks, width).items():
        (chosen.to / f"cost-{name}.svg").write_text(text, encoding="utf-8")
    (chosen.to / "cost-model.md").write_text(page(results, chunks, width), encoding="utf-8")
    print(f"{chosen.to / 'cost-model.md'} written")
    return 0


def _sweep(results: Results, axis: str) -> list[dict[str, Any]]:
    return sorted((one for one in results.values() if one.get("axis") == axis), key=lambda one: one["value"])


def plots(results: Results, chunks: list[dict[str, Any]], width: list[dict[str, Any]]) -> dict[str, str]:
    """The plots by name."""
    found = {
        "chunks": svg.chart("Time of one search, one thread", "chunks (384 dimensions)", "ms", _times(chunks)),
        "memory": svg.chart(
            "Memory and disk",
            "chunks (384 dimensions)",
            "MB",
            {
                "resident": [(one["value"], one["resident"]["rss"] / 1e6) for one in chunks],
                "of its own": [(one["value"], one["resident"]["anonymous"] / 1e6) for one in chunks],
                "on disk": [(one["value"], one["disk"]["all files"] / 1e6) for one in chunks],
            },
        ),
        "build": svg.chart(
            "Building and opening",
            "chunks (384 dimensions)",
            "seconds",
            {
                "from text and vectors": [(one["value"], one["build"]["seconds"]) for one in chunks],
                "opening": [(one["value"], one["open"]["seconds"]) for one in chunks],
            },
        ),
        "dimension": svg.chart("Time of one search, 100,000 chunks", "dimensions", "ms", _times(width)),
    }
    terms = {
        side: [(int(label.split()[0]), row["p50"] * 1e3) for label, row in results[name]["entries"].items()]
        for side, name in (("hybrid", "cost/terms/hybrid"), ("lexical", "cost/terms/lexical"))
        if name in results
    }
    if terms:
        found["terms"] = svg.chart("Time of one search, 1 M chunks", "terms in the question", "ms", terms)
    for name, word in (("top", "k"), ("filter", "% of the chunks that the filter lets through")):
        if lines := _ways(results, name):
            found[name] = svg.chart("Time of one search, 1 M chunks", word, "ms", lines)
    return found


def _times(points: list[dict[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    return {
        name: line
        for name in SEARCHES
        if (line := [(one["value"], one["entries"][name]["p50"] * 1e3) for one in points if name in one["entries"]])
    }


def _ways(results: Results, first: str) -> dict[str, list[tuple[float, float]]]:
    lines = {}
    for side in ("hybrid", "dense", "lexical"):
        entries = results.get(f"1m/{side}/ways", {}).get("entries", {})
        line = [
            (float(label.split()[1]), row["p50"] * 1e3) for label, row in entries.items() if label.startswith(first)
        ]
        if line and first == "filter":
            line.append((100.0, entries["top 10"]["p50"] * 1e3))
        if line:
            lines[side] = line
    return lines


def page(results: Results, chunks: list[dict[str, Any]], width: list[dict[str, Any]]) -> str:
    """The text, with the figures of this run."""
    top, machine = chunks[-1], chunks[-1]["machine"]
    hybrid = top["entries"]["hybrid"]["p50"]
    each = {name: top[where][key] / top["value"] for name, where, key in _EACH}
    reach = PATIENCE / hybrid * top["value"]
    plotted = plots(results, chunks, width)
    loads = [one["load"][1] for one in [*chunks, *width] if "load" in one]
    busy = f" The load average was {min(loads):.1f} to {max(loads):.1f} (1 is a quiet machine)." if loads else ""
    more = "\n\n".join(f"![{_ALT[name]}](cost-{name}.svg)" for name in ("terms", "top", "filter") if name in plotted)
    return f"""# What a search costs

Measured by `make bench-full` on synthetic chunks (57 terms each, every term as it comes, no stop words taken out)
and clustered vectors of 384 dimensions; drawn by `make bench-report`. One thread, the Python call included, medians
of alternated rounds. {machine["processor"].replace(", one thread an engine", "")}, Python {machine["python"]},
{machine["versions"].split(",")[0]}.{busy}

## By chunks

{_table(chunks, "chunks")}

![Time of one search by chunks](cost-chunks.svg)

![Memory and disk by chunks](cost-memory.svg)

![Time to build and to open by chunks](cost-build.svg)

At {top["value"]:,} chunks an index takes {each["memory"]:,.0f} bytes of memory a chunk ({each["own"]:,.0f} of them
the process's own) and {each["disk"]:,.0f} on disk, {4 * top["dimension"]:,} of which are the vector; building takes
{each["build"] * 1e6:.1f} µs a chunk, Python's part included.

## By dimension

{_table(width, "dimensions")}

![Time of one search by dimension](cost-dimension.svg)

## By terms, k and filter

{more}
{_survivors(results)}
## When to move to OpenSearch

Stay with ragopt in the process while all three hold:

1. **It fits.** chunks × {each["memory"]:,.0f} bytes (at {top["dimension"]} dimensions; count
   {_per_dimension(width):.1f} bytes more or less a dimension) is at most 70 % of the memory of one machine that
   you would pay for. On 16 GiB that is {0.7 * 16 * 2**30 / each["memory"] / 1e6:.1f} M chunks, on 64 GiB
   {0.7 * 64 * 2**30 / each["memory"] / 1e6:.0f} M.
2. **It is quick enough.** An exact hybrid search takes {hybrid * 1e3:.1f} ms at {top["value"]:,} chunks and grows with
   chunks × dimensions. With {PATIENCE * 1e3:.0f} ms for the search of a question that is {reach / 1e6:.0f} M chunks
   (reckoned from there, not measured); a core then answers {1 / PATIENCE:.0f} questions a second, and
   {1 / hybrid:.0f} a second at {top["value"]:,}.
3. **One writer is enough.** The index lives in one process and is saved as a whole. Several writers at once, copies
   that must survive the loss of a machine, or changes that all readers must find within a second are a cluster's work.

Move when the first of the three breaks. The pipeline, the settings and the measures stay the same; what is given up is
the exact top-k: OpenSearch's k-NN index is approximate (exact only where a script scores every chunk), and its hybrid
query joins candidate lists.
"""


def _survivors(results: Results) -> str:
    """What the bounds leave of each collection, where that was measured."""
    measured = [one for one in results.values() if one.get("kind") == "left"]
    if not measured:
        return ""
    rows = [
        [one["part"].split("/")[0], f"{one['chunks']:,}", name, *(f"{count:,.0f}" for count in counts)]
        for one in measured
        for name, counts in one["survivors"].items()
    ]
    head = ["", "chunks", "search", *LEFT]
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---", "--:", "---", *["--:"] * 3], *rows]]
    return f"""
## What the bounds leave

Chunks a question whose BM25 is worked out (in a search for terms alone), whose vector is bounded a second time by all
bits of its code, and whose cosine is worked out; means over up to 200 questions. 0 in all is a search that scores
everything, as of few chunks. `1m` is synthetic, the others are real text with static vectors.

{chr(10).join(lines)}
"""


_EACH = (
    ("memory", "resident", "rss"),
    ("own", "resident", "anonymous"),
    ("disk", "disk", "all files"),
    ("build", "build", "seconds"),
)
_ALT = {
    "terms": "Time of one search by terms in the question",
    "top": "Time of one search by k",
    "filter": "Time of one search by what the filter lets through",
}


def _table(points: list[dict[str, Any]], axis: str) -> str:
    names = [name for name in SEARCHES if name in points[0]["entries"]]
    head = [axis, *(f"{name}, ms" for name in names), "build, s", "resident, MB", "disk, MB"]
    rows = [
        [
            f"{one['value']:,}",
            *(f"{one['entries'][name]['p50'] * 1e3:.3g}" for name in names),
            f"{one['build']['seconds']:.3g}",
            f"{one['resident']['rss'] / 1e6:,.0f}",
            f"{one['disk']['all files'] / 1e6:,.0f}",
        ]
        for one in points
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["--:"] * len(head), *rows])


def _per_dimension(width: list[dict[str, Any]]) -> float:
    """Bytes of memory that one more dimension takes for one chunk."""
    low, high = width[0], width[-1]
    more: float = high["resident"]["rss"] - low["resident"]["rss"]
    return more / ((high["value"] - low["value"]) * high["chunks"])


if __name__ == "__main__":
    sys.exit(main())
