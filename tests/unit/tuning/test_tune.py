"""`tune` as a whole, on worlds whose right answer is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragopt.backends.plotting import plotly_script
from ragopt.errors import InputError, SettingsError, UnknownNameError
from ragopt.index import Index
from ragopt.tuning import Outcome, TuneResult, tune
from ragopt.types import SearchSettings, Settings, TokenCount
from tests.unit.tuning.test_path import corpus
from tests.unit.tuning.world import World


class Words:
    def count(self, text: str) -> TokenCount:
        n = len(text.split())
        return TokenCount(n, n, n, "words")


def run(world: World, **options: Any) -> TuneResult:
    return tune(world, world.queries, world.qrels, token_counter=Words(), **options)


@pytest.fixture(scope="module")
def useless_dense() -> tuple[World, TuneResult]:
    world = World(160, lexical=2.0, dense=0.0, seed=1)
    return world, run(world)


def test_a_wrong_default_is_found_out(useless_dense: tuple[World, TuneResult]) -> None:
    _, result = useless_dense
    assert result.verdict.outcome is Outcome.GAIN
    assert result.default_alpha == 0.6
    assert result.chosen_alpha is not None
    assert result.chosen_alpha <= 0.2
    assert result.settings.search.alpha == result.chosen_alpha
    assert result.health is not None
    assert result.health.better == "lexical"
    assert [arm.name for arm in result.arms] == ["BM25 alone", "dense alone", "default hybrid", "tuned hybrid"]
    default, tuned = result.arm("default hybrid"), result.arm("tuned hybrid")
    assert default is not None
    assert tuned is not None
    assert result.verdict.comparison.difference.mean == pytest.approx(tuned.table["nDCG@10"] - default.table["nDCG@10"])
    assert result.written is tuned


def test_a_right_default_is_kept_and_nothing_is_claimed() -> None:
    for seed in range(5):
        result = run(World(80, lexical=1.5, dense=1.8, seed=seed))
        assert result.verdict.outcome in (Outcome.NO_DETECTABLE_GAIN, Outcome.WORSE)
        assert result.settings.search.alpha == 0.6
        assert "stays" in str(result.verdict)


def test_one_side_alone_is_reachable() -> None:
    result = run(World(200, lexical=-1.0, dense=2.0, seed=3), alphas=[0.3, 0.6])
    assert result.chosen_alpha == 1.0
    assert result.health is not None
    assert "One side alone is chosen" in str(result.health)


def test_a_side_that_is_as_good_alone_is_all_that_is_kept() -> None:
    # The dense side is perfect, and so is every alpha from the default on: nothing is gained, yet one side is enough.
    result = run(World(80, lexical=0.5, dense=30.0, seed=1))
    assert result.default_alpha == 0.6
    assert result.settings.search.alpha == 1.0
    assert "not better than dense alone" in result.side
    assert result.side in result.said and "default stays" not in result.said
    assert result.said in "\n".join(result.summary())
    assert result.changed
    assert result.written.alpha == 1.0


def test_claims_are_a_family(useless_dense: tuple[World, TuneResult]) -> None:
    _, result = useless_dense
    names = ["tuned against default", "default against BM25 alone", "default against dense alone"]
    assert [claim.name for claim in result.claims] == names
    assert all(claim.p <= claim.adjusted <= 1.0 for claim in result.claims)
    assert result.claims[0].adjusted == result.verdict.p < 0.05
    assert result.expected is not None
    assert 0.0 < result.expected.low < result.expected.mean < result.expected.high


def test_an_index_is_tuned_on_its_exact_path() -> None:
    index, queries, qrels, vectors = corpus(2, chunks=200)
    result = tune(index, queries, qrels, vectors=vectors, token_counter=Words())
    exact = result.curves.exact
    assert exact is not None
    assert len(result.trials) == 101
    for point in result.curves.alpha:
        assert exact.at(point.alpha) == pytest.approx(point.score.mean, abs=1e-12)
    # Without a cutoff there is no path: the alphas are searched, and the rest is the same.
    uncut = tune(index, queries, qrels, vectors=vectors, measure="AP", token_counter=Words())
    assert uncut.curves.exact is None
    assert len(uncut.trials) == 21


def test_the_default_is_what_was_given(useless_dense: tuple[World, TuneResult]) -> None:
    world, _ = useless_dense
    world.searches.clear()
    result = run(world, settings=Settings(search=SearchSettings(alpha=0.05, k=5)), normalizer="theoretical")
    assert result.default_alpha == 0.05
    assert result.settings.search.normalizer == "theoretical"
    assert result.settings.search.k <= 5
    assert result.facts.normalizer == "theoretical"
    assert {s["normalizer"] for s in world.searches} == {"theoretical"}


def test_curves_and_trials_are_whole(useless_dense: tuple[World, TuneResult]) -> None:
    _, result = useless_dense
    assert [point.alpha for point in result.curves.alpha] == [i / 20 for i in range(21)]
    place = [point.alpha for point in result.curves.alpha].index(0.6)
    assert result.curves.alpha[place].difference.mean == 0.0
    assert all(point.score.low <= point.score.mean <= point.score.high for point in result.curves.alpha)
    assert sum(trial.share for trial in result.trials) == pytest.approx(1.0)
    assert [point.k for point in result.curves.k] == [1, 2, 3, 4, 5, 6, 8, 10]
    recalls = [point.recall.mean for point in result.curves.k]
    tokens = [point.tokens.mean for point in result.curves.k]
    assert recalls == sorted(recalls)
    assert tokens == sorted(tokens)
    assert result.curves.k[-1].loss.mean == 0.0


def test_same_input_same_result(useless_dense: tuple[World, TuneResult]) -> None:
    world, result = useless_dense
    assert run(world).to_dict() == result.to_dict()
    assert run(world, seed=1).to_dict() != result.to_dict()


def test_k_falls_where_recall_surely_stays() -> None:
    world = World(200, lexical=6.0, dense=6.0, seed=2)  # the two relevant chunks are the first two hits
    result = run(world)
    assert result.top_k.chosen == result.top_k.k == result.settings.search.k
    assert result.settings.search.k <= 4
    assert result.top_k.saved.mean > 0
    assert result.written.k == result.settings.search.k
    assert result.written.sent_tokens.mean < result.arms[2].sent_tokens.mean


def test_k_stays_where_recall_falls_and_never_grows() -> None:
    result = run(World(60, lexical=1.0, dense=1.0, seed=4), ks=[1, 2, 5, 30])
    assert result.settings.search.k == 10
    assert [point.k for point in result.curves.k] == [1, 2, 5, 10, 30]
    assert "k stays 10" in str(result.top_k)


def test_without_vectors_only_k_is_tuned() -> None:
    world = World(80, lexical=5.0, vectors=False)
    result = run(world)
    assert result.default_alpha is None
    assert result.settings.search.alpha is None
    assert result.curves.alpha == ()
    assert result.health is None
    assert "alpha cannot matter" in str(result.verdict)
    assert [arm.name for arm in result.arms] == ["default", "tuned"]
    assert len(world.searches) < 10
    with pytest.raises(InputError, match="no curve"):
        result.picture("curve.svg")


def test_by_document() -> None:
    world = World(40, seed=5)
    judged = {q: {id.split("#")[0]: grade for id, grade in grades.items()} for q, grades in world.qrels.items()}
    result = tune(world, world.queries, judged, by="document", token_counter=Words())
    assert all("#" not in id for id in result.arms[0].table.run.ids(result.arms[0].table.queries[0]))
    assert result.facts.by == "document"
    with pytest.raises(InputError, match="not one of the"):
        tune(world, world.queries, judged, token_counter=Words())


def test_a_given_held_out_half_is_used_whole() -> None:
    world = World(60, seed=6)
    ids = list(world.queries)
    first, second = ids[:35], ids[35:]
    half = ({q: world.queries[q] for q in second}, {q: world.qrels[q] for q in second})
    result = tune(world, {q: world.queries[q] for q in first}, world.qrels, held_out=half, token_counter=Words())
    assert (result.facts.tuning_queries, result.facts.held_out_queries) == (35, 25)
    assert result.arms[0].table.queries == tuple(second)


def test_vectors_are_passed_on() -> None:
    world = World(10, seed=7)
    tune(world, world.queries, world.qrels, vectors=np.eye(10), token_counter=Words())
    assert all(search["vectors"].shape == (search["queries"], 10) for search in world.searches)


def test_an_index_embeds_each_half_once() -> None:
    texts: list[str] = []

    def embedder(batch: Sequence[str]) -> np.ndarray:
        texts.extend(batch)
        return np.array([[text.count("a") + 1.0, text.count("b"), len(text)] for text in batch])

    documents = [{"id": f"d{i}", "text": f"{'a' * (i % 5)} b{i} word{i % 7} {'b' * (i % 3)}"} for i in range(40)]
    index = Index.build(documents, embedder=embedder)
    queries = {f"q{i}": f"word{i % 7} b{i}" for i in range(12)}
    texts.clear()
    result = tune(index, queries, {q: {f"d{i}": 1} for i, q in enumerate(queries)})
    assert sorted(texts) == sorted(queries.values())
    assert result.default_alpha == 0.6
    assert result.facts.index["chunks"] == "40"
    assert result.facts.tokens_by.startswith("estimate:")


@pytest.mark.parametrize("count", [2, 3, 5])
def test_very_few_queries(count: int, tmp_path: Path) -> None:
    result = run(World(count, seed=8))
    assert result.verdict.outcome is Outcome.TOO_FEW_QUESTIONS
    assert result.settings.search == SearchSettings(alpha=0.6)
    result.report(tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8").replace(plotly_script(), "")
    assert "nan" not in html.lower().replace("nano", "")
    assert "NaN" not in json.dumps(result.to_dict())
    assert str(result)


@pytest.mark.parametrize("count", [0, 1])
def test_none_and_one(count: int) -> None:
    with pytest.raises(InputError, match="judge"):
        run(World(count))


def test_all_zero() -> None:
    world = World(30, seed=9)
    result = tune(world, world.queries, {q: {"d0#0": 0} for q in world.queries}, token_counter=Words())
    assert result.settings.search.alpha == 0.6
    assert any("scores above 0" in note for note in result.notes)
    assert any("no relevant judgement" in note for note in result.notes)


def test_notes_count_what_is_left_out() -> None:
    world = World(30, seed=10)
    qrels = {q: dict(grades) for q, grades in world.qrels.items() if q != "q0"}
    qrels["q1"]["gone"] = 1
    result = tune(
        world, world.queries, qrels, token_counter=Words(), settings=Settings(search=SearchSettings(min_score=0.0))
    )
    assert "1 of 30 queries have no judgement and are left out" in result.notes[0]
    assert "'gone'" in result.notes[1]
    assert "min_score 0 held at every alpha" in result.notes[-1]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"alphas": [1.5]}, InputError),
        ({"ks": [0]}, InputError),
        ({"ks": [2.5]}, InputError),
        ({"folds": 1}, InputError),
        ({"repeats": 0}, InputError),
        ({"recall_margin": 2}, InputError),
        ({"measure": "nDGC@10"}, UnknownNameError),
        ({"also": ["R"]}, InputError),
        ({"by": "page"}, UnknownNameError),
        ({"normalizer": "softmax"}, UnknownNameError),
        ({"settings": Settings(search=SearchSettings(k=0))}, InputError),
    ],
)
def test_impossible_options(options: dict[str, Any], error: type[Exception]) -> None:
    world = World(10)
    with pytest.raises(error):
        run(world, **options)
    assert world.searches == []


def test_progress_ends_at_its_total() -> None:
    seen: list[tuple[int, int, str]] = []
    run(World(10), progress=lambda done, total, label: seen.append((done, total, label)))
    assert seen[0][0] == 0
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert seen[-1][0] == seen[-1][1]
    assert len({total for _, total, _ in seen}) == 1


def test_saved_settings_load_again(useless_dense: tuple[World, TuneResult], tmp_path: Path) -> None:
    _, result = useless_dense
    result.save(tmp_path / "ragopt.toml")
    assert Settings.load(tmp_path / "ragopt.toml") == result.settings
    text = (tmp_path / "ragopt.toml").read_text(encoding="utf-8")
    assert text.startswith("# Tuned by ragopt ")
    assert "# Verdict: gain. A gain: +" in text
    with pytest.raises(SettingsError, match="cannot be written"):
        result.save(tmp_path / "no" / "ragopt.toml")


def test_result_is_json_ready(useless_dense: tuple[World, TuneResult]) -> None:
    _, result = useless_dense
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert told["verdict"]["outcome"] == "gain"
    assert told["settings"]["search"]["alpha"] == result.chosen_alpha
    assert len(told["arms"]) == 4
    assert "tuned hybrid" in str(result)
