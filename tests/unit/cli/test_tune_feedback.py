"""`ragopt tune --feedback`: labels from a log of production."""

from __future__ import annotations

import json
from pathlib import Path

from ragopt.cli import main
from tests.unit.cli.conftest import Run, write


def test_tuning_on_feedback(run: Run, tmp_path: Path) -> None:
    rows = [json.dumps({"_id": f"d{i}", "text": f"topic{i} speaks of subject{i} and of everything"}) for i in range(60)]
    write(tmp_path, {"c.jsonl": "\n".join(rows)})
    assert main(["index", str(tmp_path / "c.jsonl"), "-o", str(tmp_path / "idx"), "--chunk-words", "0"]) == 0
    log = [
        json.dumps({"question": f"what is subject{i}?", "shown": [f"d{i}", "d59"], "clicked": [f"d{i}"]})
        for i in range(50)
    ]
    write(tmp_path, {"log.jsonl": "\n".join([*log, log[0], json.dumps({"question": "hm", "shown": ["d1"]})])})
    argv = ("tune", tmp_path / "idx", "-o", tmp_path / "o.toml", "--feedback", tmp_path / "log.jsonl")
    said = run(*argv, "--json")
    assert said.code in (0, 1) and "52 records, 1 of them silent, 50 questions" in said.err
    assert said.json["facts"]["labels"] == "feedback" and said.json["verdict"]["worth"] > 20
    assert 'labels = "feedback"' in (tmp_path / "o.toml").read_text()
    write(tmp_path, {"few.jsonl": "\n".join([log[0], *log[1:5]]), "silent.jsonl": '{"question": "hm", "shown": []}'})
    few = run(*argv[:-1], tmp_path / "few.jsonl", "--json").json
    assert few["verdict"]["outcome"] == "too_few_questions"
    for extra, part in (
        (("--queries", "q"), "leave --queries and --qrels out"),
        (("--by", "document"), "names chunks"),
        (("--feedback", tmp_path / "silent.jsonl"), "nobody acted"),
    ):
        wrong = run(*argv, *extra)
        assert wrong.code == 2 and part in wrong.err
