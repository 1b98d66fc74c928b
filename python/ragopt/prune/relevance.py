"""The probability that a hit is relevant: a prior from other collections, fitted to one's own labels.

A logistic model of five features of a hit within its list: the score, its share of the best score, how many
standard deviations it stands above the list's mean, the cosine, and the BM25 score as a share of the list's best.
`prior.json` holds its weights with their provenance; `python -m benches.fit_relevance` computes them. Trained on
other collections it orders hits well and is off in scale: only with `recalibrate`d labels are its numbers
probabilities. (Log-odds with a shift and a scale: Platt 1999.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError, ScoreKindError
from ragopt.types import Hits, Normalizer, Recalibration

__all__ = ["Labelled", "Model", "features", "fit", "fit_scale", "recalibrate", "relevance", "relevance_by"]

Floats = npt.NDArray[np.float64]

FEATURES = ("score", "share of the best score", "deviations above the mean", "cosine", "share of the best BM25")
_STEPS, _RIDGE = 100, 1.0
#: Labelled questions below which a recalibration is refused.
LEAST_QUESTIONS = 10


class Model(NamedTuple):
    """Weights of the standardized features: log-odds = intercept + Σ weight · (feature − mean) / spread."""

    intercept: float
    weights: tuple[float, ...]
    means: tuple[float, ...]
    spreads: tuple[float, ...]

    def log_odds(self, rows: Floats) -> Floats:
        """One number a row of features."""
        standard = (rows - np.array(self.means)) / np.array(self.spreads)
        return np.asarray(self.intercept + standard @ np.array(self.weights), dtype=np.float64)


class Labelled(NamedTuple):
    """The hits of one question with the grades of the relevant ids; a grade of 1 or more is relevant."""

    hits: Hits
    grades: Mapping[str, int]


def relevance(hits: Hits, recalibration: Recalibration | None = None) -> Floats:
    """One probability a hit, in their order.

    Meant for the scores of a `bounded` search over 20 or more hits; ScoreKindError for another normalizer. Without
    `recalibration` they order hits, and their size is not to be trusted.
    """
    return relevance_by(hits, _prior(_way(hits)), recalibration)


def relevance_by(hits: Hits, model: Model, recalibration: Recalibration | None) -> Floats:
    """`relevance` by a model of one's own."""
    odds = _log_odds(hits, model)
    if recalibration is not None:
        odds = recalibration.shift + recalibration.scale * odds
    return _logistic(odds)


def recalibrate(labelled: Sequence[Labelled]) -> Recalibration:
    """What labels say of the prior: shift and scale of its log-odds, by maximum likelihood.

    Raises InputError for fewer than 10 questions with something relevant, or where every hit has one label.
    """
    return fit_scale(labelled, _prior)


def fit_scale(labelled: Sequence[Labelled], prior: Callable[[str], Model]) -> Recalibration:
    """`recalibrate` against a prior of one's own."""
    known = [one for one in labelled if len(one.hits) and any(grade > 0 for grade in one.grades.values())]
    if len(known) < LEAST_QUESTIONS:
        raise InputError(
            f"{len(known)} questions with a relevant label and hits: recalibrating needs {LEAST_QUESTIONS} or more"
        )
    odds = np.concatenate([_log_odds(one.hits, prior(_way(one.hits))) for one in known])
    truth = np.concatenate([[one.grades.get(hit.id, 0) > 0 for hit in one.hits] for one in known]).astype(np.float64)
    if truth.min() == truth.max():
        what = "relevant" if truth.min() else "not relevant"
        raise InputError(f"every hit of the labelled questions is {what}: nothing can be learnt from that")
    model = fit(odds[:, None], truth, np.ones(len(odds)), ridge=1e-3)
    scale = model.weights[0] / model.spreads[0]
    return Recalibration(shift=model.intercept - scale * model.means[0], scale=scale, questions=len(known))


def features(hits: Hits) -> Floats:
    """FEATURES of every hit, (hits, 5). A side that took no part is 0."""
    if hits.normalizer is not Normalizer.BOUNDED:
        raise ScoreKindError(
            f"a probability of relevance is known for bounded scores, and these are {hits.normalizer}: search with "
            f'normalizer="bounded"'
        )
    scores = np.array([hit.score for hit in hits], dtype=np.float64)
    # A side that weighs nothing says nothing, whether or not its scores are known.
    way = _way(hits)
    lexical = np.array([(hit.lexical or 0.0) * (way != "dense") for hit in hits], dtype=np.float64)
    cosine = np.array([(hit.dense or 0.0) * (way != "lexical") for hit in hits], dtype=np.float64)
    return np.column_stack(
        [
            scores,
            scores / max(scores.max(initial=0.0), 1e-9),
            (scores - (scores.mean() if len(scores) else 0.0)) / (scores.std() + 1e-9 if len(scores) else 1.0),
            cosine,
            lexical / max(lexical.max(initial=0.0), 1e-9),
        ]
    )


def fit(rows: Floats, truth: Floats, weights: Floats, *, ridge: float = _RIDGE) -> Model:
    """The logistic model of `truth` (0 or 1) by Newton's steps; `weights` of the rows, `ridge` on the slopes."""
    means, spreads = rows.mean(axis=0), rows.std(axis=0)
    spreads = np.where(spreads > 1e-9, spreads, 1.0)  # a feature that never differs says nothing
    design = np.column_stack([np.ones(len(rows)), (rows - means) / spreads])
    penalty = ridge * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    slopes = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        p = _logistic(design @ slopes)
        gradient = design.T @ (weights * (truth - p)) - penalty @ slopes
        curvature = (design * (weights * p * (1.0 - p))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature + 1e-12 * np.eye(len(slopes)), gradient)
        slopes += step
        if np.abs(step).max() < 1e-10:
            break
    return Model(float(slopes[0]), tuple(map(float, slopes[1:])), tuple(map(float, means)), tuple(map(float, spreads)))


def _log_odds(hits: Hits, model: Model) -> Floats:
    return model.log_odds(features(hits)) if len(hits) else np.zeros(0)


def _way(hits: Hits) -> str:
    if hits.sides.lexical and hits.sides.dense and 0.0 < hits.alpha < 1.0:
        return "hybrid"
    return "dense" if hits.sides.dense and hits.alpha > 0.0 else "lexical"


@cache
def _prior(way: str) -> Model:
    text = resources.files("ragopt.prune").joinpath("prior.json").read_text(encoding="utf-8")
    stored: dict[str, Any] = json.loads(text)["models"][way]
    return Model(stored["intercept"], *(tuple(stored[name]) for name in ("weights", "means", "spreads")))


def _logistic(odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -500.0, 500.0))), dtype=np.float64)
