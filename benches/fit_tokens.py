"""Fit the token estimate, print its error and coverage on texts that it did not see, and write its rates.

    python -m benches.fit_tokens COUNTS.jsonl.gz LITELLM WORDLLAMA

A line of COUNTS is {"text", "kind", "claude_3_to_4_6", "claude_4_8_and_5"}; LITELLM and WORDLLAMA are as for
benches/token_texts.py, whose counts of our own texts (tests/cases/token_counts.jsonl) are used too. Needs scipy,
tiktoken and tokenizers. Writes python/ragopt/tokens/rates.json.

The rates of the point are non-negative least squares of the relative error. Those of the bounds are quantile
regressions (a linear program each) under which the hard texts must fit: keys, hashes, runs, symbols, other scripts.
Then each bound is widened, where it must be, until 95 % of the texts of every kind are inside when they are held out
(split conformal, five folds). `pooled` is fitted to six tokenizers at once, for models whose own is not known.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog, nnls

from benches.data import ROOT
from benches.token_texts import other_tokenizers
from ragopt._core import TokenRates

Floats = npt.NDArray[np.float64]

RATES = Path(ROOT) / "python" / "ragopt" / "tokens" / "rates.json"
OWN = Path(ROOT) / "tests" / "cases" / "token_counts.jsonl"
CLAUDE = {"claude-4.6": "claude_3_to_4_6", "claude-5": "claude_4_8_and_5"}
FAMILIES = {
    "claude-4.6": ["claude-4.6"],
    "claude-5": ["claude-5"],
    "o200k": ["o200k"],
    "deepseek": ["deepseek"],
    "pooled": ["claude-4.6", "claude-5", "cl100k", "o200k", "deepseek", "llama-2"],
}
SLACK = 2.0  # tokens that a bound has beside its rates: white space that meets when texts are joined costs less
LEVEL, FOLDS = 0.95, 5
# Made strings that the upper bound should cover, but not at the price of all other texts.
SOFT = ["run", "random small letters", "random capitals", "random letters", "consonants", "marks"]
SOFT += ["single letters", "single marks"]
COMMON, KNOWN = 0.80, 0.98  # the shares of English pairs of letters that are not uncommon, and not rare


@dataclass
class Texts:
    """Texts as features, their kinds, and their counts by each tokenizer."""

    kinds: npt.NDArray[np.str_]
    x: Floats
    counts: dict[str, Floats]

    def of(self, tokenizers: Sequence[str]) -> Floats:
        """Counts, a row a tokenizer."""
        return np.array([self.counts[name] for name in tokenizers])


def pairs_of(texts: Sequence[str]) -> tuple[list[int], list[int]]:
    """The pairs of letters that are common and known, by how often these texts have them."""
    seen: Counter[str] = Counter()
    for text in texts:
        low = text.lower()
        seen.update(a + b for a, b in pairwise(low) if "a" <= a <= "z" and "a" <= b <= "z")
    common, known, before, total = [0] * 26, [0] * 26, 0, seen.total()
    for pair, times in seen.most_common():
        first, bit = ord(pair[0]) - 97, 1 << (ord(pair[1]) - 97)
        common[first] |= bit if before < COMMON * total else 0
        known[first] |= bit if before < KNOWN * total else 0
        before += times
    return common, known


def point(x: Floats, y: Floats, hard: Floats, hard_y: Floats, whole: npt.NDArray[np.bool_]) -> Floats:
    """Rates of the point: relative least squares; our own sentences weigh less, made-up strings little."""
    weight = np.concatenate([1 / (y + 5), np.where(whole, 0.4, 0.05) / (hard_y + 5)])
    rows = np.vstack([x, hard]) * weight[:, None]
    return np.asarray(nnls(rows, np.concatenate([y, hard_y]) * weight, maxiter=5000)[0])


def bound(x: Floats, y: Floats, hard: Floats, hard_y: Floats, must: npt.NDArray[np.bool_], side: int) -> Floats:
    """Rates of a bound, side 1 the upper and -1 the lower: 97 % of the texts inside; hard texts cost to leave out."""
    n, m, d = len(y), len(hard_y), x.shape[1]
    weight, worth = 1 / (y + 5), np.where(must, 50.0, 1.0) / (hard_y + 5)
    inside, outside = (0.97, 0.03) if side > 0 else (0.03, 0.97)
    found = linprog(
        np.concatenate([np.zeros(d), inside * weight, outside * weight, worth * (1 if side > 0 else 0.3)]),
        A_eq=np.hstack([x, np.eye(n), -np.eye(n), np.zeros((n, m))]),
        b_eq=y - side * SLACK,
        A_ub=np.hstack([-side * hard, np.zeros((m, 2 * n)), -np.eye(m)]),
        b_ub=-side * (hard_y - side * np.where(hard_y < 12, SLACK, 0)),  # longer ones hold too
        bounds=(0, None),
        method="highs",
    )
    assert found.success, found.message
    return np.asarray(found.x[:d])


def widening(y: Floats, sums: Floats, kinds: npt.NDArray[np.str_], side: int) -> float:
    """The factor by which a bound covers LEVEL of each kind, from texts that it was not fitted on; never inwards."""
    factors = [1.0]
    for kind in sorted(set(kinds)):
        mine = kinds == kind
        scores = np.sort((y[mine] - side * SLACK) / sums[mine])[::side]
        factors.append(float(scores[min(len(scores), ceil((len(scores) + 1) * LEVEL)) - 1]))
    return max(factors) if side > 0 else min(factors)


def family(texts: Texts, own: Texts, tokenizers: Sequence[str]) -> dict[str, list[float]]:
    """The rates of one family; prints what they are worth. The bounds are those of the tokenizer that counts the most
    tokens in a text, and of the one that counts the fewest."""
    x, counts, kinds = texts.x, texts.of(tokenizers), texts.kinds
    most, least = counts.max(axis=0), counts.min(axis=0)
    hard, hard_counts = own.x, own.of(tokenizers)
    hard_most, hard_least = hard_counts.max(axis=0), hard_counts.min(axis=0)
    whole = ~np.isin(own.kinds, sorted(MADE))
    must = ~whole & ~np.isin(own.kinds, SOFT)

    def middle(rows: npt.NDArray[np.bool_]) -> Floats:
        n = len(tokenizers)
        every = np.tile(x[rows], (n, 1)), counts[:, rows].ravel()
        return point(*every, np.tile(hard, (n, 1)), hard_counts.ravel(), np.tile(whole, n))

    fold = np.random.default_rng(0).integers(0, FOLDS, len(x))
    centre, upper, lower = (np.empty(len(x)) for _ in range(3))
    for i in range(FOLDS):
        fit, out = fold != i, fold == i
        centre[out] = x[out] @ middle(fit)
        upper[out] = x[out] @ bound(x[fit], most[fit], hard, hard_most, must, 1)
        lower[out] = x[out] @ bound(x[fit], least[fit], hard, hard_least, must, -1)
    wide, narrow = widening(most, upper, kinds, 1), widening(least, lower, kinds, -1)
    high, low = np.ceil(upper * wide + SLACK), np.maximum(0, np.floor(lower * narrow - SLACK))
    error = np.abs(centre / counts - 1)
    for kind in [*sorted(set(kinds)), ""]:
        mine = kinds == kind if kind else np.full(len(x), True)
        under, over = (most <= high)[mine], (low <= least)[mine]
        print(
            f"| {kind or 'all'} | {mine.sum()} "
            f"| {np.median(error[:, mine]):.1%} | {np.quantile(error[:, mine], 0.95):.1%} | "
            f"{np.mean(under):.1%} | {np.mean(under & over):.1%} | {np.median(high[mine] / most[mine]):.2f} |"
        )
    rates = {
        "point": middle(np.full(len(x), True)),
        "low": np.floor(bound(x, least, hard, hard_least, must, -1) * narrow * 1e4) / 1e4,
        "high": np.ceil(bound(x, most, hard, hard_most, must, 1) * wide * 1e4) / 1e4,
    }
    above = hard_most > np.ceil(hard @ rates["high"] + SLACK)
    print(f"\nupper bound widened by {wide:.3f}, lower by {narrow:.3f}; above the upper bound of our own texts:")
    out = [(above & kind).sum() for kind in (whole, ~whole)]
    print(f"{out[0]} of {whole.sum()} sentences, {out[1]} of {(~whole).sum()} strings:")
    print(f"{dict(Counter(own.kinds[above].tolist()))}\n")
    return {name: [round(float(rate), 4) for rate in row] for name, row in rates.items()}


def thumbs(rows: list[dict[str, Any]]) -> None:
    """Print what the usual ways of counting make of the same texts: their count over the true one."""
    rules: dict[str, Callable[[dict[str, Any]], float]] = {
        "characters / 4": lambda row: len(row["text"]) / 4,
        "bytes / 4": lambda row: len(row["text"].encode()) / 4,
        "words x 1.33": lambda row: len(row["text"].split()) * 1.33,
        "tiktoken cl100k": lambda row: row["cl100k"],
        "tiktoken o200k": lambda row: row["o200k"],
    }
    print("| count over true, median (2.5 % to 97.5 %) | Claude 3 to 4.6 | Claude 4.8 and 5 | texts counted short |")
    print("|---|---|---|--:|")
    for name, rule in rules.items():
        cells, short = [], []
        for family in CLAUDE:
            ratio = np.array([rule(row) / row[family] for row in rows])
            cells.append("{1:.2f} ({0:.2f} to {2:.2f})".format(*np.quantile(ratio, [0.025, 0.5, 0.975])))
            short.append(f"{np.mean(ratio < 1):.0%}")
        print(f"| {name} | {cells[0]} | {cells[1]} | {short[0]}, {short[1]} |")
    print()


MADE: set[str] = set()


def main(counts: str, litellm: str, wordllama: str) -> None:
    with gzip.open(Path(counts), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    made = [json.loads(line) for line in OWN.read_text(encoding="utf-8").splitlines()]
    sentences = json.loads((Path(ROOT) / "benches" / "token_sentences.json").read_text(encoding="utf-8"))
    MADE.update(row["kind"] for row in made if row["kind"] not in sentences)
    english = [row["text"] for row in rows if row["kind"].startswith("English") or row["kind"] == "short question"]
    pairs = pairs_of(english)
    core = TokenRates(pairs, [])
    for row in rows:
        row |= {name: row[column] for name, column in CLAUDE.items()}
    for name, count in other_tokenizers(Path(litellm), Path(wordllama)).items():
        for row in rows:
            row[name] = count(row["text"])

    def texts(of: list[dict[str, object]]) -> Texts:
        return Texts(
            np.array([row["kind"] for row in of]),
            np.array([core.features(str(row["text"])) for row in of], dtype=float),
            {name: np.array([row[name] for row in of], dtype=float) for name in FAMILIES["pooled"]},
        )

    thumbs(rows)
    calibration, own = texts(rows), texts(made)
    rates = {}
    for name, tokenizers in FAMILIES.items():
        print(f"{name}: {', '.join(tokenizers)}\n")
        print("| kind | texts | error, median | 95 % within | under high | inside low to high | high / true |")
        print("|---|--:|--:|--:|--:|--:|--:|")
        rates[name] = {"samples": len(rows), **family(calibration, own, tokenizers)}
    document = {
        "made_by": "python -m benches.fit_tokens COUNTS LITELLM WORDLLAMA",
        "date": datetime.now(UTC).date().isoformat(),
        "counts": "Claude: ctok 1.3.0 (MIT), an unofficial reconstruction; the others: tokenizers in litellm 1.110.2 "
        "and wordllama 0.4.0.post1 (MIT)",
        "texts": dict(Counter(calibration.kinds.tolist())) | {"our own": len(made)},
        "features": TokenRates.names(),
        "slack": SLACK,
        "pairs": pairs,
        "families": rates,
    }
    RATES.write_text(_written(document), encoding="utf-8")
    print(f"written to {RATES.name}")


def _written(document: dict[str, object]) -> str:
    """JSON with each row of numbers on one line."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    out, row = [], ""
    for line in text.splitlines():
        bare = line.strip()
        if row:
            row += bare + (" " if bare.endswith(",") and bare[0] != "]" else "")
            if bare[0] == "]":
                out.append(row)
                row = ""
        elif bare.endswith("[") and bare != '"pairs": [' and bare != '"features": [':
            row = line
        else:
            out.append(line)
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
