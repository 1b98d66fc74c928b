"""Changes of thousands of chunks: by single calls and in one, through builders and segments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ragopt import Document, F, Index
from ragopt.testing import FakeEmbedder
from ragopt.types import Normalizer


def test_many_small_adds_and_one_large() -> None:
    index = Index.build((), embedder=FakeEmbedder(8))
    for i in range(2500):
        index.add([Document(f"s{i}", f"word{i % 50}")])
    index.add(Document(f"l{i}", f"word{i % 50}") for i in range(2500))
    index.update([Document("s7", "new"), Document("l9", "new"), *(Document(f"m{i}", "x") for i in range(2000))])
    index.update([Document(f"l{i}", "y") for i in (1, 2, 1, 2)])
    index.commit()
    assert len(index) == 7000 and len(set(index.ids)) == 7000
    assert sorted(index.search("new", alpha=0).ids) == ["l9", "s7"]
    assert sorted(index.search("y", alpha=0).ids) == ["l1", "l2"]


def test_the_later_of_two_counts_far_apart() -> None:
    documents = [Document("a", "old"), *(Document(f"d{i}", "x") for i in range(3000)), Document("a", "new")]
    index = Index.build(iter(documents), on_duplicate="last")
    assert len(index) == 3001 and index.chunk(3000).text == "new"
    assert index.search("old").ids == [] and index.search("new").ids == ["a"]


def test_a_large_index_answers_as_a_fresh_one() -> None:
    """From about a thousand chunks on, searches skip by bounds: over segments and deletions too."""
    rng = np.random.default_rng(11)
    words = np.array([f"w{i}" for i in range(400)])

    def document(i: int) -> Document:
        chosen = words[(400 * rng.random(rng.integers(3, 30)) ** 2).astype(int)]
        return Document(f"d{i}", " ".join(chosen), metadata={"n": int(rng.integers(100))})

    live = {f"d{i}": document(i) for i in range(3000)}
    index = Index.build(live.values(), embedder=FakeEmbedder(24))
    for _ in range(10):
        fresh = [document(int(i)) for i in rng.integers(0, 6000, 400)]
        with index:
            index.update(fresh)
            for one in fresh:
                live.pop(one.id, None)
                live[one.id] = one
            gone = list(rng.choice(list(live), 150, replace=False))
            index.delete(ids=gone)
            low = int(rng.integers(100))
            index.delete(where=(F("n") == low))
            live = {id_: d for id_, d in live.items() if id_ not in set(gone) and d.metadata["n"] != low}
    assert len(index.describe()["segments"]) > 1 and index.ids == list(live)
    twin = Index.build(live.values(), embedder=FakeEmbedder(24))
    for normalizer in [n for n in Normalizer if n is not Normalizer.NONE]:
        for alpha in (0.0, 0.5, 1.0):
            for where in (None, F("n") < 40, F("n") == 7):
                for query in ("w0 w1 w5", "w3 w250 w399 w12", "w77"):
                    options: dict[str, Any] = {"alpha": alpha, "normalizer": normalizer, "where": where, "k": 25}
                    mine, theirs = index.search(query, **options), twin.search(query, **options)
                    assert mine.ids == theirs.ids
                    assert [hit.score for hit in mine] == pytest.approx([hit.score for hit in theirs], abs=1e-6)
