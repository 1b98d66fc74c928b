"""CountTokens: what is sent, what is remembered, and what happens where Bedrock does not count."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber

from ragopt.backends.bedrock import counting as counting_module
from ragopt.backends.bedrock import runtime_client
from ragopt.backends.bedrock.counting import TokenCounting, bare_model
from ragopt.errors import GenerationError, InputError, InputTypeError
from ragopt.protocols import TokenCounter
from ragopt.testing import FakeTokenCounter
from ragopt.tokens import ByteEstimate, CountTokens
from ragopt.types import TokenCount

MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
BARE = "anthropic.claude-haiku-4-5-20251001-v1:0"


class Client:
    """Counts words, or raises what it is told to."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.requests: list[dict[str, Any]] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def count_tokens(self, **request: Any) -> dict[str, int]:
        with self.lock:
            self.requests.append(request)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        threading.Event().wait(0.01)
        with self.lock:
            self.at_once -= 1
            if self.errors:
                raise self.errors.pop(0)
        return {"inputTokens": len(request["input"]["converse"]["messages"][0]["content"][0]["text"].split())}

    @property
    def texts(self) -> list[str]:
        return [request["input"]["converse"]["messages"][0]["content"][0]["text"] for request in self.requests]


def refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CountTokens")


@pytest.mark.parametrize(
    ("given", "bare"),
    [
        (MODEL, BARE),
        (BARE, BARE),
        ("global.anthropic.claude-sonnet-5-5", "anthropic.claude-sonnet-5-5"),
        ("us-gov.anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-haiku-20240307-v1:0"),
        ("apac.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("openai.gpt-5.6", "openai.gpt-5.6"),
        (f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{MODEL}", BARE),
        (f"arn:aws:bedrock:us-east-1::foundation-model/{BARE}", BARE),
    ],
)
def test_the_bare_model_is_asked_for(given: str, bare: str) -> None:
    assert bare_model(given) == bare


def test_the_request_is_as_botocore_models_it() -> None:
    client = runtime_client(region="us-east-1")
    counter: TokenCounter = CountTokens(MODEL, client)
    with Stubber(client) as stub:
        message = {"role": "user", "content": [{"text": "How many?"}]}
        stub.add_response(
            "count_tokens", {"inputTokens": 11}, {"modelId": BARE, "input": {"converse": {"messages": [message]}}}
        )
        assert counter.count("How many?") == TokenCount(11, 11, 11, f"count_tokens:{MODEL}")
        assert counter.count("How many?").exact  # from memory: the stub has no second answer
        stub.assert_no_pending_responses()


def test_counts_are_asked_for_once_and_many_at_a_time() -> None:
    client = Client()
    counter = CountTokens(MODEL, client, parallel=3)
    texts = [f"word {'x ' * i}" for i in range(12)]
    counts = counter.count_many([*texts, *texts])
    assert [count.point for count in counts] == [len(text.split()) for text in texts] * 2
    assert sorted(client.texts) == sorted(texts)
    assert 1 < client.most_at_once <= 3
    assert counter.count_many(texts) == counts[:12]
    assert len(client.requests) == 12
    assert counter.count_many([]) == []


def test_only_the_last_counts_are_remembered() -> None:
    client = Client()
    counter = CountTokens(MODEL, client, remember=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        counter.count(text)
    assert client.texts == ["a", "b", "c", "b"]


def test_the_empty_text_costs_no_call_and_a_blank_one_is_estimated() -> None:
    client = Client()
    counter = CountTokens(MODEL, client)
    assert counter.count("") == TokenCount(0, 0, 0, f"count_tokens:{MODEL}")
    assert counter.count(" \n").method == "estimate:claude-4.6 (count_tokens: a blank text is not counted)"
    assert not client.requests


@pytest.mark.parametrize(
    ("error", "reason", "lasting"),
    [
        (refusal("ThrottlingException"), "ThrottlingException", False),
        (refusal("ServiceUnavailableException"), "ServiceUnavailableException", False),
        (refusal("ValidationException", "prompt is too long"), "ValidationException", False),
        (
            refusal("ValidationException", "The provided model doesn't support counting tokens."),
            "the model is not counted",
            True,
        ),
        (refusal("AccessDeniedException"), "AccessDeniedException", True),
        (refusal("ResourceNotFoundException"), "ResourceNotFoundException", True),
        (NoCredentialsError(), "no AWS credentials were found", True),
        (EndpointConnectionError(endpoint_url="https://x"), "the call failed", True),
    ],
)
def test_where_bedrock_does_not_count_the_estimate_does_and_says_why(
    error: Exception, reason: str, lasting: bool
) -> None:
    client = Client(error)
    counter = CountTokens(MODEL, client)
    count, plain = counter.count("some words"), ByteEstimate("claude-4.6").count("some words")
    assert (count.point, count.low, count.high, count.samples) == (plain.point, plain.low, plain.high, plain.samples)
    assert count.method.startswith("estimate:claude-4.6 (count_tokens: ")
    assert reason in count.method
    again = counter.count("other words")
    assert again.exact is not lasting
    assert len(client.requests) == (1 if lasting else 2)
    assert counter.count("some words").exact is not lasting  # a fallback is not remembered as a count


def test_a_refusal_is_asked_again_after_a_thousand_texts() -> None:
    client = Client(refusal("AccessDeniedException"))
    counter = CountTokens(MODEL, client)
    assert not any(counter.count(f"text {i}").exact for i in range(1001))
    assert counter.count("late").exact


def test_the_fallback_may_be_any_counter() -> None:
    counter = CountTokens(MODEL, Client(refusal("ThrottlingException")), fallback=FakeTokenCounter())
    assert counter.count("two words") == TokenCount(2, 2, 2, "words (count_tokens: ThrottlingException)")


def test_counts_are_kept_in_a_file_without_their_texts(tmp_path: Path) -> None:
    path = tmp_path / "counts"
    first = CountTokens(MODEL, Client(), path=path)
    first.count_many(["a secret", "b"])
    assert "secret" not in path.read_text()
    client = Client()
    again = CountTokens(MODEL, client, path=path)
    assert [count.point for count in again.count_many(["b", "a secret"])] == [1, 2]
    assert not client.requests
    other = CountTokens("anthropic.claude-3-haiku-20240307-v1:0", client, path=path)
    other.count("b")
    assert client.texts == ["b"]  # another model's counts are not these
    path.write_text(path.read_text() + "cut off as it was wri")
    assert CountTokens(MODEL, client, path=path).count("b").point == 1
    path.write_text("not counts\n")
    with pytest.raises(InputError, match="counts:1"):
        CountTokens(MODEL, client, path=path)


def test_an_applications_profile_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
    asked = []

    class Control:
        def get_inference_profile(self, inferenceProfileIdentifier: str) -> dict[str, Any]:
            asked.append(inferenceProfileIdentifier)
            return {"models": [{"modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{BARE}"}]}

    monkeypatch.setattr(counting_module, "control_client", lambda **_: Control())
    client = Client()
    counting = TokenCounting(arn, client, region=None)
    client.meta = type("Meta", (), {"region_name": "us-east-1"})  # type: ignore[attr-defined]
    assert [counting.tokens("a b"), counting.tokens("c")] == [2, 1]
    assert asked == [arn]
    assert {request["modelId"] for request in client.requests} == {BARE}


def test_a_profile_without_a_model_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
    control = type("Control", (), {"get_inference_profile": lambda self, **_: {"models": []}})
    monkeypatch.setattr(counting_module, "control_client", lambda **_: control())
    client = Client()
    client.meta = type("Meta", (), {"region_name": "us-east-1"})  # type: ignore[attr-defined]
    with pytest.raises(GenerationError, match="no model behind"):
        TokenCounting(arn, client).tokens("a")


def test_what_cannot_be_right_is_refused() -> None:
    for wrong in ("", " ", None):
        with pytest.raises(InputError, match="model_id"):
            CountTokens(wrong, Client())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="region"):
        CountTokens(MODEL, Client(), region="us-east-1")
    with pytest.raises(InputTypeError, match="bedrock-runtime"):
        CountTokens(MODEL, object())
    with pytest.raises(InputTypeError, match="bytes"):
        CountTokens(MODEL, Client()).count(b"x")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="parallel"):
        CountTokens(MODEL, Client(), parallel=0)


def test_an_error_of_counting_names_its_own_permission() -> None:
    with pytest.raises(GenerationError, match="Allow bedrock:CountTokens"):
        TokenCounting(MODEL, Client(refusal("AccessDeniedException"))).tokens("a")
