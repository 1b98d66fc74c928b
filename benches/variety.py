"""What orders for variety cost in recall, and what dropping duplicates saves: `python -m benches.variety`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

from benches.data import collection
from benches.judged import COLLECTIONS, Counted, judged
from ragopt.corpus import WindowChunker
from ragopt.evaluation import By, Unit
from ragopt.index import Index
from ragopt.prune import drop_duplicates, facility_location, mmr
from ragopt.types import Hits

__all__ = ["ORDERS", "overlapping", "recall_change"]

K, DEPTH, WORDS, OVERLAP = 10, 50, 60, 30
Order = Callable[[Hits, npt.NDArray[np.float32]], Hits]

ORDERS: dict[str, Order] = {
    "mmr = 0.9": lambda hits, rows: mmr(hits, rows, 0.9),
    "mmr = 0.7": lambda hits, rows: mmr(hits, rows, 0.7),
    "mmr = 0.5": lambda hits, rows: mmr(hits, rows, 0.5),
    "facility_location = 0.9": lambda hits, rows: facility_location(hits, rows, 0.9),
    "facility_location = 0.5": lambda hits, rows: facility_location(hits, rows, 0.5),
    "duplicates = 0.9": lambda hits, _: drop_duplicates(hits, 0.9),
}


@cache
def _vectors(name: str) -> tuple[dict[str, int], npt.NDArray[np.float32]]:
    data = collection(name)
    assert data.vectors is not None  # collection() makes them where the folder holds none
    return {document.id: row for row, document in enumerate(data.documents)}, data.vectors


def recall_change(order: str, name: str) -> float:
    """The mean change of recall in the first ten against the order by score, both of the same fifty hits.

    A hit that was dropped as a duplicate and is cited counts with the one that stands for it.
    """
    rows, vectors = _vectors(name)
    of = judged(name, DEPTH)
    changes = []
    for i, one in enumerate(of.labelled):
        relevant = of.relevant(i)
        ordered = ORDERS[order](one.hits, vectors[[rows[id_] for id_ in one.hits.ids]])
        sent = {each.id for hit in ordered[:K] for each in (hit, *hit.also)}
        changes.append((len(relevant & sent) - len(relevant & set(one.hits.ids[:K]))) / len(relevant))
    return float(np.mean(changes))


def overlapping(name: str) -> tuple[float, float]:
    """Documents in overlapping windows, ten hits by words: tokens saved by `duplicates = 1`, change of recall.

    Windows of 60 words, each sharing 30 with the next; recall is that of the judged documents that are sent or cited.
    """
    data, counter = collection(name), Counted()
    index = Index.build(data.documents, analyzer="english", chunker=WindowChunker(words=WORDS, overlap=OVERLAP))
    unit = Unit(By.DOCUMENT)
    before, after, changes = 0, 0, []
    for id_, hits in zip(data.queries, index.search_many(list(data.queries.values()), k=K, alpha=0.0), strict=True):
        relevant = {document for document, grade in data.qrels[id_].items() if grade > 0}
        kept = drop_duplicates(hits)
        before += sum(counter.count(hit.chunk.full_text).point for hit in hits)
        after += sum(counter.count(hit.chunk.full_text).point for hit in kept)
        cited = set(unit.ids(each for hit in kept for each in (hit, *hit.also)))
        if relevant:
            changes.append((len(relevant & cited) - len(relevant & set(unit.ids(hits)))) / len(relevant))
    return 1.0 - after / before, float(np.mean(changes))


def main() -> None:
    print("| first ten hits: change of recall | " + " | ".join(COLLECTIONS) + " | mean |")
    print("|---|" + "---|" * (len(COLLECTIONS) + 1))
    for order in ORDERS:
        changes = [recall_change(order, name) for name in COLLECTIONS]
        print(
            f"| {order} | " + " | ".join(f"{c:+.4f}" for c in changes) + f" | **{np.mean(changes):+.4f}** |", flush=True
        )
    measured = [overlapping(name) for name in COLLECTIONS]
    cells = [f"{saved:+.1%}, {change:+.4f}" for saved, change in measured]
    mean = np.mean([saved for saved, _ in measured])
    print(f"| overlapping windows, duplicates = 1: tokens saved, recall | {' | '.join(cells)} | **{mean:+.1%}** |")


if __name__ == "__main__":
    main()
