"""The wider search: what it finds on worlds whose right answer is known, stopped and resumed, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.cli.tune import levers_of
from ragopt.errors import InputError, InputTypeError, UnknownNameError
from ragopt.index import Index
from ragopt.pipeline import Pipeline
from ragopt.tuning import LEVERS, Outcome, TuneResult, tune
from ragopt.tuning.coordinate import search
from ragopt.tuning.objective import Goal
from ragopt.tuning.sent import Sent, Wish
from ragopt.tuning.space import changes, dimensions, with_value
from ragopt.tuning.state import State
from ragopt.types import PruneSettings, SearchSettings, Settings
from tests.reference.coordinate import exhaustive
from tests.unit.tuning.world import World

TOPICS = 160


@cache
def corpus() -> tuple[Index, dict[str, str], dict[str, dict[str, int]]]:
    """Every question has one or four right chunks that score far above the rest: no fixed k is right for all."""
    documents, queries, qrels = [], {}, {}
    for topic in range(TOPICS):
        right = 1 if topic % 2 else 4
        for i in range(right):
            text = f"topic{topic} subject{topic} item{i} " + " ".join(f"w{(topic * 7 + i * j) % 40}" for j in range(12))
            documents.append({"id": f"t{topic}-{i}", "text": text})
        queries[f"q{topic}"] = f"topic{topic} subject{topic} w1 w2 w3"
        qrels[f"q{topic}"] = {f"t{topic}-{i}": 1 for i in range(right)}
    rng = np.random.default_rng(0)
    documents += [
        {"id": f"noise{i}", "text": " ".join(f"w{j}" for j in rng.integers(0, 40, size=15))} for i in range(200)
    ]
    return Index.build(documents, analyzer="english"), queries, qrels


SPACE: dict[str, list[Any]] = {"search.k": [6, 4, 2], "prune.relative": [0.3, 0.5, 0.7], "prune.gap": [0.3]}


@cache
def result() -> TuneResult:
    index, queries, qrels = corpus()
    return tune(index, queries, qrels, levers=SPACE)


def test_it_finds_what_no_top_k_can_do() -> None:
    index, queries, qrels = corpus()
    made, plain = result(), tune(index, queries, qrels)
    assert made.levers is not None
    assert plain.levers is None
    assert made.levers.outcome is Outcome.GAIN
    assert made.levers.adopted
    assert made.changed
    assert made.settings.prune.relative is not None or made.settings.prune.gap is not None
    assert made.written.sent_tokens.mean < plain.written.sent_tokens.mean
    assert made.written.sent_recall.mean > 0.97
    assert made.levers.loss.high <= 0.05
    assert "tokens saved per question" in "\n".join(made.summary())
    assert "Verdict: " in str(made)
    assert "Levers: gain. " in str(made)
    assert any(row.change and row.lever == "threshold" and row.tokens.mean < 0 for row in made.contributions)
    # What is promised is what a pipeline sends.
    sent = [Pipeline(index, made.settings).retrieve(text).tokens.point for text in made.questions.values()]
    assert np.mean(sent) == pytest.approx(made.written.sent_tokens.mean)
    told = json.loads(json.dumps(made.to_dict()))
    assert told["levers"]["outcome"] == "gain"
    assert told["levers"]["changes"] == list(made.levers.changes)


def test_all_arms_are_measured_by_the_same_replay(tmp_path: Path) -> None:
    made, (index, _, _) = result(), corpus()
    for arm in made.arms:
        settings = made.settings if arm.name == "settings written" else Settings(search=SearchSettings(k=arm.k))
        sent = [Pipeline(index, settings).retrieve(text).tokens.point for text in made.questions.values()]
        assert arm.sent_tokens.mean == pytest.approx(np.mean(sent))
    made.report(tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert html.count('class="chosen"') == 1
    for told in ("Tuning levers gained", "<code>gain</code>", "Levers searched together", "replayed as production"):
        assert told in html


def test_all_that_was_tried_is_on_the_front() -> None:
    front = result().front
    assert front is not None
    best = front.best("tokens")
    assert any("prune" in trade.change for trade in best)
    assert {axis: front.best(axis) for axis in ("dollars", "seconds")}


def test_the_file_carries_it(tmp_path: Path) -> None:
    index, _, _ = corpus()
    result().save(tmp_path / "ragopt.toml")
    loaded = Settings.load(tmp_path / "ragopt.toml")
    assert (loaded.prune, loaded.pack, loaded.search) == (
        result().settings.prune,
        result().settings.pack,
        result().settings.search,
    )
    assert Pipeline(index, loaded).retrieve("topic1 subject1").hits.ids == ["t1-0"]


def test_the_same_input_gives_the_same_result_whatever_state_there_is(tmp_path: Path) -> None:
    index, queries, qrels = corpus()
    whole = result().to_dict()
    state = tmp_path / "run.json"
    calls = []

    def stop(done: int, total: int, label: str) -> None:
        calls.append(label)
        if sum("replaying" in label for label in calls) == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(index, queries, qrels, levers=SPACE, state=state, progress=stop)
    kept = json.loads(state.read_text())["rows"]
    assert len(kept) == 11
    resumed = tune(index, queries, qrels, levers=SPACE, state=state)
    assert resumed.to_dict() == whole
    assert not state.exists()  # a run that is done needs none


_RUN = """
import sys, time
from tests.unit.tuning.test_wider import SPACE, corpus
from ragopt.tuning import tune
import ragopt.tuning.state as state
state._EVERY = 0.0
index, queries, qrels = corpus()

