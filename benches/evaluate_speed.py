"""Measuring 10,000 queries of 1,000 hits beside ranx, in the same run: `python -m benches.evaluate_speed`.

Both are given runs and judgements in their own form, made before the clock starts; ranx is compiled before (a warm-up
call). The rounds alternate; medians of clock and CPU time are printed, and that the means are equal.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ragopt.evaluation import Qrels, Run, score_run

__all__ = ["Speed", "measure"]

MEASURES = {"nDCG@10": "ndcg@10", "R@100": "recall@100", "RR@10": "mrr@10", "AP": "map"}


@dataclass(frozen=True)
class Speed:
    """Seconds by clock and by CPU of both (medians), and the largest difference of a mean."""

    ours: tuple[float, float]
    theirs: tuple[float, float]
    difference: float

    @property
    def ratio(self) -> float:
        return self.theirs[0] / self.ours[0]


def measure(queries: int = 10_000, hits: int = 1_000, rounds: int = 3, seed: int = 0) -> Speed:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ranx import Qrels as TheirQrels
        from ranx import Run as TheirRun
        from ranx import evaluate as their_evaluate

        run, qrels = made(queries, hits, seed)
        ours, judged = Run({q: list(found.items()) for q, found in run.items()}), Qrels(qrels)
        their_run, their_qrels = TheirRun(run), TheirQrels(qrels)

        def theirs() -> dict[str, float]:
            return their_evaluate(their_qrels, their_run, list(MEASURES.values()), make_comparable=False)

        theirs()
        times: list[list[tuple[float, float]]] = [[], []]
        for _ in range(rounds):
            table, taken = timed(lambda: dict(score_run(ours, judged, list(MEASURES))))
            times[0].append(taken)
            means, taken = timed(theirs)
            times[1].append(taken)
    difference = max(abs(table[name] - means[other]) for name, other in MEASURES.items())
    mine, other_times = (tuple(statistics.median(part) for part in zip(*rows, strict=True)) for rows in times)
    return Speed(mine, other_times, difference)  # type: ignore[arg-type]


def made(queries: int, hits: int, seed: int) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, int]]]:
    """Runs with scores all different, and ten judgements a query, most of them found."""
    rng = np.random.default_rng(seed)
    run, qrels = {}, {}
    for query in range(queries):
        ids = [f"d{i}" for i in rng.choice(hits * 4, size=hits, replace=False).tolist()]
        run[f"q{query}"] = dict(zip(ids, np.linspace(10.0, 1.0, hits).tolist(), strict=True))
        places = (rng.random(9) ** 2 * hits).astype(int).tolist()
        qrels[f"q{query}"] = {ids[place]: int(rng.integers(1, 4)) for place in places} | {"absent": 1}
    return run, qrels


def timed(call: Callable[[], dict[str, float]]) -> tuple[dict[str, float], tuple[float, float]]:
    clock, cpu = time.perf_counter(), time.process_time()
    value = call()
    return value, (time.perf_counter() - clock, time.process_time() - cpu)


def main() -> None:
    speed = measure()
    print("10,000 queries x 1,000 hits, nDCG@10, R@100, RR@10 and AP; medians of 3 alternated rounds")
    print(f"ragopt  {speed.ours[0]:6.3f} s by clock  {speed.ours[1]:6.3f} s of CPU")
    print(f"ranx    {speed.theirs[0]:6.3f} s by clock  {speed.theirs[1]:6.3f} s of CPU   {speed.ratio:.1f} x ours")
    print(f"largest difference of a mean: {speed.difference:.1e}")


if __name__ == "__main__":
    main()
