"""Fit the prior curves of the tuner: `python -m benches.fit_prior > python/ragopt/tuning/prior.json`.

Reads the collections of ../shared that come with MiniLM vectors. For each normalizer the curve is the mean nDCG@10
over alpha (exact, smoothed over .05 to both sides) of each collection, averaged over the collections, less its highest
value; at 101 alphas from 0 to 1.
"""

from __future__ import annotations

import json
import sys
from functools import cache

import numpy as np

from ragopt.tuning import alpha_path
from ragopt.types import Normalizer
from tests.collections.measured import FOUR, collection, index_of

NAMES = (*FOUR, "chroma-chunking")
#: Those that have a default alpha.
NORMALIZERS = tuple(str(one) for one in Normalizer if one.default_alpha is not None)
MEASURE = "nDCG@10"
ALPHAS = np.linspace(0.0, 1.0, 101)


@cache
def curve(name: str, normalizer: str) -> np.ndarray:
    """The smoothed mean curve of one collection."""
    data = collection(name)
    path = alpha_path(
        index_of(name), data.queries, data.qrels, measures=[MEASURE], normalizer=normalizer, vectors=data.query_vectors
    )
    return path.mean(MEASURE).smooth(ALPHAS)


def fitted(names: tuple[str, ...] = NAMES, normalizers: tuple[str, ...] = NORMALIZERS) -> dict[str, list[float]]:
    """The curve of each normalizer, from those collections."""
    out = {}
    for normalizer in normalizers:
        mean = np.mean([curve(name, normalizer) for name in names], axis=0)
        out[normalizer] = [round(float(value), 4) for value in mean - mean.max()]
    return out


def main() -> None:
    """Print the file."""
    questions = sum(len(collection(name).queries) for name in NAMES)
    about = {
        "about": "mean nDCG@10 over alpha at 101 alphas, less its highest value; by benches/fit_prior.py",
        "collections": list(NAMES),
        "questions": questions,
        "embedder": "all-MiniLM-L6-v2",
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in about.items()]
    curves = [f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in fitted().items()]
    sys.stdout.write("{\n" + ",\n".join(lines) + ',\n  "curves": {\n' + ",\n".join(curves) + "\n  }\n}\n")


if __name__ == "__main__":
    main()
