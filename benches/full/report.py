"""The figures of the parts as text: tables, ratios beside their targets, and what was not reached."""

from __future__ import annotations

from typing import Any

from benches.report import machine as plain_machine
from benches.report import version

PEERS = ("tantivy", "bm25q")
#: What bounds leave: BM25 worked out, a second bound, the cosine worked out.
LEFT = ("BM25", "second bound", "cosine")


def machine() -> dict[str, str]:
    """Processor, Python, versions of all engines."""
    found = plain_machine()
    found["versions"] += "".join(f", {name} {version(name)}" for name in PEERS)
    return found


def time(seconds: float) -> str:
    """Seconds as ms, or s from one second on."""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.3f} ms"


def shown(result: dict[str, Any]) -> str:
    """One part as a table."""
    width = f" × {result['dimension']}" if result["dimension"] else ""
    rounds = f", {result['rounds']} rounds" if "rounds" in result else ""
    lines = [f"{result['part']}: {result['chunks']:,} chunks{width}{rounds}, {result['took']:.0f} s{_load(result)}"]
    if result["kind"] in ("room", "opening"):
        lines += [f"  {name:28} {value:,.2f}" for name, value in result["measured"].items()]
        lines += [f"  {name:28} {value:,}" for name, value in {**result["sizes"], **_disk(result)}.items()]
    elif result["kind"] == "left":
        lines.append(f"  {'chunks a question':28} {LEFT[0]:>14} {LEFT[1]:>14} {LEFT[2]:>14}")
        lines += [
            f"  {name:28} {one:>14,.1f} {two:>14,.1f} {three:>14,.1f}"
            for name, (one, two, three) in result["survivors"].items()
        ]
    elif result["kind"] == "build":
        lines += [
            f"  {name:28} {time(row['p50']):>10}  {spread(row)}  processor {time(row['processor'])}, "
            f"peak {row['peak'] / 1e9:.2f} GB" + (f", on disk {row['disk'] / 1e6:.0f} MB" if "disk" in row else "")
            for name, row in result["entries"].items()
        ]
    else:
        lines.append(f"  {'':28} {'median':>10}  {'range':21} {'mean':>10} {'p99':>10} {'slow/median':>12}  same top")
        for name, row in result["entries"].items():
            agreed = f"{row['same_top']:.0%}" if "same_top" in row else ""
            lines.append(
                f"  {name:28} {time(row['p50']):>10}  {spread(row)} {time(row['mean']):>10} {time(row['p99']):>10}"
                f"{row['slow'] / row['p50']:>11.1f}{'!' if row['cliff'] else ' '}   {agreed}"
            )
    if result["kind"] == "sweep":
        built = result["build"]
        lines.append(
            f"  built in {time(built['seconds'])}, opened in {time(result['open']['seconds'])}, resident "
            f"{result['resident']['rss'] / 1e6:,.0f} MB, on disk {result['disk']['all files'] / 1e6:,.0f} MB"
        )
    lines += [f"  {line}" for line in verdicts(result)]
    return "\n".join(lines)


def spread(row: dict[str, Any]) -> str:
    """The range of the rounds' medians."""
    low, high = row["range"]
    return f"{time(low):>10}–{time(high):<10}"


def verdicts(result: dict[str, Any]) -> list[str]:
    """Each goal of a part, with what was reached."""
    lines = []
    for goal in result.get("goals", ()):
        mark = "reached" if goal["reached"] else "MISSED "
        lines.append(
            f"{mark}  {goal['theirs']} takes {goal['ratio']:.2f} × the {goal['figure']} of {goal['ours']} "
            f"(target {goal['target']:.2f} ×; of processor time {goal['processor_ratio']:.2f} ×)"
        )
    for limit in result.get("limits", ()):
        mark = "reached" if limit["reached"] else "MISSED "
        lines.append(f"{mark}  {limit['what']} {limit['value']:,.2f} (target at most {limit['limit']:,.2f})")
    return lines


def summary(results: list[dict[str, Any]]) -> str:
    """All goals of all parts, and the cliffs."""
    lines = ["", "targets:"]
    for result in results:
        lines += [f"  {result['part']:28} {line}" for line in verdicts(result)]
    cliffs = [
        f"  {result['part']:28} {name}: 99th percentile {row['slow'] / row['p50']:.1f} × the median"
        for result in results
        for name, row in result.get("entries", {}).items()
        if row.get("cliff") and (name.startswith("ragopt") or result["part"].endswith("ways"))
    ]
    return "\n".join([*lines, "cliffs (above 5 ×):", *(cliffs or ["  none"])])


def _disk(result: dict[str, Any]) -> dict[str, int]:
    resident = {f"resident {name}": value for name, value in result["resident"].items()}
    return {f"on disk, {name}": size for name, size in result["disk"].items()} | resident


def _load(result: dict[str, Any]) -> str:
    return f", load {result['load'][0]:.1f} to {result['load'][1]:.1f}" if "load" in result else ""
