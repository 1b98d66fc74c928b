"""Traps 35 to 37: one threshold, one direction, on every path; and nothing relevant is an answer."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import Document, F, Index, Pipeline, Settings, Threshold
from ragopt.errors import InputError, ScoreKindError
from ragopt.integrations.langchain import RagoptRetriever
from ragopt.prune import prune
from ragopt.testing import FakeEmbedder, FakeGenerator
from ragopt.types import SearchSettings
from tests.traps.doors import ABSOLUTE, MODES, NORMALIZERS, Ask, Found, build, threshold

Door = Callable[[Index, Ask], Found]

TEXTS = {"a": "fox fox", "b": "fox and more", "c": "hen", "d": "fox with a long tail of words", "e": ""}
ROWS = {
    "fox fox": [0.8, 0.6],
    "fox and more": [1.0, 0.0],
    "hen": [-1.0, 0.1],
    "fox with a long tail of words": [0.0, 1.0],
    "fox": [1.0, 0.0],
}


# --- 35 and 36: every mode, normalizer and door ---------------------------------------------------------------------


def test_the_exact_score_is_kept_and_the_next_number_is_not(door: Door, normalizer: str, alpha: float) -> None:
    index = build(TEXTS, ROWS)
    full = door(index, Ask("fox", alpha=alpha, normalizer=normalizer))
    assert len(full) >= 3
    for i, (_, score) in enumerate(full):
        kept = door(index, Ask("fox", alpha=alpha, normalizer=normalizer, min_score=threshold(score, normalizer)))
        assert kept == [pair for pair in full if pair[1] >= score]
        assert full[i] in kept
        above = threshold(math.nextafter(score, math.inf), normalizer)
        assert door(index, Ask("fox", alpha=alpha, normalizer=normalizer, min_score=above)) == [
            pair for pair in full if pair[1] > score
        ]


@pytest.mark.parametrize("low", [-1000, -0.5, 0])
def test_a_low_threshold_drops_nothing_above_it(low: float, door: Door, normalizer: str, alpha: float) -> None:
    index = build(TEXTS, ROWS)
    full = door(index, Ask("fox", alpha=alpha, normalizer=normalizer))
    kept = door(index, Ask("fox", alpha=alpha, normalizer=normalizer, min_score=threshold(low, normalizer)))
    assert kept == [pair for pair in full if pair[1] >= low]


def test_a_threshold_and_k_and_a_filter_together(door: Door, normalizer: str, alpha: float) -> None:
    index = build(TEXTS, ROWS)
    where = F("id") != "a"
    full = door(index, Ask("fox", alpha=alpha, normalizer=normalizer, where=where))
    least = full[1][1]
    kept = door(
        index, Ask("fox", k=1, alpha=alpha, normalizer=normalizer, where=where, min_score=threshold(least, normalizer))
    )
    assert kept == full[:1]


@pytest.mark.parametrize("one", [1, 1.0, np.float32(1), np.int64(1)])
def test_whole_numbers_are_thresholds_too(one: Any, door: Door) -> None:
    index = build({"a": "fox"}, {"fox": [1.0, 0.0]})
    assert door(index, Ask("fox", alpha=1, min_score=one)) == [("a", 1.0)]


@pytest.mark.parametrize("bad", [math.nan, math.inf, "0.5", True])
def test_a_threshold_that_cannot_be(bad: Any, door: Door) -> None:
    with pytest.raises(InputError, match="min_score"):
        door(build(TEXTS, ROWS), Ask("fox", min_score=bad))


@pytest.mark.parametrize("name", [name for name in NORMALIZERS if name not in ABSOLUTE])
def test_a_plain_number_on_a_relative_score_is_refused(name: str, door: Door) -> None:
    index = build(TEXTS, ROWS)
    with pytest.raises(ScoreKindError, match="bounded"):
        door(index, Ask("fox", alpha=0.5, normalizer=name, min_score=0.1))
    with pytest.raises(ScoreKindError):
        door(index, Ask("fox", alpha=0.5, normalizer=name, min_score=Threshold(0.1, kind="bounded")))


@pytest.mark.parametrize("name", NORMALIZERS)
@pytest.mark.parametrize("alpha", list(MODES.values()))
def test_pruning_equals_the_threshold_of_the_search(name: str, alpha: float) -> None:
    index = build(TEXTS, ROWS)
    hits = index.search("fox", alpha=alpha, normalizer=name)
    for hit in hits:
        least = threshold(hit.score, name)
        searched = index.search("fox", alpha=alpha, normalizer=name, min_score=least)
        assert prune(hits, min_score=least).ids == searched.ids
        assert prune(prune(hits, min_score=least), min_score=least).ids == searched.ids


@given(
    st.lists(st.lists(st.sampled_from(["fox", "den", "hen"]), max_size=4).map(" ".join), min_size=1, max_size=8),
    st.floats(0, 1),
)
def test_default_scores_lie_between_0_and_1(texts: list[str], alpha: float) -> None:
    index = Index.build(
        [Document(f"d{i}", text) for i, text in enumerate(texts)], embedder=FakeEmbedder(8), analyzer="whitespace"
    )
    for hit in index.search("fox den fox", alpha=alpha, k=8):
        assert -1e-12 <= hit.score <= 1 + 1e-12


def test_the_threshold_of_a_settings_file_holds(tmp_path: Path, normalizer: str, alpha: float) -> None:
    index = build(TEXTS, ROWS)
    full = [(hit.id, hit.score) for hit in index.search("fox", alpha=alpha, normalizer=normalizer)]
    least = full[1][1]
    settings = Settings(
        search=SearchSettings(alpha=alpha, normalizer=normalizer, min_score=threshold(least, normalizer))
    )
    settings.save(tmp_path / "ragopt.toml")
    pipeline = Pipeline(index, Settings.load(tmp_path / "ragopt.toml"), generator=FakeGenerator("yes"))
    wanted = [pair for pair in full if pair[1] >= least]
    for hits in (
        pipeline.retrieve("fox").hits,
        pipeline.answer("fox").context.hits,
        asyncio.run(pipeline.aretrieve("fox")).hits,
    ):
        assert [(hit.id, hit.score) for hit in hits] == wanted
    found = RagoptRetriever(source=pipeline).invoke("fox")
    assert [(document.id, document.metadata["ragopt"]["score"]) for document in found] == wanted


# --- 37: nothing above the threshold --------------------------------------------------------------------------------


def test_nothing_relevant_at_every_door(door: Door, normalizer: str, alpha: float) -> None:
    index = build(TEXTS, ROWS)
    nothing = threshold(1e9, normalizer)
    assert door(index, Ask("fox", alpha=alpha, normalizer=normalizer, min_score=nothing)) == []
    hits = index.search("fox", alpha=alpha, normalizer=normalizer, min_score=nothing)
    assert hits.reason == "below_threshold"


NOTHING: list[tuple[str, SearchSettings, F | None, str]] = [
    ("fox", SearchSettings(min_score=0.999), None, "below_threshold"),
    ("fox", SearchSettings(min_score=Threshold(9, kind="zscore"), normalizer="zscore"), None, "below_threshold"),
    ("zzzz", SearchSettings(alpha=0), None, "no_match"),
    ("", SearchSettings(), None, "empty_query"),
    ("fox", SearchSettings(k=0), None, "zero_k"),
    ("fox", SearchSettings(), F("id") == "nobody", "filter_empty"),
]


@pytest.mark.parametrize(("question", "search", "where", "reason"), NOTHING, ids=[case[3] for case in NOTHING])
def test_no_relevant_context_costs_no_call(question: str, search: SearchSettings, where: Any, reason: str) -> None:
    generator = FakeGenerator("never to be asked")
    pipeline = Pipeline(build(TEXTS, ROWS), Settings(search=search), generator=generator)
    context = pipeline.retrieve(question, where=where)
    assert (context.status, context.text, context.citations) == ("no_relevant_context", "", ())
    assert context.hits.reason == reason
    answer = pipeline.answer(question, where=where)
    assert (answer.status, answer.text, answer.usage, answer.cost) == ("no_relevant_context", "", None, None)
    (last,) = pipeline.stream(question, where=where)
    assert not isinstance(last, str)
    assert last.status == "no_relevant_context"
    later = asyncio.run(pipeline.aanswer(question, where=where))
    assert later.status == "no_relevant_context"
    assert generator.calls == []
    assert RagoptRetriever(source=pipeline).invoke(question, filter=where) == []


def test_an_empty_index_has_no_relevant_context() -> None:
    context = Pipeline(Index.build([])).retrieve("fox")
    assert (context.status, context.hits.reason) == ("no_relevant_context", "empty_index")
