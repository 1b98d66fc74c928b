"""The provider's own counts, remembered, with an estimate where there are none."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragopt.errors import GenerationError, InputError, InputTypeError
from ragopt.protocols import TokenCounter
from ragopt.tokens.estimate import ByteEstimate
from ragopt.types import TokenCount
from ragopt.types.parameters import whole

if TYPE_CHECKING:
    from ragopt.backends.bedrock import TokenCounting

__all__ = ["CountTokens"]

# Codes that the next text would meet too. Without a code there was no answer at all: no credentials, no network.
_LASTING = {None, "AccessDeniedException", "ExpiredTokenException", "ResourceNotFoundException"}
_LASTING |= {"UnrecognizedClientException"}
_PAUSE = 1000


class CountTokens:
    """A TokenCounter by Bedrock's CountTokens, which is free of charge. May be shared by threads.

    Needs `pip install "ragopt[bedrock]"`. A count is exact (`low == point == high`, method
    `count_tokens:MODEL`) and includes the few tokens that frame a user's message, so the sum over parts
    is on the safe side. `model_id` and `client` are as for BedrockGenerator; an inference profile's id is
    brought to its model's, which alone is counted. Bedrock counts some Claude models and no others.

    Counts are kept by content: the last `remember` in memory, and in the file `path` where one is given
    (a line each, hashes alone), which is read when the counter is made. `count_many` asks for what is
    new, `parallel` texts at a time.

    Where Bedrock does not count, `fallback` does (default: the estimate for the model), and the method
    says why: `estimate:claude-5 (count_tokens: ThrottlingException)`. After a refusal that the next text
    would meet too (no permission, no such model, a model that is not counted), the next 1,000 texts are
    not sent. Raises InputError for a model id or file that cannot be right.
    """

    def __init__(
        self,
        model_id: str,
        client: Any = None,
        *,
        fallback: TokenCounter | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        parallel: int = 8,
        remember: int = 10_000,
        path: str | os.PathLike[str] | None = None,
    ) -> None:
        from ragopt.backends.bedrock import TokenCounting  # needs boto3

        self._provider: TokenCounting = TokenCounting(model_id, client, region=region, endpoint_url=endpoint_url)
        self._fallback = ByteEstimate.for_model(model_id) if fallback is None else fallback
        self._parallel = whole("parallel", parallel, least=1)
        self._remember = whole("remember", remember, least=1)
        self._path = None if path is None else Path(path)
        self._known: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()
        self._refusal, self._paused = "", 0
        if self._path is not None and self._path.exists():
            self._load(self._path)

    @property
    def model(self) -> str:
        """The model that is counted for, as it was given."""
        return self._provider.model

    def count(self, text: str) -> TokenCount:
        """The tokens of `text`."""
        return self.count_many([text])[0]

    def count_many(self, texts: Sequence[str]) -> list[TokenCount]:
        """The tokens of each text, in order. Equal texts are asked for once."""
        for text in texts:
            if not isinstance(text, str):
                raise InputTypeError(f"tokens are counted in text, not in {type(text).__name__}")
        keys = [sha256(f"{self.model}\0{text}".encode("utf-8", "replace")).hexdigest() for text in texts]
        found = self._remembered(keys)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if len(new) == 1 or self._parallel == 1:
            asked = [self._ask(text) for text in new.values()]
        else:
            with ThreadPoolExecutor(min(self._parallel, max(1, len(new)))) as pool:
                asked = list(pool.map(self._ask, new.values()))
        answers: dict[str, int | str] = dict(zip(new, asked, strict=True))
        self._keep({key: answer for key, answer in answers.items() if isinstance(answer, int)})
        answers |= found
        return [self._count(text, answers[key]) for key, text in zip(keys, texts, strict=True)]

    def _count(self, text: str, answer: int | str) -> TokenCount:
        if isinstance(answer, int):
            return TokenCount(answer, answer, answer, f"count_tokens:{self.model}")
        count = self._fallback.count(text)
        method = f"{count.method} (count_tokens: {answer})"
        return TokenCount(count.point, count.low, count.high, method, count.samples)

    def _ask(self, text: str) -> int | str:
        """The count, or why there is none."""
        if not text:
            return 0
        if not text.strip():
            return "a blank text is not counted"
        with self._lock:
            if self._paused:
                self._paused -= 1
                return self._refusal
        try:
            return self._provider.tokens(text.encode("utf-8", "replace").decode())
        except GenerationError as error:
            unsupported = "support counting tokens" in str(error)
            reason = "the model is not counted" if unsupported else error.code or str(error)
            if unsupported or error.code in _LASTING:
                with self._lock:
                    self._refusal, self._paused = reason, _PAUSE
            return reason

    def _remembered(self, keys: Sequence[str]) -> dict[str, int]:
        with self._lock:
            found = {key: self._known[key] for key in keys if key in self._known}
            for key in found:
                self._known.move_to_end(key)
        return found

    def _keep(self, counted: dict[str, int]) -> None:
        if not counted:
            return
        with self._lock:
            self._known |= counted
            while len(self._known) > self._remember:
                self._known.popitem(last=False)
            if self._path is not None:
                with self._path.open("a", encoding="ascii") as file:
                    file.write("".join(f"{key} {tokens}\n" for key, tokens in counted.items()))

    def _load(self, path: Path) -> None:
        lines = path.read_text(encoding="ascii", errors="replace").split("\n")
        for number, line in enumerate(lines[:-1], 1):  # what follows the last line's end was cut off as it was written
            key, _, tokens = line.partition(" ")
            if len(key) != 64 or not tokens.isdecimal():
                raise InputError(f"{path}:{number}: not a line of remembered token counts; name another file")
            self._known[key] = int(tokens)
            self._known.move_to_end(key)
        while len(self._known) > self._remember:
            self._known.popitem(last=False)

    def __repr__(self) -> str:
        return f"CountTokens({self.model!r})"
