"""The exact alpha path beside numpy and ranx, in one run: `python -m benches.alpha_path [--quick]`.

Cranfield (../shared): nDCG@10 of every question over alpha, from the normalized scores of all its chunks, by the core
and by the same walk in numpy (tests/reference/alpha_path.py, which must find the same), and by ranx's search of a grid
of 11 alphas. Then every measure for every k up to 20, and 1,000 questions of 1,000 made-up candidates, beside a numpy
grid of 101 alphas. One thread; each is timed several times in turn by processor time, and medians are printed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt import _core
from tests.collections.measured import collection, index_of
from tests.reference.alpha_path import walk

Floats = npt.NDArray[np.float64]

K = 10
ALL = [(gauge, k) for gauge in ("nDCG", "R", "P", "RR", "AP", "hit", "tokens") for k in range(1, 21)]


@dataclass(frozen=True, eq=False)
class Task:
    """Questions as the core takes them: normalized scores and grades, a row a question."""

    lexical: list[Floats]
    dense: list[Floats]
    found: list[npt.NDArray[np.uint8]]
    grades: list[npt.NDArray[np.uint32]]
    ideals: list[list[int]]

    @cached_property
    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """The questions one after another, as the core wants them."""
        lengths = [len(one) for one in self.lexical]
        return (
            np.cumsum([0, *lengths], dtype=np.uint64),
            np.concatenate(self.lexical),
            np.concatenate(self.dense),
            np.concatenate([np.arange(n, dtype=np.uint32) for n in lengths]),
            np.concatenate(self.found),
            np.concatenate(self.grades),
            np.full(sum(lengths), 100, dtype=np.uint32),
            np.cumsum([0, *map(len, self.ideals)], dtype=np.uint64),
            np.array([grade for ideal in self.ideals for grade in ideal], dtype=np.uint32),
        )

    def path(self, columns: list[tuple[str, int]]) -> _core.AlphaPath:
        """The core's walk."""
        return _core.AlphaPath(*self.arrays, None, columns, max(k for _, k in columns), 1)

    def walked(self) -> list[tuple[Floats, Floats]]:
        """The same in numpy."""
        questions = zip(self.lexical, self.dense, self.grades, self.ideals, strict=True)
        return [walk(one, other, grades.astype(np.int64), ideal, K) for one, other, grades, ideal in questions]

    def grid(self) -> Floats:
        """nDCG@10 of a grid of 101 alphas in numpy, all candidates of a question at once."""
        discount = 1.0 / np.log2(np.arange(K) + 2)
        alphas = np.linspace(0, 1, 101)[:, None]
        means = np.zeros(101)
        for one, other, grades, ideal in zip(self.lexical, self.dense, self.grades, self.ideals, strict=True):
            scores = alphas * other + (1 - alphas) * one
            top = np.argpartition(-scores, K, axis=1)[:, :K]
            order = np.take_along_axis(top, np.argsort(-np.take_along_axis(scores, top, 1), axis=1), 1)
            best = float((np.array(ideal[:K]) * discount[: len(ideal[:K])]).sum())
            means += (grades[order] * discount).sum(axis=1) / best if best else 0.0
        return means / len(self.lexical)


def cranfield() -> Task:
    """Its questions with all chunks."""
    data, index = collection("cranfield"), index_of("cranfield")
    every = index.pairs(list(data.queries.values()), k=len(index), vectors=data.query_vectors)
    names = [dict(enumerate(index.ids))] * len(every)
    judged = [data.qrels[query] for query in data.queries]
    return Task(
        [of.lexical for of in every],
        [of.dense for of in every],
        [of.found for of in every],
        [
            np.array([max(0, grades.get(of_id[int(o)], 0)) for o in of.ordinals], dtype=np.uint32)
            for of, of_id, grades in zip(every, names, judged, strict=True)
        ],
        [sorted((grade for grade in grades.values() if grade > 0), reverse=True) for grades in judged],
    )


