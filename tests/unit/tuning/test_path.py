"""The alpha path: equal to its twin and to searching, exact at its best, and never a point for a plateau."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragopt import F
from ragopt.errors import InputError, UnknownNameError
from ragopt.evaluation import evaluate
from ragopt.index import Index
from ragopt.tokens import ByteEstimate
from ragopt.tuning import AlphaCurve, alpha_path
from ragopt.types import Chunk, Query, SearchSettings
from tests.reference.alpha_path import walk

WORDS = ["pump", "valve", "wing", "flow", "heat", "shock", "panel", "load"]
MEASURES = ["nDCG@5", "nDCG_exp@5", "R@3", "P@3", "RR@10", "AP@10", "hit@1"]


def corpus(
    seed: int, chunks: int = 80, pieces: int = 1
) -> tuple[Index, dict[str, str], dict[str, dict[str, int]], Any]:
    rng = np.random.default_rng(seed)
    documents = []
    for i in range(chunks):
        text = " ".join(rng.choice(WORDS, size=rng.integers(1, 12)))
        documents.append({"id": f"d{i}", "text": text, "metadata": {"year": 2000 + i % 3}})
    vectors = rng.normal(size=(chunks * pieces, 6)).round(1)
    vectors[:: 7 * pieces] = 0.0  # some without a vector

    def chunker(document: Any) -> Any:

        words = document.text.split()
        step = -(-len(words) // pieces)
        cut = [" ".join(words[i * step : (i + 1) * step]) or "x" for i in range(pieces)]
        return [Chunk(f"{document.id}#{i}", document.id, text, (0, len(text))) for i, text in enumerate(cut)]

    index = Index.build(documents, vectors=vectors, chunker=chunker if pieces > 1 else None, fields={"year": int})
    queries = {f"q{i}": " ".join(rng.choice(WORDS, size=3)) for i in range(12)}
    qrels = {q: {f"d{j}": int(rng.integers(1, 4)) for j in rng.choice(chunks, 4, replace=False)} for q in queries}
    return index, queries, qrels, rng.normal(size=(12, 6))


@pytest.mark.parametrize("normalizer", ["bounded", "theoretical", "minmax", "zscore", "dbsf", "l2", "rank", "none"])
def test_values_are_those_of_searching(normalizer: str) -> None:
    index, queries, qrels, vectors = corpus(1)
    path = alpha_path(index, queries, qrels, measures=MEASURES, normalizer=normalizer, vectors=vectors)
    for alpha in [0.0, 1.0, *np.random.default_rng(2).random(12)]:
        searched = SearchSettings(alpha=float(alpha), normalizer=normalizer)
        table = evaluate(index, queries, qrels, MEASURES, settings=searched, vectors=vectors)
        for measure in MEASURES:
            np.testing.assert_allclose(path.values(measure, alpha), table.column(measure), atol=1e-12)
            assert path.mean(measure).at(alpha) == pytest.approx(table[measure], abs=1e-12)


def test_by_document_its_best_chunk_counts_once() -> None:
    index, queries, qrels, vectors = corpus(3, chunks=60, pieces=4)
    path = alpha_path(index, queries, qrels, measures=MEASURES, vectors=vectors, by="document")
    for alpha in [0.0, 1.0, *np.random.default_rng(4).random(12)]:
        table = evaluate(
            index, queries, qrels, MEASURES, settings=SearchSettings(alpha=alpha), vectors=vectors, by="document"
        )
        for measure in MEASURES:
            np.testing.assert_allclose(path.values(measure, alpha), table.column(measure), atol=1e-12)


def test_by_document_no_more_is_asked_for_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A term that few documents hold makes a short list at alpha 0: it is whole, and no reason to look deeper."""
    texts = [f"common word{i}" for i in range(400)] + ["rare common"] * 3
    vectors = np.random.default_rng(0).normal(size=(len(texts), 4))
    index = Index.build([{"id": f"d{i}", "text": text} for i, text in enumerate(texts)], vectors=vectors)
    asked, pairs = [], Index.pairs
    monkeypatch.setattr(
        Index, "pairs", lambda self, queries, *, k, **rest: asked.append(k) or pairs(self, queries, k=k, **rest)
    )
    given = {"measures": ["nDCG@10"], "by": "document", "vectors": vectors[:1]}
    alpha_path(index, {"q": "rare"}, {"q": {"d401": 1}}, **given)
    assert asked == [10]


def test_filters_and_tokens() -> None:
    index, queries, qrels, vectors = corpus(5)
    where = F("year") == 2001
    path = alpha_path(index, queries, qrels, ks=[3], where=where, vectors=vectors)
    for alpha in (0.0, 0.4, 1.0):
        found = index.search_many(list(queries.values()), k=3, alpha=alpha, where=where, vectors=vectors)

        tokens = [sum(ByteEstimate().count(hit.chunk.full_text).point for hit in hits) for hits in found]
        assert path.tokens_at(3, alpha).tolist() == tokens
        assert path.tokens(3).at(alpha) == pytest.approx(np.mean(tokens))


