"""Write python/ragopt/economics/prices.json: `python -m benches.prices LITELLM`, with genai-prices 0.2.3 installed.

LITELLM is the folder of the package litellm 1.110.2 (MIT; an unpacked wheel will do). A row is a chat model of Bedrock,
on demand, at standard speed, whose input and output rates are the same in both packages, to the last digit. A cached
rate stands where both have the same one. Models that have ended, or whose rate depends on the prompt's length, are left
out: those have no row, and no row is an error for whoever asks.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from genai_prices import Usage, calc_price

from benches.data import ROOT

OUT = Path(ROOT) / "python" / "ragopt" / "economics" / "prices.json"
AS_OF = "2026-11-25"
COLUMNS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
}
TOKENS = 1000


def here(row: dict[str, Any]) -> dict[str, Decimal | None]:
    """Dollars per million tokens, as litellm has them."""
    return {name: None if row.get(key) is None else Decimal(repr(row[key])) * 10**6 for name, key in COLUMNS.items()}


def there(model: str) -> dict[str, Decimal | None] | None:
    """The same as genai-prices has them, by what it bills for a thousand tokens; None for a model it does not know."""

    def billed(**tokens: int) -> Decimal:
        return calc_price(Usage(**tokens), model_ref=model, provider_id="aws").total_price

    try:
        plain = billed(input_tokens=TOKENS, output_tokens=0)
        rates = {"input": plain, "output": billed(input_tokens=0, output_tokens=TOKENS)}
        rates["cache_read"] = billed(input_tokens=TOKENS, output_tokens=0, cache_read_tokens=TOKENS)
        rates["cache_write"] = billed(input_tokens=TOKENS, output_tokens=0, cache_write_tokens=TOKENS)
    except LookupError:
        return None
    return {name: rate * 10**6 / TOKENS for name, rate in rates.items()}


def written(rate: Decimal | None) -> str | None:
    return None if rate is None else format(rate.quantize(Decimal("0.000001")).normalize(), "f")


def main(litellm: str) -> None:
    table = json.loads((Path(litellm) / "model_prices_and_context_window_backup.json").read_text(encoding="utf-8"))
    rows, unknown, different = {}, [], []
    for model, row in sorted(table.items()):
        chat = row.get("mode") == "chat" and row.get("litellm_provider") in ("bedrock", "bedrock_converse")
        ended = row.get("deprecation_date", "9999") <= AS_OF
        if not chat or ended or "/" in model or "." not in model or any("_above_" in k and "hr" not in k for k in row):
            continue
        ours, theirs = here(row), there(model)
        if theirs is None:
            unknown.append(model)
        elif [written(ours[name]) for name in ("input", "output")] != [written(theirs[n]) for n in ("input", "output")]:
            different.append(f"{model}: {ours['input']} and {theirs['input']:f}")
        else:
            rows[model] = [written(ours[n]) if written(ours[n]) == written(theirs[n]) else None for n in COLUMNS]
    lines = ",\n".join(f"  {json.dumps(model)}: {json.dumps(rates)}" for model, rates in rows.items())
    head = {
        "made_by": "python -m benches.prices LITELLM",
        "as_of": AS_OF,
        "source": "AWS price lists as carried alike by litellm 1.110.2 (MIT) and genai-prices 0.2.3 (MIT)",
        "unit": "US dollars per million tokens, on demand",
        "columns": list(COLUMNS),
    }
    OUT.write_text(json.dumps(head, indent=1)[:-2] + f',\n "models": {{\n{lines}\n }}\n}}\n', encoding="utf-8")
    print(f"{len(rows)} rows; {len(unknown)} only in litellm; {len(different)} differ:")
    print("\n".join(different))


if __name__ == "__main__":
    main(sys.argv[1])
