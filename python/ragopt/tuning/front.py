"""Quality against cost: the settings that no other beats in both (the Pareto front), exactly.

Quality is the tuned measure of what is sent: of the hits that the pipeline would pack of the first k.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ragopt.economics import QuestionCost
from ragopt.errors import UnknownNameError
from ragopt.evaluation import Measure
from ragopt.tuning.exact_front import exact_pieces
from ragopt.tuning.trials import HalfSearch

__all__ = ["Axis", "Front", "Trade", "made_front", "pareto"]


class Axis(StrEnum):
    """What a question costs: tokens of context, US dollars, or seconds until its first token."""

    TOKENS = "tokens"
    DOLLARS = "dollars"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Trade:
    """One alpha and k on the tuning half, and what else they change: what they give, and what a question takes.

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
    change: str = ""

    def cost(self, axis: Axis) -> float:
        """The mean cost of a question on that axis."""
        return {Axis.TOKENS: self.tokens, Axis.DOLLARS: self.dollars, Axis.SECONDS: self.seconds}[axis]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, without what a clock measured."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "seconds"}


@dataclass(frozen=True, slots=True)
class Front:
    """All that was tried on the tuning half, and which of it is worth having at its cost.

    For the k of `exact` every alpha there is was tried, by the exact path; for others those of the grid.
    """

    measure: str
    trades: tuple[Trade, ...]
    cost: QuestionCost
    exact: tuple[int, ...] = ()

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
            "exact_ks": list(self.exact),
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


def made_front(
    tuning: HalfSearch,
    measure: Measure,
    alphas: Sequence[float | None],
    ks: Sequence[int],
    cost: QuestionCost,
    seconds: Callable[[float | None], float],
    further: Iterable[tuple[float | None, int, float, float, float, str]] = (),
) -> Front:
    """Every alpha of the grid with every k on the tuning half, and what the exact path finds between them.

    `seconds` is what the search takes at an alpha. `further` are settings that were replayed: alpha, k, quality,
    recall, tokens, and what they change.
    """
    rows: list[tuple[float | None, int, float, float, float]] = []
    for alpha in alphas:
        cuts = tuning.cuts(alpha, ks, measure)
        means = (values.mean(axis=1).tolist() for values in (cuts.quality, cuts.recall, cuts.tokens))
        rows += [(alpha, *row) for row in zip(ks, *means, strict=True)]
    exact: tuple[int, ...] = ()
    if None not in alphas:
        exact, found = exact_pieces(tuning, measure, ks)
        rows += found
    trades = [
        Trade(
            alpha, k, quality, recall, tokens, float(cost.dollars(tokens)), seconds(alpha) + cost.seconds(tokens), told
        )
        for alpha, k, quality, recall, tokens, told in (*((*row, "") for row in rows), *further)
    ]
    return Front(str(measure), tuple(trades), cost, exact)
