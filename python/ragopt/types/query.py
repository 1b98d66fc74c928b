"""A prepared question."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ragopt.types.filters import Filter

__all__ = ["Query"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for: text or weighted terms, a vector, a filter.

    `terms` replaces the analysis of `text` on the lexical side; a weight multiplies the term's
    count. `vector` replaces the embedding of `text` on the dense side.
    """

    text: str
    terms: tuple[tuple[str, float], ...] | None = None
    vector: npt.NDArray[np.float32] | None = None
    where: Filter | None = None
