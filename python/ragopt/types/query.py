"""A prepared question."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ragopt.types.filters import Where

__all__ = ["Query"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for: text or weighted terms, a vector, a filter, and what preparing it found out.

    `terms` replaces the analysis of `text` on the lexical side; a weight multiplies the term's
    count. `vector` replaces the embedding of `text` on the dense side.

    `parts` are sub-queries: with them, each part is searched instead of the whole, and their hits are
    joined by turns, so that every part has the same share (`Hit.part` says which one found a hit). A
    part has no filter and no parts of its own. `keywords` are the phrases that carry the question with
    their weights (the heaviest weighs 1), for display. `answerable` is the calibrated probability that
    the corpus holds an answer; None where nobody asked.
    """

    text: str
    terms: tuple[tuple[str, float], ...] | None = None
    vector: npt.NDArray[np.float32] | None = None
    where: Where | None = None
    parts: tuple[Query, ...] = ()
    keywords: tuple[tuple[str, float], ...] = ()
    answerable: float | None = None
