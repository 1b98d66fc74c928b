"""Trials: settings measured on one half, by the very search that production uses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
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
from ragopt.pack import pack
from ragopt.protocols import TokenCounter
from ragopt.tuning.path import AlphaPath, Pairing, path_of
from ragopt.types import Budget, Hit, Hits, PackSettings, SearchSettings, TokenCount, Where
from ragopt.types.parameters import Level

__all__ = ["Arm", "Cuts", "HalfSearch", "Sending"]

Floats = npt.NDArray[np.float64]

#: Tokens that the packing adds to each chunk, at most: its marker and separator.
_MARKER = 16


class Sending:
    """What of the first k hits is sent, and its tokens: the pipeline's packing, by `counter` and `settings`.

    Tokens are those of the chunks (title and text), whole, without the few that mark each source: where packing takes
    sentences or trims, they are the most that is sent.
    """

    def __init__(self, counter: TokenCounter, settings: PackSettings) -> None:
        self.settings = settings
        self.method = ""
        self.counter = _Remembering(counter)
        self._known: dict[str, TokenCount] = {}
        self._packed: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}

    @property
    def whole(self) -> bool:
        """Whether chunks that fit all go in as they are: no quota a source, no choice of sentences."""
        return self.settings.per_source is None and self.settings.level is not Level.SENTENCE

    def sent(self, hits: Hits, k: int, question: str) -> tuple[Hit, ...]:
        """The hits that a context of the first `k` holds, best first."""
        first, chosen = hits[:k], self.settings
        if self.whole and sum(self._of(hit).high + _MARKER for hit in first) <= chosen.tokens:
            return first  # all of it fits, so there is nothing to choose
        # What is packed depends on the question and the order alone, and neighboring alphas often agree on that.
        key = question, tuple(hit.id for hit in first)
        ids = self._packed.get(key)
        if ids is None:
            packed = pack(
                hits.keep(first),
                Budget(tokens=chosen.tokens, per_source=chosen.per_source),
                self.counter,
                order=chosen.order,
                form=chosen.form,
                method=chosen.method,
                level=chosen.level,
                trim=chosen.trim,
                question=question,
            )
            ids = self._packed[key] = frozenset(packed.hits.ids)
        return tuple(hit for hit in first if hit.id in ids)

    def most(self, text: str) -> int:
        """The most tokens that a chunk of this text takes in a context."""
        return self.counter.count(text).high + _MARKER

    def tokens(self, hits: Iterable[Hit]) -> int:
        """The tokens of those hits' chunks."""
        return sum(self._of(hit).point for hit in hits)

    def _of(self, hit: Hit) -> TokenCount:
        known = self._known.get(hit.id)
        if known is None:
            known = self._known[hit.id] = self.counter.count(hit.chunk.full_text)
            self.method = known.method
        return known


