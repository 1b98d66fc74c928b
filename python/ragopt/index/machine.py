"""What the core found on this machine."""

from __future__ import annotations

from ragopt import _core

__all__ = ["instructions", "known_instructions"]


def instructions() -> str:
    """The instructions that searches use in this process, one of the known ones. All give the same results."""
    return _core.cpu()


def known_instructions() -> tuple[str, ...]:
    """What a processor of this kind may have, the plainest first: scalar, then avx2, avx512 and amx, or neon."""
    return tuple(_core.paths())
