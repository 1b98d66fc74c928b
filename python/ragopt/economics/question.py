"""What one question costs, as a function of the context that is sent with it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any

from ragopt.economics.prices import Price
from ragopt.errors import InputError

__all__ = ["QuestionCost"]

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class QuestionCost:
    """The price of a question's tokens by class, and the time that the model takes to read them.

    The context is input that differs from question to question, so it is never cached. Beside it come
    `prompt` tokens of uncached input (the question, what else changes), `cached` tokens that are read
    from the prompt cache (instructions and tools that never change) and `output` tokens of the answer;
    all are 0 unless given, so that only the context is priced. `seconds_per_1000` is the time to the
    first token for every 1,000 tokens of context, as you measured it on your model; 0 leaves it out.

    Raises InputError for a negative number, and for cached tokens whose rate the price row does not know.
    """

    price: Price
    prompt: int = 0
    cached: int = 0
    output: int = 0
    seconds_per_1000: float = 0.0

    def __post_init__(self) -> None:
        for name in ("prompt", "cached", "output"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise InputError(f"QuestionCost({name}={value!r}): give a whole number of tokens, 0 or more")
        seconds = self.seconds_per_1000
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not isfinite(seconds) or seconds < 0:
            raise InputError(f"QuestionCost(seconds_per_1000={seconds!r}): give seconds, 0 or more")
        if self.cached and self.price.cache_read_per_million is None:
            raise InputError(
                f"{self.cached} cached tokens of {self.price.model!r} cannot be priced: its row ({self.price.source}) "
                f"has no such rate; make a Price with cache_read_per_million"
            )

    def dollars(self, tokens: float) -> Decimal:
        """US dollars of one question that is sent with `tokens` of context (a mean may be no whole number)."""
        row = self.price
        spent = (Decimal(repr(float(tokens))) + self.prompt) * row.input_per_million
        spent += self.output * row.output_per_million
        if self.cached and row.cache_read_per_million is not None:
            spent += self.cached * row.cache_read_per_million
        return spent / _MILLION

    def tokens_for(self, dollars: Decimal) -> float:
        """The tokens of context that a question may hold at that price; below 0 where the rest alone costs more."""
        left = dollars - self.dollars(0.0)
        if self.price.input_per_million == 0:
            return float("inf") if left >= 0 else -1.0
        return float(left * _MILLION / self.price.input_per_million)

    def seconds(self, tokens: float) -> float:
        """The time that the model takes to read that context."""
        return self.seconds_per_1000 * tokens / 1000.0

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the rates with their source, and the tokens beside the context."""
        row = self.price
        cached = row.cache_read_per_million
        return {
            "model": row.model,
            "input_per_million": str(row.input_per_million),
            "output_per_million": str(row.output_per_million),
            "cache_read_per_million": None if cached is None else str(cached),
            "as_of": row.as_of.isoformat(),
            "source": row.source,
            "prompt_tokens": self.prompt,
            "cached_tokens": self.cached,
            "output_tokens": self.output,
            "seconds_per_1000_tokens": self.seconds_per_1000,
        }
