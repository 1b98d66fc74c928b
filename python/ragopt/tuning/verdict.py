"""What the held-out half says, in one word and in a sentence that claims no more than was seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy.typing as npt

from ragopt.evaluation import Comparison, compare_values

__all__ = ["LEAST_EFFECT", "LEVEL", "Outcome", "Verdict", "judge"]

#: The level of the test.
LEVEL = 0.05
#: A gain below this is not worth a claim, however many queries show it.
LEAST_EFFECT = 0.005


class Outcome(StrEnum):
    """Whether tuning helped, on queries that it never saw."""

    GAINED = "gained"
    TOO_SMALL = "better, but too little to claim"
    NOT_DISTINGUISHABLE = "not distinguishable from the default"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The tuned alpha against the default one on the held-out queries.

    `gained` needs two things: a paired randomisation test with p < 0.05, two-sided, and a gain of at
    least `least_gain`, which is .005 or the least gain that this many queries show with 80 % power,
    whichever is more (a smaller one that happens to pass the test is overstated on average, or does
    not matter). With the test alone it is `better, but too little to claim`. `lost` needs the test
    alone. `moved` is False when tuning chose the default
    itself, so that there was nothing to compare.
    """

    outcome: Outcome
    measure: str
    comparison: Comparison
    least_gain: float
    moved: bool
    why: str = ""

    def __str__(self) -> str:
        n = self.comparison.queries
        queries = f"{n} held-out {'query' if n == 1 else 'queries'}"
        if not self.moved:
            return f"{self.why} The default stays, and nothing is claimed."
        difference = self.comparison.difference
        gain = f"{difference.mean:+.4f} {self.measure}"
        if not difference.known:
            return f"{gain} on {queries}: with fewer than two, nothing can be told from noise. The default stays."
        span = f"{gain} (95 % interval {difference.low:+.4f} to {difference.high:+.4f}) on {queries}"
        if self.outcome is Outcome.GAINED:
            return f"A gain: {span}, p = {_p(self.comparison.p)}."
        if self.outcome is Outcome.LOST:
            return f"A loss: {span}, p = {_p(self.comparison.p)}. The default stays."
        if 2.0 ** (1 - n) > LEVEL:
            return f"{span}: so few queries cannot show any gain at the 5 % level. The default stays."
        if self.outcome is Outcome.TOO_SMALL:
            return (
                f"{span}, p = {_p(self.comparison.p)}: better, but below the least gain that can be relied on at this "
                f"number of queries ({self.least_gain:.3f}), so it is not claimed. The default stays; more judged "
                f"queries would tell."
            )
        return (
            f"{span} cannot be told from noise (p = {_p(self.comparison.p)}); the least gain visible at this number "
            f"of queries is {self.least_gain:.3f}. The default stays."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        least = self.least_gain
        return {
            "outcome": str(self.outcome),
            "sentence": str(self),
            "measure": self.measure,
            "least_gain": least if least == least else None,
            "moved": self.moved,
            **self.comparison.to_dict(),
        }


def judge(
    tuned: npt.ArrayLike, default: npt.ArrayLike, measure: str, *, moved: bool = True, why: str = "", seed: int = 0
) -> Verdict:
    """The verdict from one value a held-out query for the tuned and for the default alpha."""
    comparison = compare_values(tuned, default, seed=seed)
    gain, least = comparison.difference.mean, max(LEAST_EFFECT, comparison.least_visible)
    outcome = Outcome.NOT_DISTINGUISHABLE
    if moved and comparison.p < LEVEL:
        outcome = Outcome.LOST if gain < 0 else Outcome.GAINED if gain >= least else Outcome.TOO_SMALL
    return Verdict(outcome, measure, comparison, least, moved, why)


def _p(p: float) -> str:
    return "0.0001" if p < 0.00015 else f"{p:.4f}" if p < 0.01 else f"{p:.2f}"
