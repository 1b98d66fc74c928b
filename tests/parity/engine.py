"""Every chunk's raw score as the core has it, to be held against another engine's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ragopt import _core


def index_of(
    corpus: Sequence[Sequence[str]], variant: str, k1: float, b: float, delta: float = 0.0, epsilon: float = 0.25
) -> _core.Index:
    """An index of chunks that are term lists already."""
    return _core.Index.build(
        _core.Analyzer("whitespace"),
        (variant, k1, b, delta, epsilon),
        [f"{i:06}" for i in range(len(corpus))],
        [" ".join(chunk) for chunk in corpus],
        [b""] * len(corpus),
        None,
        "{}",
    )


def raw_scores(index: _core.Index, query: Sequence[str]) -> npt.NDArray[np.float64]:
    """BM25 of every chunk. A chunk that shares no term is no hit: it has the constant that an account gives."""
    parameters = _core.Parameters(len(index), 0.0, "none", 1000, -1.0, None)
    text = " ".join(query)
    found = index.search(text, None, None, parameters)
    scores = np.full(len(index), index.explain(text, None, None, parameters, 0).constant)
    scores[found.ordinals] = found.lexical
    return scores
