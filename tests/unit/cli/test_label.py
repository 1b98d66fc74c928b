"""`ragopt label` over HTTP against our own bedrock-runtime."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragopt.cli import main
from ragopt.evaluation import Qrels
from tests.services.fake_bedrock import FakeBedrock, Fault, Reply, fake_bedrock
from tests.unit.cli.conftest import Run, write

TEXT = "Subject{i} is kept in store{i}. Whoever owns it may hand it on to others, once a year at most, and tells us so."
WHO = ("friends", "colleagues", "neighbors", "cousins", "tenants", "lodgers")


@pytest.fixture(scope="module")
def server() -> Iterator[FakeBedrock]:
    with fake_bedrock() as running:
        yield running


@pytest.fixture
def fake(server: FakeBedrock) -> FakeBedrock:
    server.reset()
    return server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("label")
    rows = [json.dumps({"_id": f"d{i}", "text": TEXT.format(i=i)}) for i in range(6)]
    write(root, {"c.jsonl": "\n".join(rows), "q.tsv": "\n".join(f"q{i}\twhere is subject{i}" for i in range(2))})
    assert main(["index", str(root / "c.jsonl"), "-o", str(root / "idx"), "--chunk-words", "0"]) == 0
    return root


def said(*texts: str) -> list[Reply]:
    return [
        Reply(
            {
                "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110},
                "metrics": {"latencyMs": 1},
            }
        )
        for text in texts
    ]


def at(fake: FakeBedrock, *argv: object) -> tuple[object, ...]:
    return (*argv, "--region", "us-east-1", "--endpoint-url", fake.url, "--parallel", 1)


def test_synthetic(fake: FakeBedrock, folder: Path, run: Run) -> None:
    argv = at(
        fake, "label", "synthetic", folder / "idx", "-n", 6, "--queries", folder / "s.jsonl", "--qrels",
        folder / "s.qrels", "--cache", folder / "s.cache",
    )  # fmt: skip
    dry = run(*argv, "--dry-run")
    assert dry.code == 0 and dry.out.startswith("6 calls: at most ") and "$" in dry.out and not fake.calls
    assert run(*argv, "--dry-run", "--json").json["calls"] == 6 and not (folder / "s.jsonl").exists()
    fake.plan.extend(said(*(json.dumps({"questions": [f"who owns it beside {who}"]}) for who in WHO[:4]), "hm", "hm"))
    first = run(*argv)
    assert first.code == 0 and "4 questions by global.anthropic" in first.out and "2 replies refused" in first.out
    assert "found in the first 10: 100%" in first.out and "2 × the reply is not JSON" in first.err
    assert "6 calls: at most" in first.err and "6 calls: 600 tokens in, 60 out, $" in first.err
    assert all(operation == "Converse" for operation, _, _ in fake.calls) and len(fake.calls) == 6
    fake.plan.extend(said(*(json.dumps({"questions": [f"who owns it beside {who}"]}) for who in WHO[4:])))
    again = run(*argv, "--json").json
    assert len(fake.calls) == 8 and again["questions"] == 6 and again["spent"]["cached"] == 4
    qrels = Qrels.load(folder / "s.qrels")
    assert qrels.origin == "synthetic:global.anthropic.claude-sonnet-5-5" and len(qrels) == 6
    measured = run("evaluate", folder / "idx", "--queries", folder / "s.jsonl", "--qrels", folder / "s.qrels")
    assert "not a person's: synthetic:global" in measured.err


def test_copies_are_told_and_refused(fake: FakeBedrock, folder: Path, run: Run) -> None:
    argv = at(
        fake,
        "label",
        "synthetic",
        folder / "idx",
        "-n",
        6,
        "--queries",
        folder / "k.jsonl",
        "--qrels",
        folder / "k.csv",
    )
    texts = ("owns subject kept others year", "store hand once most", "tells once year most", "kept owns hand others")
    texts += ("hand year most tells", "kept once others year")
    fake.plan.extend(said(*(json.dumps({"questions": [text]}) for text in texts)))
    said_ = run(*argv)
    assert said_.code == 1 and "`ragopt tune` refuses them" in said_.err
    tuned = (
        "tune",
        folder / "idx",
        "--queries",
        folder / "k.jsonl",
        "--qrels",
        folder / "k.csv",
        "-o",
        folder / "t.toml",
    )
    refused = run(*tuned)
    assert refused.code == 2 and "--allow-copies" in refused.err and not (folder / "t.toml").exists()
    assert run(*tuned, "--allow-copies").code in (0, 1)
    assert "copies were allowed" in (folder / "t.toml").read_text()


def test_judge(fake: FakeBedrock, folder: Path, run: Run) -> None:
    write(folder, {"people.qrels": "q0 0 d0 1\nq0 0 d1 0\nq1 0 d1 1\nq1 0 d0 0\n"})
    argv = at(
        fake, "label", "judge", folder / "idx", "--queries", folder / "q.tsv", "-o", folder / "j.jsonl", "-k", 1,
        "--people", folder / "people.qrels", "--cache", folder / "j.cache",
    )  # fmt: skip
    fake.plan.extend([*said('{"grade": 3}', '{"grade": 0}', '{"grade": 0}'), Fault("ValidationException", 400)])
    first = run(*argv)
    assert (
        first.code == 1
        and "3 pairs of 1 questions graded" in first.out
        and "agreement with people: kappa 1.00" in first.out
    )
    assert "1 × the call failed" in first.err and "1 questions have pairs without a grade" in first.err
    assert set(Qrels.load(folder / "j.jsonl")) == {"q0"}
    fake.plan.extend(said('{"grade": 2}'))
    again = run(*argv, "--json")
    assert again.code == 0 and again.json["agreement"]["kappa"]["mean"] == 1.0 and again.json["spent"]["calls"] == 1
    assert Qrels.load(folder / "j.jsonl").grades["q1"] == {"d0": 0, "d1": 2}


def test_wrong_use_is_told_before_anything_is_paid(fake: FakeBedrock, folder: Path, run: Run) -> None:
    write(folder, {"blank.jsonl": '{"_id": "a b", "text": "' + TEXT + '"}'})
    assert main(["index", str(folder / "blank.jsonl"), "-o", str(folder / "blank"), "--chunk-words", "0"]) == 0
    files = ("--queries", folder / "w.jsonl", "--qrels", folder / "w.qrels")
    for wrong, part in (
        (("synthetic", folder / "idx", "--queries", folder / "w.jsonl", "--qrels", folder / "w.tsv"), "BEIR file"),
        (("synthetic", folder / "blank", *files), "'a b', which holds white space"),
        (("synthetic", folder / "idx", *files, "--cap", "x"), "US dollars"),
        (("synthetic", folder / "idx", *files, "--cap", 1, "--model", "none.such"), "no price row"),
        (("synthetic", folder / "none", *files), "none"),
        (("synthetic", folder / "idx", *files, "-n", 0), "count"),
        (("judge", folder / "idx", "--queries", folder / "w.jsonl", "-o", folder / "o.qrels"), "w.jsonl"),
    ):
        refused = run(*at(fake, "label", *wrong))
        assert refused.code == 2 and part in refused.err and refused.out == "", (wrong, refused.err)
    assert not fake.calls
    assert run("label").code == 2
    fake.plan.extend([Fault("AccessDeniedException", 403)] * 6)
    denied = run(*at(fake, "label", "synthetic", folder / "idx", *files, "-n", 6))
    assert denied.code == 2 and "5 calls in a row failed" in denied.err and "AccessDenied" in denied.err
