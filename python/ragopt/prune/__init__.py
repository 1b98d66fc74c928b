"""Dropping hits before packing."""

from ragopt.prune.threshold import prune

__all__ = ["prune"]
