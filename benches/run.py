"""`python -m benches.run`: index time, memory and speed of ragopt and its peers, on the same data in one run.

Every engine lives in a process of its own with one thread. Rounds alternate between the engines, so
that whatever else the machine does falls on all of them; figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benches.data import collection, hand_over
from benches.engines import ENGINES, EXACT
from benches.process import Worker
from benches.report import machine, table

#: Least seconds of a round, so that a fast engine is not measured by its clock's ticks.
ROUND_SECONDS = 0.25
#: Scores that differ by less are one score to an engine of float32.
TOLERANCE = 2e-5


@dataclass(frozen=True)
class Plan:
    """What is run: documents and queries None mean all; `slow` is how many queries rank-bm25 gets."""

    collection: str
    documents: int | None = None
    queries: int | None = None
    slow: int = 50


FULL = (Plan("cranfield"), Plan("scifact"), Plan("aws-passages", slow=3))
SMALL = (Plan("cranfield", documents=500, queries=40, slow=10),)


def measure(plan: Plan, rounds: int) -> dict[str, Any]:
    """One data set: every engine built, its answers checked, then timed in alternated rounds."""
    data = collection(plan.collection)
    with TemporaryDirectory() as folder, TemporaryDirectory() as small, ExitStack() as stack:
        given, analysis = hand_over(data, Path(folder), plan.documents, plan.queries)
        warm_up, _ = hand_over(data, Path(small), 200, 5)
        questions = len(given.queries)
        rows: dict[str, dict[str, Any]] = {}
        workers = {}
        for name in ENGINES:  # one after the other: builds do not share a core
            say(f"{plan.collection}: {name} ...")
            workers[name] = stack.enter_context(
                Worker(name, ("benches.worker", name, str(given.folder), str(warm_up.folder)))
            )
            built = workers[name].ask("build")
            rows[name] = {"index_seconds": built["seconds"], "index_bytes": built["bytes"], "rounds": []}
        answers = {name: workers[name].ask(f"answers {questions}") for name in {*EXACT, *EXACT.values()}}
        for name, own in EXACT.items():
            rows[name]["same_top_10"] = sum(map(same, answers[own], answers[name])) / questions
        loose = "bm25s + faiss + numpy, 1,000 a side"
        found = zip(answers["ragopt, hybrid"], workers[loose].ask(f"answers {questions}"), strict=True)
        rows[loose]["same_top_10"] = sum(same(own, theirs) for own, theirs in found) / questions
        times = {}
        for name, worker in workers.items():
            count = min(plan.slow, questions) if name == "rank-bm25" else questions
            once = worker.ask(f"round {count} 1")["seconds"] * count
            times[name] = (count, max(1, round(ROUND_SECONDS / once)))
            rows[name]["queries"] = count
        for number in range(rounds):
            say(f"{plan.collection}: round {number + 1} of {rounds}")
            for name, worker in workers.items():
                count, repeats = times[name]
                rows[name]["rounds"].append(worker.ask(f"round {count} {repeats}"))
        for row in rows.values():
            for figure in ("seconds", "processor_seconds"):
                row[f"query_{figure}"] = median(one[figure] for one in row["rounds"])
        vectors = given.vectors.shape
    return {
        "collection": plan.collection,
        "chunks": vectors[0],
        "dimension": vectors[1],
        "queries": questions,
        "analysis_seconds": analysis,
        "engines": rows,
    }


def same(own: list[list[float]], theirs: list[list[float]]) -> bool:
    """Whether two top lists are one, but for chunks whose scores are equal to float32."""
    places, scores = own
    other, their_scores = theirs
    if any(abs(x - y) > TOLERANCE * max(1.0, abs(x)) for x, y in zip(scores, their_scores, strict=False)):
        return False
    last = scores[-1] if scores else 0.0
    clear = {p for p, s in zip(places, scores, strict=True) if s - last > TOLERANCE * max(1.0, abs(last))}
    return clear <= set(other)


def ratios(result: dict[str, Any], figure: str = "query_seconds") -> dict[str, float]:
    """How many times ragopt's seconds a peer takes, in the same kind of search; above 1 ragopt is faster."""
    rows = result["engines"]
    own = {"lexical": "ragopt", "dense": "ragopt, dense", "hybrid": "ragopt, hybrid"}
    return {
        name: row[figure] / rows[own[ENGINES[name]().kind]][figure]
        for name, row in rows.items()
        if not name.startswith("ragopt")
    }


def say(text: str) -> None:
    """Progress, on a terminal only."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the plans, print a table each, and write everything as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benches.run", description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a minute's look: 500 chunks, few questions")
    parser.add_argument("--only", metavar="NAME", help="one collection: cranfield, scifact or aws-passages")
    parser.add_argument("--rounds", type=int, help="alternated rounds (default 7; 3 with --small)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures there as well")
    chosen = parser.parse_args(arguments)
    plans = [plan for plan in (SMALL if chosen.small else FULL) if chosen.only in (None, plan.collection)]
    if not plans:
        parser.error(f"--only {chosen.only}: no such collection in this run")
    results: dict[str, Any] = {"machine": machine(), "data": []}
    print("\n".join(f"{key}: {value}" for key, value in results["machine"].items()))
    for plan in plans:
        result = measure(plan, chosen.rounds or (3 if chosen.small else 7))
        result["ratios"] = ratios(result)
        result["processor_ratios"] = ratios(result, "query_processor_seconds")
        results["data"].append(result)
        print("\n" + table(result), flush=True)
    if chosen.json is not None:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
