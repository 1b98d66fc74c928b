"""Print what the query steps do, as the tables of docs/query.md: `python -m benches.query_steps`.

Reads the collections of ../shared, and times the steps on the demo's index, which is built if it is not there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ragopt.cli.demo_index import demo_index
from tests.collections import query_measures as measures
from tests.collections.measured import stratified_sign_flip

#: Plain questions of twenty words.
TWENTY = (
    "How do I change the number of days that a deleted encryption key waits before it is finally destroyed forever",
    "Which permissions does a function need so that it can read messages from a queue and write items to tables",
    "What happens to the backups of a database instance when I delete it without taking a final snapshot first",
    "Làm thế nào để tăng số lần chạy đồng thời của hàm Lambda mà không phải gửi yêu cầu tăng hạn mức",
)


def rows(title: str, *lines: tuple[object, ...]) -> None:
    """A table in Markdown, headers first."""
    head, *body = lines
    sys.stdout.write(f"\n{title}\n\n")
    for line in (head, ("---",) * len(head), *body):
        sys.stdout.write("| " + " | ".join(f"{c:.3f}" if isinstance(c, float) else str(c) for c in line) + " |\n")


def recoveries() -> None:
    """Style."""
    head = ("questions", "side", "plain", "spoiled", "mended", "recovered")
    lines: list[tuple[object, ...]] = []
    for name in ("cranfield", "vicov19qa"):
        for dense in (False, True):
            found = measures.style_recovery(name, dense=dense)
            lines.append((f"{name}, chatty", "cosine" if dense else "BM25", *found, f"{found.share:.0%}"))
    rows("nDCG@10 of chatty questions", head, *lines)


def noise() -> None:
    """Irrelevant parts: all questions, and the half that no choice looked at, with another seed."""
    head = ("questions", "side", "plain", "spoiled", "mended", "recovered", "odd questions, seed 3")
    lines: list[tuple[object, ...]] = []
    for name, other in measures.NOISE:
        found = measures.noise_recovery(name, other)
        fresh = measures.noise_recovery(name, other, measures.Mix(seed=3, odd=True))
        lines.append((f"{name} in noise of {other}", "BM25", *found, f"{found.share:.0%}", f"{fresh.share:.0%}"))
    for name, other in measures.RUN_ON:
        found = measures.noise_recovery(name, other, measures.Mix(run_on=True))
        lines.append((f"{name} in {other}, no stop between", "BM25", *found, f"{found.share:.0%}", ""))
    found = measures.noise_recovery("cranfield", "scifact", hybrid=True)
    lines.append(("cranfield in noise of scifact", "hybrid", *found, f"{found.share:.0%}", ""))
    rows("nDCG@10 of messages with noise", head, *lines)
    counts = [(name, *measures.false_removals(name)) for name in measures.WHOLE]
    total = ("together", sum(count[1] for count in counts), sum(count[2] for count in counts))
    rows("Plain questions that lose a part", ("questions", "lose a part", "of"), *counts, total)


def parts() -> None:
    """Decomposition."""
    lines: list[tuple[object, ...]] = []
    for name in ("cranfield", "vaswani"):
        for form in ("and", "comparison"):
            found = measures.halves(name, form)
            p = stratified_sign_flip([found.gain])
            means = (float(found.whole.mean()), float(found.parts.mean()))
            lines.append((f"{name}, {form}", *means, f"{p:.5f}", f"x{found.weaker:.1f}", f"{found.split:.0%}"))
    head = ("pairs of questions", "as one", "by parts", "p", "weaker part", "split")
    rows("Mean recall of both needs, 10 hits in all, default hybrid search", head, *lines)
    counts = [(name, *measures.false_splits(name)) for name in measures.WHOLE]
    total = ("together", sum(count[1] for count in counts), sum(count[2] for count in counts))
    rows("Questions about one thing that become parts", ("questions", "split", "of"), *counts, total)
    found_hops = measures.multihop()
    rows("Recall@10 on multihop-wiki", tuple(found_hops), tuple(found_hops.values()))


def others() -> None:
    """Scope, keywords, plain questions and what all of it costs."""
    found = measures.scope()
    lines = [(name, *value) for name, value in found.items() if isinstance(value, measures.Separation)]
    rows("AWS questions (50) against others", ("against", "AUC", "from", "to"), *lines)
    shares = [(name, value) for name, value in found.items() if isinstance(value, float)]
    rows("Shares of questions below a probability", ("questions", "share"), *shares)
    kept = [(most, *measures.keyword_filter("cranfield", most)) for most in (3, 5, 8, 12)]
    rows("nDCG@10 of BM25 on cranfield with the heaviest terms alone", ("terms", "all", "kept"), *kept)
    same = [
        (name, "BM25" if alpha == 0 else "hybrid", *measures.plain(name, alpha))
        for name in ("cranfield", "cisi", "vaswani", "scifact")
        for alpha in (0.0, None)
    ]
    head = ("questions", "side", "as typed", "prepared", "changed")
    rows("nDCG@10 of questions as they are and prepared", head, *same)
    demo = demo_index(Path(".ragopt/demo"), rebuild=False, progress=lambda *_: None)
    taken = measures.cost(demo.index, TWENTY)
    rows("All steps on the demo's index", ("chunks", "ms a question"), (len(demo.index), taken))


if __name__ == "__main__":
    recoveries()
    noise()
    parts()
    others()
