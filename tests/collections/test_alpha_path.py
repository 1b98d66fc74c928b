"""The alpha path on the collections: the exact best, direct scoring at random alphas, and its time beside numpy."""

from __future__ import annotations

import numpy as np
import pytest

from benches import alpha_path as bench
from ragopt.evaluation import Judged, Measure, evaluate
from ragopt.tuning import AlphaPath, alpha_path
from ragopt.types import SearchSettings
from tests.collections.measured import FOUR, collection, index_of

pytestmark = pytest.mark.collections

NORMALIZERS = ("bounded", "theoretical", "minmax", "rank")


def path_of(name: str, normalizer: str = "bounded") -> AlphaPath:
    data = collection(name)
    return alpha_path(index_of(name), data.queries, data.qrels, normalizer=normalizer, vectors=data.query_vectors)


@pytest.mark.parametrize("normalizer", NORMALIZERS)
@pytest.mark.parametrize("name", FOUR)
def test_the_best_is_that_of_no_grid(name: str, normalizer: str) -> None:
    curve = path_of(name, normalizer).mean("nDCG@10")
    grid = np.linspace(0.0, 1.0, 10_001)
    best, plateau = curve.best, curve.plateau()
    assert best.value >= curve.at(grid).max()
    assert plateau.high - plateau.low >= 0.02
    assert curve.at(plateau.center) >= best.value - 0.012


@pytest.mark.parametrize("name", FOUR)
def test_values_are_those_of_searching_at_the_sides_and_between(name: str) -> None:
    data, path = collection(name), path_of(name)
    for alpha in (0.0, 0.31, 0.6, 1.0):
        settings = SearchSettings(alpha=alpha)
        table = evaluate(
            index_of(name), data.queries, data.qrels, ["nDCG@10"], settings=settings, vectors=data.query_vectors
        )
        np.testing.assert_allclose(path.values("nDCG@10", alpha), table.column("nDCG@10"), atol=1e-12)


def test_a_thousand_alphas_scored_directly() -> None:
    """Every chunk of every tenth question of cranfield is scored and sorted at each alpha."""
    data, index, path = collection("cranfield"), index_of("cranfield"), path_of("cranfield")
    rows = range(0, len(data.queries), 10)
    names = [list(data.queries)[i] for i in rows]
    assert data.query_vectors is not None
    every = index.pairs([data.queries[q] for q in names], k=len(index), vectors=data.query_vectors[list(rows)])
    ids, alphas = index.ids, np.random.default_rng(0).random(1000)
    for name, pairs in zip(names, every, strict=True):
        found = [[ids[int(pairs.ordinals[place])] for place in pairs.first(alpha, 10)[0]] for alpha in alphas]
        direct = Measure.parse("nDCG@10").values(Judged.of(found, [data.qrels[name]] * len(found)))
        np.testing.assert_allclose(path.curve(name, "nDCG@10").at(alphas), direct, atol=1e-12)


def test_beside_numpy() -> None:
    """The bars are 50 times numpy's walk, 12 ms, and 50 ms for every measure; a busy machine gets some of the first."""
    found = bench.figures(quick=True)
    print(found)
    assert found["difference"] < 1e-12
    assert found["cranfield numpy walk"] >= 40 * found["cranfield core"]
    assert found["cranfield core"] <= 0.012
    assert found["cranfield core, 7 measures, k to 20"] <= 0.05
