"""Token counters: an offline estimate, the provider's own counts, a tokenizer's file, and one that learns from usage.

All are `protocols.TokenCounter`. What needs a vendor's package loads it when it is made.
"""

from ragopt.tokens.choose import COUNTERS, counter_of
from ragopt.tokens.counted import CountTokens
from ragopt.tokens.estimate import FAMILIES, ByteEstimate, family_of
from ragopt.tokens.learning import LearningCounter
from ragopt.tokens.many import count_all, highs, points

__all__ = [
    "COUNTERS",
    "FAMILIES",
    "ByteEstimate",
    "CountTokens",
    "LearningCounter",
    "count_all",
    "counter_of",
    "family_of",
    "highs",
    "points",
]
