"""`evaluate_all`: settings and runs on the same queries, each against the first."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ragopt.errors import InputError, InputTypeError
from ragopt.evaluation import Run, Standings, compare, evaluate, evaluate_all, holm, score_run
from ragopt.index import Index
from ragopt.types import SearchSettings, Settings

DOCUMENTS = [{"id": f"d{i}", "text": f"topic{i % 20} speaks of subject{i}"} for i in range(60)]
QUERIES = {f"q{i}": f"topic{i % 20} subject{i}" for i in range(40)}
QRELS = {f"q{i}": {f"d{i}": 2, f"d{(i + 20) % 60}": 1} for i in range(39)}


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build(DOCUMENTS, vectors=np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32))


VECTORS = np.random.default_rng(1).normal(size=(40, 8)).astype(np.float32)
SYSTEMS = {
    "bm25": SearchSettings(alpha=0.0),
    "dense": Settings(search=SearchSettings(alpha=1.0)),
    "half": SearchSettings(alpha=0.5),
}


def test_settings_are_compared_with_the_first(index: Index) -> None:
    found = evaluate_all(index, QUERIES, QRELS, SYSTEMS, ["nDCG@10", "R@5"], vectors=VECTORS)
    assert found.baseline == "bm25"
    assert list(found.tables) == list(SYSTEMS)
    assert len(found.queries) == 39
    for name, settings in SYSTEMS.items():
        alone = evaluate(index, QUERIES, QRELS, ["nDCG@10", "R@5"], settings=settings, vectors=VECTORS)
        assert dict(found.tables[name]) == dict(alone)
    assert [(row.measure, row.system) for row in found.against] == [
        ("nDCG@10", "dense"), ("nDCG@10", "half"), ("R@5", "dense"), ("R@5", "half"),
    ]  # fmt: skip
    for row in found.against:
        assert row.comparison == compare(found.tables[row.system], found.tables["bm25"], row.measure)
    raw = [row.comparison.p for row in found.against]
    assert [row.adjusted for row in found.against] == holm(raw)
    assert min(raw) < min(row.adjusted for row in found.against)
    assert found.against[0].comparison.difference.mean < 0  # random vectors know nothing


def test_a_run_of_another_system_beside_settings(index: Index, tmp_path: Path) -> None:
    table = evaluate(index, QUERIES, QRELS, settings=SearchSettings(alpha=0.0), vectors=VECTORS)
    table.run.save(tmp_path / "same.run")
    best = Run({q: [(id, 1.0 / i) for i, id in enumerate(QRELS[q], 1)] for q in QRELS if q != "q7"})
    found = evaluate_all(
        index, QUERIES, QRELS, {"bm25": SYSTEMS["bm25"], "file": tmp_path / "same.run", "oracle": best}, vectors=VECTORS
    )
    same, oracle = found.against[:2]
    assert (same.comparison.wins, same.comparison.losses, same.comparison.p, same.adjusted) == (0, 0, 1.0, 1.0)
    assert oracle.comparison.wins > 0
    worst = next(row for row in found.diff() if row.query == "q7")
    assert worst.values[2] == 0.0
    assert "1 of 39 judged queries are not in the run and count 0" in str(found)


def test_files_of_other_systems_come_in_odd_forms(tmp_path: Path) -> None:
    """Scores with exponents, lines in any order, ties, Windows' line ends, queries that nobody judged or that lack."""
    odd = (
        "\ufeffq2 Q0 c 7 -3.0E-02 x\r\nq1\tQ0\ta\t1\t1.2e1\tx\r\nq9 0 z 1 5 x\r\n\r\n"
        "q1 Q0 b 9 +1.5E+01 x\r\nq2 Q0 b 1 -3e-2 x\r\nq1 Q0 d 3 1E-320 x\r\n"
    )
    (tmp_path / "odd.run").write_text(odd, encoding="utf-8", newline="")
    same = Run({"q1": [("b", 3.0), ("a", 2.0), ("d", 1.0)], "q2": [("b", 2.0), ("c", 1.0)]})
    qrels = {"q1": {"a": 1, "b": 2}, "q2": {"c": 1}, "q3": {"d": 1}}
    found = evaluate_all(None, None, qrels, {"file": tmp_path / "odd.run", "values": same}, ["nDCG@10", "RR", "AP"])
    assert found.tables["file"].matrix.tolist() == found.tables["values"].matrix.tolist()
    assert found.tables["file"].column("RR").tolist() == [1.0, 0.5, 0.0]
    assert found.tables["file"].notes[:2] == (
        "1 of the run's 3 queries have no judgement and are left out",
        "1 of 3 judged queries are not in the run and count 0",
    )
    assert found.tables["file"].notes[2].startswith("1 of the run's 3 queries have tied scores")
    assert len(found.tables["values"].notes) == 1


def test_runs_alone_need_no_index() -> None:
    one = Run({"a": [("x", 2.0), ("y", 1.0)], "b": [("y", 1.0)]})
    two = Run({"a": [("y", 2.0), ("x", 1.0)], "b": [("y", 1.0)]})
    found = evaluate_all(None, None, {"a": {"x": 1}, "b": {"y": 1}}, {"one": one, "two": two}, "RR")
    assert [row.query for row in found.diff()] == ["a", "b"]
    assert [row.change for row in found.diff("MRR")] == [-0.5, 0.0]
    assert found.tables["two"]["RR"] == 0.75
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["baseline"] == "one"
    assert told["against"][0]["p_holm"] == 1.0
    assert told["systems"]["two"]["per_query"]["a"]["RR"] == 0.5


def test_the_same_queries_for_all(index: Index) -> None:
    """Judged queries that were not asked count for no system."""
    run = Run({q: [("d0", 1.0)] for q in QRELS})
    found = evaluate_all(
        index, {q: QUERIES[q] for q in list(QUERIES)[:5]}, QRELS, {"a": SearchSettings(alpha=0.0), "b": run}
    )
    assert len(found.queries) == 5


def test_one_query_has_no_interval() -> None:
    run = Run({"a": [("x", 2.0)]})
    text = str(evaluate_all(None, None, {"a": {"x": 1}}, {"one": run, "two": run}, ["RR"]))
    assert "nan" not in text
    assert "unknown: one query" in text


def test_what_cannot_be_compared(index: Index) -> None:
    run = Run({"a": [("x", 2.0)]})
    with pytest.raises(InputError, match="two or more"):
        evaluate_all(None, None, {"a": {"x": 1}}, {"one": run})
    with pytest.raises(InputError, match="'two' is settings"):
        evaluate_all(None, None, {"a": {"x": 1}}, {"one": run, "two": SearchSettings()})
    with pytest.raises(InputTypeError, match="systems is a list"):
        evaluate_all(None, None, {"a": {"x": 1}}, [run, run])  # type: ignore[arg-type]
    a, b = score_run(run, {"a": {"x": 1}}), score_run(run, {"b": {"x": 1}})
    with pytest.raises(InputError, match="other queries"):
        Standings({"one": a, "two": b})
    with pytest.raises(InputError, match="other measures"):
        Standings({"one": a, "two": score_run(run, {"a": {"x": 1}}, ["RR"])})
