"""Choosing chunks for a token budget and laying them out as a context."""

from ragopt.pack.packing import Packed, pack, room

__all__ = ["Packed", "pack", "room"]
