"""The local engine: build an index, search it exactly, change it, save and open it."""

from ragopt.index.doors import off_loop
from ragopt.index.local import Index
from ragopt.index.pairs import Pairs
from ragopt.index.parts import join_parts
from ragopt.index.syncing import Changes

__all__ = ["Changes", "Index", "Pairs", "join_parts", "off_loop"]
