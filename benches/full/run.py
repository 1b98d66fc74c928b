"""`python -m benches.full.run`: the million-chunk run. It goes on where it was left; `--list` shows what is left.

Each part takes at most some eight minutes (indexes that a race needs are built once, beforehand). Results are
kept in the cache folder (RAGOPT_BENCH_CACHE) under a key of ragopt's code: after a change of the code all parts
are measured anew, unless `--keep` takes older figures as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from benches.full import cost, parts
from benches.full.measure import Code, measure
from benches.full.process import frozen
from benches.full.report import machine, shown, summary
from benches.full.workloads import cache


def state() -> dict[str, Any]:
    """What was measured so far, by part."""
    file = cache() / "state.json"
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return kept


def keep(part: str, result: dict[str, Any]) -> None:
    """Add one part's figures to what is kept."""
    aside = cache() / "state.json.part"
    aside.write_text(json.dumps(state() | {part: result}, indent=1) + "\n", encoding="utf-8")
    aside.replace(cache() / "state.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is left, part by part, and print what is known."""
    parser = argparse.ArgumentParser(prog="python -m benches.full.run", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", metavar="PREFIX", help="parts whose names begin so; may be repeated")
    parser.add_argument("--minutes", type=float, default=1e9, help="start no part after so many minutes")
    parser.add_argument("--rounds", type=int, help="so many rounds instead of a part's own number")
    parser.add_argument("--list", action="store_true", help="name the parts, and which are done")
    parser.add_argument("--keep", action="store_true", help="figures of older code count as done")
    parser.add_argument("--code", metavar="KEY", help="go on with the code of an earlier run, not with today's")
    parser.add_argument("--again", action="store_true", help="measure the chosen parts again")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures there")
    chosen = parser.parse_args(arguments)
    key, folder = frozen() if chosen.code is None else (chosen.code, cache() / "code" / chosen.code)
    if not folder.is_dir():
        known = sorted(copy.name for copy in (cache() / "code").glob("*"))
        parser.error(f"--code {key}: no run has measured that code; they are {', '.join(known)}")
    code, start = Code(key, folder), monotonic()
    every = [part for part in (*parts.parts(), *cost.parts()) if _wanted(part.name, chosen.only)]
    if not every:
        parser.error(f"--only {' '.join(chosen.only)}: no part's name begins so; see --list")
    done = (
        {name for name, result in state().items() if result["key"] == key or chosen.keep} if not chosen.again else set()
    )
    if chosen.list:
        print("\n".join(f"{'done' if part.name in done else '    '}  {part.name}" for part in every))
        return 0
    print("\n".join(f"{name}: {value}" for name, value in machine().items()))
    for part in every:
        if part.name in done or monotonic() - start > chosen.minutes * 60:
            continue
        run, load = cost.measure if isinstance(part, cost.Sweep) else measure, os.getloadavg()[0]
        result = run(part, code, rounds=chosen.rounds)
        result |= {"key": key, "machine": machine(), "when": datetime.now(UTC).isoformat(timespec="seconds")}
        result["load"] = [load, os.getloadavg()[0]]  # what else the machine did: 1 at the end is this run alone
        keep(part.name, result)
        print("\n" + shown(result), flush=True)
    known = state()
    results = [known[part.name] for part in every if part.name in known]
    print(summary(results))
    if left := [part.name for part in every if part.name not in known]:
        print(f"not measured yet: {', '.join(left)}; run it again to go on")
    if chosen.json is not None:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps({"machine": machine(), "parts": results}, indent=1) + "\n", encoding="utf-8")
    return 0


def _wanted(name: str, prefixes: Sequence[str] | None) -> bool:
    return not prefixes or any(name.startswith(prefix) for prefix in prefixes)


if __name__ == "__main__":
    sys.exit(main())