def shown(done, total, label):
    if label.startswith("replaying") and done == 12:
        print("twelve", flush=True)
        time.sleep(600)

tune(index, queries, qrels, levers=SPACE, state=sys.argv[1], progress=shown)
"""


def test_a_run_that_was_killed_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "run.json"
    root = Path(__file__).parents[3]
    paths = os.pathsep.join([str(root), str(root / "python")])
    run = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(state)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}, cwd=root,
    )  # fmt: skip
    assert run.stdout is not None
    assert run.stdout.readline() == "twelve\n"
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    assert len(json.loads(state.read_text())["rows"]) == 12
    index, queries, qrels = corpus()
    assert tune(index, queries, qrels, levers=SPACE, state=state).to_dict() == result().to_dict()


_NO_ROWS = (None, 5, [], "x", [5], [["x"]], [[None]], [[float("nan")]], [[float("inf")]], [[1.0, 2.0], [1.0]])


def test_the_state_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with pytest.raises(ZeroDivisionError), State(path, {"seed": 1, "index": "a"}) as state:
        state.put("x", [[0.1, 1 / 3]])
        raise ZeroDivisionError
    with pytest.raises(InputError, match="differs in seed"):
        State(path, {"seed": 2, "index": "a"})
    again = State(path, {"seed": 1, "index": "a"})
    assert again.get("x") == [[0.1, 1 / 3]]
    for run, rows in ((5, {}), ({"seed": 1}, [1]), *(({"seed": 1}, {"x": bad}) for bad in _NO_ROWS)):
        path.write_text(json.dumps({"format": 1, "run": run, "rows": rows}))
        with pytest.raises(InputError, match="no state of a tuning run"):
            State(path, {"seed": 1})
    for text in (b"{}", b"", b'{"format": 1, "ro', b"\xff", b"[1]"):
        path.write_bytes(text)
        with pytest.raises(InputError, match="name another file"):
            State(path, {"seed": 1})
    with pytest.raises(InputError, match="cannot be read"):
        State(tmp_path, {"seed": 1})
    nowhere = State(tmp_path / "none" / "x", {})
    nowhere.put("x", [[1.0]])
    with pytest.raises(InputError, match="cannot be written"):
        nowhere.write()


def test_a_budget_is_kept_and_recall_gained() -> None:
    index, queries, qrels = corpus()
    made = tune(
        index, queries, qrels, levers=SPACE, objective="best under a budget", budget=140, ks=[1, 2, 3, 4, 6, 10]
    )
    assert made.levers is not None
    assert made.levers.claim is not None
    assert made.claims[-1].name == made.levers.claim.name
    assert made.levers.outcome is Outcome.GAIN
    assert made.written.sent_tokens.mean <= 140
    assert made.written.sent_recall.mean > 0.95


def test_noise_gives_no_gain() -> None:
    """Judgements that have nothing to do with the texts: what drops hits loses recall, and nothing is claimed."""
    index, queries, _ = corpus()
    queries = dict(list(queries.items())[:60])
    claimed = 0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        qrels = {q: {f"t{t}-0": 1 for t in rng.choice(TOPICS, 3, replace=False)} for q in queries}
        made = tune(
            index, queries, qrels, levers=SPACE, objective="best under a budget", budget=150, seed=seed, repeats=2
        )
        assert made.levers is not None
        claimed += made.levers.outcome is Outcome.GAIN
    assert claimed == 0


def test_few_questions_show_nothing() -> None:
    index, queries, qrels = corpus()
    few = dict(list(queries.items())[:12])
    made = tune(index, few, {id: qrels[id] for id in few}, levers=SPACE, recall_margin=0.9)
    assert made.levers is not None
    assert made.levers.outcome is Outcome.TOO_FEW_QUESTIONS
    assert not made.levers.adopted


def test_k1_and_b_are_tuned_where_length_misleads() -> None:
    rng = np.random.default_rng(3)
    documents, queries, qrels = [], {}, {}
    for i in range(120):
        filler = " ".join(f"f{j}" for j in rng.integers(0, 500, size=60))
        documents.append({"id": f"long{i}", "text": f"key{i} key{i} key{i} {filler}"})
        documents.append({"id": f"short{i}", "text": f"key{i} x{i}"})
        queries[f"q{i}"], qrels[f"q{i}"] = f"key{i}", {f"long{i}": 1}
    index = Index.build(documents, analyzer="english")
    made = tune(index, queries, qrels, levers=["search.k1", "search.b"], measure="RR@10")
    assert made.bm25 is not None
    assert made.bm25.verdict.outcome is Outcome.GAIN
    assert made.settings.search.b == made.bm25.b < 0.75
    assert made.levers is None
    assert made.written.table["RR@10"] > made.pair[0].table["RR@10"]
    assert made.claims[-1].name == "tuned k1 and b against default"
    assert Pipeline(index, made.settings).retrieve("key3").hits[0].id == "long3"


@given(st.lists(st.integers(0, 6), min_size=18, max_size=18))
def test_the_search_is_that_of_all_combinations_where_fields_do_not_interact(numbers: list[int]) -> None:
    base, names = Settings(), {"search.k": [5, 3], "prune.relative": [0.2, 0.4], "pack.trim": [True]}
    made = dimensions(names, base, ())
    cost = {(d.name, value): numbers[i * 6 + j] for i, d in enumerate(made) for j, value in enumerate(d.values)}

    def total(settings: Settings) -> int:
        values = {"search.k": settings.search.k, "prune.relative": settings.prune.relative}
        return sum(cost[name, value] for name, value in {**values, "pack.trim": settings.pack.trim}.items())

    def pick(tried: Any) -> int:
        return min(range(len(tried)), key=lambda i: total(tried[i]))

    slow = exhaustive(base, [(d.name, d.values) for d in made], pick)
    assert total(search(base, made, pick)) == total(slow)


def test_a_wish_takes_the_least_changed_of_what_is_equal() -> None:
    ones = np.ones(40)
    default = Sent(ones, ones, 100 * ones)
    tried = [default, Sent(ones, ones, 60 * ones), Sent(ones, ones, 60 * ones), Sent(0.5 * ones, ones, 5 * ones)]
    assert Wish(Goal(), 0.15, 0).pick(default, tried) == 1
    assert Wish(Goal(tokens=80.0), 0.15, 0).pick(default, tried) == 1
    assert Wish(Goal(tokens=1.0), 0.15, 0).pick(default, tried) == 3  # nothing stays within: the nearest to it
    assert Wish(Goal(), 0.01, 0).pick(default, tried[:1]) == 0


def test_names_and_values() -> None:
    base = Settings()
    names = [d.name for d in dimensions("all", base, (10, 5))]
    assert set(names) == set(LEVERS) - {"pack.level", "pack.trim"}
    assert "pack.level" in [d.name for d in dimensions("all", base, (10,), answers=True)]
    relative = Settings(search=SearchSettings(normalizer="minmax"))
    assert "prune.min_relevance" not in [d.name for d in dimensions("all", relative, (10,))]
    assert dimensions(["search.k"], base, (10, 20, 5, 1))[0].values[0] == 10
    assert dimensions("prune.gap", base, ()) == dimensions(["prune.gap"], base, ())
    assert changes(base, with_value(base, "prune.gap", 0.2)) == ("prune.gap default → 0.2",)
    assert with_value(base, "prune.gap", 0.2).prune == PruneSettings(gap=0.2)
    for wrong, error in (
        ("most", UnknownNameError),
        (["prune.gab"], UnknownNameError),
        ({"generate.model": ["x"]}, UnknownNameError),
        ({"prune.gap": [7]}, InputError),
        ({"prune.gap": 7}, InputTypeError),
        (7, InputTypeError),
    ):
        with pytest.raises(error):
            dimensions(wrong, base, ())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="give levers too"):
        tune(*corpus(), state="run.json")
    with pytest.raises(InputTypeError, match="needs an Index"):
        world = World(20)
        tune(world, world.queries, world.qrels, levers="all")


def test_the_command_line_reads_them() -> None:
    assert levers_of(None) is None
    assert levers_of([]) == "all"
    assert levers_of(["prune.gap"]) == ["prune.gap"]
    assert levers_of(["pack.tokens=500,1000", "pack.level=sentence", "prune.gap=0.2"]) == {
        "pack.tokens": [500, 1000],
        "pack.level": ["sentence"],
        "prune.gap": [0.2],
    }
    with pytest.raises(InputError, match="give values for all"):
        levers_of(["prune.gap", "search.k=3"])
