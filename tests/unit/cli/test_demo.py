"""`ragopt demo` on three services and the questions about them: the whole way, quickly."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ragopt.backends import awsdocs
from ragopt.cli import demo_index, main
from ragopt.cli.demo_questions import find_folder, load_questions
from ragopt.economics import price
from ragopt.errors import InputError
from ragopt.index import Index
from ragopt.types import Settings
from tests.shared import ROOT

SMALL = ("kms", "sqs", "sts")
REAL = ROOT / "examples" / "aws-api"


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("questions")
    rows = [json.loads(line) for line in (REAL / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    kept = [row for row in rows if row["service"] in SMALL]
    assert {row["half"] for row in kept} == {"tune", "test"} and {row["lang"] for row in kept} == {"en", "vi"}
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    ids = {row["_id"] for row in kept}
    header, *lines = (REAL / "qrels.tsv").read_text().splitlines()
    lines = [line for line in lines if line.split("\t")[0] in ids and line.split("\t")[1].split(":")[0] in SMALL]
    (folder / "qrels.tsv").write_text("\n".join([header, *lines]) + "\n")
    return folder


@pytest.fixture(autouse=True)
def _three_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awsdocs, "SERVICES", SMALL)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def run(home: Path, questions: Path, *flags: str) -> int:
    out, kept = str(home / "out"), str(home / "index")
    return main(["demo", "-o", out, "--index-dir", kept, "--questions", str(questions), *flags])


def report(home: Path, questions: Path, capsys: pytest.CaptureFixture[str], *flags: str) -> dict[str, Any]:
    assert run(home, questions, "--json", *flags) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_it_says_what_a_new_user_wants_to_know(home: Path, questions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, questions, "--rebuild") == 0
    said = capsys.readouterr()
    assert said.err == ""  # no terminal, no progress
    assert f"botocore {awsdocs.botocore_version()}" in said.out and " MB of text: built in " in said.out
    for row in ("BM25 alone", "dense alone", "default hybrid", "tuned hybrid"):
        assert f"\n{row} " in said.out
    for column in ("nDCG@10", "recall@10", "tokens per question", "per 1,000 questions"):
        assert column in said.out
    assert "question by question" in said.out and "Verdict on tuning:" in said.out and "Vietnamese" in said.out
    assert "[1] " in said.out and "Share of BM25" in said.out and "has its score" in said.out
    assert price().model in said.out and price().as_of.isoformat() in said.out
    assert max(len(line) for line in said.out.splitlines() if str(home) not in line) <= 130
    assert run(home, questions) == 0
    assert "nothing has changed since it was built" in capsys.readouterr().out


def test_it_writes_settings_that_load_and_a_report(home: Path, questions: Path) -> None:
    assert run(home, questions) == 0
    settings = Settings.load(home / "out" / "ragopt.toml")
    assert settings.pack.tokens == 6000 and 1 <= settings.search.k <= 10
    page = (home / "out" / "report.html").read_text(encoding="utf-8")
    for title in (
        "The index",
        "By language, nDCG@10",
        "Why its best source has its score",
        "Cost of the chunks sent",
    ):
        assert title in page


def test_json_holds_all_of_it_and_the_numbers_agree(
    home: Path, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = report(home, questions, capsys)
    assert found["index"]["services"] == list(SMALL)
    assert found["index"]["chunks"] >= found["index"]["documents"] > 100
    loaded = load_questions(questions)
    names = [arm["name"] for arm in found["held_out"]]
    assert names[:4] == ["BM25 alone", "dense alone", "default hybrid", "tuned hybrid"]
    for arm in found["held_out"]:
        for measure in ("nDCG@10", "R@10"):
            estimate = arm["measures"][measure]
            assert 0 < estimate["low"] <= estimate["mean"] <= estimate["high"] <= 1
        sent, paid = arm["tokens_per_question"], arm["dollars_per_1000_questions"]
        for bound in ("low", "mean", "high"):
            expected = Decimal(round(1000 * sent[bound])) * price().input_per_million / 1_000_000
            assert Decimal(paid[bound]) == expected
    # Ten chunks of at most 180 words: a thousand tokens at least, six thousand at most.
    assert all(1_000 < arm["tokens_per_question"]["mean"] < 6_000 for arm in found["held_out"])
    languages = found["languages"]
    assert sum(row["questions"] for row in languages.values()) == len(loaded.test)
    hybrid = next(arm for arm in found["held_out"] if arm["name"] == "default hybrid")
    mean = sum(row["questions"] * row["nDCG@10"]["default hybrid"] for row in languages.values()) / len(loaded.test)
    assert mean == pytest.approx(hybrid["measures"]["nDCG@10"]["mean"])
    example = found["example"]
    why = example["explanation"]
    assert why["lexical"]["share"] + why["dense"]["share"] == pytest.approx(why["score"])
    assert math.fsum(term["share"] for term in why["terms"]) == pytest.approx(why["lexical"]["raw"])
    assert all(f"{citation['marker']} {citation['title']}" in example["text"] for citation in example["citations"])
    assert example["question"] in loaded.test.values()


def test_a_question_of_one_s_own(home: Path, questions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, questions, "--question", "how long may a message wait in a queue?") == 0
    said = capsys.readouterr().out
    assert "Your question:\nhow long may a message wait in a queue?\n" in said
    assert run(home, questions, "--question", "  ") == 0
    assert "Nothing to send: no_relevant_context." in capsys.readouterr().out


def test_the_kept_index_is_one_that_every_command_can_use(
    home: Path, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(home, questions) == 0
    capsys.readouterr()
    assert main(["search", str(home / "index" / "index"), "cancel the deletion of a key", "--json"]) == 0
    hits = json.loads(capsys.readouterr().out)
    assert "kms:CancelKeyDeletion" in json.dumps(hits)
    index = Index.open(home / "index" / "index")
    chunk = index.get("sqs:ReceiveMessage#0")
    assert chunk is not None and chunk.metadata["kind"] == "operation" and chunk.metadata["required"] == ["QueueUrl"]


@pytest.mark.parametrize("change", ["botocore", "ragopt", "analyzer", "words", "services", "stamp", "index"])
def test_it_is_built_anew_when_something_changed(change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reused() -> bool:
        return demo_index.demo_index(tmp_path, rebuild=False, progress=lambda *_: None).reused

    assert not reused()
    assert reused()
    if change == "botocore":
        monkeypatch.setattr(awsdocs, "botocore_version", lambda: "99.0")
    elif change == "ragopt":
        monkeypatch.setattr("ragopt.__version__", "99.0")
    elif change == "analyzer":
        monkeypatch.setattr(demo_index, "ANALYZER", "whitespace")
    elif change == "words":
        monkeypatch.setattr(demo_index, "DEFAULT_WORDS", 90)
    elif change == "services":
        monkeypatch.setattr(awsdocs, "SERVICES", (*SMALL, "pricing"))
    elif change == "stamp":
        (tmp_path / "made.json").write_text("{")
    else:
        largest = max((tmp_path / "index").rglob("*"), key=lambda path: path.stat().st_size)
        largest.write_bytes(largest.read_bytes()[:-100])
    assert not reused()
    assert reused()


def test_without_both_files_the_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, tmp_path) == 2
    assert "must hold questions.jsonl and qrels.tsv" in capsys.readouterr().err


def test_outside_a_checkout_the_questions_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_folder(None) == REAL
    monkeypatch.setattr("ragopt.cli.demo_questions.__file__", str(tmp_path / "site" / "ragopt" / "cli" / "x.py"))
    with pytest.raises(InputError, match="--questions FOLDER"):
        find_folder(None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{not json", "questions.jsonl:2: not JSON"),
        ("[1]", "questions.jsonl:2: a question is an object"),
        ('{"_id": "a", "text": 1, "half": "tune"}', "questions.jsonl:2: a question is an object"),
        ('{"_id": "a", "text": "b", "half": "train"}', "questions.jsonl:2: half is 'train'"),
        ('{"_id": "one", "text": "b", "half": "test"}', "questions.jsonl:2: 'one' stands there twice"),
        ("", "both halves"),
    ],
)
def test_bad_questions_are_named(line: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "questions.jsonl").write_text('{"_id": "one", "text": "a", "half": "tune"}\n' + line + "\n")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\none\tx\t1\n")
    assert run(tmp_path, tmp_path) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_wrong_use_is_refused_before_any_work(
    tmp_path: Path, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, questions, "--model", "no.such-model") == 2
    assert "no.such-model" in capsys.readouterr().err
    assert not (tmp_path / "index").exists()
    (tmp_path / "out").write_text("a file stands here")
    assert run(tmp_path, questions) == 2
    assert "--output" in capsys.readouterr().err


def test_an_index_folder_that_cannot_be_written_is_named(
    tmp_path: Path, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "index").write_text("a file stands here")
    assert run(tmp_path, questions) == 2
    assert str(tmp_path / "index") in capsys.readouterr().err
