"""What was asked of `tune`."""

from __future__ import annotations

from dataclasses import dataclass

from ragopt.evaluation import Measure
from ragopt.types import SearchSettings

__all__ = ["Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked of `tune`, checked. `search` is the default to beat; `fine` where no alphas were given."""

    measure: Measure
    also: tuple[Measure, ...]
    search: SearchSettings
    alphas: tuple[float, ...]
    fine: bool
    ks: tuple[int, ...]
    folds: int
    repeats: int
    margin: float
    seed: int
