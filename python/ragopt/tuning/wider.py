"""The wider search: top-k, thresholds, adaptive rules, budget and packing together, replayed on judged questions.

Two descents by coordinates propose settings, by the rule of `Wish`, from the default. The whole search is run again
within each fold of cross-validation, and must hold on the questions outside; then the held-out half decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.evaluation import Estimate, mean_interval
from ragopt.tuning.choose import loses_at_most
from ragopt.tuning.coordinate import search
from ragopt.tuning.objective import Goal, within
from ragopt.tuning.plan import Plan
from ragopt.tuning.sent import Sent, SentHalf, Wish
from ragopt.tuning.space import Dimension, beside_k, changes
from ragopt.tuning.tuner import Tuner, folds_of
from ragopt.tuning.verdict import LEAST_QUESTIONS, LEVEL, Claim, Outcome
from ragopt.types import Settings

__all__ = ["LeverChoice", "tune_levers"]

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

_DRAWS = 1000
#: Repeats of cross-validation: each fold searches anew, and asks for settings that no other asked for.
_REPEATS = 2


@dataclass(frozen=True, slots=True)
class LeverChoice:
    """What came of the wider search.

    `settings` are what the tuning half chose, `adopted` says whether they are written, and `reason` why, in a sentence.
    `changes` are in words of the settings file, against the default. `loss` of recall and `saved` tokens are those of
    a held-out question against the default; `unseen_loss` and `unseen_saved` the same of questions outside the folds
    that chose. `replayed` settings were measured by `passes` scoring passes. `claim` is the test of the recall gained
    under a limit; None without one.
    """

    settings: Settings
    adopted: bool
    outcome: Outcome
    reason: str
    changes: tuple[str, ...]
    loss: Estimate
    saved: Estimate
    unseen_loss: Estimate
    unseen_saved: Estimate
    replayed: int
    claim: Claim | None = None

    def __str__(self) -> str:
        return f"{', '.join(self.changes) or 'nothing changed'}: {self.reason}"

    @property
    def beside_k(self) -> str:
        """The changes but that of top-k, as trades of the front are told by."""
        return beside_k(self.changes)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        estimates = ("loss", "saved", "unseen_loss", "unseen_saved")
        return {
            "outcome": str(self.outcome),
            "reason": self.reason,
            "adopted": self.adopted,
            "changes": list(self.changes),
            "settings_replayed": self.replayed,
            **{name: getattr(self, name).to_dict() for name in estimates},
        }


def tune_levers(
    tuning: SentHalf, kept: SentHalf, default: Settings, alone: Settings, dimensions: Sequence[Dimension], plan: Plan,
    goal: Goal,
) -> LeverChoice:  # fmt: skip
    """Search the dimensions around `default`; `alone` is what top-k alone gives, which stays unless it is beaten."""
    finder = _Finder(tuning, default, alone, dimensions, Wish(goal, plan.margin, plan.seed))
    chosen = finder.chosen(np.arange(len(tuning)))
    unseen = _unseen(finder, plan)
    before, after, simple = kept(default), kept(chosen), kept(alone)
    claim = None
    if goal.tokens is not None and chosen != alone:
        claim = _claim(finder, kept, chosen, plan)
    outcome, reason = _judged(
        goal, plan, chosen in (default, alone), (before, simple, after), unseen, claim, kept.worth
    )
    return LeverChoice(
        settings=chosen,
        adopted=outcome is Outcome.GAIN,
        outcome=outcome,
        reason=reason,
        changes=changes(default, chosen),
        loss=mean_interval(before.recall - after.recall, seed=plan.seed),
        saved=mean_interval(before.tokens - after.tokens, seed=plan.seed),
        unseen_loss=mean_interval(unseen.recall, seed=plan.seed),
        unseen_saved=mean_interval(unseen.tokens, seed=plan.seed),
        replayed=len(tuning.settings),
        claim=claim,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Finder:
    """The whole search, on any of the tuning questions."""

    half: SentHalf
    default: Settings
    alone: Settings
    dimensions: Sequence[Dimension]
    wish: Wish

    def chosen(self, rows: Places) -> Settings:
        """What these questions speak for."""
        base = self.half(self.default).at(rows)

        def pick(tried: Sequence[Settings]) -> int:
            return self.wish.pick(base, [self.half(settings).at(rows) for settings in tried])

        ends = [self.default, self.alone, search(self.default, self.dimensions, pick)]
        return ends[pick(ends)]


def _unseen(finder: _Finder, plan: Plan) -> Sent:
    """What the search loses and saves against the default (and gains over `alone`) outside the folds that chose.

    `recall` and `tokens` are lost and saved, `quality` is the recall gained over `alone`.
    """
    half, n = finder.half, len(finder.half)
    base, simple = half(finder.default), half(finder.alone)
    out = Sent(*(np.zeros(n) for _ in range(3)))
    folds = folds_of(n, plan.folds, min(plan.repeats, _REPEATS), plan.seed)
    for fold_of in folds:
        for fold in range(int(fold_of.max()) + 1):
            outside = np.flatnonzero(fold_of == fold)
            found = half(finder.chosen(np.flatnonzero(fold_of != fold)))
            for total, values in (
                (out.recall, base.recall - found.recall),
                (out.tokens, base.tokens - found.tokens),
                (out.quality, found.recall - simple.recall),
            ):
                total[outside] += values[outside] / len(folds)
    return out


def _claim(finder: _Finder, kept: SentHalf, chosen: Settings, plan: Plan) -> Claim:
    """The recall gained over `alone` on the held-out half; its p has the choice inside the permutation.

    Every draw flips the questions of both halves, chooses anew among all settings that were replayed and stay within
    the limit, and takes the gain of that choice.
    """
    half, wish = finder.half, finder.wish
    limit = wish.goal.tokens or 0.0
    tried = [s for s in half.settings.values() if s != finder.alone and within(half(s).tokens, limit, seed=plan.seed)]
    family = [finder.alone, *tried]
    away = np.array([0.0, *(1.0 + len(changes(finder.alone, settings)) for settings in tried)])
    seen, held = (
        np.array([one(settings).recall - one(finder.alone).recall for settings in family]).T for one in (half, kept)
    )
    place = family.index(chosen)
    folds = folds_of(len(seen), plan.folds, min(plan.repeats, _REPEATS), plan.seed)
    p = Tuner(away, 0, np.zeros(len(family)), ends=False).p_value(seen, held, place, folds, _DRAWS, plan.seed)
    return Claim("levers against top-k alone", float(held[:, place].mean()), p, p)


def _judged(
    goal: Goal,
    plan: Plan,
    same: bool,
    sent: tuple[Sent, Sent, Sent],
    unseen: Sent,
    claim: Claim | None,
    worth: float,
) -> tuple[Outcome, str]:
    before, alone, after = sent
    n, seed = len(before.recall), plan.seed
    questions = f"{n} held-out question{'' if n == 1 else 's'}"
    aim = "saves more tokens at that recall" if goal.tokens is None else f"gives more recall within {goal.asked}"
    if worth < LEAST_QUESTIONS - 1e-9:
        return Outcome.TOO_FEW_QUESTIONS, f"{questions} are too few to tell; at least {LEAST_QUESTIONS} are needed."
    if same:
        return Outcome.NO_DETECTABLE_GAIN, f"No lever beyond top-k surely {aim} on the tuning half."
    saved, lost = (before.tokens - after.tokens).mean(), (before.recall - after.recall).mean()
    share = saved / max(before.tokens.mean(), 1e-12)
    told = f"{saved:+.0f} tokens saved per question ({share:.0%}) and {lost:+.4f} recall lost on {questions}"
    if goal.tokens is not None:
        assert claim is not None
        return _under_a_limit(goal, questions, after, unseen, claim, seed)
    if unseen.recall.mean() > plan.margin:
        why = f"cross-validation loses {unseen.recall.mean():.4f} recall outside the folds that chose"
        return Outcome.NO_DETECTABLE_GAIN, f"What the tuning half speaks for is not confirmed: {why}."
    losses = before.recall - after.recall
    if loses_at_most(losses, plan.margin, seed=seed):
        if saved <= (before.tokens - alone.tokens).mean():
            return Outcome.NO_DETECTABLE_GAIN, f"{told}, which is no more than top-k alone saves."
        return Outcome.GAIN, f"{told}, surely within {plan.margin:g}."
    if mean_interval(losses, seed=seed).low > plan.margin:
        return Outcome.WORSE, f"{told}: more than {plan.margin:g}."
    return Outcome.NO_DETECTABLE_GAIN, f"{told}, which is not surely within {plan.margin:g}."


def _under_a_limit(
    goal: Goal, questions: str, after: Sent, unseen: Sent, claim: Claim, seed: int
) -> tuple[Outcome, str]:
    told = f"{claim.difference:+.4f} recall over top-k alone on {questions}, p = {claim.p:.4f}"
    if not within(after.tokens, goal.tokens or 0.0, seed=seed):
        return Outcome.NO_DETECTABLE_GAIN, f"{told}, but not surely within {goal.asked} there."
    if claim.p < LEVEL and claim.difference < 0.0:
        return Outcome.WORSE, f"{told}: a loss."
    if not unseen.quality.mean() > 0.0:
        return Outcome.NO_DETECTABLE_GAIN, f"{told}, and cross-validation does not confirm it."
    if claim.p < LEVEL:
        return Outcome.GAIN, f"{told}, within {goal.asked}."
    return Outcome.NO_DETECTABLE_GAIN, f"{told}: it cannot be told from noise."
