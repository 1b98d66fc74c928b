"""The steps of tuning, in the order in which `tune` takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError
from ragopt.evaluation import (
    Estimate,
    Measure,
    Questions,
    Searchable,
    compare_values,
    mean_interval,
    mean_intervals,
)
from ragopt.protocols import Progress
from ragopt.tuning.choose import AlphaChoice, choose_alpha, loses_at_most, smallest_k
from ragopt.tuning.objective import Goal, largest_k, within
from ragopt.tuning.outcome import AlphaPoint, Health, KPoint, TopK, Trial
from ragopt.tuning.trials import Arm, Cuts, HalfSearch
from ragopt.tuning.verdict import Outcome, Verdict, judge
from ragopt.types import Query, SearchSettings
from ragopt.types.parameters import whole

__all__ = [
    "AlphaOutcome",
    "Plan",
    "Steps",
    "alpha_grid",
    "embed_once",
    "k_grid",
    "measure_arms",
    "tune_alpha",
    "tune_k",
]

Floats = npt.NDArray[np.float64]

#: The alphas that are tried: every twentieth. 0, 1 and the default are always among them.
_ALPHAS = tuple(i / 20 for i in range(21))
#: The top-k that are tried, as far as they are below the default k.
_KS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked of `tune`, checked. `search` is the default to beat."""

    measure: Measure
    also: tuple[Measure, ...]
    search: SearchSettings
    alphas: tuple[float, ...]
    ks: tuple[int, ...]
    folds: int
    repeats: int
    margin: float
    seed: int


@dataclass(frozen=True, slots=True)
class AlphaOutcome:
    """What came of alpha. `default`, `chosen` and `adopted` are None where alpha cannot matter."""

    default: float | None
    chosen: float | None
    verdict: Verdict
    unseen: Estimate
    curve: tuple[AlphaPoint, ...] = ()
    trials: tuple[Trial, ...] = ()
    health: Health | None = None
    notes: tuple[str, ...] = ()

    @property
    def adopted(self) -> float | None:
        """The alpha for production: the chosen one if it gained, else the default."""
        return self.chosen if self.verdict.outcome is Outcome.GAINED else self.default


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


def tune_alpha(tuning: HalfSearch, kept: HalfSearch, plan: Plan) -> AlphaOutcome:
    """Sweep alpha on the tuning half, choose, and let the held-out half judge."""
    default = _default_alpha(tuning)
    if default is None:
        zeros = np.zeros(len(kept.questions))
        why = "One side alone takes part (no vectors, or no text), so alpha cannot matter."
        verdict = judge(zeros, zeros, str(plan.measure), moved=False, why=why)
        note = "one side alone takes part, so only top-k was tuned"
        return AlphaOutcome(None, None, verdict, mean_interval(np.zeros(len(tuning.questions))), notes=(note,))
    alphas = tuple(sorted({*plan.alphas, default}))
    scores = np.array([tuning.scores(alpha, plan.measure) for alpha in alphas])
    place = alphas.index(default)
    choice = choose_alpha(scores, alphas, place, folds=plan.folds, repeats=plan.repeats, seed=plan.seed)
    notes = []
    if not scores.any():
        notes.append(f"no tuning question scores above 0 in {plan.measure} at any alpha: look at the judgements")
    if plan.search.min_score is not None:
        notes.append(f"min_score {plan.search.min_score} held at every alpha, though what it means changes with alpha")
    chosen = alphas[choice.chosen]
    before = kept.scores(default, plan.measure)
    after = before if chosen == default else kept.scores(chosen, plan.measure)
    why = _why_kept(choice, alphas, default)
    verdict = judge(after, before, str(plan.measure), moved=chosen != default, why=why, seed=plan.seed)
    return AlphaOutcome(
        default,
        chosen,
        verdict,
        choice.unseen,
        curve=_curve(scores, alphas, place, plan.seed),
        trials=_trials(scores, alphas, plan, choice),
        health=_health(scores, alphas, choice.chosen, plan.seed),
        notes=tuple(notes),
    )


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


def _default_alpha(half: HalfSearch) -> float | None:
    both = [found.sides.lexical and found.sides.dense for found in half.hits(0.5, 1)]
    if not any(both):
        return None
    if half.search.alpha is not None:
        return half.search.alpha
    return half.hits(None, 1)[both.index(True)].alpha


def _why_kept(choice: AlphaChoice, alphas: Sequence[float], default: float) -> str:
    if choice.confirmed:
        return f"The tuning half gives no reason to leave the default alpha {default:g}."
    return (
        f"The tuning half is best near alpha {alphas[choice.best]:g}, but cross-validation does not confirm it: "
        f"{choice.unseen.mean:+.4f} on questions outside the training folds."
    )


def _curve(scores: Floats, alphas: Sequence[float], place: int, seed: int) -> tuple[AlphaPoint, ...]:
    levels = mean_intervals(scores.T, seed=seed)
    differences = mean_intervals((scores - scores[place]).T, seed=seed)
    return tuple(AlphaPoint(*point) for point in zip(alphas, levels, differences, strict=True))


def _trials(scores: Floats, alphas: Sequence[float], plan: Plan, choice: AlphaChoice) -> tuple[Trial, ...]:
    levels = mean_intervals(scores.T, seed=plan.seed)
    settings = [replace(plan.search, alpha=alpha) for alpha in alphas]
    return tuple(Trial(*trial) for trial in zip(settings, levels, choice.shares, strict=True))


def _health(scores: Floats, alphas: Sequence[float], chosen: int, seed: int) -> Health:
    sides = {"lexical": scores[alphas.index(0.0)], "dense": scores[alphas.index(1.0)]}
    better = max(sides, key=lambda side: float(sides[side].mean()))
    return Health(
        lexical=mean_interval(sides["lexical"], seed=seed),
        dense=mean_interval(sides["dense"], seed=seed),
        fused=mean_interval(scores[chosen], seed=seed),
        alpha=alphas[chosen],
        better=better,
        comparison=compare_values(scores[chosen], sides[better], seed=seed),
    )


def _k_curve(cuts: Cuts, place: int, seed: int) -> tuple[KPoint, ...]:
    recall, tokens = mean_intervals(cuts.recall.T, seed=seed), mean_intervals(cuts.tokens.T, seed=seed)
    losses = mean_intervals((cuts.recall[place] - cuts.recall).T, seed=seed)
    return tuple(KPoint(*point) for point in zip(cuts.ks, recall, tokens, losses, strict=True))
