"""Trials: settings measured on one half, by the very search that production uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.evaluation import (
    Estimate,
    Judged,
    Measure,
    Qrels,
    Questions,
    Run,
    Searchable,
    Table,
    Unit,
    mean_interval,
    search_deep,
)
from ragopt.protocols import TokenCounter
from ragopt.types import Filter, Hit, Hits, SearchSettings

__all__ = ["Arm", "Cuts", "HalfSearch", "Tokens"]

Floats = npt.NDArray[np.float64]


class Tokens:
    """Tokens of chunks as `counter` counts them (title and text), each chunk counted once."""

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter
        self._known: dict[str, int] = {}
        self.method = ""

    def of(self, hit: Hit) -> int:
        """The tokens of one hit's chunk."""
        known = self._known.get(hit.id)
        if known is None:
            count = self._counter.count(hit.chunk.full_text)
            self.method = count.method
            known = self._known[hit.id] = count.point
        return known


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """What sending the first k hits gives and costs: recall and tokens, (ks, queries)."""

    ks: tuple[int, ...]
    recall: Floats
    tokens: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One configuration on the held-out half.

    `table` measures the ranking, whatever k is. `recall` and `tokens` (one value a query) are those
    of the first `k` hits, which are what is sent: the share of the relevant among them, and the
    tokens of their chunks before packing.
    """

    name: str
    alpha: float | None
    k: int
    table: Table
    recall: Floats
    tokens: Floats

    @property
    def sent_recall(self) -> Estimate:
        """The mean recall of what is sent."""
        return mean_interval(self.recall)

    @property
    def sent_tokens(self) -> Estimate:
        """The mean tokens sent per question."""
        return mean_interval(self.tokens)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "alpha": self.alpha,
            "k": self.k,
            "measures": {name: estimate.to_dict() for name, estimate in self.table.estimates.items()},
            "recall_of_sent": self.sent_recall.to_dict(),
            "tokens_per_question": self.sent_tokens.to_dict(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class HalfSearch:
    """One half of the judged queries, and how it is searched."""

    index: Searchable
    questions: Questions
    qrels: Qrels
    search: SearchSettings
    unit: Unit
    where: Filter | None
    tokens: Tokens
    step: Callable[[str], None]

    def hits(self, alpha: float | None, k: int) -> list[Hits]:
        """The hits of every question, deep enough for `k` judged units."""
        settings = replace(self.search, alpha=alpha)
        return search_deep(self.index, self.questions, settings, k=k, unit=self.unit, where=self.where)

    def scores(self, alpha: float | None, measure: Measure) -> Floats:
        """One value a query."""
        self.step("sweeping alpha" if alpha is not None else "searching")
        return measure.values(self._judged(self.hits(alpha, self.depth(measure))))

    def cuts(self, alpha: float | None, ks: Sequence[int]) -> Cuts:
        """Recall and tokens of the first k hits, for every k of `ks`."""
        self.step("sweeping top-k")
        hits = self.hits(alpha, max(ks))
        recall, tokens = zip(*(self._sent(hits, k) for k in ks), strict=True)
        return Cuts(tuple(ks), np.array(recall), np.array(tokens))

    def arm(self, name: str, alpha: float | None, k: int, measures: Sequence[Measure]) -> Arm:
        """The configuration as a whole."""
        self.step("measuring the held-out half")
        hits = self.hits(alpha, max(k, *(self.depth(measure) for measure in measures)))
        run = Run.of(self.questions.ids, hits, by=self.unit.by, name=name.replace(" ", "-"))
        judged = self._judged(hits)
        matrix = np.column_stack([measure.values(judged) for measure in measures])
        recall, tokens = self._sent(hits, k)
        return Arm(name, alpha, k, Table(self.questions.ids, tuple(measures), matrix, run), recall, tokens)

    def depth(self, measure: Measure) -> int:
        """How deep a measure looks: its cutoff, or as far as this search can go."""
        return measure.cutoff or min(measure.depth, self.search.depth)

    def _judged(self, hits: Sequence[Hits]) -> Judged:
        return Judged.of([self.unit.ids(found) for found in hits], [self.qrels[id] for id in self.questions.ids])

    def _sent(self, hits: Sequence[Hits], k: int) -> tuple[Floats, Floats]:
        sent = [found[:k] for found in hits]
        tokens = np.array([sum(self.tokens.of(hit) for hit in found) for found in sent], dtype=np.float64)
        ids = [self.unit.ids(found) for found in sent]
        judged = Judged.of(ids, [self.qrels[id] for id in self.questions.ids])
        return Measure.parse(f"R@{max(k, 1)}").values(judged), tokens
