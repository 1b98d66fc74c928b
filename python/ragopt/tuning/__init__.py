"""Tuning: which settings judged questions speak for, and whether the gain is real."""

from ragopt.tuning.ablation import Contribution, Lever, contributions
from ragopt.tuning.bm25 import Bm25Choice
from ragopt.tuning.check import Check, Standing, check
from ragopt.tuning.front import Axis, Front, Trade, pareto
from ragopt.tuning.levers import LeverSaving, lever_savings
from ragopt.tuning.moves import Moved, QuestionMoves
from ragopt.tuning.objective import Goal, Objective
from ragopt.tuning.outcome import AlphaPoint, Curves, Facts, Health, KPoint, TopK, Trial
from ragopt.tuning.path import AlphaCurve, AlphaPath, Plateau, alpha_path
from ragopt.tuning.replay import Replay
from ragopt.tuning.result import TuneResult
from ragopt.tuning.sizes import SizeComparison, compare_indexes
from ragopt.tuning.space import LEVERS
from ragopt.tuning.trials import Arm
from ragopt.tuning.tune import tune
from ragopt.tuning.verdict import Claim, Outcome, Verdict, judge
from ragopt.tuning.wider import LeverChoice

__all__ = [
    "LEVERS",
    "AlphaCurve",
    "AlphaPath",
    "AlphaPoint",
    "Arm",
    "Axis",
    "Bm25Choice",
    "Check",
    "Claim",
    "Contribution",
    "Curves",
    "Facts",
    "Front",
    "Goal",
    "Health",
    "KPoint",
    "Lever",
    "LeverChoice",
    "LeverSaving",
    "Moved",
    "Objective",
    "Outcome",
    "Plateau",
    "QuestionMoves",
    "Replay",
    "SizeComparison",
    "Standing",
    "TopK",
    "Trade",
    "Trial",
    "TuneResult",
    "Verdict",
    "alpha_path",
    "check",
    "compare_indexes",
    "contributions",
    "judge",
    "lever_savings",
    "pareto",
    "tune",
]
