"""`ragopt tune` and its neighbors, used wrongly: each says what is wrong, and nothing is tuned or written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragopt.index import Index
from tests.unit.cli.conftest import Run, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ids with blanks, slashes and accents; one question a document."""
    made = tmp_path_factory.mktemp("wrong use")
    ids = [f"tài liệu/khóa {i}" for i in range(30)]
    texts = [f"Khóa số{i} xoay vòng sau {i} ngày." for i in range(30)]
    rows = zip(ids, texts, strict=True)
    Index.build([{"id": id, "text": text, "metadata": {"lang": "vi"}} for id, text in rows]).save(made / "d.idx")
    asked = [json.dumps({"_id": f"câu {i}", "text": f"khóa số{i}?"}) for i in range(30)]
    right = [json.dumps({"query": f"câu {i}", "id": ids[i], "grade": 1}) for i in range(30)]
    other = [json.dumps({"query": f"câu {i}", "id": f"other {i}", "grade": 1}) for i in range(30)]
    return write(made, {"q.jsonl": "\n".join(asked), "r.jsonl": "\n".join(right), "other.jsonl": "\n".join(other)})


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--budgets", "500"], "--budgets are those of --compare"),
        (["--levers", "pack.tokens=200", "pack.tokens=300"], "names pack.tokens twice"),
        (["--objective", "best-under-a-budget", "--budget", "-5"], "above 0; it is -5.0"),
        (["--objective", "best-under-a-budget", "--budget", "nan"], "above 0; it is nan"),
        (["--objective", "best-under-a-budget"], "above 0; it is None"),
        (["--picture", "x.jpg"], "name a .svg or a .png file"),
        (["--levers", "--state", "none/x.json"], "folder that does not exist"),
        (["--where", "lang=en"], "leaves no chunk of the index"),
        (["--check", "log.jsonl", "--settings", "x.toml"], "--check tunes nothing, and --queries says nothing"),
    ],
)
def test_refused(folder: Path, run: Run, flags: list[str], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    made = run("tune", "d.idx", "--queries", "q.jsonl", "--qrels", "r.jsonl", *flags)
    assert (made.code, made.out) == (2, "")
    assert told in made.err
    assert not (folder / "ragopt.toml").exists()


def test_all_levers_have_a_name(folder: Path, run: Run, tmp_path: Path) -> None:
    asked = ["tune", folder / "d.idx", "--queries", folder / "q.jsonl", "--qrels", folder / "r.jsonl"]
    made = run(*asked, "--levers", "all", "-o", tmp_path / "x.toml")
    assert made.code in (0, 1)
    assert "Levers:" in made.out


def test_a_comparison_of_levers_needs_judgements_of_this_index(folder: Path, run: Run) -> None:
    asked = ["pack", folder / "d.idx", "--compare", "--queries", folder / "q.jsonl", "--qrels"]
    assert run(*asked, folder / "r.jsonl").code == 0
    made = run(*asked, folder / "other.jsonl")
    assert (made.code, made.out) == (2, "")
    assert "not one of the 30 judged ids is in the index" in made.err


def test_questions_and_judgements_are_two_files(folder: Path, run: Run, tmp_path: Path) -> None:
    made = run("label", "synthetic", folder / "d.idx", "--dry-run", *("--queries", "x.jsonl", "--qrels", "./x.jsonl"))
    assert made.code == 2
    assert "name one file" in made.err


def test_a_log_that_broke_off_within_a_letter(folder: Path, run: Run, tmp_path: Path) -> None:
    record = json.dumps({"question": "khóa", "shown": []}, ensure_ascii=False).encode()
    (tmp_path / "log.jsonl").write_bytes(record + b"\n" + record[: record.index("ó".encode()) + 1])
    made = run("tune", folder / "d.idx", "--feedback", tmp_path / "log.jsonl")
    assert made.code == 2
    assert "log.jsonl:2: is not UTF-8" in made.err


def test_figures_of_nothing_say_so(folder: Path, run: Run, tmp_path: Path) -> None:
    asked = ["evaluate", folder / "d.idx", "--queries", folder / "q.jsonl", "--qrels"]
    assert "note:" not in (made := run(*asked, folder / "r.jsonl")).out + made.err
    (tmp_path / "zero.jsonl").write_text((folder / "r.jsonl").read_text().replace('"grade": 1', '"grade": 0'))
    made = run(*asked, tmp_path / "zero.jsonl")
    assert "30 of 30 judged queries have no relevant judgement and count 0" in made.out + made.err
    made = run(*asked, folder / "r.jsonl", "--where", "lang=en")
    assert "with this filter no query finds anything" in made.out + made.err