class _Remembering:
    """A counter that does not count a text again: sweeps meet the same chunks at every alpha and k."""

    def __init__(self, counter: TokenCounter) -> None:
        self.count = lru_cache(maxsize=20_000)(counter.count)


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """What sending the first k hits, as packed, gives and costs, (ks, queries).

    `quality` is a measure of what is sent, `recall` the share of the relevant among it.
    """

    ks: tuple[int, ...]
    quality: Floats
    recall: Floats
    tokens: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One configuration on the held-out half.

    `table` measures the ranking, whatever k is. `recall` and `tokens` (one value a query) are those
    of what is sent, which is what the pipeline packs of the first `k` hits: the share of the relevant
    among it, and its chunks' tokens. `seconds` is what the search of a question took, as measured.
    """

    name: str
    alpha: float | None
    k: int
    table: Table
    recall: Floats
    tokens: Floats
    seconds: float
    shares: Floats | None = None

    @property
    def sent_recall(self) -> Estimate:
        """The mean recall of what is sent."""
        return mean_interval(self.recall, shares=self.shares)

    @property
    def sent_tokens(self) -> Estimate:
        """The mean tokens sent per question."""
        return mean_interval(self.tokens, shares=self.shares)

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
    """One half of the judged queries, and how it is searched.

    Values that it gives are times what each question counts (`Questions.shares`), so that their means, differences and
    tests are weighted ones; those of an `arm` are as they are, and the arm knows the shares.
    """

    index: Searchable
    questions: Questions
    qrels: Qrels
    search: SearchSettings
    unit: Unit
    where: Where | None
    sending: Sending
    step: Callable[[str], None]

    def hits(self, alpha: float | None, k: int) -> list[Hits]:
        """The hits of every question, deep enough for `k` judged units."""
        settings = replace(self.search, alpha=alpha)
        return search_deep(self.index, self.questions, settings, k=k, unit=self.unit, where=self.where)

    def default_alpha(self) -> float:
        """The alpha that is in force where none is given."""
        return next((h.alpha for h in self.hits(None, 1) if h.sides.lexical and h.sides.dense), 0.0)

    def path(self, measure: Measure) -> AlphaPath:
        """The measure over alpha, exactly."""
        self.step("walking alpha")
        assert isinstance(self.index, Pairing)
        return path_of(
            self.index,
            self.questions,
            self.qrels,
            measures=[measure],
            normalizer=self.search.normalizer,
            depth=self.search.depth,
            where=self.where,
            unit=self.unit,
        )

    def scores(self, alpha: float | None, measure: Measure) -> Floats:
        """One value a query."""
        self.step("sweeping alpha" if alpha is not None else "searching")
        return measure.values(self._judged(self.hits(alpha, self.depth(measure)))) * self.questions.shares

    def cuts(self, alpha: float | None, ks: Sequence[int], measure: Measure) -> Cuts:
        """What the first k hits give and cost, for every k of `ks`."""
        self.step("sweeping top-k")
        hits = self.hits(alpha, max(ks))
        quality, recall, tokens = zip(*(self._sent(hits, k, measure) for k in ks), strict=True)
        shares = self.questions.shares
        return Cuts(tuple(ks), *(np.array(values) * shares for values in (quality, recall, tokens)))

    def arm(self, name: str, alpha: float | None, k: int, measures: Sequence[Measure]) -> Arm:
        """The configuration as a whole."""
        self.step("measuring the held-out half")
        started = time.perf_counter()
        hits = self.hits(alpha, max(k, *(self.depth(measure) for measure in measures)))
        seconds = (time.perf_counter() - started) / max(1, len(hits))
        run = Run.of(self.questions.ids, hits, by=self.unit.by, name=name.replace(" ", "-"))
        judged = self._judged(hits)
        matrix = np.column_stack([measure.values(judged) for measure in measures])
        _, recall, tokens = self._sent(hits, k, measures[0])
        shares = None if self.questions.weights is None else self.questions.shares
        table = Table(self.questions.ids, tuple(measures), matrix, run, shares=shares)
        return Arm(name, alpha, k, table, recall, tokens, seconds, shares)

    def depth(self, measure: Measure) -> int:
        """How deep a measure looks: its cutoff, or as far as this search can go."""
        return measure.cutoff or min(measure.depth, self.search.depth)

    def _judged(self, hits: Sequence[Hits]) -> Judged:
        return Judged.of([self.unit.ids(found) for found in hits], [self.qrels[id] for id in self.questions.ids])

    def _sent(self, hits: Sequence[Hits], k: int, measure: Measure) -> tuple[Floats, Floats, Floats]:
        asked = zip(hits, self.questions.texts, strict=True)
        sent = [self.sending.sent(found, k, question) for found, question in asked]
        tokens = np.array([self.sending.tokens(found) for found in sent], dtype=np.float64)
        ids = [self.unit.ids(found) for found in sent]
        judged = Judged.of(ids, [self.qrels[id] for id in self.questions.ids])
        return measure.values(judged), Measure.parse(f"R@{max(k, 1)}").values(judged), tokens
