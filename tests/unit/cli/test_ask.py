"""`ragopt ask` over HTTP against our own bedrock-runtime, and its dry run that sends nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ragopt.cli import main
from tests.services.fake_bedrock import START, FakeBedrock, Fault, Stream, delta, fake_bedrock, good

QUESTION = "how do I rotate a key?"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeBedrock]:
    with fake_bedrock() as running:
        yield running


@pytest.fixture
def fake(server: FakeBedrock) -> FakeBedrock:
    server.reset()
    return server


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("ask")
    (root / "keys.md").write_text("# Rotating keys\n\nRotate a key in the console.\n", encoding="utf-8")
    (root / "other.txt").write_text("Buckets hold objects.", encoding="utf-8")
    assert main(["index", str(root), "-o", str(root / "idx")]) == 0
    return str(root / "idx")


def ask(fake: FakeBedrock, index: str, *flags: str, question: str = QUESTION) -> int:
    return main(["ask", index, question, "--region", "us-east-1", "--endpoint-url", fake.url, *flags])


def test_an_answer_is_streamed_with_its_sources_and_its_cost(
    fake: FakeBedrock, index: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.plan.append(Stream(good("Open the ", "console [1].")))
    assert ask(fake, index) == 0
    said = capsys.readouterr()
    assert said.out == "Open the console [1].\n"
    assert "[1] Rotating keys (keys.md#0)" in said.err and "7 tokens in, 3 out, $0.0000440" in said.err
    ((operation, parameters, _),) = fake.calls
    assert operation == "ConverseStream" and parameters["modelId"] == "global.anthropic.claude-sonnet-5-5"
    prompt = parameters["messages"][0]["content"][0]["text"]
    assert QUESTION in prompt and "Rotate a key in the console." in prompt


def test_json_is_one_document_with_all_that_the_answer_rests_on(
    fake: FakeBedrock, index: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(fake, index, "--json", "--model", "some.model", "--max-tokens", "99", "--budget", "300") == 0
    account: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert account["status"] == "ok" and account["answer"] and account["usage"]["input"] > 0
    assert account["cost"] is None  # there is no price row for some.model, and that is not 0
    assert account["context"]["citations"][0]["id"] == "keys.md#0"
    assert [span["stage"] for span in account["trace"]][-1] == "generate"
    ((operation, parameters, _),) = fake.calls
    assert operation == "Converse" and parameters["inferenceConfig"] == {"maxTokens": 99}
    assert parameters["modelId"] == "some.model" and account["context"]["tokens"]["high"] <= 300


def test_a_dry_run_shows_the_very_request_that_is_sent(
    fake: FakeBedrock, index: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(fake, index, "--dry-run") == 0
    shown = capsys.readouterr()
    assert fake.calls == []
    assert "nothing was sent" in shown.err and "tokens of prompt" in shown.err and "$" in shown.err
    assert ask(fake, index, "--dry-run", "--json") == 0
    account = json.loads(capsys.readouterr().out)
    assert fake.calls == [] and account["request"] == json.loads(shown.out)
    assert 0 < account["tokens"]["low"] <= account["tokens"]["point"] <= account["tokens"]["high"]
    assert 0 < Decimal(account["price"]["input"]) < Decimal(account["price"]["at_most"])
    assert ask(fake, index) == 0
    assert fake.calls[0][1] == account["request"]


def test_a_dry_run_says_when_the_price_is_unknown(
    fake: FakeBedrock, index: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(fake, index, "--dry-run", "--model", "some.model") == 0
    assert "price unknown" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [[], ["--json"], ["--dry-run"], ["--dry-run", "--json"]])
def test_without_a_relevant_context_no_model_is_called(
    fake: FakeBedrock, index: str, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(fake, index, *flags, question="zzzz") == 1
    said = capsys.readouterr()
    assert "no model was called" in said.err and fake.calls == []
    assert said.out == "" or json.loads(said.out)["status"] == "no_relevant_context"
    assert ask(fake, index, *flags, "--budget", "5") == 1
    assert "raise --budget" in capsys.readouterr().err and fake.calls == []


def test_a_stream_that_breaks_is_an_error_after_the_text_so_far(
    fake: FakeBedrock, index: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.plan.append(Stream([START, delta("Open the ")]))
    assert ask(fake, index) == 2
    said = capsys.readouterr()
    assert said.out == "Open the \n" and "ended early" in said.err and "Traceback" not in said.err


def test_what_aws_refuses_is_told_in_its_words(
    fake: FakeBedrock, index: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.plan.append(Fault("AccessDeniedException", 403, "you may not"))
    assert ask(fake, index) == 2
    said = capsys.readouterr()
    assert said.out in ("", "\n") and "you may not" in said.err
    assert main(["ask", index, QUESTION, "--region", "us-east-1", "--endpoint-url", "no url"]) == 2
    assert "endpoint" in capsys.readouterr().err
    assert main(["ask", index, QUESTION, "--max-tokens", "0"]) == 2
