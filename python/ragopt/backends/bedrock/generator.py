"""A model on Amazon Bedrock as a Generator."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from ragopt.backends.bedrock.client import runtime_client
from ragopt.backends.bedrock.converse import StreamedReply, read_reply, request_id_of, request_of
from ragopt.backends.bedrock.failures import CALL_FAILURES, STREAM_FAILURES, is_worth_another_try, of_call, of_stream
from ragopt.errors import IncompleteAnswerError, InputError, InputTypeError
from ragopt.protocols import Content
from ragopt.types import GenerateSettings, Generation

__all__ = ["BedrockGenerator"]

_SDK_ATTEMPTS = 3  # botocore's own default, for a client that doesn't say


class BedrockGenerator:
    """Answers by Converse and ConverseStream. One object may be shared by threads.

    `model_id` is whatever Converse takes: the id of a model or inference profile, or an ARN; a model in
    the settings of a call goes before it. A `client` of bedrock-runtime is used as it is: its region,
    time-outs, retries and pool are the caller's. Without one, `runtime_client` makes it at the first
    call, in `region` and at `endpoint_url`.

    Errors keep AWS's code and request id. Calls are retried by the SDK alone. A stream is asked for
    again, at most as often as the client's attempts allow, only while nothing of the answer has come.

    System and prompt are texts or content blocks as Converse has them. Search results are cited beside the
    text, in `Generation.marks`; whether a model takes them is AWS's to say (Claude does), in a
    ValidationException. A cache point that is too early for the model is ignored by AWS without a word.
    """

    takes_blocks = True

    def __init__(
        self, model_id: str, client: Any = None, *, region: str | None = None, endpoint_url: str | None = None
    ) -> None:
        if not isinstance(model_id, str) or not model_id.strip():
            raise InputError(f"model_id={model_id!r}: give the id of a Bedrock model, an inference profile, or an ARN")
        if client is not None and (region is not None or endpoint_url is not None):
            raise InputError("region and endpoint_url belong to the client: pass either a client or these")
        if client is not None and not (hasattr(client, "converse") and hasattr(client, "converse_stream")):
            raise InputTypeError(f"client is {client!r}: give one of boto3.client('bedrock-runtime')")
        self.model = model_id
        self._client = client
        self._make: Callable[[], Any] = lambda: runtime_client(region=region, endpoint_url=endpoint_url)
        self._lock = threading.Lock()

    @property
    def client(self) -> Any:
        """The boto3 client: the caller's own, or the one made at the first call."""
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client

    def request(self, system: Content, prompt: Content, settings: GenerateSettings) -> dict[str, Any]:
        """The exact request that `generate` and `stream` send; nothing is sent, and no client is needed."""
        return request_of(settings.model or self.model, system, prompt, settings)

    def generate(self, system: Content, prompt: Content, settings: GenerateSettings) -> Generation:
        """The whole reply, with the usage that Bedrock counted. Raises GenerationError or InputError."""
        request = self.request(system, prompt, settings)
        try:
            reply = self.client.converse(**request)
        except CALL_FAILURES as error:
            raise of_call(error, request["modelId"]) from error
        return read_reply(reply, request["modelId"])

    def stream(self, system: Content, prompt: Content, settings: GenerateSettings) -> Iterator[str | Generation]:
        """Pieces of text as they arrive, then the whole.

        Raises GenerationError or InputError before the first piece, and IncompleteAnswerError with
        the text so far when the stream breaks or ends without saying why and what it used.
        """
        request = self.request(system, prompt, settings)
        model, attempts = request["modelId"], self._attempts()
        for attempt in range(1, attempts + 1):
            reply = StreamedReply(model)
            try:
                yield from self._pieces(request, reply)
                whole = reply.whole()
            except IncompleteAnswerError:
                if reply.begun or attempt == attempts:
                    raise
            except STREAM_FAILURES as error:
                if reply.begun or attempt == attempts or not is_worth_another_try(error):
                    raise of_stream(error, model, reply) from error
            else:
                yield whole
                return
            _wait(attempt)

    def _pieces(self, request: dict[str, Any], reply: StreamedReply) -> Iterator[str]:
        try:
            response = self.client.converse_stream(**request)
        except CALL_FAILURES as error:  # the SDK has made its attempts: these aren't ours to repeat
            raise of_call(error, request["modelId"]) from error
        reply.request_id = request_id_of(response)
        with closing(response["stream"]) as events:
            for event in events:
                piece = reply.take(event)
                if piece:
                    yield piece

    def _attempts(self) -> int:
        retries = self.client.meta.config.retries or {}
        attempts: int = retries.get("total_max_attempts", _SDK_ATTEMPTS)
        return attempts


def _wait(attempt: int) -> None:
    """Full jitter, as between the SDK's attempts: up to 1 s, 2 s, 4 s, ..., 20 s."""
    time.sleep(random.uniform(0.0, min(2.0 ** (attempt - 1), 20.0)))  # noqa: S311 - spreads load, guards nothing
