"""Measures, judged runs, and what can be told from noise."""

from ragopt.evaluation.agreement import Agreement, agreement
from ragopt.evaluation.answers import Answers, answer_share, check_answers
from ragopt.evaluation.evaluate import MEASURES, evaluate, score_run
from ragopt.evaluation.feedback import Feedback, FeedbackLabels, feedback_labels, read_feedback
from ragopt.evaluation.judgements import Qrels, QrelsLike, Run
from ragopt.evaluation.labels import Fault, LabelProblem, label_problems
from ragopt.evaluation.measures import Gauge, Judged, Measure, parse_measures
from ragopt.evaluation.overlap import Copied, Overlap, Worded, lexical_overlap
from ragopt.evaluation.questions import Queries, Questions, Searchable, check_ids, search_deep
from ragopt.evaluation.standings import Against, Difference, Standings, System, evaluate_all
from ragopt.evaluation.statistics import (
    Estimate,
    holm,
    linear,
    mean_interval,
    mean_intervals,
    minimum_detectable_effect,
    sign_flip_test,
)
from ragopt.evaluation.table import Comparison, Table, compare, compare_values
from ragopt.evaluation.unit import By, Unit

__all__ = [
    "MEASURES",
    "Against",
    "Agreement",
    "Answers",
    "By",
    "Comparison",
    "Copied",
    "Difference",
    "Estimate",
    "Fault",
    "Feedback",
    "FeedbackLabels",
    "Gauge",
    "Judged",
    "LabelProblem",
    "Measure",
    "Overlap",
    "Qrels",
    "QrelsLike",
    "Queries",
    "Questions",
    "Run",
    "Searchable",
    "Standings",
    "System",
    "Table",
    "Unit",
    "Worded",
    "agreement",
    "answer_share",
    "check_answers",
    "check_ids",
    "compare",
    "compare_values",
    "evaluate",
    "evaluate_all",
    "feedback_labels",
    "holm",
    "label_problems",
    "lexical_overlap",
    "linear",
    "mean_interval",
    "mean_intervals",
    "minimum_detectable_effect",
    "parse_measures",
    "read_feedback",
    "score_run",
    "search_deep",
    "sign_flip_test",
]