def made_up(questions: int = 1000, candidates: int = 1000, seed: int = 0) -> Task:
    """Two sides that know nothing of each other but which one in a hundred is relevant."""
    rng = np.random.default_rng(seed)
    relevant = rng.random((questions, candidates)) < 0.01
    lexical = rng.gamma(2.0, 1.0, relevant.shape) + relevant * rng.normal(1.5, 1.0, relevant.shape)
    dense = rng.normal(0.3, 0.1, relevant.shape) + relevant * rng.normal(0.1, 0.1, relevant.shape)
    lexical = np.clip(lexical / lexical.max(axis=1, keepdims=True), 0.0, 1.0)
    return Task(
        list(lexical),
        list((dense + 1.0) / 2.0),
        [np.full(candidates, 3, dtype=np.uint8)] * questions,
        list(relevant.astype(np.uint32)),
        [[1] * int(row.sum()) for row in relevant],
    )


def ranx_grid(task: Task) -> Callable[[], Any]:
    """ranx's optimization of a weighted sum on 11 alphas, over the first hundred of each side; it is compiled first."""
    from ranx import Qrels, Run, optimize_fusion

    runs: list[dict[str, dict[str, float]]] = [{}, {}]
    qrels = {}
    for i, (one, other, grades) in enumerate(zip(task.lexical, task.dense, task.grades, strict=True)):
        for run, scores in zip(runs, (one, other), strict=True):
            run[f"q{i}"] = {f"d{place}": float(scores[place]) for place in np.argsort(-scores)[:100]}
        qrels[f"q{i}"] = {f"d{place}": int(grades[place]) for place in np.flatnonzero(grades)} or {"none": 1}
    given = (Qrels(qrels), [Run(run) for run in runs])

    def optimize() -> Any:
        return optimize_fusion(
            *given,
            norm=None,
            method="wsum",
            metric="ndcg@10",
            step=0.1,
            show_progress=False,
            return_optimization_report=False,
        )

    optimize()
    return optimize


def seconds(work: Callable[[], object], rounds: int) -> float:
    """The median of the processor time of a round."""
    took = []
    for _ in range(rounds):
        start = process_time()
        work()
        took.append(process_time() - start)
    return median(took)


def same(task: Task) -> float:
    """The largest difference between the core's values and the twin's, away from crossings."""
    path, alphas, most = task.path([("nDCG", K)]), np.random.default_rng(1).random(100), 0.0
    for i, (starts, values) in enumerate(task.walked()):
        _, ours, levels, _ = path.curve(i, 0)
        apart = np.abs(alphas[:, None] - np.concatenate([starts, ours])).min(axis=1) > 1e-9
        mine = levels[np.searchsorted(ours, alphas, side="right") - 1]
        theirs = values[np.searchsorted(starts, alphas, side="right") - 1]
        most = max(most, float(np.abs(mine - theirs)[apart].max(initial=0.0)))
    return most


def figures(*, quick: bool = False) -> dict[str, float]:
    """Seconds of each, and the largest difference from the twin; `quick` leaves out ranx and the large one."""
    task = cranfield()
    out = {"difference": same(task)}
    ours, theirs = [], []
    for _ in range(3):  # in turn
        ours.append(seconds(lambda: task.path([("nDCG", K)]), 5))
        theirs.append(seconds(task.walked, 1))
    out |= {"cranfield core": median(ours), "cranfield numpy walk": median(theirs)}
    out["cranfield core, 7 measures, k to 20"] = seconds(lambda: task.path(ALL), 3)
    if quick:
        return out
    out["cranfield ranx, 11 alphas"] = seconds(ranx_grid(task), 1)
    large = made_up()
    out["1,000 x 1,000 core"] = seconds(lambda: large.path([("nDCG", K)]), 7)
    out["1,000 x 1,000 numpy, 101 alphas"] = seconds(large.grid, 3)
    return out


def main() -> None:
    """Print the figures and their ratios."""
    found = figures(quick="--quick" in sys.argv)
    print(f"largest difference from the walk in numpy: {found.pop('difference'):.1e}")
    for name, took in found.items():
        base = found["1,000 x 1,000 core" if name.startswith("1,000") else "cranfield core"]
        print(f"{name:<40} {took * 1e3:10.1f} ms {took / base:10.1f} x")


if __name__ == "__main__":
    main()
