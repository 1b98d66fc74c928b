"""A counter by its name."""

from __future__ import annotations

import os
from typing import Any

from ragopt.errors import InputError, UnknownNameError
from ragopt.protocols import TokenCounter
from ragopt.tokens.counted import CountTokens
from ragopt.tokens.estimate import ByteEstimate

__all__ = ["COUNTERS", "counter_of"]

COUNTERS = ("estimate", "count_tokens", "tokenizers")
"""The ways to count tokens."""


def counter_of(
    name: str = "estimate",
    *,
    model: str | None = None,
    tokenizer: str | os.PathLike[str] | None = None,
    **options: Any,
) -> TokenCounter:
    """The counter of this name: `estimate` (offline), `count_tokens` (Bedrock's) or `tokenizers` (a file's).

    `model` is the Bedrock model that is counted for: `count_tokens` needs it, and `estimate` takes its
    family from it. `tokenizer` is the path of a tokenizer.json, for `tokenizers`. The rest goes to
    CountTokens. Raises UnknownNameError for another name, InputError for what does not belong together.
    """
    if name not in COUNTERS:
        raise UnknownNameError.of("token counter", name, COUNTERS)
    if (tokenizer is None) == (name == "tokenizers"):
        raise InputError(
            f"counter {name!r} with tokenizer={tokenizer!r}: 'tokenizers' needs a file, the others take none"
        )
    if options and name != "count_tokens":
        raise InputError(f"counter {name!r} takes no {', '.join(sorted(options))}: that is for 'count_tokens'")
    if tokenizer is not None:
        from ragopt.backends.tokenizer_file import TokenizerFile  # needs the tokenizers library

        return TokenizerFile(tokenizer)
    if name == "estimate":
        return ByteEstimate() if model is None else ByteEstimate.for_model(model)
    if model is None:
        raise InputError("counter 'count_tokens' needs model=, the id of a Bedrock model")
    return CountTokens(model, **options)
