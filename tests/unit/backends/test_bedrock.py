"""Requests, replies and errors of Bedrock, without a server."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import boto3
import botocore.exceptions as aws
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from ragopt.backends.bedrock import BedrockGenerator, runtime_client
from ragopt.backends.bedrock.converse import StreamedReply, read_reply, request_of, usage_of
from ragopt.backends.bedrock.failures import is_worth_another_try, of_call, of_stream
from ragopt.errors import (
    GenerationError,
    IncompleteAnswerError,
    InputError,
    InputTypeError,
    MissingExtraError,
    RagoptError,
)
from ragopt.protocols import Generator
from ragopt.types import GenerateSettings, Generation, Usage

MODEL = "acme.model-v1:0"
SETTINGS = GenerateSettings(max_tokens=64)
USAGE = {"inputTokens": 10, "outputTokens": 4, "totalTokens": 14}


def stubbed() -> tuple[Any, Stubber]:
    client = runtime_client(region="us-east-1")
    return client, Stubber(client)


def body(text: str = "hi", **changes: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"text": text}]}
    whole = {"output": {"message": message}, "stopReason": "end_turn", "usage": USAGE, "metrics": {"latencyMs": 1}}
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def test_request_holds_what_is_set_and_nothing_else() -> None:
    assert request_of(MODEL, "be kind", "why?", GenerateSettings(max_tokens=7)) == {
        "modelId": MODEL,
        "system": [{"text": "be kind"}],
        "messages": [{"role": "user", "content": [{"text": "why?"}]}],
        "inferenceConfig": {"maxTokens": 7},
    }
    settings = GenerateSettings(max_tokens=7, temperature=0, top_p=0.9, stop=("END", "\n\n"))
    request = request_of(MODEL, " ", "why?", settings)
    assert "system" not in request
    expected = {"maxTokens": 7, "temperature": 0.0, "topP": 0.9, "stopSequences": ["END", "\n\n"]}
    assert request["inferenceConfig"] == expected


def test_request_needs_no_client_and_takes_the_model_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3.session.Session, "client", lambda *args, **kwargs: pytest.fail("a client was made"))
    generator = BedrockGenerator(MODEL)
    assert generator.request("", "why?", SETTINGS)["modelId"] == MODEL
    assert generator.request("", "why?", GenerateSettings(model="other"))["modelId"] == "other"


def test_the_request_is_exactly_what_is_sent() -> None:
    client, stub = stubbed()
    generator = BedrockGenerator(MODEL, client)
    settings = GenerateSettings(max_tokens=9, temperature=0.5, stop=("x",))
    stub.add_response("converse", body(), generator.request("s", "p", settings))
    with stub:
        assert generator.generate("s", "p", settings) == Generation("hi", "end_turn", Usage(10, 4), MODEL)
    stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("system", "prompt", "error"), [("", "  ", InputError), ("", 3, InputTypeError), (None, "p", InputTypeError)]
)
def test_prompts_that_bedrock_would_refuse_are_refused_here(system: Any, prompt: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        BedrockGenerator(MODEL).request(system, prompt, SETTINGS)
    with pytest.raises(error):
        list(BedrockGenerator(MODEL).stream(system, prompt, SETTINGS))


def test_wrong_construction_is_refused() -> None:
    client, _ = stubbed()
    for model in ("", " ", None, 3):
        with pytest.raises(InputError, match="model_id="):
            BedrockGenerator(model)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="belong to the client"):
        BedrockGenerator(MODEL, client, region="us-east-1")
    with pytest.raises(InputTypeError, match="bedrock-runtime"):
        BedrockGenerator(MODEL, boto3.client("s3", region_name="us-east-1"))
    generator: Generator = BedrockGenerator(MODEL, client)
    assert isinstance(generator, Generator)


def test_usage_keeps_the_cached_tokens_apart() -> None:
    usage = usage_of({"inputTokens": 2, "outputTokens": 5, "cacheReadInputTokens": 1322, "totalTokens": 1329})
    assert usage == Usage(2, 5, cache_read=1322)
    assert (usage.total_input, usage.total, usage.estimated) == (1324, 1329, False)
    assert usage_of({**USAGE, "cacheWriteInputTokens": 90}) == Usage(10, 4, cache_write=90)


def test_reply_joins_its_texts_and_names_the_model_that_served() -> None:
    content = [{"reasoningContent": {}}, {"text": "a"}, {"text": "b"}]
    reply = body(output={"message": {"content": content}}, stopReason="max_tokens")
    assert read_reply(reply, MODEL) == Generation("ab", "max_tokens", Usage(10, 4), MODEL)
    routed = body(trace={"promptRouter": {"invokedModelId": "acme.small"}})
    assert read_reply(routed, MODEL).model == "acme.small"
    assert read_reply(body(output={"message": {"content": []}}), MODEL).text == ""


@pytest.mark.parametrize(("absent", "words"), [("usage", "no usage"), ("stopReason", "no stop reason")])
def test_a_reply_without_its_account_is_not_a_whole_one(absent: str, words: str) -> None:
    with pytest.raises(IncompleteAnswerError, match=words) as caught:
        read_reply(body("half", **{absent: None}), MODEL)
    assert caught.value.text == "half"


def test_a_streamed_reply_is_whole_only_with_stop_and_metadata() -> None:
    stop, account = {"messageStop": {"stopReason": "end_turn"}}, {"metadata": {"usage": USAGE}}
    for events, words in (([], "no stop reason and no usage"), ([stop], "no usage"), ([account], "no stop reason")):
        reply = StreamedReply(MODEL)
        reply.request_id = "r-1"
        assert reply.take({"messageStart": {"role": "assistant"}}) == ""
        assert not reply.begun
        assert reply.take({"contentBlockDelta": {"delta": {"text": "so far"}}}) == "so far"
        assert reply.take({"contentBlockDelta": {"delta": {"reasoningContent": {"text": "hm"}}}}) == ""
        for event in events:
            reply.take(event)
        with pytest.raises(IncompleteAnswerError, match=words) as caught:
            reply.whole()
        error = caught.value
        assert (error.text, error.request_id) == ("so far", "r-1")
        assert error.usage == (Usage(10, 4) if account in events else None)
    reply = StreamedReply(MODEL)
    for event in (stop, account):
        reply.take(event)
    assert reply.begun
    assert reply.whole() == Generation("", "end_turn", Usage(10, 4), MODEL)


def client_error(code: str, message: str = "why", retries: int = 0) -> aws.ClientError:
    about = {"RequestId": "r-9", "HTTPStatusCode": 400, "RetryAttempts": retries, "HTTPHeaders": {}, "HostId": ""}
    return aws.ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": about}, "Converse")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            client_error("ThrottlingException", retries=2),
            GenerationError,
            "ThrottlingException: why .*r-9.* after 3 att",
        ),
        (client_error("AccessDeniedException"), GenerationError, "bedrock:InvokeModel"),
        (client_error("BrandNewException"), GenerationError, "BrandNewException: why"),
        (
            client_error("ValidationException", "Invocation with on-demand throughput isn't supported"),
            GenerationError,
            "inference profile",
        ),
        (aws.ParamValidationError(report="temperature too hot"), InputError, "too hot"),
        (aws.NoCredentialsError(), GenerationError, "no AWS credentials"),
        (aws.ReadTimeoutError(endpoint_url="http://x"), GenerationError, "read_timeout"),
        (aws.EndpointConnectionError(endpoint_url="http://x"), GenerationError, "http://x"),
    ],
)
def test_call_errors_say_what_and_what_to_do(error: Exception, kind: type[RagoptError], words: str) -> None:
    ours = of_call(error, MODEL)
    assert type(ours) is kind
    assert str(ours).startswith(MODEL)
    with pytest.raises(kind, match=words):
        raise ours
    if isinstance(error, aws.ClientError):
        assert isinstance(ours, GenerationError)
        assert (ours.code, ours.request_id) == (error.response["Error"]["Code"], "r-9")


def test_stream_errors_know_both_spellings_of_a_code() -> None:
    reply = StreamedReply(MODEL)
    reply.take({"contentBlockDelta": {"delta": {"text": "so far"}}})
    reply.request_id = "r-1"
    for spelling in ("throttlingException", "ThrottlingException"):
        error = client_error(spelling)
        ours = of_stream(error, MODEL, reply)
        assert (ours.code, ours.request_id, ours.text) == ("ThrottlingException", "r-1", "so far")
        assert is_worth_another_try(error)
    assert not is_worth_another_try(client_error("validationException"))
    assert is_worth_another_try(ConnectionResetError())
    assert not is_worth_another_try(TimeoutError())
    assert not is_worth_another_try(aws.ReadTimeoutError(endpoint_url="http://x"))


def test_errors_survive_pickling() -> None:
    whole = IncompleteAnswerError("m", text="so far", usage=Usage(1, 2), code="C", request_id="r")
    again = pickle.loads(pickle.dumps(whole))
    assert (str(again), again.text, again.usage, again.code, again.request_id) == ("m", "so far", Usage(1, 2), "C", "r")


def test_client_has_sound_defaults() -> None:
    config = runtime_client(region="eu-west-1").meta.config
    assert config.region_name == "eu-west-1"
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert config.max_pool_connections == 20
    assert (config.connect_timeout, config.read_timeout, config.tcp_keepalive) == (5.0, 60.0, True)
    other = runtime_client(
        region="eu-west-1", attempts=5, connections=64, connect_timeout=2, read_timeout=300
    ).meta.config
    assert (other.retries["total_max_attempts"], other.max_pool_connections) == (5, 64)
    assert (other.connect_timeout, other.read_timeout) == (2, 300)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"attempts": 0}, "attempts=0"),
        ({"connections": 0}, "connections=0"),
        ({"read_timeout": 0}, "more than 0"),
        ({"connect_timeout": float("inf")}, "finite"),
        ({"endpoint_url": "no url"}, "no url"),
        ({"region": "not a region"}, "not a region"),
    ],
)
def test_client_refuses_impossible_parameters(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        runtime_client(**{"region": "us-east-1", **wrong})


def test_a_missing_region_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(InputError, match="no AWS region: pass region="):
        BedrockGenerator(MODEL).generate("", "p", SETTINGS)


def test_the_callers_client_is_used_untouched() -> None:
    config = Config(region_name="ap-southeast-1", read_timeout=7, retries={"mode": "adaptive", "total_max_attempts": 2})
    client = boto3.client("bedrock-runtime", config=config)
    generator = BedrockGenerator(MODEL, client)
    assert generator.client is client
    meta = generator.client.meta
    assert (meta.region_name, meta.config.read_timeout) == ("ap-southeast-1", 7)
    assert meta.config.retries == {"mode": "adaptive", "total_max_attempts": 2}


def test_missing_boto3_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {name: module for name, module in sys.modules.items() if name.startswith("ragopt.backends.bedrock")}
    for name in kept:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(MissingExtraError, match=r'pip install "ragopt\[bedrock\]"'):
        __import__("ragopt.backends.bedrock")
