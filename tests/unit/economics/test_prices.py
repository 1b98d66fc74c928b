"""Prices: exact, by class of token, and never 0 for what is not known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ragopt.economics import DEFAULT_MODEL, Price, cost, price, prices
from ragopt.errors import InputError, UnknownNameError
from ragopt.types import Usage


def row(**rates: Decimal) -> Price:
    return Price("m", Decimal(3), Decimal(15), date(2026, 1, 2), "a test", **rates)


def test_the_row_is_dated_and_sourced() -> None:
    default = price()
    assert default.model == DEFAULT_MODEL and default == price(DEFAULT_MODEL)
    assert default.input_per_million > 0 and default.output_per_million > 0
    assert date(2026, 1, 1) < default.as_of and "1.110.2" in default.source


def test_each_class_of_token_at_its_own_rate() -> None:
    usage = Usage(input=1000, output=200, cache_read=5000, cache_write=300)
    full = row(cache_read_per_million=Decimal("0.3"), cache_write_per_million=Decimal("3.75"))
    expected = (1000 * Decimal(3) + 200 * Decimal(15) + 5000 * Decimal("0.3") + 300 * Decimal("3.75")) / 1_000_000
    assert cost(usage, full).dollars == expected == Decimal("0.008625")
    assert cost(usage, full).model == "m" and "2026-01-02" in cost(usage, full).source
    assert cost(Usage(0, 0), row()).dollars == 0
    assert cost(Usage(1, 0), row()).dollars == Decimal("0.000003")


def test_cached_tokens_without_a_rate_are_refused() -> None:
    with pytest.raises(InputError, match="5 cache_read tokens"):
        cost(Usage(1, 1, cache_read=5), row(cache_write_per_million=Decimal(1)))
    with pytest.raises(InputError, match="7 cache_write tokens"):
        cost(Usage(1, 1, cache_write=7), row())


def test_an_unknown_model_is_an_error_and_not_free() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'us.amazon.nova-lite-v1:0'"):
        price("us.amazon.nova-light-v1:0")
    with pytest.raises(UnknownNameError, match="make a Price"):
        price("acme.model")


def test_a_row_is_found_by_the_id_or_the_arn() -> None:
    profile = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    row = price(f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{profile}")
    assert row == price(profile)
    assert (row.input_per_million, row.output_per_million) == (Decimal("1.1"), Decimal("5.5"))
    assert row.cache_read_per_million == Decimal("0.11")
    # What two packages do not agree on has no row: one reads this id as the global price, one as the regional.
    with pytest.raises(UnknownNameError):
        price("anthropic.claude-sonnet-5-5")


def test_rows_are_sane() -> None:
    rows = [price(model) for model in prices._rows()]
    assert len(rows) > 100
    for one in rows:
        assert 0 < one.input_per_million <= one.output_per_million
        assert one.cache_read_per_million is None or one.cache_read_per_million < one.input_per_million
        assert one.cache_write_per_million is None or one.cache_write_per_million >= one.input_per_million


@pytest.mark.parametrize("bad", [0.5, 3, "3", Decimal(-1), Decimal("NaN"), None])
def test_rates_are_decimals(bad: object) -> None:
    with pytest.raises(InputError, match="Decimal"):
        Price("m", bad, Decimal(1), date(2026, 1, 1), "a test")  # type: ignore[arg-type]
