"""Tuning alpha: the curves of both halves, the choice on the one, the verdict on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ragopt.evaluation import Estimate, compare_values, holm, linear, mean_interval, mean_intervals
from ragopt.tuning.choose import AlphaChoice, choose_alpha, predicted_gain, tuner_of
from ragopt.tuning.outcome import AlphaPoint, Health, Trial
from ragopt.tuning.path import DEEPEST, WINDOW, AlphaCurve, Pairing
from ragopt.tuning.plan import Plan
from ragopt.tuning.prior import PRIOR_WEIGHT, prior_curve
from ragopt.tuning.trials import HalfSearch
from ragopt.tuning.tuner import LEAST_EFFECT, folds_of
from ragopt.tuning.verdict import LEAST_QUESTIONS, Claim, Outcome, Verdict, judge
from ragopt.types import Normalizer, Query, Threshold

__all__ = ["AlphaOutcome", "tune_alpha"]

Floats = npt.NDArray[np.float64]

#: Flips of the test that holds the tuner.
_DRAWS = 1000
#: The alphas that are tried where the path is exact: every hundredth.
_FINE = tuple(i / 100 for i in range(101))


@dataclass(frozen=True, slots=True)
class AlphaOutcome:
    """What came of alpha. `default`, `chosen` and `adopted` are None where alpha cannot matter.

    `adopted` is for production: the chosen one if it gained, else the default; or 0 or 1 where `side` says why.
    """

    default: float | None
    chosen: float | None
    adopted: float | None
    verdict: Verdict
    unseen: Estimate
    expected: Estimate
    curve: tuple[AlphaPoint, ...] = ()
    exact: AlphaCurve | None = None
    trials: tuple[Trial, ...] = ()
    health: Health | None = None
    claims: tuple[Claim, ...] = ()
    side: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Scores:
    """Values over alphas (alphas, queries): of the tuning half, the same as the tuner sees them, of the held-out half.

    `exact` is the mean of the tuning half as a step function, where its path could be walked. Values are times what
    each question counts; `shares` is that for the tuning half, `worth` as how many equal questions the smaller half
    tells.
    """

    alphas: tuple[float, ...]
    tuning: Floats
    smooth: Floats
    kept: Floats
    exact: AlphaCurve | None
    shares: Floats
    worth: float

    def levels(self, places: Sequence[int], seed: int) -> list[Estimate]:
        """The mean of the tuning half at those places, with its interval."""
        return mean_intervals(linear(self.tuning[list(places)].T, self.shares), seed=seed)


def tune_alpha(tuning: HalfSearch, kept: HalfSearch, plan: Plan) -> AlphaOutcome:
    """Choose alpha on the tuning half, and let the held-out half judge."""
    default = _default_alpha(tuning)
    if default is None:
        zeros = np.zeros(len(kept.questions))
        why = "One side alone takes part (no vectors, or no text), so alpha cannot matter."
        verdict = judge(zeros, zeros, str(plan.measure), moved=False, why=why, worth=kept.questions.worth)
        note = "one side alone takes part, so only top-k was tuned"
        nothing = mean_interval(np.zeros(len(tuning.questions)))
        return AlphaOutcome(None, None, None, verdict, nothing, nothing, notes=(note,))
    scores = _scores(tuning, kept, plan, default)
    place = scores.alphas.index(default)
    prior = _prior(tuning, plan, scores.alphas, default)
    weight = PRIOR_WEIGHT if prior is not None else 0.0
    choice = choose_alpha(
        scores.smooth,
        scores.alphas,
        place,
        folds=plan.folds,
        repeats=plan.repeats,
        seed=plan.seed,
        prior=prior,
        weight=weight,
    )
    claims = _claims(scores, choice, place, plan, prior, weight)
    verdict = judge(
        scores.kept[choice.chosen],
        scores.kept[place],
        str(plan.measure),
        moved=choice.chosen != place,
        why=_why_kept(choice, scores.alphas, default),
        p=claims[0].adjusted,
        seed=plan.seed,
        worth=kept.questions.worth,
    )
    final = choice.chosen if verdict.outcome is Outcome.GAIN else place
    lone, side = _lone_side(scores, final)
    gains = scores.tuning[choice.chosen] - scores.tuning[place]
    return AlphaOutcome(
        default=default,
        chosen=scores.alphas[choice.chosen],
        adopted=scores.alphas[final if lone is None else lone],
        verdict=verdict,
        unseen=choice.unseen,
        expected=predicted_gain(choice.unseen, gains, len(kept.questions)),
        curve=_curve(scores, place, choice.chosen, plan),
        exact=scores.exact,
        trials=_trials(scores, plan, choice),
        health=_health(scores, choice.chosen, plan.seed),
        claims=claims,
        side=side,
        notes=_notes(scores, plan),
    )


def _scores(tuning: HalfSearch, kept: HalfSearch, plan: Plan, default: float) -> _Scores:
    asked = _FINE if plan.fine and _walkable(tuning, plan) else plan.alphas
    alphas = tuple(sorted({*asked, default}))
    shares, others = (half.questions.shares for half in (tuning, kept))
    worth = min(half.questions.worth for half in (tuning, kept))
    if not _walkable(tuning, plan):
        seen, unseen = (np.array([half.scores(a, plan.measure) for a in alphas]) for half in (tuning, kept))
        return _Scores(alphas, seen, seen, unseen, None, shares, worth)
    paths = [half.path(plan.measure) for half in (tuning, kept)]
    seen, unseen = (path.table(plan.measure, alphas).T * of for path, of in zip(paths, (shares, others), strict=True))
    smooth = paths[0].table(plan.measure, alphas, WINDOW).T * shares if plan.fine else seen
    exact = paths[0].mean(plan.measure, tuning.questions.weights)
    return _Scores(alphas, seen, smooth, unseen, exact, shares, worth)


def _walkable(half: HalfSearch, plan: Plan) -> bool:
    """Whether the curves can be had exactly: what is searched tells both sides, and the list is short enough."""
    plain = not any(isinstance(query, Query) and query.parts for query in half.questions.queries)
    cutoff = plan.measure.cutoff or DEEPEST + 1
    return isinstance(half.index, Pairing) and plain and plan.search.min_score is None and cutoff <= DEEPEST


def _prior(half: HalfSearch, plan: Plan, alphas: Sequence[float], default: float) -> Floats | None:
    """The prior curve; None where it says nothing: an embedder with an alpha of its own is of another kind."""
    usual = Normalizer(plan.search.normalizer).default_alpha
    own = default if plan.search.alpha is None else half.default_alpha()
    return prior_curve(plan.search.normalizer, plan.measure.gauge, alphas) if own == usual else None


def _claims(
    scores: _Scores, choice: AlphaChoice, place: int, plan: Plan, prior: Floats | None, weight: float
) -> tuple[Claim, ...]:
    """The tests on the held-out half: the tuned alpha, with the tuner inside the permutation, and both sides."""
    gain = float((scores.kept[choice.chosen] - scores.kept[place]).mean())
    p = 1.0
    if choice.chosen != place:
        tuner = tuner_of(scores.alphas, place, prior, weight)
        smooth, kept = (scores.smooth - scores.smooth[place]).T, (scores.kept - scores.kept[place]).T
        fold_of = folds_of(len(smooth), plan.folds, plan.repeats, plan.seed)
        p = tuner.p_value(smooth, kept, choice.chosen, fold_of, _DRAWS, plan.seed)
    tests = [("tuned against default", gain, p)]
    for name, side in (("BM25", 0), ("dense", len(scores.alphas) - 1)):
        compared = compare_values(scores.kept[place], scores.kept[side], seed=plan.seed)
        tests.append((f"default against {name} alone", compared.difference.mean, compared.p))
    adjusted = holm([p for _, _, p in tests])
    return tuple(Claim(*test, better) for test, better in zip(tests, adjusted, strict=True))


def _lone_side(scores: _Scores, final: int) -> tuple[int | None, str]:
    """The side that does as well alone as the fusion at `final`, on both halves; None if neither does."""
    ends = {"BM25": 0, "dense": len(scores.alphas) - 1}
    halves = (scores.tuning, scores.kept)
    if final in ends.values() or scores.worth < LEAST_QUESTIONS - 1e-9:
        return None, ""
    name = max(ends, key=lambda side: sum(float(half[ends[side]].sum()) for half in halves))
    end = ends[name]
    more = [float((half[final] - half[end]).mean()) for half in halves]
    if max(more) >= LEAST_EFFECT or not any(half[end].any() for half in halves):
        return None, ""
    return end, (
        f"Fusion at alpha {scores.alphas[final]:g} is not better than {name} alone ({more[0]:+.4f} on the tuning half, "
        f"{more[1]:+.4f} on the held-out half; {LEAST_EFFECT:g} would be worth a second side), so alpha is "
        f"{scores.alphas[end]:g}."
    )


def _notes(scores: _Scores, plan: Plan) -> tuple[str, ...]:
    notes = []
    if not scores.tuning.any():
        notes.append(f"no tuning question scores above 0 in {plan.measure} at any alpha: look at the judgements")
    if plan.search.min_score is not None:
        least = plan.search.min_score
        told = least.value if isinstance(least, Threshold) else least
        notes.append(f"min_score {told:g} held at every alpha, though what it means changes with alpha")
    return tuple(notes)


def _default_alpha(half: HalfSearch) -> float | None:
    both = [found.sides.lexical and found.sides.dense for found in half.hits(0.5, 1)]
    if not any(both):
        return None
    return half.default_alpha() if half.search.alpha is None else half.search.alpha


def _why_kept(choice: AlphaChoice, alphas: Sequence[float], default: float) -> str:
    if choice.confirmed:
        return f"The tuning half gives no reason to leave the default alpha {default:g}."
    return (
        f"The tuning half is best near alpha {alphas[choice.best]:g}, but cross-validation does not confirm it: "
        f"{choice.unseen.mean:+.4f} on questions outside the training folds."
    )


def _curve(scores: _Scores, place: int, chosen: int, plan: Plan) -> tuple[AlphaPoint, ...]:
    """The points to look at: every twentieth, the default and the chosen one."""
    shown = sorted({place, chosen, *(i for i, alpha in enumerate(scores.alphas) if alpha in plan.alphas)})
    levels = scores.levels(shown, plan.seed)
    differences = mean_intervals((scores.tuning[shown] - scores.tuning[place]).T, seed=plan.seed)
    alphas = [scores.alphas[i] for i in shown]
    return tuple(AlphaPoint(*point) for point in zip(alphas, levels, differences, strict=True))


def _trials(scores: _Scores, plan: Plan, choice: AlphaChoice) -> tuple[Trial, ...]:
    levels = scores.levels(range(len(scores.alphas)), plan.seed)
    settings = [replace(plan.search, alpha=alpha) for alpha in scores.alphas]
    return tuple(Trial(*trial) for trial in zip(settings, levels, choice.shares, strict=True))


def _health(scores: _Scores, chosen: int, seed: int) -> Health:
    sides = {"lexical": scores.tuning[0], "dense": scores.tuning[-1]}
    better = max(sides, key=lambda side: float(sides[side].mean()))
    lexical, dense, fused = scores.levels((0, len(scores.alphas) - 1, chosen), seed)
    return Health(
        lexical=lexical,
        dense=dense,
        fused=fused,
        alpha=scores.alphas[chosen],
        better=better,
        comparison=compare_values(scores.tuning[chosen], sides[better], seed=seed),
    )
