"""`ragopt tokens`: prompts compared, by every counter, and what is wrong is said; `ragopt ask --learn` teaches it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from ragopt.cli import main
from ragopt.economics import DEFAULT_MODEL
from ragopt.tokens import ByteEstimate
from tests.services.fake_bedrock import FakeBedrock, Reply, converse, fake_bedrock

LONG = "Please be so kind as to answer the question below from the context, and from the context alone.\n"
SHORT = "Answer from the context.\n"
ACME = "us.acme.model-v1:0"  # has no price row


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    for name, text in (("long.txt", LONG), ("short.txt", SHORT)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return str(tmp_path / "long.txt"), str(tmp_path / "short.txt")


@pytest.fixture(scope="module")
def server() -> Iterator[FakeBedrock]:
    with fake_bedrock() as running:
        yield running


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["tokens", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_prompts_are_compared_with_the_first(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", *files]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0].split() == ["file", "tokens", "from", "to", "price", "tokens", "less", "saved"]
    long, short = (ByteEstimate().count(text) for text in (LONG, SHORT))
    assert lines[2].split()[1:4] == [str(long.point), str(long.low), str(long.high)]
    assert str(long.point - short.point) in lines[3].split()
    assert lines[3].count("$") == 2
    assert f"estimate:claude-5, bounds from {long.samples:,} known counts" in said.err
    assert "AWS price list" in said.err and "prices of 20" in said.err


def test_json_has_all_of_it(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    [model] = document(capsys, *files)["models"]
    assert model["model"] == DEFAULT_MODEL and "AWS price list" in model["price_source"]
    first, second = model["files"]
    count = ByteEstimate().count(LONG)
    assert first["tokens"] == {
        "point": count.point, "low": count.low, "high": count.high, "method": count.method, "samples": count.samples,
    }  # fmt: skip
    assert Decimal(first["dollars"]) == Decimal(count.point) * 2 / 1_000_000  # reports use the point
    assert first["difference"] == {"tokens": 0, "dollars": "0.00000"} or Decimal(first["difference"]["dollars"]) == 0
    assert second["difference"]["tokens"] == second["tokens"]["point"] - first["tokens"]["point"] < 0
    assert Decimal(second["difference"]["dollars"]) == Decimal(second["dollars"]) - Decimal(first["dollars"])


def test_models_side_by_side_and_a_price_that_is_not_known(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tokens", *files, "--model", ACME, "--model", DEFAULT_MODEL]) == 0
    said = capsys.readouterr()
    assert said.out.count("file ") == 2 and ACME in said.out and "unknown" in said.out
    assert f"no price row for '{ACME}'" in said.err and "$0 " not in said.out
    [model] = document(capsys, files[0], "--model", ACME)["models"]
    assert model["price_source"] is None and model["files"][0]["dollars"] is None
    assert model["files"][0]["tokens"]["method"] == "estimate:pooled"
    [model] = document(capsys, files[0], "--model", "us.amazon.nova-lite-v1:0")["models"]
    tokens = model["files"][0]["tokens"]["point"]
    assert Decimal(model["files"][0]["dollars"]) == tokens * Decimal("0.06") / 1_000_000
    [model] = document(capsys, files[0], "--model", ACME, "--price", "0.06")["models"]
    tokens = model["files"][0]["tokens"]["point"]
    assert Decimal(model["files"][0]["dollars"]) == Decimal(tokens) * Decimal("0.06") / 1_000_000
    assert model["price_source"] == "as given by --price"


def test_standard_input_is_a_file(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SHORT.encode())))
    [model] = document(capsys, files[1], "-")["models"]
    same, piped = model["files"]
    assert piped["file"] == "-" and piped["tokens"] == same["tokens"]
    assert main(["tokens", "-", "-"]) == 2
    assert "read once" in capsys.readouterr().err


def test_a_tokenizers_file_is_exact(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "acme.json"))
    [model] = document(capsys, files[1], "--tokenizer", str(tmp_path / "acme.json"))["models"]
    assert model["files"][0]["tokens"] == {"point": 5, "low": 5, "high": 5, "method": "tokenizers:acme", "samples": 0}


def test_bedrocks_own_count(files: tuple[str, str], server: FakeBedrock, capsys: pytest.CaptureFixture[str]) -> None:
    server.reset()
    there = ["--region", "us-east-1", "--endpoint-url", server.url, "--counter", "count_tokens"]
    [model] = document(capsys, *files, *there)["models"]
    assert [file["tokens"]["point"] for file in model["files"]] == [len(LONG.split()), len(SHORT.split())]
    assert {operation for operation, _, _ in server.calls} == {"CountTokens"}
    [model] = document(capsys, *files, *there, "--model", ACME)["models"]
    assert model["files"][0]["tokens"]["method"] == "estimate:pooled (count_tokens: the model is not counted)"


def test_ask_learns_and_tokens_uses_what_was_learnt(
    files: tuple[str, str], server: FakeBedrock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.reset()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "keys.md").write_text("# Rotating keys\n\nRotate a key in the console.\n", encoding="utf-8")
    assert main(["index", str(tmp_path / "docs"), "-o", str(tmp_path / "idx")]) == 0
    learned = str(tmp_path / "learned.json")
    asked = ["ask", str(tmp_path / "idx"), "how do I rotate a key?", "--region", "us-east-1"]
    for _ in range(2):
        server.plan.append(Reply(converse("Yes.", {"inputTokens": 190, "outputTokens": 2, "totalTokens": 192})))
        assert main([*asked, "--endpoint-url", server.url, "--learn", learned, "--json"]) == 0
    capsys.readouterr()
    [plain] = document(capsys, files[0])["models"]
    [taught] = document(capsys, files[0], "--learned", learned)["models"]
    before, after = plain["files"][0]["tokens"], taught["files"][0]["tokens"]
    assert after["samples"] == before["samples"] + 2 and after["method"] == "estimate:claude-5+usage"
    assert after["point"] != before["point"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.txt"], "missing.txt"),
        (["."], "."),
        (["latin.txt"], "latin.txt: not UTF-8 at byte 3"),
        (["ok.txt", "--counter", "tokenizers"], "needs a file"),
        (["ok.txt", "--tokenizer", "ok.txt"], "not a tokenizer.json"),
        (["ok.txt", "--counter", "guess"], "invalid choice"),
        (["ok.txt", "--price", "cheap"], "dollars per million"),
        (["ok.txt", "--price", "-1"], "dollars per million"),
        (["ok.txt", "--learned", "missing.json"], "ragopt ask --learn"),
        (["ok.txt", "--region", "us-east-1"], "takes no region"),
        ([], "FILE"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "ok.txt").write_text("fine", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["tokens", *arguments])
    except SystemExit as stop:
        code = int(stop.code or 0)
    assert code == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error
