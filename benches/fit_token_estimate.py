"""Fit the token estimate's coefficients and print its error: `python benches/fit_token_estimate.py COUNTS.jsonl.gz`.

A line of COUNTS is {"text", "kind", "claude_3_to_4_6", "claude_4_8_and_5"}. Needs scipy. The rates of
the rare features are not fitted (too few such texts): they were set by hand, see ragopt.tokens.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from ragopt.tokens import FAMILIES, ByteEstimate
from ragopt.tokens.estimate import RARE_FROM, RATES
from ragopt.tokens.features import FEATURES, features

COLUMNS = {"claude-4.6": "claude_3_to_4_6", "claude-5": "claude_4_8_and_5"}


def fit(x: np.ndarray, y: np.ndarray, rare: np.ndarray) -> np.ndarray:
    """Non-negative least squares of the relative error, with the rates of the rare features fixed."""
    weight = 1 / (y + 5)
    free, _ = nnls(x[:, :RARE_FROM] * weight[:, None], (y - x[:, RARE_FROM:] @ rare) * weight)
    return np.concatenate([free, rare])


def main(path: str) -> None:
    with gzip.open(Path(path), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    x = np.array([features(row["text"]) for row in rows], dtype=float)
    fold = np.random.default_rng(0).integers(0, 5, len(rows))
    for family in FAMILIES:
        y = np.array([row[COLUMNS[family]] for row in rows], dtype=float)
        rare = np.array(RATES[family][RARE_FROM:])
        held_out = np.empty(len(rows))
        for i in range(5):
            held_out[fold == i] = x[fold == i] @ fit(x[fold != i], y[fold != i], rare)
        error = np.abs(held_out / y - 1)
        print(f"{family}: held-out error median {np.median(error):.1%}, 95 % within {np.quantile(error, 0.95):.1%}")
        for name, rate, now in zip(FEATURES, fit(x, y, rare), RATES[family], strict=True):
            print(f"    {rate:.3f}  (in the code {now:.3f})  {name}")
        counter = ByteEstimate(family)
        inside = defaultdict(list)
        for row, true in zip(rows, y, strict=True):
            count = counter.count(row["text"])
            inside[row["kind"]].append(count.low <= true <= count.high)
        for kind, flags in sorted(inside.items()):
            print(f"    {np.mean(flags):.1%} of {len(flags)} inside the bounds: {kind}")


if __name__ == "__main__":
    main(sys.argv[1])
