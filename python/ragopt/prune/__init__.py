"""Dropping hits before packing: thresholds, duplicates, gaps, and as many as are worth their tokens."""

from ragopt.prune.decide import Decision, Pruned, VectorsOf, decide
from ragopt.prune.diverse import facility_location, mmr
from ragopt.prune.duplicates import drop_duplicates
from ragopt.prune.relevance import Labelled, recalibrate, relevance
from ragopt.prune.threshold import prune

__all__ = [
    "Decision",
    "Labelled",
    "Pruned",
    "VectorsOf",
    "decide",
    "drop_duplicates",
    "facility_location",
    "mmr",
    "prune",
    "recalibrate",
    "relevance",
]
