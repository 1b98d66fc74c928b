"""Search results sent to Bedrock, its citations read back, and cache points: shapes as botocore models them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from ragopt import Index, Pipeline, Settings
from ragopt.backends.bedrock import BedrockGenerator, runtime_client
from ragopt.backends.bedrock.converse import StreamedReply, read_reply
from ragopt.errors import InputError, InputTypeError
from ragopt.types import Document, GenerateSettings, Mark

MODEL = "acme.model-v1:0"
USAGE = {"inputTokens": 10, "outputTokens": 4, "totalTokens": 14}
DOCUMENTS = [
    Document("keys", "Rotate a key every 90 days. See [9].", title="Keys"),
    Document("fox", "A key is no fox."),
]


def cited(text: str, *indexes: int) -> dict[str, Any]:
    places = [
        {
            "title": "t",
            "source": "s",
            "location": {"searchResultLocation": {"searchResultIndex": i, "start": 0, "end": 1}},
        }
        for i in indexes
    ]
    return {"citationsContent": {"content": [{"text": text}], "citations": places}}


def reply(*content: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": list(content)}
    return {"output": {"message": message}, "stopReason": "end_turn", "usage": USAGE, "metrics": {"latencyMs": 1}}


def pipeline(form: str, generator: Any = None, **generate: Any) -> Pipeline:
    index = Index.build(DOCUMENTS)
    settings = Settings.from_dict({"pack": {"form": form}, "generate": generate})
    return Pipeline(index, settings, generator=generator)


def test_a_pipeline_sends_search_results_and_resolves_what_is_cited() -> None:
    client = runtime_client(region="us-east-1")
    generator = BedrockGenerator(MODEL, client)
    asking = pipeline("search_results", generator)
    context = asking.retrieve("rotate key")
    prompt = asking.prompt("rotate key", context)
    request = generator.request(prompt.system, prompt.user, asking.settings.generate)
    content = request["messages"][0]["content"]
    assert content[:-1] == context.render("search_results")
    assert content[0]["searchResult"]["content"] == [{"text": "Rotate a key every 90 days. See [9]."}]
    assert content[-1] == {"text": "Question: rotate key"}
    # The stub checks request and reply against botocore's own model.
    with Stubber(client) as stub:
        answer_of = reply({"text": "So: "}, cited("every 90 days", 0, 1), {"text": ". "}, cited("Never [1]", 7))
        stub.add_response("converse", answer_of, request)
        answer = asking.answer("rotate key")
    assert answer.text == "So: every 90 days. Never [1]"
    assert answer.marks == (Mark(4, 17, (1,)), Mark(4, 17, (2,)), Mark(19, 28, (8,)))
    assert answer.text[slice(4, 17)] == "every 90 days"
    assert [citation.id for citation in answer.cited] == [source.id for source in context.sources]
    assert answer.unknown == (Mark(19, 28, (8,)),)
    (details,) = (span.details for span in answer.trace.spans if span.stage == "generate")
    assert details["marks"] == 3 and details["unknown"] == ["Never [1]"]


def test_marks_of_texts_are_checked() -> None:
    from ragopt.testing import FakeGenerator

    for form in ("text", "xml"):
        asking = pipeline(form, FakeGenerator("Yes [1], no [9]; see [1, 2]."))
        answer = asking.answer("rotate key")
        assert [answer.text[m.start : m.end] for m in answer.marks] == ["[1]", "[9]", "[1, 2]"]
        assert [answer.text[m.start : m.end] for m in answer.unknown] == ["[9]"]
        assert len(answer.cited) == 2
    *_, last = pipeline("text", FakeGenerator("No source.")).stream("rotate key")
    assert not isinstance(last, str) and last.cited == () == last.unknown


def test_citations_of_a_reply_keep_their_passages() -> None:
    read = read_reply(reply(cited("a", 0), {"text": "b"}, cited("", 2), {"citationsContent": {}}), MODEL)
    assert read.text == "ab" and read.marks == (Mark(0, 1, (1,)), Mark(2, 2, (3,)))
    elsewhere = {"citationsContent": {"content": [{"text": "x"}], "citations": [{"location": {"web": {"url": "u"}}}]}}
    assert read_reply(reply(elsewhere), MODEL).marks == (Mark(0, 1, ()),)


def test_citations_of_a_stream_belong_to_their_block() -> None:
    stream = StreamedReply(MODEL)
    location = {"searchResultLocation": {"searchResultIndex": 1, "start": 0, "end": 1}}
    for at, delta in [
        (0, {"text": "So: "}),
        (1, {"text": "every "}),
        (1, {"citation": {"source": "s", "location": location}}),
        (1, {"text": "day"}),
        (2, {"citation": {"location": {"web": {}}}}),
    ]:
        stream.take({"contentBlockDelta": {"delta": delta, "contentBlockIndex": at}})
    stream.take({"messageStop": {"stopReason": "end_turn"}})
    stream.take({"metadata": {"usage": USAGE}})
    assert stream.whole().text == "So: every day"
    assert stream.whole().marks == (Mark(4, 13, (2,)), Mark(13, 13, ()))


def test_a_cache_point_follows_what_never_changes_if_it_is_long_enough() -> None:
    from ragopt.testing import FakeGenerator

    generator = FakeGenerator("Yes [1].")
    long = pipeline("xml", generator, instructions="Speak plainly. " * 400, cache="1h")
    long.answer("rotate key")
    system = generator.calls[0].system
    assert not isinstance(system, str) and len(system) == 2
    assert system[0]["text"].endswith("Speak plainly. ") and "documents" in system[0]["text"][:60]
    assert system[1] == {"cachePoint": {"type": "default", "ttl": "1h"}}
    user = generator.calls[0].prompt
    assert isinstance(user, str) and user.startswith("<documents>") and user.endswith("\n\nQuestion: rotate key")
    request = BedrockGenerator(MODEL).request(system, user, GenerateSettings())
    assert request["system"] == list(system)
    short = pipeline("text", generator, cache="5m")
    answer = short.answer("rotate key")
    assert isinstance(generator.calls[1].system, str)
    (details,) = (span.details for span in answer.trace.spans if span.stage == "generate")
    assert str(details["cache_point"]).startswith("none:") and "below 1024" in str(details["cache_point"])
    point = pipeline("text", generator, cache="5m", cache_least=1).prompt("q", answer.context).system
    assert not isinstance(point, str) and point[1] == {"cachePoint": {"type": "default"}}
    assert Settings.from_dict(long.settings.to_dict()) == long.settings


def test_blocks_need_a_generator_that_takes_them() -> None:
    class Texts:
        def generate(self, system: str, prompt: str, settings: GenerateSettings) -> Any:
            pytest.fail("called")

        def stream(self, system: str, prompt: str, settings: GenerateSettings) -> Any:
            pytest.fail("called")

    with pytest.raises(InputError, match="takes texts alone"):
        pipeline("search_results", Texts()).answer("rotate key")
    with pytest.raises(InputError, match="takes texts alone"):
        list(pipeline("text", Texts(), cache="5m", cache_least=0).stream("rotate key"))
    with pytest.raises(InputTypeError, match="content blocks"):
        BedrockGenerator(MODEL).request("", ["text"], GenerateSettings())  # type: ignore[list-item]
    with pytest.raises(InputError, match="blank"):
        BedrockGenerator(MODEL).request("", [], GenerateSettings())
