"""`ragopt pack`: a context in its form, and the table of what levers save."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragopt import Index
from ragopt.cli import main
from ragopt.types import Document


@pytest.fixture
def index(tmp_path: Path) -> str:
    texts = [f"Key kind {'abc'[i % 3]} </document> rotates every {i % 3 + 1}0 days. " + "More. " * 20 for i in range(9)]
    path = tmp_path / "x.idx"
    Index.build([Document(f"d{i}", text) for i, text in enumerate(texts)]).save(path)
    (tmp_path / "q.txt").write_text("kind a key\nkind b key\n", encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\td0\t1\n2\td1\t1\n", encoding="utf-8")
    return str(path)


def test_a_context_in_each_form(index: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", index, "kind a key", "--form", "xml", "--duplicates", "1", "--budget", "600"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith('<documents>\n<document id="1">\nKey kind a &lt;/document> rotates every 10 days.')
    assert said.out.count("</document>") == said.out.count("<document id=") == 3
    assert "in 3 sources; budget 600" in said.err
    assert main(["pack", index, "kind a key", "--form", "search_results"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["searchResult"]["citations"] == {"enabled": True}
    assert main(["pack", index, "kind a key", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "ok" and document["text"].startswith("[1]\n")
    assert main(["pack", index, "zebra"]) == 1
    assert "nothing to send" in capsys.readouterr().err


def test_the_table(index: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["pack", index, "--compare", "--queries", str(tmp_path / "q.txt"), "--budget", "200"]
    assert main([*asked, "--qrels", str(tmp_path / "qrels.tsv")]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == [
        "everything",
        "duplicates",
        "prune",
        "merge",
        "budget",
        "method",
        "sentences",
        "form",
    ]
    assert "(not set: tried)" in lines[3] and lines[2].endswith("1.0000") and "$" in lines[2]
    assert "means of 2 questions" in said.err and "uncached input of" in said.err
    assert main([*asked, "--json", "--model", "no.such"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["questions"] == 2 and document["price"] is None
    assert document["levers"][1]["saved"] > 0 and document["levers"][1]["dollars"] is None
    assert main(["pack", index, "kind a key", "--compare"]) == 0
    assert "means of 1 questions" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "no question"),
        (["q", "--queries", "q.txt"], "for --compare"),
        (["--compare"], "either one QUESTION or --queries"),
        (["q", "--compare", "--queries", "q.txt"], "either one QUESTION or --queries"),
        (["q", "--form", "html"], "search_results"),
        (["q", "--duplicates", "2"], "between 0 and 1"),
        (["q", "--compare", "--history", "h.json"], "--history belongs to one question"),
    ],
)
def test_wrong_use(index: str, given: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", index, *given]) == 2
    assert says in capsys.readouterr().err
