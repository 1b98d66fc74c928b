"""Cost as the second axis: the front, objectives, and what each lever contributed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.economics import QuestionCost, price
from ragopt.errors import InputError, InputTypeError, UnknownNameError
from ragopt.evaluation import Judged, Measure, answer_share, check_answers, evaluate
from ragopt.index import Index
from ragopt.pipeline import Pipeline
from ragopt.tokens import ByteEstimate
from ragopt.tuning import Axis, Front, Lever, Objective, Trade, contributions, pareto, tune
from ragopt.tuning.trials import Sending
from ragopt.types import PackSettings, PruneSettings, SearchSettings, Settings
from tests.unit.tuning.world import World

COST = QuestionCost(price())


def trade(quality: float, tokens: float, k: int = 1) -> Trade:
    return Trade(0.5, k, quality, quality, tokens, tokens / 1e6, tokens / 1e3)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20), st.sampled_from(list(Axis)))
def test_the_front_is_what_none_beats(points: list[tuple[int, int]], axis: Axis) -> None:
    trades = [trade(quality / 5, tokens, i) for i, (quality, tokens) in enumerate(points)]
    front = pareto(trades, axis)
    for one in trades:
        beaten = any(
            other.quality >= one.quality and other.cost(axis) <= one.cost(axis)
            and (other.quality > one.quality or other.cost(axis) < one.cost(axis))
            for other in trades
        )  # fmt: skip
        alike = any((t.quality, t.cost(axis)) == (one.quality, one.cost(axis)) for t in front)
        assert alike is not beaten
    costs = [t.cost(axis) for t in front]
    assert costs == sorted(set(costs))


def test_an_axis_that_does_not_exist() -> None:
    with pytest.raises(UnknownNameError, match="cost axis"):
        Front("nDCG@10", (), COST).best("euros")


def test_dollars_count_every_class_of_tokens() -> None:
    row = price()
    cost = QuestionCost(row, prompt=100, cached=1000, output=50)
    assert row.cache_read_per_million is not None
    spent = 1100 * row.input_per_million + 1000 * row.cache_read_per_million + 50 * row.output_per_million
    assert cost.dollars(1000.0) == spent / 1_000_000
    assert cost.tokens_for(cost.dollars(1234.0)) == pytest.approx(1234.0)
    assert cost.tokens_for(Decimal(0)) < 0
    assert QuestionCost(row, seconds_per_1000=0.4).seconds(2500) == pytest.approx(1.0)


@pytest.mark.parametrize("wrong", [{"prompt": -1}, {"cached": 1.5}, {"output": True}, {"seconds_per_1000": -0.1}])
def test_impossible_costs(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        QuestionCost(price(), **wrong)


@pytest.fixture(scope="module")
def index() -> Index:
    rng = np.random.default_rng(3)
    words = [f"w{i}" for i in range(30)]
    documents = [
        {"id": f"d{i}", "text": " ".join(rng.choice(words, size=int(rng.integers(4, 40))))} for i in range(120)
    ]
    return Index.build(documents, vectors=rng.normal(size=(120, 6)).astype(np.float32))


RNG = np.random.default_rng(4)
QUERIES = {f"q{i}": " ".join(RNG.choice([f"w{j}" for j in range(30)], size=4)) for i in range(24)}
VECTORS = RNG.normal(size=(24, 6)).astype(np.float32)
QRELS = {q: {f"d{j}": int(RNG.integers(1, 4)) for j in RNG.choice(120, size=6, replace=False)} for q in QUERIES}
HALF = (dict(list(QUERIES.items())[12:]), {q: QRELS[q] for q in list(QUERIES)[12:]})


def tuned(index: Index, **options: Any) -> Any:
    first = dict(list(QUERIES.items())[:12])
    return tune(
        index, first, QRELS, vectors=VECTORS[:12], held_out=HALF, held_out_vectors=VECTORS[12:], alphas=[0.3], **options
    )


@pytest.mark.parametrize("measure", ["nDCG@10", "nDCG_exp@5", "P@10", "R@10", "AP@10", "RR@10", "hit@5"])
def test_the_front_is_exact_over_every_alpha(index: Index, measure: str) -> None:
    """Each point says what a search at its alpha gives; and no alpha of a fine grid beats the front."""
    front = tuned(index, measure=measure).front
    assert front.exact == (1, 2, 3, 4, 5, 6, 8, 10)
    ids = list(QUERIES)[:12]
    wanted = Measure.parse(measure)

    def direct(alpha: float, k: int) -> tuple[float, float]:
        hits = index.search_many([QUERIES[q] for q in ids], k=k, alpha=alpha, vectors=VECTORS[:12])
        judged = Judged.of([found.ids for found in hits], [QRELS[q] for q in ids])
        from ragopt.tokens import ByteEstimate

        tokens = [sum(ByteEstimate().count(hit.chunk.full_text).point for hit in found) for found in hits]
        return float(wanted.values(judged).mean()), float(np.mean(tokens))

    best = front.best()
    for point in best:
        quality, tokens = direct(point.alpha, point.k)
        assert point.quality == pytest.approx(quality, abs=1e-9)
        assert point.tokens == pytest.approx(tokens, abs=1e-6)
        assert point.dollars == pytest.approx(float(COST.dollars(tokens)))
    for alpha in np.linspace(0, 1, 41):
        for k in (1, 3, 10):
            quality, tokens = direct(float(alpha), k)
            assert max(p.quality for p in best if p.tokens <= tokens + 1e-6) >= quality - 1e-9


def test_k_that_may_not_fit_is_not_called_exact(index: Index) -> None:
    front = tuned(index, settings=Settings(pack=PackSettings(tokens=400))).front
    assert 1 in front.exact
    assert 10 not in front.exact
    assert {t.k for t in front.trades} == {1, 2, 3, 4, 5, 6, 8, 10}


@pytest.mark.parametrize(
    ("name", "objective"),
    [
        ("same recall, fewest tokens", Objective.FEWEST_TOKENS),
        ("best under a budget", Objective.BUDGET),
        ("best-under-a-price", Objective.PRICE),
    ],
)
def test_objectives_by_name(name: str, objective: Objective) -> None:
    assert Objective.parse(name) is objective


def test_best_under_a_budget(index: Index) -> None:
    free = tuned(index)
    result = tuned(index, objective="best under a budget", budget=400)
    chosen = result.written
    assert chosen.sent_tokens.mean <= 400
    assert result.top_k.k == result.settings.search.k
    assert "the most recall within 400 tokens per question" in str(result.top_k)
    larger = [point for point in result.curves.k if point.k > result.top_k.k]
    assert any(point.tokens.high > 400 for point in larger)
    assert tuned(index, objective="best under a budget", budget=1e6).top_k.k >= free.top_k.k
    told = result.to_dict()["top_k"]["goal"]
    assert told == {
        "objective": "best-under-a-budget", "tokens_per_question": 400.0, "limit": "400 tokens per question",
    }  # fmt: skip


def test_best_under_a_price_is_the_budget_that_it_buys(index: Index) -> None:
    cost = QuestionCost(price(), prompt=50, output=10)
    limit = cost.dollars(400.0)
    by_price = tuned(index, objective="best under a price", price=limit, cost=cost)
    by_budget = tuned(index, objective="best under a budget", budget=400, cost=cost)
    assert by_price.settings == by_budget.settings
    assert f"${limit} per question (400 tokens of context)" in str(by_price.top_k)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"objective": "fastest"}, "fastest"),
        ({"objective": "best under a budget"}, "needs budget="),
        ({"objective": "best under a budget", "budget": 0}, "needs budget="),
        ({"objective": "best under a price", "price": -1}, "needs price="),
        ({"objective": "best under a price", "price": "cheap"}, "needs price="),
        ({"objective": "best under a price", "price": 1, "budget": 5}, "budget=5 says nothing"),
        ({"budget": 5}, "budget=5 says nothing"),
        ({"objective": "best under a budget", "budget": 1}, "nothing stays within 1 tokens"),
        (
            {"objective": "best under a price", "price": 1e-9, "cost": QuestionCost(price(), output=9)},
            "before any context",
        ),
    ],
)
def test_limits_that_cannot_be(index: Index, options: dict[str, Any], part: str) -> None:
    with pytest.raises((InputError, UnknownNameError), match=part):
        tuned(index, **options)


def test_each_lever_alone_and_together(index: Index) -> None:
    before = Settings(search=SearchSettings(alpha=0.1, k=10))
    after = Settings(
        search=SearchSettings(alpha=0.8, k=5, min_score=0.45),
        prune=PruneSettings(relative=0.9),
        pack=PackSettings(tokens=200),
    )
    rows = contributions(index, QUERIES, QRELS, before, after, measure="R@10", vectors=VECTORS)
    assert [row.lever for row in rows] == list(Lever)
    assert rows[0].change == "search.alpha 0.1 → 0.8"
    assert rows[1].change == "search.k 10 → 5"
    assert rows[2].change == "search.min_score default → 0.45, prune.relative default → 0.9"
    assert rows[3].change == "pack.tokens 2000 → 200"
    for row in rows[1:]:
        assert row.tokens.mean < 0
    assert rows[0].quality_so_far == rows[0].quality
    alphas = [
        evaluate(index, QUERIES, QRELS, ["R@10"], settings=SearchSettings(alpha=alpha), vectors=VECTORS)["R@10"]
        for alpha in (0.1, 0.8)
    ]
    assert rows[0].quality.mean == pytest.approx(alphas[1] - alphas[0])
    whole = contributions(index, QUERIES, QRELS, before, after, measure="R@10", vectors=VECTORS)
    assert [row.to_dict() for row in whole] == [row.to_dict() for row in rows]


def test_packing_is_that_of_the_pipeline(index: Index) -> None:
    """Tokens of every kind of packing are those of the contexts that a pipeline makes."""
    before = Settings(search=SearchSettings(alpha=0.0, k=8))
    for chosen in (PackSettings(tokens=300, method="truncate"), PackSettings(tokens=150, form="xml", per_source=1)):
        after = Settings(search=before.search, pack=chosen)
        rows = contributions(index, QUERIES, QRELS, before, after)
        sizes = [[Pipeline(index, s).retrieve(q).tokens.point for q in QUERIES.values()] for s in (before, after)]
        assert rows[3].tokens.mean == pytest.approx(np.mean(sizes[1]) - np.mean(sizes[0]))


def test_variety_is_a_lever_where_the_index_has_vectors(index: Index) -> None:
    before = Settings(search=SearchSettings(k=8))
    rows = contributions(
        index, QUERIES, QRELS, before, Settings(search=before.search, prune=PruneSettings(mmr=0.5)), vectors=VECTORS
    )
    assert any(row.change for row in rows)


def test_what_the_tuner_sends_is_what_a_pipeline_sends(index: Index) -> None:
    for chosen in (
        PackSettings(tokens=200, method="truncate"),
        PackSettings(tokens=150, form="xml"),
        PackSettings(tokens=9000, per_source=1),
        PackSettings(tokens=9000, level="sentence"),
    ):
        sending, pipeline = Sending(ByteEstimate(), chosen), Pipeline(index, Settings(SearchSettings(k=8), chosen))
        for question in QUERIES.values():
            sent = sending.sent(index.search(question, k=8), 8, question)
            assert {hit.id for hit in sent} == set(pipeline.retrieve(question).hits.ids)


def test_levers_left_alone_contribute_nothing(index: Index) -> None:
    rows = contributions(index, QUERIES, QRELS, Settings(), Settings(), vectors=VECTORS)
    assert all(row.change == "" and row.quality.mean == row.tokens.mean == 0.0 and row.p == 1.0 for row in rows)


def test_quality_by_answers(index: Index) -> None:
    answers = {q: [index.search(QUERIES[q], k=4, alpha=0.0)[3].text] for q in list(QUERIES)[:6]}
    before, after = (Settings(search=SearchSettings(alpha=0.0, k=k), pack=PackSettings(tokens=9000)) for k in (1, 10))
    rows = contributions(index, QUERIES, QRELS, before, after, answers=answers)
    assert rows[1].quality.mean == 1.0  # the fourth hit holds the answer: never in one hit, always in ten
    with pytest.raises(InputError, match="no judged query has an answer"):
        contributions(index, QUERIES, QRELS, before, after, vectors=VECTORS, answers={"elsewhere": ["x"]})


@pytest.mark.parametrize(
    ("context", "answers", "share"),
    [
        ("The key is rotated every 365 days.", ["365 days"], 1.0),
        ("The key is rotated\n every  365 DAYS.", ["365 days", "never"], 0.5),
        ("It is 1365 days old", ["365 days"], 0.0),
        ("Khóa được xoay", ["kho\u0301a được"], 1.0),
        ("anything", [], 0.0),
    ],
)
def test_answer_share(context: str, answers: list[str], share: float) -> None:
    assert answer_share(context, answers) == share


@pytest.mark.parametrize(
    ("answers", "error"), [({"q": "text"}, InputTypeError), ({"q": [" ... "]}, InputError), ([], InputTypeError)]
)
def test_answers_that_are_none(answers: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="answers"):
        check_answers(answers)


def test_tune_tells_what_levers_contributed() -> None:
    world = World(80, lexical=2.0, dense=0.0, seed=1)
    result = tune(world, world.queries, world.qrels)
    changed = {row.lever: row for row in result.contributions if row.change}
    assert changed[Lever.ALPHA].quality.mean > 0
    assert result.to_dict()["contributions"][0]["lever"] == "alpha"
