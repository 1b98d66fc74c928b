"""What learning from usage gives, and how long counting takes: `python -m benches.tokens COUNTS.jsonl.gz`.

COUNTS is as for benches/fit_tokens.py. Prompts are six to ten of its texts of one kind, billed for the sum of their
true counts and a frame of 7 tokens. The counter learns from 50 of them and is judged on 200 others, ten times over.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import time
from pathlib import Path
from statistics import mean, median

from ragopt.tokens import ByteEstimate, LearningCounter
from ragopt.types import TokenCount

ROUNDS, TAUGHT, JUDGED = 10, 50, 200
SIZES, WHOLES = (1000, 3000), 200
COLUMNS = {"claude-4.6": "claude_3_to_4_6", "claude-5": "claude_4_8_and_5"}


def learning(rows: list[dict[str, object]], family: str, pooled: bool) -> None:
    base = ByteEstimate("pooled" if pooled else family)
    for kind in sorted({str(row["kind"]) for row in rows}):
        mine = [(str(row["text"]), int(str(row[COLUMNS[family]]))) for row in rows if row["kind"] == kind]
        before, after = [], []
        for seed in range(ROUNDS):
            draw = random.Random(seed)
            counter = LearningCounter(base)
            for number in range(TAUGHT + JUDGED):
                chosen = draw.sample(mine, draw.randint(6, 10))
                prompt, true = "\n\n".join(text for text, _ in chosen), 7 + sum(tokens for _, tokens in chosen)
                if number < TAUGHT:
                    counter.learn([prompt], true)
                else:
                    before.append((base.count(prompt), true))
                    after.append((counter.count(prompt), true))
        print(f"| {kind} | {base.family} for {family} | {_figures(before)} | {_figures(after)} |")


def wholes(rows: list[dict[str, object]]) -> dict[tuple[str, int], tuple[float, float]]:
    """By kind and size: how many contexts, texts of one kind joined up to about so many tokens, are under `high`, and
    the median of high over true, where the true count is the sum of the texts' and a token for each break."""
    counter, draw, found = ByteEstimate(), random.Random(0), {}
    for kind in sorted({str(row["kind"]) for row in rows}):
        mine = [(str(row["text"]), int(str(row[COLUMNS["claude-5"]]))) for row in rows if row["kind"] == kind]
        for size in SIZES:
            count = max(2, round(size / mean(tokens for _, tokens in mine)))
            ratios = []
            for _ in range(WHOLES):
                chosen = draw.sample(mine, min(count, len(mine)))
                true = sum(tokens for _, tokens in chosen) + len(chosen) - 1
                ratios.append(counter.count("\n\n".join(text for text, _ in chosen)).high / true)
            found[kind, size] = mean(ratio >= 1 for ratio in ratios), median(ratios)
    return found


def _figures(judged: list[tuple[TokenCount, int]]) -> str:
    error = median(abs(count.point / true - 1) for count, true in judged)
    under = mean(true <= count.high for count, true in judged)
    return f"{error:.1%} | {under:.1%} | {median(count.high / true for count, true in judged):.2f}"


def speed(rows: list[dict[str, object]]) -> None:
    texts = [str(row["text"]) for row in rows if 600 < len(str(row["text"])) < 1600][:200]
    counter, best = ByteEstimate(), float("inf")
    for _ in range(100):
        start = time.perf_counter()
        for text in texts:
            counter.count(text)
        best = min(best, time.perf_counter() - start)
    print(
        f"\n{len(texts)} chunks of {mean(map(len, texts)):.0f} characters: {best * 1000:.2f} ms, the best of 100 rounds"
    )


def main(path: str) -> None:
    with gzip.open(Path(path), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    print("| kind | estimate | error | under high | high / true | error, learnt | under high | high / true |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    learning(rows, "claude-5", pooled=False)
    learning(rows, "claude-5", pooled=True)
    print("\n| kind | tokens | under high | high / true |\n|---|--:|--:|--:|")
    for (kind, size), (under, ratio) in wholes(rows).items():
        print(f"| {kind} | {size:,} | {under:.1%} | {ratio:.2f} |")
    speed(rows)


if __name__ == "__main__":
    main(sys.argv[1])
