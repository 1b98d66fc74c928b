"""`ragopt search` and `ask` show what was done to the question, and take the conversation so far."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ragopt.cli import main
from tests.services.fake_bedrock import fake_bedrock
from tests.unit.query.corpus import index


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("steps") / "index"
    index().save(path)
    return str(path)


@pytest.fixture
def history(tmp_path: Path) -> str:
    path = tmp_path / "turns.json"
    turns = [
        {"role": "user", "content": "How do I rotate the encryption key?"},
        {"role": "assistant", "content": "So."},
    ]
    path.write_text(json.dumps(turns), encoding="utf-8")
    return str(path)


def searched(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    main(["search", *argv, "--json"])
    return dict(json.loads(capsys.readouterr().out))


def test_search_prepares_the_question(folder: str, history: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = searched(capsys, folder, "Hi, please tell me how to rotate the encryption key. Thanks!")
    assert found["searched"] == "how to rotate the encryption key."
    assert [step["stage"] for step in found["steps"]] == ["style", "aside", "parts", "spelling", "keywords"]
    assert "encryption key" in found["keywords"] and found["hits"][0]["id"].startswith("keys")
    leaning = searched(capsys, folder, "What about its costs?", "--history", history)
    assert "encryption key" in leaning["searched"] and leaning["hits"][0]["id"].startswith("keys")
    typed = searched(capsys, folder, "Hi, rotate keys please", "--as-typed")
    assert typed["searched"] == "Hi, rotate keys please" and typed["steps"] == []


def test_each_hit_names_its_part(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = searched(capsys, folder, "rotate an encryption key vs bake sourdough bread", "-k", "2")
    assert found["parts"] == ["rotate an encryption key", "bake sourdough bread"]
    assert [hit["part"] for hit in found["hits"]] == found["parts"]


def test_explain_shows_each_step(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["search", folder, "Please compare an encryption key with sourdough bread", "--explain", "-k", "2"]) == 0
    )
    said = capsys.readouterr().out
    for step in ("style", "aside", "parts", "spelling", "keywords"):
        assert step in said
    assert "an encryption key | sourdough bread" in said and "found by 'sourdough bread'" in said


def test_a_question_out_of_scope_is_said_to_be(folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "s.toml"
    settings.write_text("[query]\nanswerable = 0.05\n", encoding="utf-8")
    asked = "Who won the football match in Madrid this evening, and the manual?"
    main(["search", folder, asked, "--settings", str(settings)])
    assert "the corpus hardly answers this" in capsys.readouterr().err
    code = main(["ask", folder, asked, "--dry-run", "--region", "us-east-1", "--settings", str(settings)])
    assert code == 1 and "does not seem to answer" in capsys.readouterr().err


def test_ask_shows_each_step_and_takes_history(folder: str, history: str, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_bedrock() as fake:
        argv = ["ask", folder, "What about its costs?", "--region", "us-east-1", "--endpoint-url", fake.url]
        assert main([*argv, "--history", history, "--explain"]) == 0
    said = capsys.readouterr().err
    assert "references" in said and "changed" in said and "encryption key" in said


@pytest.mark.parametrize("text", ["no json", '{"role": "robot", "content": "x"}', "[3]", None])
def test_a_file_that_is_no_conversation_is_refused(
    folder: str, tmp_path: Path, text: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "turns"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert main(["search", folder, "Why?", "--history", str(path)]) == 2
    assert "history" in capsys.readouterr().err
