"""Prices of model tokens: dated rows, with their source."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from importlib import resources

from ragopt.errors import InputError, UnknownNameError
from ragopt.types import Cost, Usage

__all__ = ["DEFAULT_MODEL", "Price", "cost", "price"]

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens of one model, on demand, as read on the day `as_of`.

    Cached tokens have rates of their own (`cache_write_per_million`: kept for five minutes). None
    says that the row does not know the rate: such a call is refused, never priced at 0.
    """

    model: str
    input_per_million: Decimal
    output_per_million: Decimal
    as_of: date
    source: str
    cache_read_per_million: Decimal | None = None
    cache_write_per_million: Decimal | None = None

    def __post_init__(self) -> None:
        names = ("input", "output", "cache_read", "cache_write")
        for name in (f"{name}_per_million" for name in names):
            value = getattr(self, name)
            if value is None and name.startswith("cache"):
                continue
            # A float would carry its binary error into every bill.
            if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
                raise InputError(f"Price({name}={value!r}): give a Decimal of 0 or more, as in Decimal('2.50')")


DEFAULT_MODEL = "global.anthropic.claude-sonnet-5-5"
"""The model whose price stands for all until the caller names another."""


def price(model: str = DEFAULT_MODEL) -> Price:
    """The price row of `model`: a Bedrock model id, an inference profile's id, or an ARN of either.

    Rows are on-demand prices on which two packages agree (prices.json says which, and of what day). Raises
    UnknownNameError for a model without a row: make your own `Price` for it.
    """
    rows = _rows()
    row = rows.get(model) or rows.get(model.rpartition("/")[2])
    if row is None:
        near = get_close_matches(model, rows, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnknownNameError(
            f"there is no price row for {model!r}.{hint} {len(rows)} models have one; for another, make a Price"
        )
    return row


@cache
def _rows() -> dict[str, Price]:
    document = json.loads(resources.files("ragopt.economics").joinpath("prices.json").read_text(encoding="utf-8"))
    as_of = date.fromisoformat(document["as_of"])
    rows = {}
    for model, texts in document["models"].items():
        rates = dict(zip(document["columns"], (None if text is None else Decimal(text) for text in texts), strict=True))
        named = {f"{name}_per_million": rate for name, rate in rates.items()}
        rows[model] = Price(model=model, as_of=as_of, source=document["source"], **named)
    return rows


def cost(usage: Usage, price: Price) -> Cost:
    """The dollars of one call, each class of tokens at its own rate, exact in Decimal.

    Raises InputError when the usage holds cached tokens and the row has no rate for them.
    """
    dollars = usage.input * price.input_per_million + usage.output * price.output_per_million
    for name, tokens in (("cache_read", usage.cache_read), ("cache_write", usage.cache_write)):
        if not tokens:
            continue
        rate = getattr(price, f"{name}_per_million")
        if rate is None:
            raise InputError(
                f"{tokens} {name} tokens of {price.model!r} cannot be priced: its row ({price.source}) has no such "
                f"rate; make a Price with {name}_per_million"
            )
        dollars += tokens * rate
    return Cost(dollars / _MILLION, price.model, f"{price.source} (prices of {price.as_of.isoformat()})")
