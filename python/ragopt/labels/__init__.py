"""Labels that a model makes, marked as such: questions about chunks, and grades of pairs."""

from ragopt.labels.calls import Calls, Forecast, Spent
from ragopt.labels.judge import JudgeLabels, judge_forecast, judge_labels
from ragopt.labels.sampling import sample_chunks
from ragopt.labels.synthetic import (
    Provenance,
    RoundTrip,
    SyntheticLabels,
    SyntheticQuestion,
    synthetic_forecast,
    synthetic_labels,
)

__all__ = [
    "Calls",
    "Forecast",
    "JudgeLabels",
    "Provenance",
    "RoundTrip",
    "Spent",
    "SyntheticLabels",
    "SyntheticQuestion",
    "judge_forecast",
    "judge_labels",
    "sample_chunks",
    "synthetic_forecast",
    "synthetic_labels",
]
