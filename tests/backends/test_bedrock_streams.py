"""BedrockGenerator over HTTP against our own server: broken streams, errors, time-outs, retries, the pool."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config

from ragopt.backends.bedrock import BedrockGenerator, generator, runtime_client
from ragopt.errors import GenerationError, IncompleteAnswerError, InputError
from ragopt.pipeline import Pipeline
from ragopt.testing import FakeRetriever
from ragopt.types import GenerateSettings, Generation, Status, Usage
from tests.services.fake_bedrock import (
    BLOCK_STOP,
    START,
    STOP,
    FakeBedrock,
    Fault,
    Reply,
    Silence,
    Stream,
    converse,
    delta,
    event,
    exception,
    good,
    metadata,
)

pytestmark = pytest.mark.service

MODEL = "us.acme.model-v1:0"
SETTINGS = GenerateSettings(max_tokens=64)
BEGUN = [START, delta("one "), delta("two")]


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The waits between our attempts at a stream, noted instead of slept."""
    noted: list[int] = []
    monkeypatch.setattr(generator, "_wait", noted.append)
    return noted


@pytest.fixture
def model(fake: FakeBedrock) -> BedrockGenerator:
    return BedrockGenerator(MODEL, runtime_client(region="us-east-1", endpoint_url=fake.url, read_timeout=0.5))


def stream(model: BedrockGenerator) -> tuple[list[str], Any]:
    """The pieces that came, and what ended them: a Generation or an error."""
    pieces: list[str] = []
    try:
        for item in model.stream("be kind", "three two one", SETTINGS):
            if isinstance(item, Generation):
                return pieces, item
            pieces.append(item)
    except GenerationError as error:
        return pieces, error
    raise AssertionError("the stream ended without a Generation or an error")


def test_generate_and_stream_give_the_same(fake: FakeBedrock, model: BedrockGenerator) -> None:
    reply = model.generate("be kind", "three two one", SETTINGS)
    assert reply == Generation("one two three", "end_turn", Usage(3, 3), MODEL)
    pieces, whole = stream(model)
    assert pieces == ["one ", "two ", "three "]
    assert whole == Generation("one two three ", "end_turn", Usage(7, 3), MODEL)
    requests = [parameters for _, parameters, _ in fake.calls]
    assert [operation for operation, _, _ in fake.calls] == ["Converse", "ConverseStream"]
    assert requests == [model.request("be kind", "three two one", SETTINGS)] * 2


def test_usage_of_cached_tokens_arrives(fake: FakeBedrock, model: BedrockGenerator) -> None:
    usage = {"inputTokens": 2, "outputTokens": 5, "totalTokens": 1329, "cacheReadInputTokens": 1322}
    fake.plan.append(Reply(converse("hi", usage)))
    assert model.generate("", "p", SETTINGS).usage == Usage(2, 5, cache_read=1322)
    fake.plan.append(Stream([*BEGUN, BLOCK_STOP, STOP, metadata(cacheWriteInputTokens=90)]))
    assert stream(model)[1].usage == Usage(7, 3, cache_write=90)


@pytest.mark.parametrize(
    ("frames", "end", "words"),
    [
        (BEGUN, "proper", "no stop reason and no usage"),
        ([*BEGUN, BLOCK_STOP], "proper", "no stop reason and no usage"),
        ([*BEGUN, BLOCK_STOP, STOP], "proper", "no usage"),
        ([*BEGUN, BLOCK_STOP, metadata()], "proper", "no stop reason"),
        ([*BEGUN, BLOCK_STOP, STOP[:40]], "proper", "no stop reason and no usage"),
        ([*BEGUN, BLOCK_STOP, STOP, metadata()[:-3]], "proper", "no usage"),
        (BEGUN, "cut", "was cut"),
        ([*BEGUN, STOP[:9]], "cut", "was cut"),
        ([*BEGUN, BLOCK_STOP, STOP], "cut", "was cut"),
        (BEGUN, "silent", "fell silent"),
        ([*BEGUN, STOP[:-1] + b"?"], "proper", "was cut .*hecksum"),
        ([*BEGUN, exception("throttlingException")], "proper", "ThrottlingException: injected"),
        ([*BEGUN, exception("modelStreamErrorException")], "proper", "ModelStreamErrorException"),
        ([*BEGUN, exception("internalServerException")], "proper", "InternalServerException"),
        ([*BEGUN, exception("serviceUnavailableException")], "proper", "ServiceUnavailableException"),
        ([*BEGUN, exception("validationException")], "proper", "ValidationException"),
    ],
)
def test_a_stream_that_breaks_is_an_error_with_the_text_so_far(
    fake: FakeBedrock, model: BedrockGenerator, frames: list[bytes], end: str, words: str
) -> None:
    fake.plan.append(Stream(frames, end))
    pieces, error = stream(model)
    assert isinstance(error, IncompleteAnswerError)
    assert (pieces, error.text) == (["one ", "two"], "one two")
    assert error.request_id == "fake-1"
    with pytest.raises(IncompleteAnswerError, match=words):
        raise error
    assert len(fake.calls) == 1, "nothing is asked again once text has come"


