"""CountTokens over HTTP, against a bedrock-runtime of our own: one that others wrote does not have it."""

from __future__ import annotations

from ragopt.backends.bedrock import runtime_client
from ragopt.pipeline import Pipeline
from ragopt.testing import FakeRetriever
from ragopt.tokens import CountTokens
from ragopt.types import Budget, TokenCount
from tests.services.fake_bedrock import FakeBedrock, Fault

PROFILE = "us.anthropic.claude-haiku-4-5-20251001-v1:0"


def counter(fake: FakeBedrock, model: str = PROFILE, parallel: int = 8) -> CountTokens:
    client = runtime_client(region="us-east-1", endpoint_url=fake.url, connections=parallel)
    return CountTokens(model, client, parallel=parallel)


def test_an_inference_profile_is_counted_by_its_model(fake: FakeBedrock) -> None:
    counted = counter(fake)
    assert counted.count("three little words") == TokenCount(3, 3, 3, f"count_tokens:{PROFILE}")
    ((operation, parameters, _),) = fake.calls
    assert (operation, parameters["modelId"]) == ("CountTokens", PROFILE.removeprefix("us."))
    assert [count.point for count in counted.count_many(["a b", "c", "three little words", "a b"])] == [2, 1, 3, 2]
    assert len(fake.calls) == 3


def test_a_model_that_is_not_counted_is_asked_for_once(fake: FakeBedrock) -> None:
    counts = counter(fake, "us.amazon.nova-lite-v1:0", parallel=1).count_many([f"text {i}" for i in range(20)])
    assert {count.method for count in counts} == {"estimate:pooled (count_tokens: the model is not counted)"}
    assert len(fake.calls) == 1


def test_throttling_is_retried_by_the_sdk_and_then_estimated(fake: FakeBedrock) -> None:
    fake.plan.extend([Fault("ThrottlingException", 429)] * 3)
    counted = counter(fake)
    assert counted.count("some words").method == "estimate:claude-4.6 (count_tokens: ThrottlingException)"
    assert len(fake.calls) == 3
    assert counted.count("some words").exact


def test_a_pipeline_packs_by_the_providers_counts(fake: FakeBedrock) -> None:
    chunks = [f"a bucket holds objects {'and more ' * i}" for i in range(6)]
    context = Pipeline(FakeRetriever(chunks), counter=counter(fake)).retrieve("bucket", budget=Budget(tokens=40))
    assert 0 < context.tokens.high <= 40
    assert context.tokens.method == f"count_tokens:{PROFILE}"
    assert {operation for operation, _, _ in fake.calls} == {"CountTokens"}
