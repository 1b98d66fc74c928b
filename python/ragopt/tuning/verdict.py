"""What the held-out half says, in one word and in a sentence that claims no more than was seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Any

import numpy.typing as npt

from ragopt.evaluation import Comparison, compare_values
from ragopt.tuning.tuner import LEAST_EFFECT

__all__ = ["LEAST_EFFECT", "LEAST_QUESTIONS", "LEVEL", "Claim", "Outcome", "Verdict", "judge"]

#: The level of the test.
LEVEL = 0.05
#: Fewer held-out questions than this show nothing but their own accidents.
LEAST_QUESTIONS = 10


class Outcome(StrEnum):
    """Whether tuning helped, on questions that it never saw."""

    GAIN = "gain"
    NO_DETECTABLE_GAIN = "no_detectable_gain"
    WORSE = "worse"
    TOO_FEW_QUESTIONS = "too_few_questions"


@dataclass(frozen=True, slots=True)
class Claim:
    """One comparison on the held-out half: its p, and Holm's adjusted p over the family of all that were made."""

    name: str
    difference: float
    p: float
    adjusted: float

    @property
    def outcome(self) -> Outcome:
        """What the adjusted p alone says, at the level of 5 %."""
        if self.adjusted >= LEVEL:
            return Outcome.NO_DETECTABLE_GAIN
        return Outcome.GAIN if self.difference > 0 else Outcome.WORSE

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"name": self.name, "difference": self.difference, "p": self.p, "adjusted": self.adjusted}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The tuned alpha against the default one on the held-out queries.

    `gain` needs at least ten questions, a test with `p` < 0.05, two-sided, and a gain of at least `least_gain`, which
    is .005 or the least gain that this many queries show with 80 % power, whichever is more (a smaller one that
    happens to pass the test is overstated on average, or does not matter). `worse` needs the test alone. `p` is of the
    permutation that holds the tuner (`Tuner.p_value`), adjusted over the family of tests, where `tune` made it.
    `more_questions` is how many more held-out ones would show a true gain of the size that was seen, with 80 % power;
    None where none was seen. `worth`: as how many equal ones they tell, where they weigh differently. `moved` is False
    when tuning chose the default itself: there was nothing to compare.
    """

    outcome: Outcome
    measure: str
    comparison: Comparison
    least_gain: float
    moved: bool
    why: str = ""
    p: float = 1.0
    more_questions: int | None = None
    worth: float | None = None

    @property
    def reason(self) -> str:
        """Why, in one sentence."""
        n = self.comparison.queries
        queries = f"{n} held-out {'query' if n == 1 else 'queries'}"
        if self.worth is not None and self.worth < n - 0.05:
            queries += f" (worth {self.worth:.1f} equal ones)"
        if not self.moved:
            few = self.outcome is Outcome.TOO_FEW_QUESTIONS
            return f"{self.why.removesuffix('.')}, and {queries} are too few to tell more." if few else self.why
        difference = self.comparison.difference
        gain = f"{difference.mean:+.4f} {self.measure}"
        if not difference.known:
            return f"{gain} on {queries}: with fewer than two, nothing can be told from noise."
        span = f"{gain} (95 % interval {difference.low:+.4f} to {difference.high:+.4f}) on {queries}"
        p = _p(self.p)
        if self.outcome is Outcome.GAIN:
            return f"A gain: {span}, p = {p}."
        if self.outcome is Outcome.WORSE:
            return f"A loss: {span}, p = {p}."
        if self.outcome is Outcome.TOO_FEW_QUESTIONS:
            return f"{span}: so few queries cannot show a gain; at least {LEAST_QUESTIONS} are needed."
        more = "" if not self.more_questions else f"; about {self.more_questions:,} more would show a gain of this size"
        if self.p < LEVEL:
            return (
                f"{span}, p = {p}: better, but below the least gain that can be relied on at this number of queries "
                f"({self.least_gain:.3f}), so it is not claimed{more}."
            )
        return (
            f"{span} cannot be told from noise (p = {p}); the least gain visible at this number of queries is "
            f"{self.least_gain:.3f}{more}."
        )

    def __str__(self) -> str:
        if not self.moved:
            return f"{self.reason} The default stays, and nothing is claimed."
        return self.reason if self.outcome is Outcome.GAIN else f"{self.reason} The default stays."

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready. `p` is that of the verdict."""
        least = self.least_gain
        return {
            "outcome": str(self.outcome),
            "reason": self.reason,
            "sentence": str(self),
            "measure": self.measure,
            "least_gain": least if least == least else None,
            "more_questions": self.more_questions,
            "moved": self.moved,
            "worth": self.worth,
            **self.comparison.to_dict(),
            "p": self.p,
        }


def judge(
    tuned: npt.ArrayLike,
    default: npt.ArrayLike,
    measure: str,
    *,
    moved: bool = True,
    why: str = "",
    p: float | None = None,
    seed: int = 0,
    worth: float | None = None,
) -> Verdict:
    """The verdict from one value a held-out query for the tuned and for the default alpha.

    Without `p` it is that of the paired randomization test on these values. `worth`: as how many equal queries they
    tell, where they weigh differently.
    """
    comparison = compare_values(tuned, default, seed=seed)
    gain, least = comparison.difference.mean, max(LEAST_EFFECT, comparison.least_visible)
    chance = comparison.p if p is None else p
    outcome = Outcome.NO_DETECTABLE_GAIN
    worth = comparison.queries if worth is None else worth
    if worth < LEAST_QUESTIONS - 1e-9:
        outcome = Outcome.TOO_FEW_QUESTIONS
    elif moved and chance < LEVEL and (gain < 0 or gain >= least):
        outcome = Outcome.WORSE if gain < 0 else Outcome.GAIN
    return Verdict(outcome, measure, comparison, least, moved, why, chance, _more(comparison), worth)


def _more(comparison: Comparison) -> int | None:
    """Questions that are missing: the least visible gain falls with the root of their number."""
    gain, visible, n = comparison.difference.mean, comparison.least_visible, comparison.queries
    if not gain > 0.0 or visible != visible:
        return None
    return max(0, LEAST_QUESTIONS - n, ceil(n * (visible / gain) ** 2) - n)


def _p(p: float) -> str:
    return f"{p:.4f}" if p < 0.01 else f"{p:.2f}"
