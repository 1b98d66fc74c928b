"""A model as a judge: strict grades, no grade for a failure, agreement with people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ragopt import Document, Index, evaluate, tune
from ragopt.economics import price
from ragopt.errors import InputError
from ragopt.evaluation import Qrels, label_problems
from ragopt.labels import Calls, judge_forecast, judge_labels
from ragopt.protocols import Content
from ragopt.testing import FakeEmbedder, FakeGenerator
from ragopt.types import GenerateSettings, Generation, Usage
from tests.unit.labels.test_synthetic import MODEL

TEXTS = {f"d{i}": f"topic{i % 10} speaks of part{i} and other things that matter little here" for i in range(30)}
QUERIES = {f"q{i}": f"what is topic{i}" for i in range(10)}
INDEX = Index.build([Document(*item) for item in TEXTS.items()], embedder=FakeEmbedder(), analyzer="english")


class Judge(FakeGenerator):
    """Grade 2 where the text has the question's last word; what `strange` says of some."""

    def __init__(self, strange: str | None = None, of: str = "") -> None:
        super().__init__(model="judge")
        self.strange, self.of = strange, of

    def generate(self, system: Content, prompt: Content, settings: GenerateSettings) -> Generation:
        assert isinstance(prompt, str)
        super().generate(system, prompt, settings)
        shown = json.loads(prompt)
        good = shown["question"].split()[-1] in shown["text"].split()
        text = json.dumps({"grade": 2 if good else 0})
        if self.strange is not None and f"{self.of} " in shown["text"]:
            text = self.strange
        return Generation(text, "end_turn", Usage(50, 5), self.model)


def test_pairs_are_graded_one_at_a_time_from_both_sides() -> None:
    judge = Judge()
    found = judge_labels(INDEX, QUERIES, judge, k=3)
    assert found.qrels.origin == "judge:judge" and set(found.qrels) == set(QUERIES) and not found.failed
    pool = {q: set() for q in QUERIES}  # type: ignore[var-annotated]
    for alpha in (0.0, None, 1.0):
        for q, text in QUERIES.items():
            pool[q] |= set(INDEX.search(text, k=3, alpha=alpha).ids)
    assert {q: set(found.qrels[q]) for q in found.qrels} == pool
    assert all(grade == 2 * (f"topic{q[1:]} " in TEXTS[id]) for q in pool for id, grade in found.qrels[q].items())
    assert found.pairs == len(judge.calls) == sum(map(len, pool.values()))
    for call in judge.calls:  # nothing of rank, score or other chunks
        assert json.loads(str(call.prompt)).keys() == {"question", "title", "text"}
    assert found.agreement is None and json.dumps(found.to_dict())


@pytest.mark.parametrize(
    "strange",
    ["", "2", '{"grade": "2"}', '{"grade": true}', '{"grade": 2.0}', '{"grade": 4}', '{"grade": -1}', '{"grade": null}',
     '{"grade": 2, "why": "it is"}', '{"score": 2}', "grade: 2", '{"grade": 1e0}', '[{"grade": 2}]'],
)  # fmt: skip
def test_a_reply_of_another_shape_is_no_grade(strange: str) -> None:
    found = judge_labels(INDEX, QUERIES, Judge(strange, of="part4"), k=3)
    assert found.failed and all(id == "d4" for _, id in found.failed)
    assert set(found.incomplete) == {query for query, _ in found.failed}
    assert not set(found.incomplete) & set(found.qrels)  # a missing grade would count as 0
    assert len(found.qrels) + len(found.incomplete) == len(QUERIES)


def test_failed_calls_are_asked_again(tmp_path: Path) -> None:
    calls = Calls(cache=tmp_path / "c")
    first = judge_labels(INDEX, QUERIES, Judge("broken", of="part4"), k=3, calls=calls)
    second = Judge()
    again = judge_labels(INDEX, QUERIES, second, k=3, calls=calls)
    assert len(second.calls) == len(first.failed) and not again.failed
    with pytest.raises(InputError, match="not one of 1 pairs was graded: the reply is not JSON"):
        judge_labels(INDEX, QUERIES, FakeGenerator("well"), pairs={"q1": ["d1"]})


def test_agreement_with_people() -> None:
    rng = np.random.default_rng(0)
    true = {q: {id: 1 * (f"topic{q[1:]} " in text) for id, text in TEXTS.items()} for q in QUERIES}
    people = {q: {id: grade ^ int(rng.random() < 0.1) for id, grade in grades.items()} for q, grades in true.items()}
    found = judge_labels(INDEX, QUERIES, Judge(), k=2, people=people)
    assert found.agreement is not None and found.agreement.pairs >= 100
    assert 0.3 < found.agreement.kappa.mean < 0.9 and found.agreement.kappa.low < found.agreement.kappa.mean
    assert "kappa" in str(found.agreement)
    made = judge_labels(INDEX, QUERIES, Judge(), k=2, people=Qrels(people, "synthetic:m"))
    assert made.agreement is None and made.qrels.origin == "judge:judge+synthetic:m"  # no person, and still marked
    assert judge_labels(INDEX, QUERIES, Judge(), k=2, people={"q1": {"elsewhere": 1}}).agreement.pairs == 0  # type: ignore[union-attr]


def test_marked_everywhere(tmp_path: Path) -> None:
    found = judge_labels(INDEX, QUERIES, Judge(), k=3)
    for suffix in ("jsonl", "csv", "qrels"):
        found.qrels.save(tmp_path / f"r.{suffix}")
        assert Qrels.load(tmp_path / f"r.{suffix}").origin == "judge:judge"
    assert "judge:judge" in str(label_problems(QUERIES, found.qrels)[0])
    assert any("judge:judge" in note for note in evaluate(INDEX, QUERIES, found.qrels).notes)
    result = tune(INDEX, QUERIES, found.qrels)
    result.save(tmp_path / "s.toml")
    result.report(tmp_path / "r.html")
    assert 'labels = "judge:judge"' in (tmp_path / "s.toml").read_text()
    assert "judge:judge" in (tmp_path / "r.html").read_text()


def test_wrong_use_and_cost() -> None:
    told = judge_forecast(INDEX, QUERIES, Judge(), k=3, calls=Calls(price=price(MODEL)))
    spent = judge_labels(INDEX, QUERIES, Judge(), k=3, calls=Calls(price=price(MODEL), parallel=3)).spent
    assert spent.dollars is not None and told.dollars is not None and 0 < spent.dollars < told.dollars
    for wrong, part in (
        ({"pairs": {"z": ["d1"]}}, "'z' is not among the queries"),
        ({"pairs": {"q1": ["gone"]}}, "holds no chunk 'gone'"),
        ({"k": 0}, "k"),
    ):
        with pytest.raises(InputError, match=part):
            judge_labels(INDEX, QUERIES, Judge(), **wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="has no text"):
        judge_labels(INDEX, {"q": " "}, Judge())
    rows = np.eye(2, dtype=np.float32)
    bare = Index.build([Document("a", "alpha beta"), Document("b", "gamma delta")], vectors=rows)
    with pytest.raises(InputError, match="the pool would be BM25's alone"):
        judge_labels(bare, {"q": "alpha"}, Judge())
    assert judge_labels(bare, {"q": "alpha"}, Judge(), vectors=rows[:1]).pairs == 2
