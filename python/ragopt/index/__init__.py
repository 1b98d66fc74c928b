"""The local engine: build an index, search it exactly, save and open it."""

from ragopt.index.doors import off_loop
from ragopt.index.local import Index

__all__ = ["Index", "off_loop"]
