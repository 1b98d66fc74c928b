"""Trap 31: what was deleted or replaced leaves no trace in df, N, mean length, vectors, counts: at every door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragopt import Bm25, F, Index
from ragopt.types import Variant
from tests.traps.doors import MODES, Ask, Found, build

ROWS = {"fox": [1.0, 0.0], "fox hen": [0.8, 0.6], "hen hen owl": [0.0, 1.0], "owl": [-1.0, 0.0], "fox owl": [0.6, 0.8]}
LIVE = {"a": "fox", "b": "hen hen owl", "c": "fox hen"}
ASKS = ("fox", "hen", "owl", "fox owl", "nothing")

Door = Callable[[Index, Ask], Found]


def document(id_: str, text: str, n: int = 0) -> dict[str, Any]:
    return {"id": id_, "text": text, "metadata": {"id": id_, "n": n}}


def add_and_delete(index: Index) -> None:
    index.add([document(f"x{i}", "owl " * 50) for i in range(30)])
    index.commit()
    index.delete(ids=[f"x{i}" for i in range(30)])
    index.commit()


def replace_all(index: Index) -> None:
    for _ in range(5):
        index.update([document(id_, "owl fox fox hen", n=7) for id_ in LIVE])
        index.commit()
    index.update([document(id_, text, n) for n, (id_, text) in enumerate(LIVE.items())])
    index.commit()


def empty_and_refill(index: Index) -> None:
    with index:
        index.delete(where=F("n") >= 0)
    assert len(index) == 0
    with index:
        index.add(document(id_, text, n) for n, (id_, text) in enumerate(LIVE.items()))


def in_one_commit(index: Index) -> None:
    with index:
        index.add([document("t", "owl owl")])
        index.delete(ids=["t", "a"])
        index.update([document("c", "nothing of this")])
        index.delete(where=F("id") == "c")
        index.add([document("a", "fox", 0), document("c", "fox hen", 2)])


def merged_between(index: Index) -> None:
    add_and_delete(index)
    index.merge()
    replace_all(index)
    index.merge()


HISTORIES = {
    "added and deleted": add_and_delete,
    "replaced": replace_all,
    "emptied and refilled": empty_and_refill,
    "in one commit": in_one_commit,
    "merged": merged_between,
}


@pytest.mark.parametrize("history", list(HISTORIES.values()), ids=list(HISTORIES))
def test_every_door_answers_as_a_fresh_index(history: Callable[[Index], None], door: Door, tmp_path: Path) -> None:
    changed, fresh = build(LIVE, ROWS), build(LIVE, ROWS)
    changed.save(tmp_path / "i")
    history(changed)
    for alpha in MODES.values():
        for query in ASKS:
            for where in (None, F("n") > 0):
                ask = Ask(query, alpha=alpha, where=where)
                assert door(changed, ask) == door(fresh, ask)


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("history", list(HISTORIES.values()), ids=list(HISTORIES))
def test_every_variant_knows_the_live_set_alone(history: Callable[[Index], None], variant: Variant) -> None:
    bm25 = Bm25(variant=variant)
    changed, fresh = build(LIVE, ROWS, bm25=bm25), build(LIVE, ROWS, bm25=bm25)
    history(changed)
    for query in ASKS:
        mine, theirs = (index.search(query, alpha=0, normalizer="none") for index in (changed, fresh))
        assert [(hit.id, hit.score) for hit in mine] == [(hit.id, hit.score) for hit in theirs]
        for i in range(len(mine)):
            assert mine.explain(i) == theirs.explain(i)
    assert sorted(changed.ids) == sorted(fresh.ids)
    assert changed.count(F("n") >= 0) == fresh.count(F("n") >= 0) == 3


def test_what_is_gone_cannot_be_found_or_explained() -> None:
    index = build(LIVE, ROWS)
    held = index.search("hen owl", alpha=0.5)
    with index:
        index.delete(ids=["b"])
    assert index.get("b") is None and "b" not in index.ids
    for alpha in MODES.values():
        assert "b" not in index.search("hen hen owl", alpha=alpha, k=10).ids
        assert "b" not in index.search(vector=np.array([0.0, 1.0]), alpha=alpha, k=10).ids
    assert index.search("owl", alpha=0).ids == []  # no chunk holds the term any more
    # Who found it before can still read and explain it: a search keeps its snapshot.
    assert held[0].id == "b" and held[0].text == "hen hen owl" and held.explain(0).score == held[0].score
