"""Exact token counts by a tokenizer's own file: any `tokenizer.json` of the tokenizers library.

Needs `pip install "ragopt[tokenizers]"`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ragopt.errors import InputError, InputTypeError, MissingExtraError
from ragopt.types import TokenCount

try:
    from tokenizers import Tokenizer
except ModuleNotFoundError as error:
    raise MissingExtraError.of("A tokenizer's file", "tokenizers") from error

__all__ = ["TokenizerFile"]


class TokenizerFile:
    """A TokenCounter by a `tokenizer.json`: exact, so `low == point == high`; may be shared by threads.

    Counted is the text alone, without the special tokens that a model's template puts around it. The
    method is `tokenizers:NAME`, NAME being the file's, or its folder's where the file has the usual
    name. What the file says about cutting and padding is not applied: every token counts.
    Raises InputError when the file is missing or is no tokenizer.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        file = Path(path)
        if not file.is_file():
            raise InputError(f"{file}: no such tokenizer file; give the path of a tokenizer.json")
        try:
            self._tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises no other kind
            raise InputError(f"{file}: not a tokenizer.json of the tokenizers library: {error}") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.path = file
        name = file.absolute().parent.name if file.name == "tokenizer.json" else file.stem
        self._method = f"tokenizers:{name}"

    def count(self, text: str) -> TokenCount:
        """The tokens of `text`, exact."""
        return self.count_many([text])[0]

    def count_many(self, texts: Sequence[str]) -> list[TokenCount]:
        """The tokens of each text, exact, in order; counted in parallel."""
        for text in texts:
            if not isinstance(text, str):
                raise InputTypeError(f"tokens are counted in text, not in {type(text).__name__}")
        # UTF-8 cannot hold half a surrogate pair: a tokenizer gets a sign for it.
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        found = self._tokenizer.encode_batch(clean, add_special_tokens=False)
        return [TokenCount(size, size, size, self._method) for size in map(len, found)]

    def __repr__(self) -> str:
        return f"TokenizerFile({str(self.path)!r})"