def test_counted_usage_survives_a_missing_stop(fake: FakeBedrock, model: BedrockGenerator) -> None:
    fake.plan.append(Stream([*BEGUN, metadata()]))
    assert stream(model)[1].usage == Usage(7, 3)
    fake.plan.append(Stream(BEGUN))
    assert stream(model)[1].usage is None


@pytest.mark.parametrize(
    ("frames", "end"),
    [
        ([START, exception("throttlingException")], "proper"),
        ([exception("serviceUnavailableException")], "proper"),
        ([START], "cut"),
        ([START], "proper"),
        ([], "proper"),
    ],
)
def test_a_stream_that_breaks_before_anything_came_is_asked_for_again(
    fake: FakeBedrock, model: BedrockGenerator, waits: list[int], frames: list[bytes], end: str
) -> None:
    fake.plan.extend([Stream(frames, end), Stream(frames, end)])
    pieces, whole = stream(model)
    assert (pieces, whole.text) == (["one ", "two ", "three "], "one two three ")
    assert (len(fake.calls), waits) == (3, [1, 2])
    fake.reset()
    fake.plan.extend([Stream(frames, end)] * 9)
    pieces, error = stream(model)
    assert (pieces, error.text) == ([], "")
    assert isinstance(error, IncompleteAnswerError)
    assert len(fake.calls) == 3, "as many attempts as the client allows"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Stream([START, exception("validationException")]), "ValidationException"),
        (Stream([START], "silent"), "fell silent"),
        (
            Stream([START, event("contentBlockDelta", {"delta": {"reasoningContent": {"text": "hm"}}})], "cut"),
            "was cut",
        ),
        (Stream([START, STOP]), "no usage"),
    ],
)
def test_what_may_cost_twice_is_not_asked_again(
    fake: FakeBedrock, model: BedrockGenerator, step: Stream, words: str
) -> None:
    fake.plan.append(step)
    pieces, error = stream(model)
    assert (pieces, error.text, len(fake.calls)) == ([], "", 1)
    assert words in str(error)


def test_the_callers_own_attempts_hold_for_streams(fake: FakeBedrock) -> None:
    config = Config(retries={"mode": "standard", "total_max_attempts": 1})
    client = boto3.client("bedrock-runtime", region_name="us-east-1", endpoint_url=fake.url, config=config)
    fake.plan.append(Stream([START, exception("throttlingException")]))
    assert stream(BedrockGenerator(MODEL, client))[1].code == "ThrottlingException"
    assert len(fake.calls) == 1


@pytest.mark.parametrize("call", ["generate", "stream"])
@pytest.mark.parametrize(
    ("fault", "calls"),
    [
        (Fault("ServiceUnavailableException", 503), 3),
        (Fault("InternalServerException", 500), 3),
        (Fault("ValidationException", 400), 1),
        (Fault("AccessDeniedException", 403), 1),
        (Fault("ResourceNotFoundException", 404, "no such model"), 1),
        (Fault("ModelTimeoutException", 408), 1),
    ],
)
def test_errors_of_the_call_keep_aws_words(
    fake: FakeBedrock, model: BedrockGenerator, fault: Fault, calls: int, call: str
) -> None:
    fake.plan.extend([fault] * 9)
    with pytest.raises(GenerationError, match=f"{fault.code}: {fault.message}") as caught:
        list(getattr(model, call)("", "p", SETTINGS))
    assert (caught.value.code, caught.value.request_id) == (fault.code, f"fake-{calls}")
    assert not isinstance(caught.value, IncompleteAnswerError)
    assert len(fake.calls) == calls, "the SDK alone retries a call"


