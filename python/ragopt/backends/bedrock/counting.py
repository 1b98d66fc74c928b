"""CountTokens of bedrock-runtime: the provider's own count of a text, free of charge.

Source: botocore's model of bedrock-runtime (CountTokens) and of bedrock (GetInferenceProfile), 1.44.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from ragopt.backends.bedrock.client import control_client, runtime_client
from ragopt.backends.bedrock.failures import CALL_FAILURES, of_call
from ragopt.errors import GenerationError, InputError, InputTypeError

__all__ = ["TokenCounting", "bare_model"]

_GEOGRAPHY = re.compile(r"^(?:global|apac|[a-z]{2}(?:-[a-z]+)?)\.(?=[a-z0-9-]+\.)")
_PROFILE = re.compile(r"arn:[^:]+:bedrock:[^:]*:\d*:application-inference-profile/[^/]+")


def bare_model(model: str) -> str:
    """The id of the foundation model behind an inference profile's id, or behind an ARN of either.

    CountTokens knows no profiles: it refuses `us.anthropic...` and takes `anthropic...`.
    """
    return _GEOGRAPHY.sub("", model.rpartition("/")[2])


class TokenCounting:
    """Asks CountTokens how many tokens a user's message of one text has. May be shared by threads.

    `model_id` may be that of a model, an inference profile, or an ARN; the model behind an application's
    own profile is asked of GetInferenceProfile, once. A `client` of bedrock-runtime is used as it is;
    without one, `runtime_client` makes it at the first call, in `region` and at `endpoint_url`.
    Raises InputError for a model id that is none.
    """

    def __init__(
        self, model_id: str, client: Any = None, *, region: str | None = None, endpoint_url: str | None = None
    ) -> None:
        if not isinstance(model_id, str) or not model_id.strip():
            raise InputError(f"model_id={model_id!r}: give the id of a Bedrock model, an inference profile, or an ARN")
        if client is not None and (region is not None or endpoint_url is not None):
            raise InputError("region and endpoint_url belong to the client: pass either a client or these")
        if client is not None and not hasattr(client, "count_tokens"):
            raise InputTypeError(f"client is {client!r}: give one of boto3.client('bedrock-runtime')")
        self.model = model_id
        self._client = client
        self._make: Callable[[], Any] = lambda: runtime_client(region=region, endpoint_url=endpoint_url)
        self._counted: str | None = None if _PROFILE.fullmatch(model_id) else bare_model(model_id)
        self._region, self._endpoint_url = region, endpoint_url
        self._lock = threading.Lock()

    def request(self, text: str, model: str) -> dict[str, Any]:
        """The exact request for `text`."""
        message = {"role": "user", "content": [{"text": text}]}
        return {"modelId": model, "input": {"converse": {"messages": [message]}}}

    def tokens(self, text: str) -> int:
        """The tokens of a message of `text`, its frame of a few tokens among them.

        Raises GenerationError, with AWS's code, when the model cannot be counted or the call fails.
        """
        try:
            with self._lock:
                client = self._client = self._client or self._make()
                model = self._counted = self._counted or self._resolved(client)
            found: int = client.count_tokens(**self.request(text, model))["inputTokens"]
        except CALL_FAILURES as error:
            raise of_call(error, self.model, action="bedrock:CountTokens") from error
        return found

    def _resolved(self, client: Any) -> str:
        region = self._region or client.meta.region_name
        control = control_client(region=region, endpoint_url=self._endpoint_url)
        profile = control.get_inference_profile(inferenceProfileIdentifier=self.model)
        models = profile.get("models") or []
        if not models:
            raise GenerationError(f"{self.model}: GetInferenceProfile names no model behind this profile")
        return bare_model(models[0]["modelArn"])
