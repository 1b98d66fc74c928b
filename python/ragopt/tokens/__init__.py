"""Token counters that need no vendor."""

from ragopt.tokens.estimate import FAMILIES, ByteEstimate
from ragopt.tokens.many import count_all

__all__ = ["FAMILIES", "ByteEstimate", "count_all"]
