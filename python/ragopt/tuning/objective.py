"""What k is chosen for: the same recall with the fewest tokens, or the best under a limit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.economics import QuestionCost
from ragopt.errors import InputError, UnknownNameError
from ragopt.evaluation import mean_interval

__all__ = ["Goal", "Objective", "largest_k", "within"]


class Objective(StrEnum):
    """What a tuned k is for.

    `same recall, fewest tokens` takes the smallest k that keeps the default's recall. `best under a budget` takes the
    most that a number of tokens per question allows, `best under a price` the most that an amount of dollars per
    question allows, and no more than raises recall.
    """

    FEWEST_TOKENS = "same-recall-fewest-tokens"
    BUDGET = "best-under-a-budget"
    PRICE = "best-under-a-price"

    @classmethod
    def parse(cls, name: str | Objective) -> Objective:
        """The objective of that name, with hyphens or in words; UnknownNameError for what is none."""
        plain = "-".join(re.findall(r"[a-z]+", str(name).lower()))
        if plain not in list(cls):
            raise UnknownNameError.of("objective", str(name), cls)
        return cls(plain)


@dataclass(frozen=True, slots=True)
class Goal:
    """An objective with its limit, as tokens of context per question; `asked` says it as it was asked for."""

    objective: Objective = Objective.FEWEST_TOKENS
    tokens: float | None = None
    asked: str = ""

    @classmethod
    def of(
        cls, objective: str | Objective, budget: float | None, price: Decimal | float | str | None, cost: QuestionCost
    ) -> Goal:
        """The goal of `tune`'s arguments. InputError for a limit that is missing, idle, or below what can be."""
        wanted = Objective.parse(objective)
        idle = [
            f"{name}={value}"
            for name, value, needs in (("budget", budget, Objective.BUDGET), ("price", price, Objective.PRICE))
            if value is not None and wanted is not needs
        ]
        if idle:
            raise InputError(f"{idle[0]} says nothing with the objective {str(wanted)!r}: name the one that it limits")
        if wanted is Objective.FEWEST_TOKENS:
            return cls()
        if wanted is Objective.BUDGET:
            if budget is None or isinstance(budget, bool) or not budget > 0:
                needs = "needs budget=, the tokens of context a question may take, above 0"
                raise InputError(f"objective {str(wanted)!r} {needs}; it is {budget!r}")
            return cls(wanted, float(budget), f"{budget:,g} tokens per question")
        dollars = _dollars(price)
        tokens = cost.tokens_for(dollars)
        if tokens <= 0:
            raise InputError(
                f"price={dollars}: a question costs ${cost.dollars(0.0)} before any context, so nothing can be sent"
            )
        return cls(wanted, tokens, f"${dollars} per question ({tokens:,.0f} tokens of context)")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"objective": str(self.objective), "tokens_per_question": self.tokens, "limit": self.asked or None}


def largest_k(
    recall: npt.NDArray[np.float64], tokens: npt.NDArray[np.float64], ks: Sequence[int], limit: float, *, seed: int
) -> int | None:
    """The place of the k with the most recall whose mean tokens stay within `limit`, surely (95 %); None if none does.

    `recall` and `tokens` are (ks, queries), with k ascending. Of equal recall the smallest k: more buys nothing.
    """
    allowed = [i for i in range(len(ks)) if within(tokens[i], limit, seed=seed)]
    if not allowed:
        return None
    means = recall.mean(axis=1)
    best = max(means[i] for i in allowed)
    return next(i for i in allowed if means[i] >= best - 1e-12)


def within(tokens: npt.NDArray[np.float64], limit: float, *, seed: int) -> bool:
    """Whether the mean is at most `limit` with 95 % confidence; a single question must be so itself."""
    estimate = mean_interval(tokens, confidence=0.9, seed=seed)
    return (estimate.high if estimate.known else estimate.mean) <= limit


def _dollars(price: Decimal | float | str | None) -> Decimal:
    try:
        if price is None or isinstance(price, bool):
            raise ValueError
        value = Decimal(repr(price) if isinstance(price, float) else str(price))
        if not value.is_finite() or value <= 0:
            raise ValueError
    except (ValueError, ArithmeticError):
        needs = "needs price=, the US dollars that a question may cost, above 0"
        raise InputError(f"objective {str(Objective.PRICE)!r} {needs}; it is {price!r}") from None
    return value
