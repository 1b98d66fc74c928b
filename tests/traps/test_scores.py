"""Traps 14, 17, 18 and 23: scores as stated, at every door, whatever k is, and alpha one way round."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ragopt import Document, Index
from ragopt.types import Normalizer
from tests.traps.doors import DOORS, NORMALIZERS, Ask, Found, build, ids

Door = Callable[[Index, Ask], Found]

# --- 14: none, one, two, equal and negative inputs ------------------------------------------------------------------

Z3 = math.sqrt((0.8**2 + 0.4**2 + 1.2**2) / 3)  # the population deviation of 1, .6, -1, whose mean is .2
L3 = math.sqrt(1 + 0.36 + 1)
THREE, ONE, BELOW, EQUAL, TWO = (1.0, 0.6, -1.0), (0.6,), (-0.5,), (0.6, 0.6), (0.6, -0.6)

GOLDEN: list[tuple[str, tuple[float, ...], tuple[float, ...]]] = [
    *((name, (), ()) for name in NORMALIZERS),
    ("bounded", THREE, (1.0, 0.8, 0.0)),
    ("theoretical", THREE, (1.0, 0.8, 0.0)),
    ("minmax", THREE, (1.0, 0.8, 0.0)),
    ("zscore", THREE, (0.8 / Z3, 0.4 / Z3, -1.2 / Z3)),
    ("dbsf", THREE, (0.5 + 0.8 / Z3 / 6, 0.5 + 0.4 / Z3 / 6, 0.5 - 1.2 / Z3 / 6)),
    ("l2", THREE, (1 / L3, 0.6 / L3, -1 / L3)),
    ("rank", THREE, (1 / 61, 1 / 62, 1 / 63)),
    ("none", THREE, THREE),
    ("bounded", ONE, (0.8,)),
    ("theoretical", ONE, (1.0,)),
    ("minmax", ONE, (1.0,)),
    ("zscore", ONE, (0.0,)),
    ("dbsf", ONE, (0.5,)),
    ("l2", ONE, (1.0,)),
    ("rank", ONE, (1 / 61,)),
    ("none", ONE, ONE),
    ("bounded", BELOW, (0.25,)),
    ("theoretical", BELOW, (1.0,)),
    ("minmax", BELOW, (1.0,)),
    ("zscore", BELOW, (0.0,)),
    ("dbsf", BELOW, (0.5,)),
    ("l2", BELOW, (-1.0,)),
    ("rank", BELOW, (1 / 61,)),
    ("none", BELOW, BELOW),
    ("bounded", EQUAL, (0.8, 0.8)),
    ("theoretical", EQUAL, (1.0, 1.0)),
    ("minmax", EQUAL, (1.0, 1.0)),
    ("zscore", EQUAL, (0.0, 0.0)),
    ("dbsf", EQUAL, (0.5, 0.5)),
    ("l2", EQUAL, (math.sqrt(0.5), math.sqrt(0.5))),
    ("rank", EQUAL, (1 / 61, 1 / 62)),
    ("none", EQUAL, EQUAL),
    ("bounded", TWO, (0.8, 0.2)),
    ("theoretical", TWO, (1.0, 0.25)),
    ("minmax", TWO, (1.0, 0.0)),
    ("zscore", TWO, (1.0, -1.0)),
    ("dbsf", TWO, (0.5 + 1 / 6, 0.5 - 1 / 6)),
    ("l2", TWO, (math.sqrt(0.5), -math.sqrt(0.5))),
    ("rank", TWO, (1 / 61, 1 / 62)),
    ("none", TWO, TWO),
]


@pytest.mark.parametrize(("name", "cosines", "wanted"), GOLDEN)
def test_golden_scores_of_the_dense_side(
    name: str, cosines: tuple[float, ...], wanted: tuple[float, ...], door: Door
) -> None:
    texts = [f"t{i}" for i in range(len(cosines))]
    rows = {text: [cosine, math.sqrt(1 - cosine**2)] for text, cosine in zip(texts, cosines, strict=True)}
    index = build(texts, {**rows, "q": [1.0, 0.0]})
    found = door(index, Ask("q", alpha=1.0, normalizer=name))
    assert ids(found) == [f"d{i}" for i in range(len(cosines))]
    assert [score for _, score in found] == pytest.approx(wanted, abs=1e-6)


LEXICAL: dict[str, Callable[[list[float]], list[float]]] = {
    "theoretical": lambda raw: [score / max(raw) for score in raw],
    "minmax": lambda raw: (
        [1.0] * len(raw) if max(raw) == min(raw) else [(s - min(raw)) / (max(raw) - min(raw)) for s in raw]
    ),
    "zscore": lambda raw: [0.0 if np.std(raw) == 0 else float((s - np.mean(raw)) / np.std(raw)) for s in raw],
    "dbsf": lambda raw: [0.5 if np.std(raw) == 0 else float(0.5 + (s - np.mean(raw)) / np.std(raw) / 6) for s in raw],
    "l2": lambda raw: [float(s / np.linalg.norm(raw)) for s in raw],
    "rank": lambda raw: [1 / (61 + i) for i in range(len(raw))],
    "none": lambda raw: raw,
}


@pytest.mark.parametrize("texts", [[], ["a b"], ["a", "a b"], ["a b", "a b"], ["a", "a b", "a b c d", "x"]])
@pytest.mark.parametrize("name", list(LEXICAL))
def test_scores_of_the_lexical_side(name: str, texts: list[str], door: Door) -> None:
    index = build(texts, {})
    raw = [hit.lexical or 0.0 for hit in index.search("a", alpha=0.0)]
    found = door(index, Ask("a", alpha=0.0, normalizer=name))
    assert [score for _, score in found] == pytest.approx(LEXICAL[name](raw) if raw else [], rel=1e-9)


# --- 17: pages ------------------------------------------------------------------------------------------------------

WORDS = ["fox", "tail", "red", "den", "run", "hen"]


def crowd(n: int = 60) -> Index:
    """Many chunks, with ties on both sides."""
    random = np.random.default_rng(7)
    texts = {f"c{i:02}": " ".join(random.choice(WORDS, size=random.integers(1, 6))) for i in range(n)}
    rows: dict[str, Any] = {text: random.integers(-2, 3, size=4).astype(float) for text in texts.values()}
    return build(texts, {**rows, "fox tail": [1.0, 0.5, 0.0, -0.5]})


def test_every_top_k_is_a_prefix_of_the_next(normalizer: str, alpha: float) -> None:
    index = crowd()
    full = index.search("fox tail", k=50, alpha=alpha, normalizer=normalizer)
    pairs = [(hit.id, hit.score) for hit in full]
    for k in range(51):
        hits = index.search("fox tail", k=k, alpha=alpha, normalizer=normalizer)
        assert [(hit.id, hit.score) for hit in hits] == pairs[:k]
    assert len(set(full.ids)) == len(full)


def test_pages_are_disjoint_at_every_door(door: Door, normalizer: str) -> None:
    index = crowd()
    five = door(index, Ask("fox tail", k=5, alpha=0.5, normalizer=normalizer))
    ten = door(index, Ask("fox tail", k=10, alpha=0.5, normalizer=normalizer))
    assert ten[:5] == five
    assert not set(ids(ten[5:])) & set(ids(five))


# --- 18: the score reaches the caller -------------------------------------------------------------------------------


def test_scores_reach_the_caller(door: Door, normalizer: str, alpha: float) -> None:
    found = door(crowd(), Ask("fox tail", alpha=alpha, normalizer=normalizer))
    assert found
    assert all(isinstance(score, float) and math.isfinite(score) for _, score in found)
    assert all(before >= after for (_, before), (_, after) in pairwise(found))


# --- 23: alpha is the share of the dense side, everywhere -----------------------------------------------------------


def test_alpha_0_is_bm25(door: Door, normalizer: str) -> None:
    index = crowd()
    alone = Index.build([Document(c.id, c.text) for c in map(index.chunk, range(len(index)))], analyzer="whitespace")
    raw = [(hit.id, hit.score) for hit in alone.search("fox tail", k=60, alpha=0, normalizer="none")]
    assert ids(door(index, Ask("fox tail", k=60, alpha=0, normalizer=normalizer))) == ids(raw)
    assert door(index, Ask("fox tail", k=60, alpha=0, normalizer="none")) == raw


def test_alpha_1_is_cosine(door: Door, normalizer: str) -> None:
    index = crowd()
    query = np.array([1.0, 0.5, 0.0, -0.5])
    cosines = {}
    for ordinal in range(len(index)):
        rows = index.embed_queries([index.chunk(ordinal).text])
        assert rows is not None
        row = rows[0].astype(float)
        if row.any():
            cosines[index.chunk(ordinal).id] = float(row @ query / np.linalg.norm(row) / np.linalg.norm(query))
    found = door(index, Ask("fox tail", k=60, alpha=1, normalizer=normalizer))
    assert sorted(ids(found)) == sorted(cosines)
    for before, after in pairwise(ids(found)):
        assert cosines[before] >= cosines[after] - 1e-6


@pytest.mark.parametrize("name", [name for name in NORMALIZERS if name != "none"])
def test_the_default_alpha_is_one_at_every_door(name: str, door: Door) -> None:
    index = crowd()
    stated = Normalizer(name).default_alpha
    assert door(index, Ask("fox tail", normalizer=name)) == door(index, Ask("fox tail", normalizer=name, alpha=stated))


def test_whole_numbers_are_alphas_too() -> None:
    index = crowd()
    for ask, same in ((0, 0.0), (1, 1.0)):
        for door in DOORS.values():
            assert door(index, Ask("fox tail", alpha=ask)) == door(index, Ask("fox tail", alpha=same))
