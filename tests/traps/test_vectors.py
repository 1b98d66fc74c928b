"""Trap 54: a zero vector has no cosine, and what is not a number is refused with its chunk's id."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import Document, Index
from ragopt.errors import EmbedderError, VectorError
from tests.traps.doors import NORMALIZERS, Ask, Found, Table, build, ids

Door = Callable[[Index, Ask], Found]

BAD = [math.nan, math.inf, -math.inf]


def test_a_zero_vector_is_never_found_by_cosine(door: Door, normalizer: str) -> None:
    rows = {"near": [1.0, 0.1], "far": [-1.0, 0.0], "zero": [0.0, 0.0], "minus zero": [-0.0, 0.0], "q": [1.0, 0.0]}
    index = build(["near", "far", "zero", "minus zero", "unknown"], rows)
    assert ids(door(index, Ask("q", alpha=1, normalizer=normalizer))) == ["d0", "d1"]


@given(
    st.lists(st.lists(st.sampled_from([0.0, 1.0, -1.0, 0.5]), min_size=3, max_size=3), min_size=1, max_size=8),
    st.sampled_from(NORMALIZERS),
    st.sampled_from([0.3, 1.0]),
)
def test_a_zero_vector_never_beats_a_scored_one(rows: list[list[float]], normalizer: str, alpha: float) -> None:
    documents = [Document(f"d{i}", "same words") for i in range(len(rows))]
    index = Index.build(documents, vectors=np.array(rows), analyzer="whitespace")
    hits = index.search("words", vector=[1.0, 0.5, -0.25], alpha=alpha, normalizer=normalizer)
    zero = {f"d{i}" for i, row in enumerate(rows) if not any(row)}
    assert all((hit.dense is None) is (hit.id in zero) for hit in hits)
    if len(zero) == len(rows):
        return  # no dense side at all: every chunk is lexical
    if alpha == 1:
        assert not zero & set(hits.ids)
    elif normalizer in ("bounded", "theoretical"):  # where the floor is the least that a cosine can give
        least = min(hit.score for hit in hits if hit.dense is not None)
        assert all(hit.score <= least + 1e-12 for hit in hits if hit.id in zero)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_what_is_not_a_number_is_refused_with_its_id(bad: float, position: int) -> None:
    documents = [Document(f"chunk-{i}", f"text {i}") for i in range(3)]
    rows = np.eye(3, 4)
    rows[position, 2] = bad
    calls: list[dict[str, Any]] = [
        {"vectors": rows},
        {"vectors": rows.astype(np.float32)},
        {"vectors": {f"chunk-{i}": row for i, row in enumerate(rows)}},
        {"embedder": lambda texts: np.array([rows[int(text[-1])] for text in texts])},
        {"embedder": Table({f"text {i}": row.tolist() for i, row in enumerate(rows)}, 4)},
    ]
    for options in calls:
        with pytest.raises((VectorError, EmbedderError), match=f"chunk-{position}"):
            Index.build(documents, **options)


@pytest.mark.parametrize("bad", BAD)
def test_a_query_that_is_not_a_number_is_refused(bad: float, door: Door, normalizer: str) -> None:
    index = build(["a", "b"], {"a": [1.0, 0.0], "b": [0.0, 1.0], "q": [bad, 0.0]})
    with pytest.raises(VectorError, match="query vector"):
        door(index, Ask("q", alpha=0.5, normalizer=normalizer))
    with pytest.raises(VectorError):
        index.search("q", vector=[bad, 1.0], alpha=1.0, normalizer=normalizer)
    with pytest.raises(VectorError):
        index.search_many(["q", "q"], vectors=[[0.0, 1.0], [bad, 1.0]], alpha=1.0, normalizer=normalizer)


def test_a_zero_query_has_no_dense_side(door: Door, normalizer: str, alpha: float) -> None:
    index = build(["fox", "hen"], {"fox hen": [0.0, 0.0], "fox": [0.0, 1.0], "hen": [1.0, 0.0]})
    found = door(index, Ask("fox hen", alpha=alpha, normalizer=normalizer))
    assert sorted(ids(found)) == ["d0", "d1"]
    hits = index.search("fox hen", alpha=alpha, normalizer=normalizer)
    assert (hits.sides.lexical, hits.sides.dense, hits.alpha) == (True, False, 0.0)
    alone = index.search(vector=[0.0, 0.0], alpha=alpha, normalizer=normalizer)
    assert (alone.ids, alone.reason) == ([], "empty_query")


@pytest.mark.parametrize("length", [1e-45, 1e-38, 1e-20, 1.0, 1e20, 3e38])
def test_the_length_of_a_vector_does_not_matter(length: float, normalizer: str) -> None:
    rows = np.array([[0.6, 0.8], [1.0, 0.0], [-1.0, 0.0]])
    documents = [Document(f"d{i}", "x") for i in range(3)]
    unit = Index.build(documents, vectors=rows).search(vector=[1.0, 0.0], alpha=1, normalizer=normalizer)
    scaled = np.array([[1.0, 1.0], [1.0, 0.0], [-1.0, 0.0]]) * length
    index = Index.build(documents, vectors=scaled)
    hits = index.search(vector=[length, 0.0], alpha=1, normalizer=normalizer)
    assert hits.ids == unit.ids == ["d1", "d0", "d2"]
    assert hits[1].dense == pytest.approx(math.sqrt(0.5), abs=1e-6)
