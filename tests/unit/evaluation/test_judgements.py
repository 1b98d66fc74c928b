"""Qrels and runs: files of both kinds, read and written, and every way they can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.errors import InputError, InputTypeError
from ragopt.evaluation import Qrels, Run

ids = st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=6).filter(
    lambda text: len(text.split()) == 1
)


def write(tmp_path: Path, text: str, name: str = "file.txt") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_trec_qrels(tmp_path: Path) -> None:
    qrels = Qrels.load(write(tmp_path, "q1 0 d1 2\nq1\t0\td2\t-1\r\n\nq2 Q0 d1 0\n"))
    assert {q: dict(qrels[q]) for q in qrels} == {"q1": {"d1": 2, "d2": -1}, "q2": {"d1": 0}}


@pytest.mark.parametrize("header", ["query-id\tcorpus-id\tscore\n", "\ufeffquery-id\tcorpus-id\tscore\n", ""])
def test_beir_qrels(tmp_path: Path, header: str) -> None:
    qrels = Qrels.load(write(tmp_path, f"{header}q 1\td 1\t2\n"))
    assert {q: dict(qrels[q]) for q in qrels} == {"q 1": {"d 1": 2}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q1 0 d1 1\nq1 0 d2\n", r":2: 3 columns"),
        ("q1 0 d1 1 extra\n", r":1: 5 columns"),
        ("q1 0 d1 1.0\n", r":1: grade '1.0' is not a whole number"),
        ("q1\td1\tgood\n", r":1: grade 'good'"),
        ("q1 0 d1 1_0\n", r":1: grade '1_0'"),
        ("query-id\tcorpus-id\tscore\nq1\td1\t\n", r":2: grade ''"),
        ("q1 0 d1 1\n\nq1 0 d1 1\n", r":3: query 'q1' already has a judgement of 'd1'"),
        ("\n", r"holds no judgement"),
    ],
)
def test_bad_qrels(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Qrels.load(write(tmp_path, text))
    assert "file.txt" in str(caught.value)


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"q1 0 d\xe9 1\n")
    for load in (Qrels.load, Run.load):
        with pytest.raises(InputError, match="cannot be read"):
            load(tmp_path / "nowhere")
        with pytest.raises(InputError, match="cannot be read"):
            load(tmp_path)
        with pytest.raises(InputError, match=r"not UTF-8 \(byte 6\)"):
            load(tmp_path / "latin")
    with pytest.raises(InputError, match="cannot be written"):
        Qrels({"q": {"d": 1}}).save(tmp_path / "no" / "folder")


@pytest.mark.parametrize("grade", [1.5, "1", True, None])
def test_grades_are_whole_numbers(grade: object) -> None:
    with pytest.raises(InputError, match="whole number"):
        Qrels({"q": {"d": grade}})  # type: ignore[dict-item]


def test_ids_are_strings() -> None:
    with pytest.raises(InputTypeError):
        Qrels({"q": {1: 1}})  # type: ignore[dict-item]
    with pytest.raises(InputTypeError, match="give Qrels, "):
        Qrels.of([("q", "d", 1)])  # type: ignore[arg-type]


@given(st.dictionaries(ids, st.dictionaries(ids, st.integers(-3, 9), min_size=1), min_size=1))
def test_qrels_survive_both_formats(
    tmp_path_factory: pytest.TempPathFactory, grades: dict[str, dict[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("qrels")
    for name in ("qrels.txt", "qrels.tsv"):
        Qrels(grades).save(folder / name)
        again = Qrels.load(folder / name)
        assert {q: dict(again[q]) for q in again} == grades


@given(
    st.dictionaries(ids, st.dictionaries(ids, st.floats(allow_nan=False, allow_infinity=False), min_size=1), min_size=1)
)
def test_runs_survive(tmp_path_factory: pytest.TempPathFactory, found: dict[str, dict[str, float]]) -> None:
    run = Run({q: sorted(f.items(), key=lambda hit: (-hit[1], hit[0].encode())) for q, f in found.items()})
    path = tmp_path_factory.mktemp("run") / "run.txt"
    run.save(path)
    assert Run.load(path) == run


def test_run_order_is_by_score_then_bytes(tmp_path: Path) -> None:
    run = Run.load(write(tmp_path, "q Q0 b 1 0.5 me\nq Q0 a 2 0.5 me\nq Q0 c 3 2e0 me\n"))
    assert run.ids("q") == ["c", "a", "b"]
    assert run.name == "me"
    assert run.ids("unknown") == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("q Q0 d 1 0.5", r":2: 5 columns"),
        ("q Q0 d 1 nan me", r":2: score 'nan' is not a finite number"),
        ("q Q0 d 1 inf me", r":2: score 'inf'"),
        ("q Q0 d 1 high me", r":2: score 'high'"),
        ("q Q0 d 1 1_000 me", r":2: score '1_000'"),
        ("q Q0 d 1 \u0663 me", r":2: score '\u0663'"),
        ("q Q0 d 1 1e400 me", r":2: score '1e400'"),
        ("q Q0 a 2 0.1 me", r":2: query 'q' already has the hit 'a'"),
    ],
)
def test_bad_runs(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Run.load(write(tmp_path, f"q Q0 a 1 1.5 me\n{line}\n"))


def test_bad_run_values() -> None:
    with pytest.raises(InputError, match="twice"):
        Run({"q": [("a", 1.0), ("a", 0.5)]})
    with pytest.raises(InputError, match="not finite"):
        Run({"q": [("a", float("nan"))]})


@pytest.mark.parametrize("bad", ["d 1", "", " d", "d\n"])
def test_ids_that_a_format_cannot_carry(tmp_path: Path, bad: str) -> None:
    with pytest.raises(InputError, match="white space"):
        Qrels({"q": {bad: 1}}).save(tmp_path / "qrels.txt")
    with pytest.raises(InputError, match="white space"):
        Run({"q": [(bad, 1.0)]}).save(tmp_path / "run.txt")
    if bad != "d 1" and bad:
        with pytest.raises(InputError, match="white space"):
            Qrels({"q": {bad: 1}}).save(tmp_path / "qrels.tsv")
