"""Tuning: which settings judged questions speak for, and whether the gain is real."""

from ragopt.tuning.levers import LeverSaving, lever_savings
from ragopt.tuning.outcome import AlphaPoint, Curves, Facts, Health, KPoint, TopK, Trial
from ragopt.tuning.path import AlphaCurve, AlphaPath, Plateau, alpha_path
from ragopt.tuning.result import TuneResult
from ragopt.tuning.trials import Arm
from ragopt.tuning.tune import tune
from ragopt.tuning.verdict import Outcome, Verdict, judge

__all__ = [
    "AlphaCurve",
    "AlphaPath",
    "AlphaPoint",
    "Arm",
    "Curves",
    "Facts",
    "Health",
    "KPoint",
    "LeverSaving",
    "Outcome",
    "Plateau",
    "TopK",
    "Trial",
    "TuneResult",
    "Verdict",
    "alpha_path",
    "judge",
    "lever_savings",
    "tune",
]
