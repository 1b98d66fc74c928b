"""All rules of the pruning stage in their order, and what each of them decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError
from ragopt.protocols import TokenCounter, Vectors
from ragopt.prune.diverse import facility_location, mmr
from ragopt.prune.duplicates import drop_duplicates
from ragopt.prune.relevance import relevance
from ragopt.prune.rules import above_share, before_gap, worth_their_tokens
from ragopt.prune.threshold import prune
from ragopt.tokens import points
from ragopt.types import Hit, Hits, PruneSettings, Reason, Threshold

__all__ = ["Decision", "Pruned", "VectorsOf", "decide"]

#: The vectors of chunks by their ids, a row each, zeros where one is missing; None: there are none.
VectorsOf = Callable[[Sequence[str]], Vectors | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """What one rule did: how many hits it saw and kept, and why, in words."""

    rule: str
    seen: int
    kept: int
    why: str


@dataclass(frozen=True, slots=True)
class Pruned:
    """The hits that are left, and the decisions that led there, in order.

    `relevance` holds the probability of each hit that is left, where a rule asked for it.
    """

    hits: Hits
    decisions: tuple[Decision, ...]
    relevance: npt.NDArray[np.float64] | None = None


def decide(
    hits: Hits,
    settings: PruneSettings,
    *,
    counter: TokenCounter,
    min_score: float | Threshold | None = None,
    k: int | None = None,
    vectors: VectorsOf | None = None,
) -> Pruned:
    """Apply `min_score`, `min_relevance`, `duplicates`, `relative`, `gap`, `per_token`, one of `mmr` and
    `facility_location`, `per_part`, and `k`, in this order.

    Thresholds come first and may leave nothing; of what they leave, the rules that compare hits keep at least
    `min_keep`, best first. `counter` counts the tokens of a chunk with its title (by its point). `vectors` gives the
    vectors of chunks by their ids, as `Index.vectors_of` does; InputError where an order needs them and has none.
    """
    state = _State(hits, settings, counter)
    if min_score is not None:
        state.hits = prune(hits, min_score=min_score)
        state.note("min_score", len(hits), f"score at least {_number(min_score)}")
    for rule in (state.min_relevance, state.duplicates, state.relative, state.gap, state.per_token):
        if len(state.hits):
            rule()
    state.diverse(vectors)
    state.per_part()
    if k is not None:
        before = len(state.hits)
        state.hits = prune(state.hits, k=k)
        if len(state.hits) < before:
            state.note("k", before, f"the first {k}")
    left = state.probabilities
    return Pruned(
        state.hits,
        tuple(state.decisions),
        None if left is None else np.array([left[hit.id] for hit in state.hits], dtype=np.float64),
    )


class _State:
    """Hits under decision. Probabilities are those of the whole list, whatever rules left of it."""

    def __init__(self, hits: Hits, settings: PruneSettings, counter: TokenCounter) -> None:
        self.hits = self.all = hits
        self.settings = settings
        self.counter = counter
        self.decisions: list[Decision] = []
        self.probabilities: dict[str, float] | None = None

    def min_relevance(self) -> None:
        least = self.settings.min_relevance
        if least is None:
            return
        known = self.known()
        kept = [hit for hit in self.hits if known[hit.id] >= least]
        self.keep("min_relevance", kept, f"probability at least {least:g}{self.doubt()}", least_of_all=0)

    def duplicates(self) -> None:
        if (least := self.settings.duplicates) is not None:
            kept = drop_duplicates(self.hits, least)
            self.keep("duplicates", list(kept), f"{least:g} of it in better ones, which cite it", least_of_all=0)

    def diverse(self, vectors: VectorsOf | None) -> None:
        for rule, order in (("mmr", mmr), ("facility_location", facility_location)):
            if (weight := getattr(self.settings, rule)) is None or not len(self.hits):
                continue
            rows = None if vectors is None else vectors(self.hits.ids)
            if rows is None:
                raise InputError(f"prune.{rule} needs the vectors of the chunks, and this source has none: unset it")
            self.hits = order(self.hits, rows, weight)
            self.note(rule, len(self.hits), f"reordered, lambda {weight:g}")

    def per_part(self) -> None:
        if (most := self.settings.per_part) is None or not any(hit.part for hit in self.hits):
            return
        taken: Counter[str | None] = Counter()
        kept = []
        for hit in self.hits:
            if taken[hit.part] < most:
                taken[hit.part] += 1
                kept.append(hit)
        self.keep("per_part", kept, f"at most {most} of each part of the question", least_of_all=0)

    def relative(self) -> None:
        if (share := self.settings.relative) is not None:
            self.keep_places("relative", above_share(self.scores(), share), f"score at least {share:g} of the best")

    def gap(self) -> None:
        if (least := self.settings.gap) is None:
            return
        count, drop = before_gap(self.scores(), least)
        found = f"largest drop {drop:.3g} of the best score, after hit {count}"
        why = found if count < len(self.hits) else f"no drop of {least:g} of the best score (largest {drop:.3g})"
        self.keep_places("gap", range(count), why)

    def per_token(self) -> None:
        least = self.settings.per_token
        if least is None:
            return
        known = self.known()
        tokens = np.array(points(self.counter, [hit.chunk.full_text for hit in self.hits]), dtype=np.float64)
        chances = np.array([known[hit.id] for hit in self.hits], dtype=np.float64)
        places = worth_their_tokens(chances, tokens, least, self.settings.mode)  # type: ignore[arg-type]
        self.keep_places(
            "per_token", places, f"gain of {self.settings.mode} at least {least:g} per 1,000 tokens{self.doubt()}"
        )

    def scores(self) -> npt.NDArray[np.float64]:
        return np.array([hit.score for hit in self.hits], dtype=np.float64)

    def known(self) -> dict[str, float]:
        if self.probabilities is None:
            chances = relevance(self.all, self.settings.recalibration).tolist()
            self.probabilities = dict(zip(self.all.ids, chances, strict=True))
        return self.probabilities

    def doubt(self) -> str:
        fitted = self.settings.recalibration
        if fitted is None:
            return " (not calibrated: prior of other collections, no labels)"
        return f" (calibrated on {fitted.questions} questions)"

    def keep_places(self, rule: str, places: Sequence[int] | npt.NDArray[np.intp], why: str) -> None:
        hits = self.hits.items
        self.keep(rule, list(hits) if len(places) == len(hits) else [hits[place] for place in places], why)

    def keep(self, rule: str, kept: list[Hit], why: str, least_of_all: int | None = None) -> None:
        before = self.hits
        least = self.settings.min_keep if least_of_all is None else least_of_all
        if len(kept) < min(least, len(before)):
            missing = [hit for hit in before if hit not in kept][: least - len(kept)]
            chosen = {hit.id for hit in (*kept, *missing)}
            kept, why = [hit for hit in before if hit.id in chosen], f"{why}; min_keep {least}"
        if len(kept) < len(before):
            self.hits = before.keep(kept, Reason.BELOW_THRESHOLD)
        self.note(rule, len(before), why)

    def note(self, rule: str, seen: int, why: str) -> None:
        self.decisions.append(Decision(rule, seen, len(self.hits), why))


def _number(least: float | Threshold) -> str:
    return f"{least.value:g} ({least.kind})" if isinstance(least, Threshold) else f"{least:g}"
