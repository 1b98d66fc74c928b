"""What the core found on this machine."""

from __future__ import annotations

from ragopt import _core

__all__ = ["instructions"]


def instructions() -> str:
    """The instructions that searches use in this process: scalar, avx2 or avx512. All give the same results."""
    return _core.cpu()
