"""Traps 10 to 13: fusion weighs both sides, changes nothing, and bears what is missing or constant."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import Document, Index, Pipeline, Query, Settings
from ragopt.pack import pack
from ragopt.prune import prune
from ragopt.tokens import ByteEstimate
from ragopt.types import Hit, Hits, Normalizer, PackSettings, SearchSettings, Sides
from tests.traps.doors import NORMALIZERS, Ask, Found, build, ids

Door = Callable[[Index, Ask], Found]

# `words` is the best of the lexical side, `sense` of the dense side; each is second on the other.
TEXTS = {"words": "fox fox fox", "sense": "fox and a long tail of other things", "other": "nothing of it"}
ROWS = {
    TEXTS["words"]: [0.6, 0.8],
    TEXTS["sense"]: [1.0, 0.0],
    TEXTS["other"]: [-0.6, 0.8],
    "fox": [1.0, 0.0],
}


# --- 10: the weights weigh ------------------------------------------------------------------------------------------


def test_swapping_the_weights_swaps_the_first_rank(door: Door, normalizer: str) -> None:
    index = build(TEXTS, ROWS)
    assert ids(door(index, Ask("fox", alpha=0.95, normalizer=normalizer)))[0] == "sense"
    assert ids(door(index, Ask("fox", alpha=0.05, normalizer=normalizer)))[0] == "words"


@given(st.floats(0, 1), st.sampled_from(NORMALIZERS))
def test_a_score_is_a_line_in_alpha(alpha: float, normalizer: str) -> None:
    index = build(TEXTS, ROWS)
    parts = {}
    for i, hit in enumerate(hits := index.search("fox", alpha=0.5, normalizer=normalizer)):
        account = hits.explain(i)
        parts[hit.id] = (account.dense.normalized, account.lexical.normalized)
    for hit in index.search("fox", alpha=alpha, normalizer=normalizer):
        dense, lexical = parts[hit.id]
        assert hit.score == pytest.approx(alpha * dense + (1 - alpha) * lexical, rel=1e-12, abs=1e-12)


# --- 11: nothing that came in is changed ----------------------------------------------------------------------------


def test_asking_twice_gives_the_same_and_changes_nothing(door: Door, normalizer: str, alpha: float) -> None:
    documents = [Document(id, text, metadata={"tags": ["a", "b"]}) for id, text in TEXTS.items()]
    vectors = {id: np.array(ROWS[text], dtype=np.float32) * 7 for id, text in TEXTS.items()}
    before = deepcopy((documents, vectors))
    index = Index.build(documents, vectors=vectors, embedder=lambda texts: np.array([ROWS[text] for text in texts]))
    ask = Ask("fox", alpha=alpha, normalizer=normalizer)
    first = door(index, ask)
    assert first
    assert door(index, ask) == first
    assert documents == before[0]
    assert {id: row.tolist() for id, row in vectors.items()} == {id: row.tolist() for id, row in before[1].items()}


@pytest.mark.parametrize("normalizer", NORMALIZERS)
def test_the_stages_leave_hits_as_they_were(normalizer: str) -> None:
    index = build(TEXTS, ROWS)
    question = Query("fox", terms=(("fox", 2.0), ("tail", 1.0)), vector=np.array([3.0, 4.0], dtype=np.float32))
    asked = deepcopy((question.text, question.terms, question.vector))
    hits = index.search(question, alpha=0.5, normalizer=normalizer)
    before = [(hit.id, hit.score, hit.lexical, hit.dense, deepcopy(hit.metadata)) for hit in hits]
    for _ in range(2):
        prune(hits, k=1)
        pack(hits, 40, ByteEstimate())
        pack(hits, 4000, ByteEstimate(), order="edges")
    assert [(hit.id, hit.score, hit.lexical, hit.dense, hit.metadata) for hit in hits] == before
    assert (question.text, question.terms) == asked[:2]
    assert np.array_equal(question.vector, asked[2])  # type: ignore[arg-type]


def test_changing_what_came_out_changes_nothing_inside(door: Door) -> None:
    index = build(TEXTS, ROWS)
    first = door(index, Ask("fox"))
    hit = index.search("fox")[0]
    hit.metadata["id"] = "changed"  # type: ignore[index]
    assert index.search("fox")[0].metadata["id"] == first[0][0]
    assert door(index, Ask("fox")) == first


# --- 12: a score that is missing on one side ------------------------------------------------------------------------


def test_a_chunk_without_a_vector(door: Door, normalizer: str, alpha: float) -> None:
    rows = {text: row for text, row in ROWS.items() if text != TEXTS["words"]}
    index = build(TEXTS, rows)
    found = door(index, Ask("fox", alpha=alpha, normalizer=normalizer))
    assert all(math.isfinite(score) for _, score in found)
    assert ("words" in ids(found)) is (alpha < 1)
    hits = index.search("fox", alpha=alpha, normalizer=normalizer)
    for i, hit in enumerate(hits):
        assert (hit.dense is None) is (hit.id == "words" or alpha == 0)  # at alpha 0 no query is embedded
        account = hits.explain(i)
        assert account.dense.share + account.lexical.share == pytest.approx(hit.score, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("missing", ["no embedder", "no vector of the query", "no vector of any chunk"])
def test_a_side_that_is_missing(door: Door, normalizer: str, alpha: float, missing: str) -> None:
    """A side that does not exist drops out; one that exists and finds nothing adds nothing, and is alone at alpha 1."""
    rows = (
        {"fox": ROWS["fox"]} if missing == "no vector of any chunk" else {t: r for t, r in ROWS.items() if t != "fox"}
    )
    index = build(TEXTS, rows, **({"embedder": None} if missing == "no embedder" else {}))
    found = door(index, Ask("fox", alpha=alpha, normalizer=normalizer))
    assert ids(found) == ([] if alpha == 1 and missing == "no vector of any chunk" else ["words", "sense"])
    assert all(math.isfinite(score) for _, score in found)


class Given:
    """A Retriever that returns the hits it was made with, some without a score on one side."""

    def __init__(self, items: Sequence[tuple[float, float | None, float | None]]) -> None:
        chunk = build(TEXTS, ROWS).chunk(0)
        self.hits = Hits(
            tuple(
                Hit(f"d{i}", score, lexical=bm25, dense=cosine, chunk=chunk)
                for i, (score, bm25, cosine) in enumerate(items)
            ),
            alpha=0.5,
            normalizer=Normalizer.BOUNDED,
            sides=Sides(lexical=True, dense=True),
        )

    def retrieve(self, query: Query) -> Hits:
        return self.hits


scores = st.floats(-1, 1).map(lambda value: value or 0.0)


@given(st.lists(st.tuples(scores, st.none() | scores, st.none() | scores), max_size=6))
def test_hits_of_others_with_missing_scores(items: list[tuple[float, float | None, float | None]]) -> None:
    items = sorted(items, reverse=True, key=lambda item: item[0])
    source = Given(items)
    pipeline = Pipeline(source, Settings(search=SearchSettings(min_score=0.0), pack=PackSettings(tokens=100_000)))
    kept = [hit.id for hit in pipeline.retrieve("fox").hits]
    assert kept == [f"d{i}" for i, (score, _, _) in enumerate(items) if score >= 0]


# --- 13: constant lists and scales ----------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1e-6, 0.5, 1000.0])
@pytest.mark.parametrize("name", [name for name in NORMALIZERS if name != "none"])
def test_the_scale_of_a_side_does_not_matter(name: str, factor: float, alpha: float) -> None:
    index = build({**TEXTS, "more": "fox tail"}, {**ROWS, "fox tail": [0.0, 1.0]})
    terms = (("fox", 1.0), ("tail", 0.3))
    scaled = tuple((term, weight * factor) for term, weight in terms)
    vector = np.array([0.8, 0.6], dtype=np.float32)

    def search(query: Query) -> Hits:
        return index.search(query, alpha=alpha, normalizer=name)

    plain = search(Query("fox", terms=terms, vector=vector))
    other = search(Query("fox", terms=scaled, vector=vector * np.float32(factor)))
    assert other.ids == plain.ids
    assert [hit.score for hit in other] == pytest.approx([hit.score for hit in plain], rel=1e-6, abs=1e-7)


CONSTANT = {"minmax": 1.0, "zscore": 0.0, "dbsf": 0.5, "theoretical": 1.0}


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("name", list(CONSTANT))
def test_a_constant_list_has_its_stated_score(name: str, size: int, door: Door) -> None:
    rows = {"fox": [1.0, 0.0], "fox hunt": [0.6, 0.8]}
    index = build(["fox hunt"] * size, rows)
    for alpha in (0.0, 0.3, 1.0):
        found = door(index, Ask("fox", alpha=alpha, normalizer=name))
        assert len(found) == size
        assert [score for _, score in found] == pytest.approx([CONSTANT[name]] * size, abs=1e-12)