def test_throttling_is_retried_by_the_sdk_and_then_said(
    fake: FakeBedrock, model: BedrockGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    fake.plan.extend([Fault("ThrottlingException", 429)] * 2)
    assert model.generate("", "p", SETTINGS).text == "p"
    assert len(fake.calls) == 3
    fake.plan.extend([Fault("ThrottlingException", 429)] * 9)
    with pytest.raises(GenerationError, match="ThrottlingException.* after 3 attempts.*Lower the concurrency"):
        model.generate("", "p", SETTINGS)


@pytest.mark.parametrize("call", ["generate", "stream"])
def test_a_read_timeout_is_paid_for_once(fake: FakeBedrock, model: BedrockGenerator, call: str) -> None:
    fake.plan.extend([Silence()] * 3)
    start = time.monotonic()
    with pytest.raises(GenerationError, match="read_timeout"):
        list(getattr(model, call)("", "p", SETTINGS))
    assert len(fake.calls) == 1
    assert time.monotonic() - start < 2


def test_the_callers_own_timeouts_and_region_hold(fake: FakeBedrock) -> None:
    config = Config(read_timeout=0.2, retries={"mode": "standard", "total_max_attempts": 2})
    client = boto3.client("bedrock-runtime", region_name="eu-west-3", endpoint_url=fake.url, config=config)
    fake.plan.extend([Silence()] * 2)
    with pytest.raises(GenerationError):
        BedrockGenerator(MODEL, client).generate("", "p", SETTINGS)
    assert len(fake.calls) == 2, "the caller's client retries as it always does"
    assert "/eu-west-3/bedrock/aws4_request" in fake.calls[0][2]["Authorization"]


def test_a_server_that_is_not_there_is_said() -> None:
    model = BedrockGenerator(MODEL, region="us-east-1", endpoint_url="http://127.0.0.1:9")
    with pytest.raises(GenerationError, match="127.0.0.1:9"):
        model.generate("", "p", SETTINGS)


def test_a_model_arn_arrives_whole(fake: FakeBedrock) -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
    model = BedrockGenerator(arn, region="us-east-1", endpoint_url=fake.url)
    assert model.generate("", "p", SETTINGS).model == arn
    assert fake.calls[0][1]["modelId"] == arn


def test_a_reply_without_usage_is_not_a_whole_one(fake: FakeBedrock, model: BedrockGenerator) -> None:
    fake.plan.append(Reply(converse("hi", None)))
    with pytest.raises(IncompleteAnswerError, match="no usage") as caught:
        model.generate("", "p", SETTINGS)
    assert (caught.value.text, caught.value.request_id) == ("hi", "fake-1")


@pytest.mark.parametrize("call", ["generate", "stream"])
def test_a_request_that_cannot_be_right_is_never_sent(fake: FakeBedrock, model: BedrockGenerator, call: str) -> None:
    with pytest.raises(InputError, match="stopSequences"):
        list(getattr(model, call)("", "p", GenerateSettings(stop=("",))))
    assert fake.calls == []


def test_a_stream_left_early_frees_its_connection(fake: FakeBedrock, model: BedrockGenerator) -> None:
    fake.plan.append(Stream(good(*["x "] * 200), "silent"))
    pieces = model.stream("", "p", SETTINGS)
    assert next(pieces) == "x "
    pieces.close()  # type: ignore[attr-defined]
    assert model.generate("", "a b", SETTINGS).text == "b a"


def test_sixty_four_calls_at_once_share_one_client(fake: FakeBedrock, caplog: pytest.LogCaptureFixture) -> None:
    model = BedrockGenerator(MODEL, runtime_client(region="us-east-1", endpoint_url=fake.url, connections=64))
    prompts = [f"number {i}" for i in range(64)]
    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(64) as pool:
        replies = list(pool.map(lambda prompt: model.generate("", prompt, SETTINGS).text, prompts * 2))
        whole = list(pool.map(lambda prompt: list(model.stream("", prompt, SETTINGS))[-1], prompts))
    assert replies == [f"{i} number" for i in range(64)] * 2
    assert [reply.text for reply in whole if isinstance(reply, Generation)] == [f"{i} number " for i in range(64)]
    assert len(fake.calls) == 192
    assert len(fake.connections) <= 64
    assert "pool is full" not in caplog.text


def test_threads_make_one_client(fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def make(**kwargs: Any) -> Any:
        made.append(runtime_client(**kwargs))
        return made[-1]

    monkeypatch.setattr(generator, "runtime_client", make)
    model = BedrockGenerator(MODEL, region="us-east-1", endpoint_url=fake.url)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda i: model.generate("", f"p {i}", SETTINGS), range(32)))
    assert len(made) == 1


def test_a_broken_stream_reaches_the_callers_of_the_pipeline(fake: FakeBedrock, model: BedrockGenerator) -> None:
    pipeline = Pipeline(FakeRetriever(["A bucket holds objects."]), generator=model)
    fake.plan.append(Stream(BEGUN, "cut"))
    with pytest.raises(IncompleteAnswerError) as caught:
        list(pipeline.stream("what holds objects?"))
    assert caught.value.text == "one two"


def test_nothing_relevant_costs_no_call(fake: FakeBedrock, model: BedrockGenerator) -> None:
    answer = Pipeline(FakeRetriever(["A bucket holds objects."]), generator=model).answer("zzzz")
    assert answer.status is Status.NO_RELEVANT_CONTEXT
    assert fake.calls == []


def test_what_the_pipeline_would_send_is_what_it_sends(fake: FakeBedrock, model: BedrockGenerator) -> None:
    pipeline = Pipeline(FakeRetriever(["A bucket holds objects."]), generator=model)
    question = "what holds objects?"
    prompt = pipeline.prompt(question, pipeline.retrieve(question))
    dry = model.request(prompt.system, prompt.user, pipeline.settings.generate)
    assert fake.calls == []
    pipeline.answer(question)
    assert fake.calls[0][1] == dry
