"""What packing is worth on judged questions: more of the relevant chunks in the same tokens than cutting the list."""

from __future__ import annotations

import gzip
import json
from functools import cache

import numpy as np
import pytest

from ragopt.evaluation import Qrels
from ragopt.index import Index
from ragopt.pack import pack
from ragopt.tokens import ByteEstimate
from ragopt.types import Hits
from tests.shared import shared

BUDGETS = (300, 500, 1000, 2000)


class Remembering:
    """ByteEstimate, each text counted once."""

    def __init__(self) -> None:
        self.count = cache(ByteEstimate().count)


def cut(hits: Hits, budget: int, count: Remembering) -> list[str]:
    """The longest start of the list that fits, as most systems pack."""
    kept: list[str] = []
    left = budget
    for hit in hits:
        left -= count.count(f"\n\n[50] {hit.title}\n{hit.text}").high
        if left < 0:
            break
        kept.append(hit.id)
    return kept


@pytest.mark.collections
@pytest.mark.slow
@pytest.mark.parametrize(("collection", "least"), [("cranfield", 0.015), ("cisi", 0.012)])
def test_more_of_the_relevant_chunks_in_the_same_tokens(collection: str, least: float) -> None:
    folder = shared("collections", collection)
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    documents = [{"id": r["_id"], "title": r.get("title", ""), "text": r["text"]} for r in records]
    vectors = np.load(next(folder.glob("emb.*MiniLM*.docs.npy"))).astype(np.float32)
    index = Index.build(documents, vectors=vectors, analyzer="english")
    questions = next(folder.glob("emb.*MiniLM*.queries.npy"))
    rows = np.load(questions).astype(np.float32)
    ids = json.loads(questions.with_name(questions.name.replace(".npy", ".ids.json")).read_text())
    texts = {q["_id"]: q["text"] for q in map(json.loads, (folder / "queries.jsonl").read_text().splitlines())}
    qrels = Qrels.load(folder / "qrels" / "test.tsv")
    counter = Remembering()
    found = index.search_many([texts[id_] for id_ in ids], k=50, vectors=rows)
    gains = {budget: [] for budget in BUDGETS}
    for id_, hits in zip(ids, found, strict=True):
        if id_ not in qrels or not (relevant := {d for d, grade in qrels[id_].items() if grade > 0}):
            continue
        for budget in BUDGETS:
            packed = pack(hits, budget, counter)
            assert packed.tokens.high <= budget
            recall = len(relevant & set(packed.hits.ids)) / len(relevant)
            gains[budget].append(recall - len(relevant & set(cut(hits, budget, counter))) / len(relevant))
    means = {budget: float(np.mean(values)) for budget, values in gains.items()}
    assert float(np.mean(list(means.values()))) >= least, means
    assert min(means.values()) > 0, means
