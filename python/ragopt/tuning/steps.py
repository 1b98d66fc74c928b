"""The steps of tuning, in the order in which `tune` takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError
from ragopt.evaluation import Questions, Searchable, mean_interval, mean_intervals
from ragopt.protocols import Progress
from ragopt.tuning.alpha import AlphaOutcome
from ragopt.tuning.choose import loses_at_most, smallest_k
from ragopt.tuning.objective import Goal, largest_k, within
from ragopt.tuning.outcome import KPoint, TopK
from ragopt.tuning.plan import Plan
from ragopt.tuning.trials import Arm, Cuts, HalfSearch
from ragopt.types import Query, SearchSettings
from ragopt.types.parameters import whole

__all__ = [
    "Steps",
    "alpha_grid",
    "embed_once",
    "k_grid",
    "measure_arms",
    "tune_k",
]

Floats = npt.NDArray[np.float64]

#: The alphas that are tried: every twentieth. 0, 1 and the default are always among them.
_ALPHAS = tuple(i / 20 for i in range(21))
#: The top-k that are tried, as far as they are below the default k.
_KS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50)


class Steps:
    """Counts steps for the caller's progress; silent without one."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._done, self._progress = total, 0, progress

    def __call__(self, label: str) -> None:
        """A step begins."""
        if self._progress is not None:
            self._progress(min(self._done, self._total - 1), self._total, label)
        self._done += 1

    def end(self) -> None:
        """All is done."""
        if self._progress is not None:
            self._progress(self._total, self._total, "tuned")


def alpha_grid(search: SearchSettings, alphas: Sequence[float] | None) -> tuple[float, ...]:
    """The alphas to try, ascending; InputError for one outside 0 to 1."""
    asked = _ALPHAS if alphas is None else [replace(search, alpha=alpha).alpha for alpha in alphas]
    given = [] if search.alpha is None else [search.alpha]
    return tuple(sorted({0.0, 1.0, *given, *(alpha for alpha in asked if alpha is not None)}))


def k_grid(search: SearchSettings, ks: Sequence[int] | None, *, grow: bool = False) -> tuple[int, ...]:
    """The top-k to try, ascending, the default k among them; larger ones than it only where k may `grow`."""
    asked = [k for k in _KS if grow or k < search.k] if ks is None else [whole("ks", k, least=1) for k in ks]
    return tuple(sorted({*asked, search.k}))


@runtime_checkable
class _Embeds(Protocol):
    def embed_queries(self, queries: Sequence[str | Query]) -> npt.NDArray[np.float32] | None: ...


def embed_once(index: Searchable, questions: Questions) -> Questions:
    """The questions with their vectors, so that a sweep does not embed them at every alpha."""
    given = questions.vectors is not None or any(
        isinstance(q, Query) and q.vector is not None for q in questions.queries
    )
    if given or not isinstance(index, _Embeds):
        return questions
    return replace(questions, vectors=index.embed_queries(questions.queries))


def tune_k(
    tuning: HalfSearch, kept: HalfSearch, plan: Plan, alpha: float | None, goal: Goal
) -> tuple[TopK, tuple[KPoint, ...]]:
    """The k that reaches the goal on both halves, and what every k gives and costs on the tuning half."""
    cuts = tuning.cuts(alpha, plan.ks, plan.measure)
    place = plan.ks.index(plan.search.k)
    if goal.tokens is not None:
        return _k_within(kept, plan, alpha, goal, cuts), _k_curve(cuts, place, plan.seed)
    chosen = plan.ks[smallest_k(cuts.recall, place, margin=plan.margin, seed=plan.seed)]
    seen = kept.cuts(alpha, (chosen, plan.search.k), plan.measure)
    losses = seen.recall[1] - seen.recall[0]
    held = loses_at_most(losses, plan.margin, seed=plan.seed)
    decision = TopK(
        k=chosen if held else plan.search.k,
        default=plan.search.k,
        chosen=chosen,
        margin=plan.margin,
        loss=mean_interval(losses, seed=plan.seed),
        saved=mean_interval(seen.tokens[1] - seen.tokens[0], seed=plan.seed),
    )
    return decision, _k_curve(cuts, place, plan.seed)


def measure_arms(kept: HalfSearch, plan: Plan, alpha: AlphaOutcome, final: SearchSettings) -> tuple[Arm, ...]:
    """The held-out half: each side alone, the default, the tuned settings, and what is written where it differs."""
    k = plan.search.k
    measures = tuple(dict.fromkeys((plan.measure, *plan.also)))
    rows: list[tuple[str, float | None, int]]
    if alpha.default is None:
        rows = [("default", None, k), ("tuned", None, final.k)]
    else:
        rows = [("BM25 alone", 0.0, k), ("dense alone", 1.0, k), ("default hybrid", alpha.default, k)]
        rows.append(("tuned hybrid", alpha.chosen, final.k))
        if (final.alpha, final.k) not in [(a, size) for _, a, size in rows[2:]]:
            rows.append(("settings written", final.alpha, final.k))
    return tuple(kept.arm(name, share, size, measures) for name, share, size in rows)


def _k_within(kept: HalfSearch, plan: Plan, alpha: float | None, goal: Goal, cuts: Cuts) -> TopK:
    """The k with the most recall within the goal's tokens; where the held-out half takes more, the next below."""
    limit = goal.tokens or 0.0
    most = largest_k(cuts.recall, cuts.tokens, plan.ks, limit, seed=plan.seed)
    seen = kept.cuts(alpha, plan.ks, plan.measure)
    places = [] if most is None else [i for i in range(most + 1) if within(seen.tokens[i], limit, seed=plan.seed)]
    if not places or most is None:
        raise InputError(
            f"nothing stays within {goal.asked}: k = {plan.ks[0]} already sends {cuts.tokens[0].mean():,.0f} tokens a "
            f"question on the tuning half and {seen.tokens[0].mean():,.0f} on the held-out one (means, which must be "
            f"below it surely); raise the limit, or cut smaller chunks"
        )
    chosen, default = places[-1], plan.ks.index(plan.search.k)
    return TopK(
        k=plan.ks[chosen],
        default=plan.search.k,
        chosen=plan.ks[most],
        margin=plan.margin,
        loss=mean_interval(seen.recall[default] - seen.recall[chosen], seed=plan.seed),
        saved=mean_interval(seen.tokens[default] - seen.tokens[chosen], seed=plan.seed),
        goal=goal,
    )


def _k_curve(cuts: Cuts, place: int, seed: int) -> tuple[KPoint, ...]:
    recall, tokens = mean_intervals(cuts.recall.T, seed=seed), mean_intervals(cuts.tokens.T, seed=seed)
    losses = mean_intervals((cuts.recall[place] - cuts.recall).T, seed=seed)
    return tuple(KPoint(*point) for point in zip(cuts.ks, recall, tokens, losses, strict=True))
