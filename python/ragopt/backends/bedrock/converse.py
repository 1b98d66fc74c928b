"""The shapes of Converse: a request from our values, our values from a reply. Pure functions, no vendor.

Source: bedrock-runtime, Converse and ConverseStream, as botocore 1.44 models them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ragopt.errors import IncompleteAnswerError, InputError, InputTypeError
from ragopt.protocols import Content
from ragopt.types import GenerateSettings, Generation, Mark, Usage

__all__ = ["StreamedReply", "read_reply", "request_id_of", "request_of", "usage_of"]


def request_of(model: str, system: Content, prompt: Content, settings: GenerateSettings) -> dict[str, Any]:
    """The exact request, for Converse and ConverseStream alike.

    What the settings leave at None isn't sent, so that the model's own default holds. `max_tokens`
    always is: an unset limit reserves the model's largest answer from the quota. Content blocks are
    sent as they are.
    """
    parts, asked = _blocks("system", system), _blocks("prompt", prompt)
    if not asked:
        raise InputError("the prompt is blank: Bedrock refuses an empty message")
    request: dict[str, Any] = {
        "modelId": model,
        "messages": [{"role": "user", "content": asked}],
        "inferenceConfig": _inference(settings),
    }
    if parts:
        request["system"] = parts
    return request


def _blocks(name: str, content: Content) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"text": content}] if content.strip() else []
    blocks: list[Any] = list(content) if isinstance(content, Sequence) else []
    if not isinstance(content, Sequence) or not all(isinstance(block, Mapping) for block in blocks):
        raise InputTypeError(f"{name} is a {type(content).__name__}: give a string or a list of content blocks")
    return [{**block} for block in blocks]


def _inference(settings: GenerateSettings) -> dict[str, Any]:
    chosen = {
        "maxTokens": settings.max_tokens,
        "temperature": settings.temperature,
        "topP": settings.top_p,
        "stopSequences": list(settings.stop) or None,
    }
    return {name: value for name, value in chosen.items() if value is not None}


def read_reply(reply: Mapping[str, Any], model: str) -> Generation:
    """The Generation of a Converse reply; IncompleteAnswerError if it doesn't say why it ended or what it used."""
    pieces: list[str] = []
    marks: list[Mark] = []
    for block in reply.get("output", {}).get("message", {}).get("content", []):
        cited = block.get("citationsContent", {})
        start = sum(map(len, pieces))
        pieces += [block["text"]] if "text" in block else [part.get("text", "") for part in cited.get("content", [])]
        marks += _marks(start, sum(map(len, pieces)), cited.get("citations", []))
    return _whole("".join(pieces), marks, reply.get("stopReason"), reply, model, request_id_of(reply))


def _marks(start: int, end: int, citations: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """What Bedrock cites for one passage: search results by their place, from 0; ours are numbered from 1."""
    places = [citation.get("location", {}).get("searchResultLocation", {}) for citation in citations]
    return [
        Mark(start, end, (place["searchResultIndex"] + 1,) if "searchResultIndex" in place else ()) for place in places
    ]


class StreamedReply:
    """A ConverseStream reply as it arrives: feed it every event, then ask for the whole."""

    def __init__(self, model: str) -> None:
        self.begun = False
        self.request_id: str | None = None
        self._model = model
        self._pieces: list[str] = []
        self._citations: dict[int, list[Mapping[str, Any]]] = {}
        self._spans: dict[int, tuple[int, int]] = {}
        self._length = 0
        self._stop_reason: str | None = None
        self._metadata: Mapping[str, Any] = {}

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._pieces)

    @property
    def usage(self) -> Usage | None:
        """What the provider counted, once it has said so."""
        return usage_of(self._metadata["usage"]) if self._metadata.get("usage") else None

    def take(self, event: Mapping[str, Any]) -> str:
        """The text that this event adds, often none. `begun` turns true with the first sign of a model's work."""
        self.begun = self.begun or not event.keys() <= {"messageStart", "contentBlockStart"}
        if "contentBlockDelta" in event:
            at = event["contentBlockDelta"].get("contentBlockIndex", 0)
            delta = event["contentBlockDelta"].get("delta", {})
            if "citation" in delta:
                self._citations.setdefault(at, []).append(delta["citation"])
            return self._add(at, str(delta.get("text", "")))
        if "messageStop" in event:
            self._stop_reason = event["messageStop"].get("stopReason")
        elif "metadata" in event:
            self._metadata = event["metadata"]
        return ""

    def _add(self, block: int, piece: str) -> str:
        if piece:
            start = self._spans.get(block, (self._length, 0))[0]
            self._pieces.append(piece)
            self._length += len(piece)
            self._spans[block] = (start, self._length)
        return piece

    def whole(self) -> Generation:
        """The Generation; IncompleteAnswerError unless both messageStop and metadata have come."""
        marks = [
            mark
            for block, citations in sorted(self._citations.items())
            for mark in _marks(*self._spans.get(block, (self._length, self._length)), citations)
        ]
        return _whole(self.text, marks, self._stop_reason, self._metadata, self._model, self.request_id)


def usage_of(counted: Mapping[str, Any]) -> Usage:
    """A TokenUsage as ours. Bedrock's inputTokens leaves the cached ones out, and so does `Usage.input`."""
    return Usage(
        input=counted["inputTokens"],
        output=counted["outputTokens"],
        cache_read=counted.get("cacheReadInputTokens", 0),
        cache_write=counted.get("cacheWriteInputTokens", 0),
    )


def request_id_of(response: Mapping[str, Any]) -> str | None:
    """AWS's name of the call, to be quoted to AWS support."""
    request_id: str | None = response.get("ResponseMetadata", {}).get("RequestId")
    return request_id


def _whole(
    text: str,
    marks: Sequence[Mark],
    stop_reason: str | None,
    account: Mapping[str, Any],
    model: str,
    request_id: str | None,
) -> Generation:
    usage = usage_of(account["usage"]) if account.get("usage") else None
    if stop_reason is None or usage is None:
        absent = [name for name, value in (("stop reason", stop_reason), ("usage", usage)) if value is None]
        raise IncompleteAnswerError(
            f"{model}: the answer ended early: no {' and no '.join(absent)} came (request {request_id}). What did come "
            f"is in .text: ask again",
            text=text,
            usage=usage,
            request_id=request_id,
        )
    served = account.get("trace", {}).get("promptRouter", {}).get("invokedModelId") or model
    return Generation(text, stop_reason, usage, served, tuple(marks))
