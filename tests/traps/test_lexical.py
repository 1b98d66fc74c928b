"""Traps 24 to 27: BM25 on what is empty, common, absent, asked for in excess, and reopened."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragopt import Bm25, Index, Settings, _core
from ragopt.errors import InputError
from ragopt.testing import FakeEmbedder
from ragopt.types import SearchSettings, Variant
from tests.traps.doors import NORMALIZERS, Ask, Found, build, ids

Door = Callable[[Index, Ask], Found]

VARIANTS = [str(variant) for variant in Variant]
ANALYZERS = _core.Analyzer.names()


# --- 24: the formula at its edges -----------------------------------------------------------------------------------

EDGES = {
    "no document": [],
    "one document": ["fox"],
    "one document without the term": ["hen"],
    "one blank document": [""],
    "all blank": ["", " ", "\n\t"],
    "some blank": ["", "fox", " "],
    "the term in every document": ["fox a", "fox b", "fox c d"],
    "the term in half of them": ["fox a", "fox b", "hen a", "hen b"],
    "the same text": ["fox hen"] * 4,
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("case", list(EDGES))
def test_edges_of_the_formula(case: str, variant: str, door: Door) -> None:
    texts = EDGES[case]
    index = build(texts, {}, bm25=Bm25(variant=variant))
    found = door(index, Ask("fox", alpha=0))
    holders = {f"d{i}" for i, text in enumerate(texts) if "fox" in text}
    assert set(ids(found)) == holders
    assert all(math.isfinite(score) for _, score in found)
    if variant != "okapi":  # rank-bm25's epsilon may leave a common term below 0, and parity is its point
        assert all(score >= 0 for _, score in found)
    if variant in ("lucene", "lucene_lossy", "bm25l", "bm25plus"):  # their idf is above 0 whatever df is
        assert all(hit.lexical and hit.lexical > 0 for hit in index.search("fox", alpha=0))


@pytest.mark.parametrize("analyzer", ANALYZERS)
@pytest.mark.parametrize("texts", [[], [""], ["\u200b", "\ufeff", "—"], ["the", "và"]])
def test_nothing_to_index(analyzer: str, texts: list[str], door: Door, alpha: float) -> None:
    index = build(texts, {}, analyzer=analyzer)
    assert len(index) == len(texts)
    for normalizer in NORMALIZERS:
        assert door(index, Ask("fox", alpha=alpha, normalizer=normalizer)) == []


@pytest.mark.parametrize("query", ["", " ", "\n", "\u200b", "?!", "the", "—"])
@pytest.mark.parametrize("name", ["english", "vietnamese", "multilingual"])
def test_a_query_without_a_term_finds_nothing(query: str, name: str, door: Door) -> None:
    index = Index.build([{"id": "a", "text": "the fox, the den?! — and"}, {"id": "b", "text": ""}], analyzer=name)
    if name != "english" and query == "the":
        return  # a term like any other in these
    assert door(index, Ask(query)) == []


# --- 25: no shared term, no lexical hit -----------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_query_that_matches_nothing(variant: str, door: Door, normalizer: str) -> None:
    index = build(["fox den", "hen", ""], {}, bm25=Bm25(variant=variant))
    assert door(index, Ask("zzzz", alpha=0, normalizer=normalizer)) == []
    hits = index.search("zzzz", alpha=0, normalizer=normalizer)
    assert hits.reason == "no_match"


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_chunks_with_a_term_are_lexical_hits(variant: str, door: Door, normalizer: str) -> None:
    texts = ["fox den", "hen", "", "den", "zz fox"]
    rows = {text: [1.0, float(i)] for i, text in enumerate(texts)}
    index = build(texts, {**rows, "fox nowhere": [1.0, 1.0]}, bm25=Bm25(variant=variant))
    assert set(ids(door(index, Ask("fox nowhere", alpha=0, normalizer=normalizer)))) == {"d0", "d4"}


# --- 26: how many ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [0, 1, 3, 4, 1000])
def test_k_beside_the_number_of_chunks(k: int, door: Door, normalizer: str, alpha: float) -> None:
    texts = ["fox", "fox den", "den fox fox"]
    rows = {text: [1.0, float(i)] for i, text in enumerate(texts)}
    index = build(texts, {**rows, "fox": [1.0, 0.0]})
    assert len(door(index, Ask("fox", k=k, alpha=alpha, normalizer=normalizer))) == min(k, 3)


def test_more_than_the_largest_integer(door: Door) -> None:
    index = build(["fox"], {})
    assert ids(door(index, Ask("fox", k=2**63, alpha=0))) == ["d0"]


@pytest.mark.parametrize("k", [-1, -(10**30), 1.5, "3", None, True, math.nan])
def test_k_that_cannot_be(k: Any, door: Door) -> None:
    index = build(["fox"], {})
    if k is None and door.__name__ in ("_langchain", "_alangchain"):
        return  # None leaves the choice to the source there
    with pytest.raises(InputError, match="k="):
        door(index, Ask("fox", k=k, alpha=0))


def test_k_is_what_counts_like_an_integer(door: Door) -> None:
    assert len(door(build(["fox", "fox a"], {}), Ask("fox", k=np.int64(1), alpha=0))) == 1


# --- 27: what was found before is found after reopening -------------------------------------------------------------

DOCUMENTS = [
    {"id": "a", "text": "The foxes were running from their dens", "title": "Runners", "metadata": {"year": 2024}},
    {"id": "b", "text": "Đường về nhà hòa bình, 東京タワー và Straße", "metadata": {"year": 2020}},
    {"id": "c", "text": "don't RUN: getObject_v2 costs 1.5 USD", "metadata": {"tags": ["x", "y"]}},
    {"id": "d", "text": "", "metadata": {}},
]
QUERIES = ["running", "run", "fox den", "đường", "hoà bình", "東京", "strasse", "getobject_v2", "1.5", "runners"]


@pytest.mark.parametrize("analyzer", ANALYZERS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_reopening_keeps_every_option(analyzer: str, variant: str, tmp_path: Path, door: Door) -> None:
    bm25 = Bm25(k1=0.9, b=0.4, variant=variant)
    built = Index.build(
        DOCUMENTS, analyzer=analyzer, bm25=bm25, fields={"year": int, "tags": list[str]}, embedder=FakeEmbedder(16)
    )
    built.save(tmp_path / "index")
    opened = Index.open(tmp_path / "index", embedder=FakeEmbedder(16))
    assert opened.describe() == built.describe()
    assert opened.bm25 == bm25
    for query in QUERIES:
        for alpha in (None, 0.0):
            assert door(opened, Ask(query, alpha=alpha)) == door(built, Ask(query, alpha=alpha))
    found = [query for query in QUERIES if ids(door(built, Ask(query, alpha=0)))]
    assert len(found) >= 2, "the words must be found at all for this to show something"


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    settings = Settings(search=SearchSettings(k=3, alpha=0.25, normalizer="theoretical", depth=77))
    settings.save(tmp_path / "ragopt.toml")
    assert Settings.load(tmp_path / "ragopt.toml") == settings
    assert tomllib.loads((tmp_path / "ragopt.toml").read_text())["search"]["k"] == 3
