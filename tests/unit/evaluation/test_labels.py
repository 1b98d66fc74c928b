"""Files of judgements with their origin, and what is wrong with labels."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.errors import InputError, InputTypeError
from ragopt.evaluation import Fault, Qrels, evaluate, label_problems
from tests.unit.tuning.world import World

IDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=8)
JUDGED = st.dictionaries(IDS, st.integers(-2, 9), min_size=1, max_size=3)


@given(
    grades=st.dictionaries(
        IDS, st.dictionaries(IDS, st.integers(-2, 9), min_size=1, max_size=3), min_size=1, max_size=3
    ),
    origin=st.sampled_from(["", "feedback", "judge:some-model", "feedback+synthetic:m", "llm-judge", "me"]),
    suffix=st.sampled_from([".csv", ".jsonl", ".qrels"]),
)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, grades: dict[str, dict[str, int]], origin: str, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("q") / f"q{suffix}"
    Qrels(grades, origin).save(path)
    again = Qrels.load(path)
    assert again.grades == grades and again.origin == origin


def test_a_mark_is_never_lost(tmp_path: Path) -> None:
    judged = Qrels({"q": {"d": 1}}, "judge:a model")
    assert judged.origin == "judge:a_model" and judged.only(["q"]).origin == judged.origin
    with pytest.raises(InputError, match="BEIR file cannot say"):
        judged.save(tmp_path / "q.tsv")
    with pytest.raises(InputTypeError, match="origin is a int"):
        Qrels({}, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("q.csv", "query,id,grade\nq,d,1\nq,d,2\n", r"q\.csv:3: .*already has a judgement of 'd', grade 1, .* it is 2"),
        ("q.csv", "a,b\nq,d\n", r":1: the first line must name"),
        ("q.csv", "query,id,grade\nq,d\n", r":2: 2 columns"),
        ("q.csv", 'query,id,grade\n"q,d,1\n', r":2: not CSV"),
        ("q.csv", "query,id,grade\n,d,1\n", r":2: the query is empty"),
        ("q.jsonl", '{"query": "q", "id": "d", "grade": 1.5}\n', r":1: a judgement is an object"),
        ("q.jsonl", '{"query": "q", "id": "d", "grade": true}\n', r":1: a judgement is an object"),
        ("q.jsonl", "{\n", r":1: not JSON"),
        ("q.jsonl", "[]\n", r":1: a judgement is an object"),
        ("q.jsonl", "\n", "holds no judgement"),
    ],
)
def test_wrong_files(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        Qrels.load(tmp_path / name)


def test_names_of_columns_as_others_have_them(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("score,corpus-id,query-id\n2,d,q\n")
    (tmp_path / "q.jsonl").write_text('{"qid": "q", "docid": "d", "relevance": 2}\n')
    assert Qrels.load(tmp_path / "q.csv").grades == Qrels.load(tmp_path / "q.jsonl").grades == {"q": {"d": 2}}


def test_problems() -> None:
    queries = {"a": "What is it?", "b": "what  is IT?", "c": "c", "d": "d", "e": "e", "f": "f"}
    qrels = {
        "a": {"x": 1}, "b": {"x": 2}, "c": {"x": 1, "y": 1}, "d": {"x": 1}, "e": {"y": 0}, "z": {"y": 1},
    }  # fmt: skip
    found = {problem.fault: problem for problem in label_problems(queries, qrels)}
    assert found.keys() == {
        Fault.UNJUDGED_QUESTIONS, Fault.UNKNOWN_QUESTIONS, Fault.NO_RELEVANT, Fault.ONE_RELEVANT_FOR_ALL,
        Fault.REPEATED_QUESTIONS, Fault.CONFLICTING_GRADES,
    }  # fmt: skip
    assert found[Fault.UNJUDGED_QUESTIONS].ids == ("f",) and found[Fault.UNJUDGED_QUESTIONS].share == 1 / 6
    assert found[Fault.ONE_RELEVANT_FOR_ALL].share == 1.0 and found[Fault.ONE_RELEVANT_FOR_ALL].ids == ("x",)
    assert found[Fault.CONFLICTING_GRADES].to_dict()["ids"] == ["b"]
    assert label_problems({"a": "a", "b": "b"}, {"a": {"x": 1}, "b": {"y": 1}}) == []


def test_problems_that_an_index_shows() -> None:
    world = World(10)
    queries, qrels = world.queries, {**world.qrels, "q0": {**world.qrels["q0"], "gone": 1}}
    found = {problem.fault: problem for problem in label_problems(queries, qrels, world, k=5)}
    assert found.keys() == {Fault.UNKNOWN_IDS, Fault.UNJUDGED_HITS}
    assert found[Fault.UNKNOWN_IDS].ids == ("gone",)
    seen = [(q, hit.id) for q, text in queries.items() for hit in world.search_many([text], k=5, alpha=None)[0]]
    assert found[Fault.UNJUDGED_HITS].share == sum(id not in qrels[q] for q, id in seen) / len(seen)
    everything = {id: {chunk.id: 1 for chunk in world.chunks[:50]} for id in queries}
    assert Fault.ONE_RELEVANT_FOR_ALL in {p.fault for p in label_problems(queries, everything, world)}


def test_machine_judgements_are_marked() -> None:
    world = World(6)
    for origin, fault in (("judge:m", Fault.MADE_BY_A_MODEL), ("feedback", Fault.FROM_FEEDBACK)):
        qrels = Qrels(world.qrels, origin)
        assert label_problems(world.queries, qrels)[0].fault is fault
        assert origin in evaluate(world, world.queries, qrels, ["P@1"]).notes[0]
