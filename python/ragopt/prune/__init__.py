"""Dropping hits before packing: thresholds, gaps, and as many as are worth their tokens."""

from ragopt.prune.decide import Decision, Pruned, decide
from ragopt.prune.relevance import Labelled, recalibrate, relevance
from ragopt.prune.threshold import prune

__all__ = ["Decision", "Labelled", "Pruned", "decide", "prune", "recalibrate", "relevance"]
