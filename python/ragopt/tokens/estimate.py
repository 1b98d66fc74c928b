"""An offline estimate of model tokens, with bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ragopt._core import TokenRates
from ragopt.errors import InputTypeError, UnknownNameError
from ragopt.types import TokenCount

__all__ = ["FAMILIES", "POOLED", "ByteEstimate", "family_of"]

FAMILIES = ("claude-4.6", "claude-5", "o200k", "deepseek", "pooled")
"""Tokenizer families: `claude-4.6` is Claude 3 to 4.6; `claude-5` is Claude 4.7, 4.8 and 5; `o200k` is OpenAI's open
models'; `pooled` spans these and two more, for models whose tokenizer is not known."""

POOLED = "pooled"

_CLAUDE = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_SURROGATES = re.compile("[\ud800-\udfff]")


def family_of(model: str) -> str:
    """The tokenizer family of a Bedrock model id, inference profile id or ARN; `pooled` when it is not known."""
    if not isinstance(model, str):
        raise InputTypeError(f"a model is named by a string, not by {type(model).__name__}")
    if version := _CLAUDE.search(model):
        major, minor = int(version[1]), int(version[2] or 0)
        return "claude-4.6" if (major, minor) <= (4, 6) else "claude-5"
    if "openai.gpt-oss" in model:
        return "o200k"
    return "deepseek" if "deepseek." in model else POOLED


class ByteEstimate:
    """A TokenCounter that looks at the characters alone: no vendor, no network, the same everywhere.

    At least 95 % of the texts of each kind that it was calibrated on lie between `low` and `high` when
    they are held out, and 98 % are under `high`; for one family, the point is 3 to 4 % off in the median
    and within 15 % for 95 % of them (docs/tokens.md has the table; `pooled` is much wider). Keys, hashes,
    runs of one character and other scripts are under `high` too. Words that English does not have, such
    as Zulu's or those without blanks between, can be above it. The provider's own count is the truth.

    Joined by white space, texts never have a higher `high` than the sum of theirs, nor a lower one than
    any of them; the empty text has 0 tokens. `samples` is how many counts the family was calibrated on.

    The newer Claude family's `high` covers the older one's as well, which is why it is the default.
    Raises UnknownNameError for a family that is not in FAMILIES.
    """

    def __init__(self, family: str = "claude-5") -> None:
        if family not in FAMILIES:
            raise UnknownNameError.of("tokenizer family", family, FAMILIES)
        self._family = family
        self._method = f"estimate:{family}"
        self._fitted = _fitted(family)

    @classmethod
    def for_model(cls, model: str) -> ByteEstimate:
        """The estimate for a Bedrock model id, inference profile id or ARN: `pooled` when its family is not known."""
        return cls(family_of(model))

    @property
    def family(self) -> str:
        """The tokenizer family that is estimated."""
        return self._family

    def count(self, text: str) -> TokenCount:
        """The tokens of `text`: point, low and high; method `estimate:FAMILY`."""
        return self.count_many([text])[0]

    def count_many(self, texts: Sequence[str]) -> list[TokenCount]:
        """The tokens of each text, in order."""
        method, samples = self._method, self._fitted.samples
        columns = zip(*self.bounds(texts), strict=True)
        return [TokenCount(point, low, high, method, samples) for point, low, high in columns]

    def bounds(self, texts: Sequence[str]) -> tuple[list[int], list[int], list[int]]:
        """The points, lows and highs of these texts: `count_many` without an object for each."""
        for text in texts:
            if not isinstance(text, str):
                raise InputTypeError(f"tokens are counted in text, not in {type(text).__name__}")
        try:
            return self._fitted.rates.bounds(texts, self._fitted.slack)
        except UnicodeEncodeError:  # half a surrogate pair, which UTF-8 cannot hold: a tokenizer gets a sign for it
            cleaned = [_SURROGATES.sub("\ufffd", text) for text in texts]
            return self._fitted.rates.bounds(cleaned, self._fitted.slack)

    def __reduce__(self) -> tuple[type[ByteEstimate], tuple[str]]:
        return ByteEstimate, (self._family,)  # the rates are read again where it is unpickled

    def __repr__(self) -> str:
        return f"ByteEstimate({self._family!r})"


@dataclass(frozen=True, slots=True)
class _Fitted:
    rates: TokenRates
    slack: float
    samples: int


@cache
def _fitted(family: str) -> _Fitted:
    """What benches/fit_tokens.py found for the family. The file says from which counts."""
    document = json.loads(resources.files("ragopt.tokens").joinpath("rates.json").read_text(encoding="utf-8"))
    mine = document["families"][family]
    common, known = document["pairs"]
    rates = TokenRates((common, known), [mine["point"], mine["low"], mine["high"]])
    return _Fitted(rates, document["slack"], mine["samples"])
