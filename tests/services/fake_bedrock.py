"""A bedrock-runtime of our own, for what no emulator does: streams that break, in every way that a stream can.

It checks each request against botocore's model, answers with the words of the last message turned
round, and speaks real event-stream frames. Its tokens are words, and CountTokens counts them for
Claude alone. A test scripts the next answers with `plan`; a request beyond the plan gets a good answer.
"""

from __future__ import annotations

import json
import re
import struct
import sys
import threading
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

_PATH = re.compile(r"/model/(?P<model>.+)/(?P<operation>converse|converse-stream|count-tokens)")
_OPERATIONS = {"converse": "Converse", "converse-stream": "ConverseStream", "count-tokens": "CountTokens"}
_MODEL = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"), "bedrock-runtime")


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One message of application/vnd.amazon.eventstream."""
    head = b"".join(
        struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    message = prelude + head + payload
    return message + struct.pack(">I", zlib.crc32(message))


def event(kind: str, body: dict[str, Any]) -> bytes:
    headers = {":message-type": "event", ":event-type": kind, ":content-type": "application/json"}
    return frame(headers, json.dumps(body).encode())


def exception(code: str, message: str = "injected") -> bytes:
    """An error inside a stream, under its small-lettered code."""
    headers = {":message-type": "exception", ":exception-type": code, ":content-type": "application/json"}
    return frame(headers, json.dumps({"message": message}).encode())


def delta(text: str) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})


START = event("messageStart", {"role": "assistant"})
BLOCK_STOP = event("contentBlockStop", {"contentBlockIndex": 0})
STOP = event("messageStop", {"stopReason": "end_turn"})


def metadata(**usage: int) -> bytes:
    counted = {"inputTokens": 7, "outputTokens": 3, **usage}
    return event("metadata", {"usage": {**counted, "totalTokens": sum(counted.values())}, "metrics": {"latencyMs": 1}})


def good(*pieces: str) -> list[bytes]:
    """The frames of a whole answer."""
    return [START, *(delta(piece) for piece in pieces), BLOCK_STOP, STOP, metadata()]


@dataclass(frozen=True)
class Fault:
    """An error instead of an answer."""

    code: str
    status: int
    message: str = "injected"


@dataclass(frozen=True)
class Reply:
    """A given JSON body, as Converse's answer."""

    body: dict[str, Any]


@dataclass(frozen=True)
class Stream:
    """Given bytes, one HTTP chunk each; then the end: proper, `cut` (the socket closes) or `silent` (nothing more)."""

    frames: Sequence[bytes]
    end: str = "proper"


@dataclass(frozen=True)
class Silence:
    """No answer at all until the server stops or the client goes."""


@dataclass
class FakeBedrock:
    """The running server: `url`, the `calls` it got (operation, parameters, headers), and its `plan`."""

    url: str
    stopped: threading.Event
    plan: deque[Fault | Reply | Stream | Silence] = field(default_factory=deque)
    calls: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    connections: set[int] = field(default_factory=set)

    def reset(self) -> None:
        self.plan.clear()
        self.calls.clear()
        self.connections.clear()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that hangs up is part of the tests
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeBedrock

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        self.fake.connections.add(self.client_address[1])
        body = self.rfile.read(int(self.headers["Content-Length"]))
        match = _PATH.fullmatch(self.path)
        assert match, self.path
        operation = _OPERATIONS[match["operation"]]
        parameters = {"modelId": unquote(match["model"]), **json.loads(body)}
        self.fake.calls.append((operation, parameters, dict(self.headers)))
        report = ParamValidator().validate(parameters, _MODEL.operation_model(operation).input_shape)
        if report.has_errors():
            self._answer(Fault("ValidationException", 400, report.generate_report()))
            return
        try:
            step = self.fake.plan.popleft()
        except IndexError:
            step = _default(operation, parameters)
        self._answer(step)

    def _answer(self, step: Fault | Reply | Stream | Silence) -> None:
        if isinstance(step, Fault):
            self._json(step.status, {"message": step.message}, {"x-amzn-ErrorType": step.code})
        elif isinstance(step, Reply):
            self._json(200, step.body, {})
        elif isinstance(step, Stream):
            self._stream(step)
        else:
            self._wait()

    def _json(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
        payload = json.dumps(body).encode()
        self._head(status, {**headers, "Content-Type": "application/json", "Content-Length": str(len(payload))})
        self.wfile.write(payload)

    def _stream(self, stream: Stream) -> None:
        self._head(200, {"Content-Type": "application/vnd.amazon.eventstream", "Transfer-Encoding": "chunked"})
        for chunk in stream.frames:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.flush()
        if stream.end == "proper":
            self.wfile.write(b"0\r\n\r\n")
        elif stream.end == "silent":
            self._wait()
        else:
            self.close_connection = True

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("x-amzn-RequestId", f"fake-{len(self.fake.calls)}")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _wait(self) -> None:
        self.fake.stopped.wait()
        self.close_connection = True


def _default(operation: str, parameters: dict[str, Any]) -> Reply | Stream | Fault:
    if operation == "CountTokens":
        if not parameters["modelId"].startswith("anthropic."):  # as recorded: inference profiles are refused too
            return Fault("ValidationException", 400, "The provided model doesn't support counting tokens.")
        blocks = parameters["input"]["converse"]["messages"][-1]["content"]
        return Reply({"inputTokens": sum(len(block["text"].split()) for block in blocks)})
    words = parameters["messages"][-1]["content"][-1]["text"].split()[::-1]
    if operation == "ConverseStream":
        return Stream(good(*(f"{word} " for word in words)))
    usage = {"inputTokens": len(words), "outputTokens": len(words), "totalTokens": 2 * len(words)}
    return Reply(converse(" ".join(words), usage))


def converse(text: str, usage: dict[str, int] | None, stop_reason: str = "end_turn", **more: Any) -> dict[str, Any]:
    """The body of a Converse answer; without usage if that is None."""
    content = [{"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"text": text}]
    body = {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": stop_reason, **more}
    return body if usage is None else {**body, "usage": usage, "metrics": {"latencyMs": 1}}


@contextmanager
def fake_bedrock() -> Iterator[FakeBedrock]:
    """The server, in a thread, on a free port of 127.0.0.1."""
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    fake = FakeBedrock(f"http://127.0.0.1:{server.server_port}", threading.Event())
    handler.fake = fake  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
