"""`ragopt evaluate` and `ragopt tune` as they are run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragopt.cli import main
from ragopt.types import SearchSettings, Settings
from tests.unit.cli.conftest import Run, write


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    # Enough questions to show that one hit is as good as ten.
    texts = {f"d{i}": f"topic{i} speaks of subject{i} and of everything" for i in range(200)}
    rows = [json.dumps({"_id": id_, "text": text}) for id_, text in texts.items()]
    queries = [json.dumps({"_id": f"q{i}", "text": f"what is subject{i}?"}) for i in range(200)]
    qrels = ["query-id\tcorpus-id\tscore", *(f"q{i}\td{i}\t1" for i in range(199))]
    write(tmp_path, {"c.jsonl": "\n".join(rows), "q.jsonl": "\n".join(queries), "r.tsv": "\n".join(qrels)})
    assert main(["index", str(tmp_path / "c.jsonl"), "-o", str(tmp_path / "idx"), "--chunk-words", "0"]) == 0
    return tmp_path


def test_evaluate(run: Run, judged: Path) -> None:
    argv = ("evaluate", judged / "idx", "--queries", judged / "q.jsonl", "--qrels", judged / "r.tsv")
    said = run(*argv, "--measures", "nDCG@10", "P@1", "--run", judged / "run.txt")
    assert said.code == 0 and said.out.split("\n")[2].split()[:2] == ["nDCG@10", "1.0000"]
    assert "over 199 questions" in said.err and "1 of 200 queries" in said.err
    assert (judged / "run.txt").read_text().split("\n")[0].startswith("q0 Q0 d0 1 ")
    account = run(*argv, "--json").json
    assert account["queries"] == 199 and account["measures"]["R@100"]["mean"] == 1.0
    for extra, part in (
        (["--measures", "nDGC@10"], "nDGC@10"),
        (["--by", "document", "--alpha", "2"], "between 0 and 1"),
        (["--qrels", judged / "none.tsv"], "none.tsv"),
        (["--queries", judged / "c.csv"], "convert the file"),
    ):
        wrong = run(*argv, *extra)
        assert wrong.code == 2 and part in wrong.err and wrong.out == ""


def test_evaluate_beside_others(run: Run, judged: Path) -> None:
    argv = ("evaluate", judged / "idx", "--queries", judged / "q.jsonl", "--qrels", judged / "r.tsv")
    Settings(search=SearchSettings(alpha=0.0)).save(judged / "bm25.toml")
    write(judged, {"other.run": "\n".join(f"q{i} Q0 d{i if i > 4 else 9} 1 2.0 other" for i in range(199))})
    said = run(*argv, "--compare", judged / "bm25.toml", judged / "other.run", "--diff", 3)
    assert said.code == 0
    assert "p (Holm)" in said.out and "0 / 0 / 199" in said.out and "0 / 5 / 194" in said.out
    assert said.out.count("what is subject") == 3 and "-1.000" in said.out
    assert "against search" in said.err
    account = run(*argv, "--compare", judged / "other.run", "--json").json
    assert account["baseline"] == "search" and "diff" not in account
    assert account["against"][0]["losses"] == 5
    both = ("--compare", judged / "other.run", judged / "run.txt")
    run(*argv, "--run", judged / "run.txt")
    alone = run("evaluate", "--qrels", judged / "r.tsv", *both, "--diff", "--json").json
    assert len(alone["diff"]) == 5 and alone["diff"][0]["text"] is None
    for wrong, part in (
        (("evaluate", "--qrels", judged / "r.tsv"), "two or more run files"),
        ((*argv, "--diff"), "--compare"),
        (("evaluate", judged / "idx", "--qrels", judged / "r.tsv"), "--queries is missing"),
        ((*argv, "--compare", judged / "other.run", judged / "other.run"), "named twice"),
    ):
        refused = run(*wrong)
        assert refused.code == 2 and part in refused.err and refused.out == ""


def test_tune(run: Run, judged: Path) -> None:
    argv = ("tune", judged / "idx", "--queries", judged / "q.jsonl", "--qrels", judged / "r.tsv")
    said = run(*argv, "-o", judged / "ragopt.toml", "--report", judged / "report.html", "--json")
    settings = Settings.load(judged / "ragopt.toml")
    account = said.json
    better = (
        account["verdict"]["outcome"] == "gain"
        or account["side"]
        or account["top_k"]["k"] < account["top_k"]["default"]
    )
    assert better and said.code == 0 and settings.search.k == 1  # one relevant chunk a question, always first
    assert said.json["settings"] == settings.to_dict() and said.json["verdict"]["outcome"]
    report = (judged / "report.html").read_text(encoding="utf-8")
    assert "ragopt tune" in report.partition("How this was done")[2]
    assert run("search", judged / "idx", "subject3", "--settings", judged / "ragopt.toml").code == 0
    kept = run(*argv, "-o", judged / "ragopt.toml", "-k", 1)
    assert kept.code == 1 and "The default stays" in kept.out  # nothing is left to be gained
    text = run(*argv, "-o", judged / "ragopt.toml")
    assert "held out" in text.out and "wrote" in text.err
    half = run(*argv, "--held-out-queries", judged / "q.jsonl")
    assert half.code == 2 and "belong together" in half.err
    leak = run(*argv, "--held-out-queries", judged / "q.jsonl", "--held-out-qrels", judged / "r.tsv")
    assert leak.code == 2 and "tuned on as well" in leak.err


def test_tune_for_a_limit_and_answers(run: Run, judged: Path) -> None:
    argv = (
        "tune",
        judged / "idx",
        "--queries",
        judged / "q.jsonl",
        "--qrels",
        judged / "r.tsv",
        "-o",
        judged / "o.toml",
    )
    free = run(*argv, "-k", 3, "--objective", "best under a budget", "--budget", 1000, "--json").json
    assert free["top_k"]["goal"]["objective"] == "best-under-a-budget"
    assert free["latency"][0]["seconds"] > 0
    priced = run(*argv, "--objective", "best-under-a-price", "--price", "0.01", "--output-tokens", 100, "--json").json
    assert priced["front"]["cost"]["output_tokens"] == 100
    assert priced["top_k"]["goal"]["limit"].startswith("$0.01 per question")
    write(judged, {"a.jsonl": "\n".join(f'{{"_id": "q{i}", "answers": ["subject{i}"]}}' for i in range(199))})
    answered = run(*argv, "--answers", judged / "a.jsonl", "--json").json
    assert answered["contributions"][1]["change"] == "search.k 10 → 1"
    assert answered["contributions"][1]["quality"]["mean"] == 0.0  # the one hit that is left holds the answer
    write(judged, {"b.jsonl": '{"_id": "q1", "answers": "subject1"}'})
    for wrong, part in (
        (("--answers", judged / "b.jsonl"), "b.jsonl"),
        (("--objective", "cheapest"), "cheapest"),
        (("--budget", 5), "says nothing"),
        (("--model", "nobody"), "nobody"),
        (("--objective", "best-under-a-budget", "--budget", 1), "nothing stays within 1 tokens"),
    ):
        refused = run(*argv, *wrong)
        assert refused.code == 2 and part in refused.err and refused.out == ""