def test_one_side_alone_is_the_same_at_every_alpha() -> None:
    index = Index.build([{"id": f"d{i}", "text": " ".join(WORDS[: i + 1])} for i in range(8)])
    path = alpha_path(index, {"q": "pump wing"}, {"q": {"d3": 1}})
    curve = path.mean("nDCG@10")
    assert curve.zero == curve.one == curve.values[0] > 0
    assert len(curve.values) == 1
    pairs = index.pairs(["pump wing"], k=3)[0]
    assert pairs.hits(0.7, 3).ids == index.search("pump wing", k=3).ids
    assert pairs.hits(0.7, 3).alpha == 0.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.sampled_from(["bounded", "minmax", "rank"]))
def test_the_walk_is_that_of_the_twin(seed: int, k: int, normalizer: str) -> None:
    index, queries, qrels, vectors = corpus(seed, chunks=30)
    path = alpha_path(index, queries, qrels, measures=[f"nDCG@{k}"], normalizer=normalizer, vectors=vectors)
    every = index.pairs(list(queries.values()), k=30, normalizer=normalizer, vectors=vectors)
    alphas = np.random.default_rng(seed).random(40)
    for query, pairs in zip(queries, every, strict=True):
        ideal = sorted(qrels[query].values(), reverse=True)
        grades = np.array([qrels[query].get(pairs.core.id(int(i)), 0) for i in pairs.ordinals])
        starts, values = walk(pairs.lexical, pairs.dense, grades, ideal, k)
        edges = np.unique(np.concatenate([starts, path.curve(query, f"nDCG@{k}").starts]))
        apart = np.abs(alphas[:, None] - edges).min(axis=1) > 1e-9  # at a crossing rounding decides
        expected = values[np.searchsorted(starts, alphas, side="right") - 1]
        found = path.curve(query, f"nDCG@{k}").at(alphas)
        np.testing.assert_allclose(found[apart], expected[apart], atol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 1000), st.floats(0, 1), st.floats(0, 1))
def test_best_plateau_and_smoothing(values: list[float], seed: int, zero: float, one: float) -> None:
    cuts = np.unique(np.random.default_rng(seed).random(len(values) - 1).clip(1e-6))
    curve = AlphaCurve(zero, np.array([0.0, *cuts]), np.array(values[: len(cuts) + 1]), one)
    grid = np.linspace(0.0, 1.0, 10_001)
    best = curve.best
    assert best.value >= curve.at(grid).max()
    assert curve.at(best.center) == best.value
    plateau = curve.plateau()
    assert 0.0 <= plateau.low <= plateau.center <= plateau.high <= 1.0
    for alpha in (0.013, 0.5, 0.97):
        low, high = max(0.0, alpha - 0.05), min(1.0, alpha + 0.05)
        fine = curve.at(np.linspace(low, high, 20_002)[1:-1]).mean()
        assert curve.smooth(alpha) == pytest.approx(fine, abs=2e-3)
    assert curve.smooth([0.0, 1.0]).tolist() == [zero, one]


def test_a_razor_thin_best_is_no_plateau() -> None:
    curve = AlphaCurve(0.1, np.array([0.0, 0.2, 0.20001, 0.5, 0.9]), np.array([0.1, 0.9, 0.2, 0.6, 0.3]), 0.3)
    assert (curve.best.value, round(curve.best.low, 5)) == (0.9, 0.2)
    plateau = curve.plateau()
    assert 0.54 <= plateau.low < plateau.high <= 0.86
    assert plateau.value == pytest.approx(0.6)


def test_one_pass_for_every_k() -> None:
    index, queries, qrels, vectors = corpus(6)
    names = [f"{gauge}@{k}" for gauge in ("nDCG", "R", "hit") for k in range(1, 21)]
    path = alpha_path(index, queries, qrels, measures=names, vectors=vectors)
    alone = alpha_path(index, queries, qrels, measures=["R@7"], vectors=vectors)
    assert path.values("R@7", 0.37).tolist() == alone.values("R@7", 0.37).tolist()
    assert (np.diff([path.mean(f"R@{k}").at(0.5) for k in range(1, 21)]) >= -1e-12).all()


@pytest.mark.parametrize("measures", [["AP"], ["nDCG@101"], []])
def test_measures_that_cannot_be_walked(measures: list[str]) -> None:
    index, queries, qrels, vectors = corpus(7)
    with pytest.raises(InputError):
        alpha_path(index, queries, qrels, measures=measures, vectors=vectors)


def test_what_is_not_there() -> None:
    index, queries, qrels, vectors = corpus(8)
    path = alpha_path(index, queries, qrels, vectors=vectors)
    with pytest.raises(UnknownNameError):
        path.mean("R@10")
    with pytest.raises(UnknownNameError):
        path.tokens(3)
    with pytest.raises(UnknownNameError):
        path.curve("nobody", "nDCG@10")
    with pytest.raises(InputError, match="needs an Index"):
        alpha_path(object(), queries, qrels)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no parts"):
        index.pairs([Query("pump and wing", parts=(Query("pump"), Query("wing")))])
    with pytest.raises(InputError, match="k=11"):
        path.pairs[0].hits(0.5, 11)
    with pytest.raises(InputError, match=r"alpha=1\.5"):
        path.pairs[0].hits(1.5, 1)
