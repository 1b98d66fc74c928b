"""BedrockGenerator against ministack, an emulator that others wrote: the wire as they read AWS's documentation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config

from ragopt import Document, Index
from ragopt.backends.bedrock import BedrockGenerator, runtime_client
from ragopt.errors import GenerationError, InputError
from ragopt.labels import judge_labels, synthetic_labels
from ragopt.pipeline import Pipeline
from ragopt.testing import FakeRetriever
from ragopt.types import Answer, GenerateSettings, Generation, Status

pytestmark = pytest.mark.service

MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
SETTINGS = GenerateSettings(max_tokens=64, temperature=0.2, top_p=0.9, stop=("END",))


@pytest.fixture
def model(ministack_url: str) -> BedrockGenerator:
    return BedrockGenerator(MODEL, region="us-east-1", endpoint_url=ministack_url)


def test_converse(model: BedrockGenerator) -> None:
    reply = model.generate("Answer from the sources.", "Sources:\n\n[1] a\n\nQuestion: why?", SETTINGS)
    assert reply.text
    assert reply.stop_reason == "end_turn"
    assert reply.model == MODEL
    assert reply.usage.input > 0
    assert reply.usage.output > 0
    assert not reply.usage.estimated


def test_converse_stream_ends_with_the_whole(model: BedrockGenerator) -> None:
    *pieces, whole = model.stream("Answer from the sources.", "why?", SETTINGS)
    assert isinstance(whole, Generation)
    assert pieces
    assert "".join(str(piece) for piece in pieces) == whole.text != ""
    assert whole.usage.output > 0
    plain = model.generate("Answer from the sources.", "why?", SETTINGS)
    assert (whole.stop_reason, whole.model, whole.usage.input) == (plain.stop_reason, plain.model, plain.usage.input)


def test_longer_prompts_use_more_tokens(model: BedrockGenerator) -> None:
    short = model.generate("", "why?", SETTINGS).usage
    long = model.generate("", "why? " * 500, SETTINGS).usage
    assert long.input > short.input + 400


@pytest.mark.parametrize("call", ["generate", "stream"])
def test_a_model_of_another_region_is_refused_with_aws_words(ministack_url: str, call: str) -> None:
    arn = "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"
    model = BedrockGenerator(arn, region="us-east-1", endpoint_url=ministack_url)
    with pytest.raises(GenerationError, match=f"ValidationException.*{arn}") as caught:
        list(getattr(model, call)("", "p", SETTINGS))
    assert caught.value.code == "ValidationException"


def test_the_region_of_the_callers_client_holds(ministack_url: str) -> None:
    arn = "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"
    config = Config(connect_timeout=3, read_timeout=9)
    client = boto3.client("bedrock-runtime", region_name="eu-west-1", endpoint_url=ministack_url, config=config)
    model = BedrockGenerator(arn, client)
    assert model.generate("", "p", SETTINGS).model == arn
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (3, 9)


def test_sixty_four_calls_at_once_share_one_client(ministack_url: str) -> None:
    model = BedrockGenerator(MODEL, runtime_client(region="us-east-1", endpoint_url=ministack_url, connections=64))
    with ThreadPoolExecutor(64) as pool:
        replies = list(pool.map(lambda i: model.generate("", f"question {i}", SETTINGS), range(64)))
        whole = list(pool.map(lambda i: list(model.stream("", f"question {i}", SETTINGS))[-1], range(64)))
    assert all(reply.text and reply.stop_reason == "end_turn" for reply in replies)
    assert [item.text for item in whole if isinstance(item, Generation)] == [reply.text for reply in replies]


def test_a_question_goes_through_the_pipeline(model: BedrockGenerator) -> None:
    chunks = ["A bucket holds objects. The limit is 100 buckets.", "A function runs code."]
    pipeline = Pipeline(FakeRetriever(chunks), generator=model)
    answer = pipeline.answer("what is the limit of buckets?")
    assert answer.status is Status.OK
    assert answer.text
    assert answer.citations[0].id == "0"
    assert answer.usage is not None
    assert answer.usage.input > 0
    assert answer.trace.spans[-1].details["stop_reason"] == "end_turn"
    *pieces, whole = pipeline.stream("what is the limit of buckets?")
    assert isinstance(whole, Answer)
    assert "".join(str(piece) for piece in pieces) == whole.text == answer.text


def test_chatter_is_never_a_label(model: BedrockGenerator) -> None:
    """The emulator answers with plain words: calls go out, and none becomes a question or a grade."""
    index = Index.build([Document("d", "A bucket holds objects, and its owner may share them with others. " * 4)])
    with pytest.raises(InputError, match="not one question came of 1 requests: the reply is"):
        synthetic_labels(index, model, 1)
    with pytest.raises(InputError, match="not one of 1 pairs was graded: the reply is"):
        judge_labels(index, {"q": "who may share objects?"}, model)
