"""What replaying settings saves against rerunning them, and that both send the same: `python -m benches.replay`.

The questions of a collection under so many settings (drawn as a tuner meets them: one field changed at a time). Rerun
is `Pipeline.retrieve` of every question under each; replay is one `ragopt.tuning.Replay` of all, its scoring passes
counted in. Each settings is measured by one and then by the other, in turns; texts are counted once by both.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from benches.data import collection
from ragopt.index import Index
from ragopt.pipeline import Pipeline
from ragopt.tokens import ByteEstimate
from ragopt.tuning import LEVERS, Replay
from ragopt.tuning.replay import CountedOnce
from ragopt.tuning.space import dimensions, with_value
from ragopt.types import Context, Query, Settings

__all__ = ["Saved", "measure"]


@dataclass(frozen=True)
class Saved:
    """Seconds (clock, CPU) of all settings by rerunning and by replay, and how many contexts were not equal."""

    rerun: tuple[float, float]
    replay: tuple[float, float]
    settings: int
    passes: int
    contexts: int
    unequal: int

    def __str__(self) -> str:
        ratio = [mine / theirs for mine, theirs in zip(self.rerun, self.replay, strict=True)]
        rows = [
            f"{self.settings} settings, {self.contexts:,} contexts, {self.unequal} of them not equal",
            f"rerun   {self.rerun[0]:8.2f} s  {self.rerun[1]:8.2f} s of CPU",
            f"replay  {self.replay[0]:8.2f} s  {self.replay[1]:8.2f} s of CPU, {self.passes} scoring passes among it",
            f"ratio   {ratio[0]:8.1f}    {ratio[1]:8.1f}",
        ]
        return "\n".join(rows)


def measure(name: str, settings: int, questions: int | None = None) -> Saved:
    """The collection of that name under so many settings."""
    data = collection(name)
    index = Index.build(data.documents, vectors=data.vectors, analyzer="english")
    texts = dict(islice(data.queries.items(), questions))
    rows = data.query_vectors[: len(texts)] if data.query_vectors is not None else None
    counter = CountedOnce(ByteEstimate())
    replay = Replay(index, texts, vectors=rows, counter=ByteEstimate())
    asked = [Query(text, vector=None if rows is None else rows[i]) for i, text in enumerate(texts.values())]
    spent = [[0.0, 0.0], [0.0, 0.0]]
    unequal = contexts = 0
    for chosen in drawn(settings):
        pipeline = Pipeline(index, chosen, counter=counter)
        again = _timed(lambda pipeline=pipeline: [pipeline.retrieve(query) for query in asked], spent[0])  # type: ignore[misc]
        replayed = _timed(lambda chosen=chosen: replay.contexts(chosen), spent[1])  # type: ignore[misc]
        contexts += len(again)
        unequal += sum(
            (one.text, one.tokens) != (two.text, two.tokens) for one, two in zip(again, replayed, strict=True)
        )
    return Saved(_pair(spent[0]), _pair(spent[1]), settings, replay.passes, contexts, unequal)


def drawn(count: int) -> list[Settings]:
    """So many settings, one field of the levers after another at another value."""
    base = Settings()
    made = dimensions(list(LEVERS), base, (3, 5, 8, 20))
    fields = cycle([(d.name, value) for d in made if d.name not in ("search.k1", "search.b") for value in d.values[1:]])
    return [base, *(with_value(base, name, value) for name, value in islice(fields, count - 1))]


def _timed(work: Callable[[], Sequence[Context]], spent: list[float]) -> Sequence[Context]:
    clock, cpu = time.perf_counter(), time.process_time()
    done = work()
    spent[0] += time.perf_counter() - clock
    spent[1] += time.process_time() - cpu
    return done


def _pair(spent: list[float]) -> tuple[float, float]:
    return spent[0], spent[1]


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collections", nargs="+", default=["cranfield", "vaswani"], metavar="NAME")
    parser.add_argument("--settings", type=int, default=30, help="how many (default: 30)")
    parser.add_argument("--questions", type=int, default=50, help="how many at most (default: 50)")
    args = parser.parse_args()
    for name in args.collections:
        print(name, measure(name, args.settings, args.questions), sep="\n", flush=True)


if __name__ == "__main__":
    main()
