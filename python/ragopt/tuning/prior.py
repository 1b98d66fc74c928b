"""What other collections say of alpha, before any question of one's own (see `benches/fit_prior.py`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.evaluation import Gauge
from ragopt.types import Normalizer

__all__ = ["PRIOR_WEIGHT", "prior_curve"]

#: How many questions the prior counts for. On held-out halves of the four collections 25 to 200 differ by less than
#: .0003 from a good default, and the more the better from a bad one (`python -m benches.tune_honesty`).
PRIOR_WEIGHT = 100.0
#: What the prior curve, which is of nDCG@10, is used for: measures of the order of hits.
_OF_ORDER = (Gauge.NDCG, Gauge.NDCG_EXP, Gauge.AP, Gauge.RR)


def prior_curve(normalizer: Normalizer | str, gauge: Gauge, alphas: Sequence[float]) -> npt.NDArray[np.float64] | None:
    """The prior mean at each alpha, up to a constant; None for a normalizer or measure that has none."""
    known: list[float] | None = _file()["curves"].get(str(normalizer))
    if known is None or gauge not in _OF_ORDER:
        return None
    places = np.linspace(0.0, 1.0, len(known))
    return np.asarray(np.interp(np.asarray(alphas, dtype=np.float64), places, known), dtype=np.float64)


@cache
def _file() -> dict[str, Any]:
    text = (files("ragopt.tuning") / "prior.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
