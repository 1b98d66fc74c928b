"""The local engine: build an index, search it exactly, save and open it."""

from ragopt.index.doors import off_loop
from ragopt.index.local import Index
from ragopt.index.parts import join_parts

__all__ = ["Index", "join_parts", "off_loop"]
