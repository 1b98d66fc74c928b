"""The local engine: build an index, search it exactly, change it, save and open it."""

from ragopt.index.doors import off_loop
from ragopt.index.local import Index
from ragopt.index.parts import join_parts
from ragopt.index.syncing import Changes

__all__ = ["Changes", "Index", "join_parts", "off_loop"]
