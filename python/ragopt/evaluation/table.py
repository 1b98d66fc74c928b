"""The outcome of an evaluation: a value for every query and measure, and what it says about the mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError, UnknownNameError
from ragopt.evaluation.judgements import Run
from ragopt.evaluation.measures import Measure
from ragopt.evaluation.statistics import (
    Estimate,
    mean_interval,
    mean_intervals,
    minimum_detectable_effect,
    sign_flip_test,
)

__all__ = ["Comparison", "Table", "compare", "compare_values"]


@dataclass(frozen=True, eq=False)
class Table(Mapping[str, float]):
    """A mapping from measure to its mean over queries, with everything behind it.

    `table["nDCG@10"]` is a mean; `matrix` has a row a query and a column a measure; `run` is what was
    found; `notes` tell what was left out or looks wrong. `shares` is what each query counts in the means, 1 on average;
    None: all alike. Intervals are 95 % BCa bootstrap, seeded.
    """

    queries: tuple[str, ...]
    measures: tuple[Measure, ...]
    matrix: npt.NDArray[np.float64]
    run: Run
    notes: tuple[str, ...] = ()
    shares: npt.NDArray[np.float64] | None = None

    def __getitem__(self, measure: str | Measure) -> float:
        column = self.column(measure)
        return float((column if self.shares is None else column * self.shares).mean())

    def __iter__(self) -> Iterator[str]:
        return (str(measure) for measure in self.measures)

    def __len__(self) -> int:
        return len(self.measures)

    def __contains__(self, measure: object) -> bool:
        return isinstance(measure, str | Measure) and str(measure) in [str(known) for known in self.measures]

    def column(self, measure: str | Measure) -> npt.NDArray[np.float64]:
        """One value a query, in the order of `queries`."""
        wanted = Measure.parse(measure)
        if wanted not in self.measures:
            raise UnknownNameError.of("measure of this table", str(wanted), map(str, self.measures))
        return self.matrix[:, self.measures.index(wanted)]

    @cached_property
    def estimates(self) -> Mapping[str, Estimate]:
        """The mean of each measure with its interval."""
        return dict(zip(self, mean_intervals(self.matrix, shares=self.shares), strict=True))

    def per_query(self) -> dict[str, dict[str, float]]:
        """Query id → measure → value."""
        names = list(self)
        return {
            q: dict(zip(names, map(float, row), strict=True)) for q, row in zip(self.queries, self.matrix, strict=True)
        }

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the means with their intervals, the values of each query, the notes."""
        return {
            "queries": len(self.queries),
            "measures": {name: estimate.to_dict() for name, estimate in self.estimates.items()},
            "per_query": self.per_query(),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        width = max(len("measure"), *(len(name) for name in self))
        lines = [f"{'measure':<{width}}    mean   95 % interval"]
        for name, estimate in self.estimates.items():
            bounds = f"{estimate.low:.4f} to {estimate.high:.4f}" if estimate.known else "unknown: one query"
            lines.append(f"{name:<{width}}  {estimate.mean:.4f}   {bounds}")
        lines.append(f"over {len(self.queries)} {'query' if len(self.queries) == 1 else 'queries'}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


@dataclass(frozen=True, slots=True)
class Comparison:
    """One configuration against another on the same queries.

    `difference` is candidate − baseline; `p` is two-sided (sign-flip randomization); `least_visible` is the least
    true difference that this many queries show with 80 % power, NaN under two queries.
    """

    queries: int
    difference: Estimate
    p: float
    least_visible: float
    wins: int
    losses: int

    @property
    def ties(self) -> int:
        """Queries on which both are equal."""
        return self.queries - self.wins - self.losses

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; what is not known is None."""
        known = self.least_visible == self.least_visible
        return {
            "queries": self.queries,
            "difference": self.difference.to_dict(),
            "p": self.p,
            "least_visible": self.least_visible if known else None,
            "wins": self.wins,
            "losses": self.losses,
            "ties": self.ties,
        }


def compare(candidate: Table, baseline: Table, measure: str | Measure, *, seed: int = 0) -> Comparison:
    """Compare two tables on one measure, query by query. InputError where their queries differ."""
    if set(candidate.queries) != set(baseline.queries):
        raise InputError("the two tables hold different queries: a paired comparison needs the same ones")
    place = {query: i for i, query in enumerate(baseline.queries)}
    other = baseline.column(measure)[[place[query] for query in candidate.queries]]
    return compare_values(candidate.column(measure), other, seed=seed)


def compare_values(candidate: npt.ArrayLike, baseline: npt.ArrayLike, *, seed: int = 0) -> Comparison:
    """Compare two values a query, in the same order of queries."""
    differences = np.asarray(candidate, dtype=np.float64) - np.asarray(baseline, dtype=np.float64)
    # Means of a few grades differ by rounding alone when the rankings do not: that is no difference.
    differences[np.abs(differences) < 1e-12] = 0.0
    return Comparison(
        queries=len(differences),
        difference=mean_interval(differences, seed=seed),
        p=sign_flip_test(differences, seed=seed),
        least_visible=minimum_detectable_effect(differences),
        wins=int((differences > 0).sum()),
        losses=int((differences < 0).sum()),
    )
