"""Diverse orders: equal to the plain twins, and lambda means what it says at both ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import Index, Pipeline, Settings
from ragopt.errors import InputError, VectorError
from ragopt.prune import decide, facility_location, mmr
from ragopt.testing import FakeEmbedder, FakeRetriever, FakeTokenCounter
from ragopt.types import Chunk, Document, Hit, Hits, Normalizer, PruneSettings, Sides
from tests.reference import duplicates as twin

# Rows along axes, or none at all: their cosines are exact, so that ties are ties on any path.
ROWS = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (-1, 0, 0), (0, 0, 0), (0, 0, -1)]


def hits_of(scores: list[float]) -> Hits:
    hits = (Hit(str(i), score, chunk=Chunk(str(i), str(i), "t", (0, 1))) for i, score in enumerate(scores))
    return Hits(tuple(hits), 0.6, Normalizer.BOUNDED, Sides(True, True))


@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from(ROWS)), max_size=9), st.sampled_from([0, 0.25, 0.5, 1]))
def test_equals_the_plain_twins(given_: list[tuple[int, tuple[int, ...]]], lambda_: float) -> None:
    scores = [score / 8 for score, _ in given_]
    rows = np.array([row for _, row in given_], dtype=np.float64).reshape(len(given_), 3)
    hits = hits_of(scores)
    for ours, plain in ((mmr, twin.mmr), (facility_location, twin.facility_location)):
        order = ours(hits, 3 * rows, lambda_).ids
        assert [int(id_) for id_ in order] == plain(scores, rows, lambda_)
        for k in range(len(scores) + 2):
            assert ours(hits, rows, lambda_, k).ids == order[:k]  # a prefix
    assert hits.ids == [str(i) for i in range(len(scores))]


def test_lambda_at_both_ends_and_the_penalty_against_every_pick() -> None:
    hits = hits_of([0.9, 0.89, 0.5, 0.4])  # A, A again, B, C
    rows = [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    for order in (mmr, facility_location):
        assert order(hits, rows, 1).ids == order(hits, rows, 1.0).ids == ["0", "1", "2", "3"]
        assert order(hits, rows, 0).ids == ["0", "2", "3", "1"]
    assert mmr(hits, rows, 0.5).ids == ["0", "2", "3", "1"]
    with pytest.raises(InputError, match="lambda=1.5"):
        mmr(hits, rows, 1.5)
    with pytest.raises(VectorError, match="4 hits"):
        mmr(hits, rows[:3], 0.5)
    with pytest.raises(VectorError, match="'1' is NaN"):
        mmr(hits, [[1.0], [np.nan], [1.0], [1.0]], 0.5)
    with pytest.raises(InputError, match="2000"):
        facility_location(hits_of([0.0] * 2001), np.zeros((2001, 2)), 0.5)


def test_settings_reach_them_with_the_vectors_of_the_index() -> None:
    texts = {"a": "red fox den", "b": "den red fox", "c": "blue fox sea", "d": "fox"}
    index = Index.build([Document(id_, text) for id_, text in texts.items()], embedder=FakeEmbedder(64))
    assert index.vectors_of(["b", "gone"]) is not None
    plain = Pipeline(index).retrieve("red fox den")
    assert plain.hits.ids[:2] == ["a", "b"]
    for name in ("mmr", "facility_location"):
        settings = Settings.from_dict({"prune": {name: 0.1}})
        context = Pipeline(index, settings, counter=FakeTokenCounter()).retrieve("red fox den")
        assert context.hits.ids[0] == "a" and context.hits.ids[-1] == "b"
        assert [source.id for source in context.sources] == context.hits.ids  # the order of the picks is shown
        assert Settings.from_dict(settings.to_dict()) == settings


def test_without_vectors_it_is_refused() -> None:
    words = Index.build([Document("a", "fox")])
    assert words.vectors_of(["a"]) is None
    for source in (words, FakeRetriever([Document("a", "fox")])):
        with pytest.raises(InputError, match="needs the vectors"):
            Pipeline(source, Settings.from_dict({"prune": {"mmr": 0.5}})).retrieve("fox")
    with pytest.raises(InputError, match="one of them"):
        PruneSettings(mmr=0.5, facility_location=0.5)
    empty = hits_of([])
    assert decide(empty, PruneSettings(mmr=0.5), counter=FakeTokenCounter()).hits is empty
