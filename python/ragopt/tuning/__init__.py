"""Tuning: which settings judged questions speak for, and whether the gain is real."""

from ragopt.tuning.levers import LeverSaving, lever_savings
from ragopt.tuning.outcome import AlphaPoint, Curves, Facts, Health, KPoint, TopK, Trial
from ragopt.tuning.result import TuneResult
from ragopt.tuning.trials import Arm
from ragopt.tuning.tune import tune
from ragopt.tuning.verdict import Outcome, Verdict, judge

__all__ = [
    "AlphaPoint",
    "Arm",
    "Curves",
    "Facts",
    "Health",
    "KPoint",
    "LeverSaving",
    "Outcome",
    "TopK",
    "Trial",
    "TuneResult",
    "Verdict",
    "judge",
    "lever_savings",
    "tune",
]
