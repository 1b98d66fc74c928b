"""Token counters that need no vendor."""

from ragopt.tokens.estimate import FAMILIES, ByteEstimate

__all__ = ["FAMILIES", "ByteEstimate"]
