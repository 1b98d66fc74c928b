"""Quality against cost: the settings that no other beats in both (the Pareto front), exactly.

Quality is the tuned measure of what is sent: of the hits that the pipeline would pack of the first k.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ragopt.economics import QuestionCost
from ragopt.errors import UnknownNameError
from ragopt.evaluation import Measure
from ragopt.tuning.trials import HalfSearch

__all__ = ["Axis", "Front", "Trade", "measured_front", "pareto"]


class Axis(StrEnum):
    """What a question costs: tokens of context, US dollars, or seconds until its first token."""

    TOKENS = "tokens"
    DOLLARS = "dollars"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Trade:
    """One alpha and k on the tuning half: what they give, and what a question takes on average.

    `quality` is the mean of the tuned measure over what is sent, `recall` the share of the relevant that is
    sent; `seconds` is the search, as measured, and the model's reading, if its speed is known. `alpha` is None
    where it cannot matter.
    """

    alpha: float | None
    k: int
    quality: float
    recall: float
    tokens: float
    dollars: float
    seconds: float = field(compare=False)

    def cost(self, axis: Axis) -> float:
        """The mean cost of a question on that axis."""
        return {Axis.TOKENS: self.tokens, Axis.DOLLARS: self.dollars, Axis.SECONDS: self.seconds}[axis]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, without what a clock measured."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "seconds"}


@dataclass(frozen=True, slots=True)
class Front:
    """All that was tried on the tuning half, and which of it is worth having at its cost."""

    measure: str
    trades: tuple[Trade, ...]
    cost: QuestionCost

    def best(self, axis: Axis | str = Axis.TOKENS) -> tuple[Trade, ...]:
        """The Pareto front on that axis, the cheapest first: nothing tried is better at no more cost.

        Raises UnknownNameError for an axis that does not exist.
        """
        if axis not in list(Axis):
            raise UnknownNameError.of("cost axis", axis, Axis)
        return pareto(self.trades, Axis(axis))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the fronts, and what they are chosen from. The same input gives the same again."""
        return {
            "measure": self.measure,
            "cost": self.cost.to_dict(),
            "trades": [trade.to_dict() for trade in self.trades],
            "front": {str(axis): [t.to_dict() for t in self.best(axis)] for axis in (Axis.TOKENS, Axis.DOLLARS)},
        }

    def latency(self) -> list[dict[str, Any]]:
        """JSON-ready: the front of quality against latency, which is measured anew by every run."""
        return [{**trade.to_dict(), "seconds": trade.seconds} for trade in self.best(Axis.SECONDS)]


def pareto(trades: Sequence[Trade], axis: Axis) -> tuple[Trade, ...]:
    """Those of `trades` that none beats: none is at least as good at no more cost, and better in one of the two.

    The cheapest first. Of equal ones (cost and quality alike) the first given stands for all.
    """
    order = sorted(range(len(trades)), key=lambda i: (trades[i].cost(axis), -trades[i].quality, i))
    kept: list[Trade] = []
    for i in order:
        if not kept or trades[i].quality > kept[-1].quality + 1e-12:  # sums in another order differ by rounding
            kept.append(trades[i])
    return tuple(kept)


def measured_front(
    tuning: HalfSearch,
    measure: Measure,
    alphas: Sequence[float | None],
    ks: Sequence[int],
    cost: QuestionCost,
    seconds: Callable[[float | None], float],
) -> Front:
    """Every alpha with every k on the tuning half; `seconds` is what the search takes at an alpha."""
    trades = []
    for alpha in alphas:
        cuts = tuning.cuts(alpha, ks, measure)
        means = (values.mean(axis=1).tolist() for values in (cuts.quality, cuts.recall, cuts.tokens))
        for k, quality, recall, tokens in zip(ks, *means, strict=True):
            dollars = float(cost.dollars(tokens))
            trades.append(Trade(alpha, k, quality, recall, tokens, dollars, seconds(alpha) + cost.seconds(tokens)))
    return Front(str(measure), tuple(trades), cost)
