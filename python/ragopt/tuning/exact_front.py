"""The Pareto front over every alpha there is: quality, recall and tokens are step functions of alpha for each k."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ragopt.evaluation import By, Gauge, Judged, Measure, Qrels
from ragopt.tuning.path import DEEPEST, AlphaCurve, AlphaPath, Pairing, path_of
from ragopt.tuning.trials import HalfSearch, Sending

__all__ = ["Piece", "exact_pieces", "pieces"]

Floats = npt.NDArray[np.float64]

#: alpha, k, quality, recall, tokens of one step.
Piece = tuple[float, int, float, float, float]


def exact_pieces(half: HalfSearch, measure: Measure, ks: Sequence[int]) -> tuple[tuple[int, ...], list[Piece]]:
    """The k whose first k chunks fit into the budget at any alpha, for every question; and their steps on the front.

    Nothing where the index does not tell both sides, where the measure has no cutoff, or where a threshold is set:
    a path knows rankings, not what is dropped from them; nor where packing does more than choose chunks. Nor where
    documents are judged: a context holds chunks.
    """
    index = half.index
    deep = [k for k in ks if k <= DEEPEST]
    plain = half.search.min_score is None and half.unit.by is By.CHUNK and measure.cutoff is not None
    plain = plain and half.questions.weights is None
    if not isinstance(index, Pairing) or not plain or not deep or not half.sending.whole:
        return (), []
    path = path_of(
        index,
        half.questions,
        half.qrels,
        measures=_columns(measure, deep),
        ks=deep,
        normalizer=half.search.normalizer,
        depth=half.search.depth,
        where=half.where,
        unit=half.unit,
        counter=half.sending.counter,
    )
    fitting = tuple(k for k in deep if _fits(path, k, half.sending))
    return fitting, [piece for k in fitting for piece in pieces(path, half.qrels, measure, k)]


def pieces(path: AlphaPath, qrels: Qrels, measure: Measure, k: int) -> list[Piece]:
    """The steps of one k that no other step of it beats: at alpha 0, within, and at 1, which may cost unlike time."""
    cut = min(k, measure.cutoff or k)
    weights, scale = _weights(path, qrels, measure, cut)
    quality = path.mean(Measure(measure.gauge, cut), weights)
    recall, tokens = path.mean(Measure(Gauge.R, k)), path.tokens(k)
    edges = np.unique(np.concatenate((quality.starts, recall.starts, tokens.starts)))
    middle = (edges + np.append(edges[1:], 1.0)) / 2
    out = []
    for alphas in (np.array([0.0]), middle, np.array([1.0])):
        good, cost = quality.at(alphas) * scale, tokens.at(alphas)
        kept = _best(good, cost)
        found = _recall(recall, alphas[kept])
        rows = zip(alphas[kept].tolist(), good[kept].tolist(), found, cost[kept].tolist(), strict=True)
        out += [(alpha, k, value, share, spent) for alpha, value, share, spent in rows]
    return out


def _recall(curve: AlphaCurve, alphas: Floats) -> list[float]:
    return [float(value) for value in curve.at(alphas)]


def _best(quality: Floats, cost: Floats) -> npt.NDArray[np.intp]:
    """The places that none beats, cheapest first."""
    order = np.lexsort((-quality, cost))
    sorted_quality = quality[order]
    before = np.concatenate(([-np.inf], np.maximum.accumulate(sorted_quality)[:-1]))
    return order[sorted_quality > before + 1e-12]


def _columns(measure: Measure, ks: Sequence[int]) -> list[Measure]:
    """Every measure that is read, once."""
    cuts = [Measure(measure.gauge, min(k, measure.cutoff or k)) for k in ks]
    return list(dict.fromkeys([*cuts, *(Measure(Gauge.R, k) for k in ks)]))


def _weights(path: AlphaPath, qrels: Qrels, measure: Measure, cut: int) -> tuple[Floats | None, float]:
    """What makes the measure of a list of `cut` hits the measure of it at its own cutoff: weights, and a factor.

    nDCG@10 of three hits divides by the ideal of ten, not of three; P@10 of three by ten. The others are the same.
    """
    n = len(path)
    if measure.gauge is Gauge.P:
        return None, cut / (measure.cutoff or cut)
    if measure.gauge not in (Gauge.NDCG, Gauge.NDCG_EXP) or cut == measure.cutoff:
        return None, 1.0
    ideal = [sorted((g for g in qrels[id].values() if g > 0), reverse=True) for id in path.queries]
    lists = [[str(i) for i in range(len(grades))][:cut] for grades in ideal]
    judged = Judged.of(lists, [{str(i): grade for i, grade in enumerate(grades)} for grades in ideal])
    weights = measure.values(judged)  # the ideal of `cut` hits, by the measure itself
    total = float(weights.sum())
    return (weights, total / n) if total > 0.0 else (None, 1.0)


def _fits(path: AlphaPath, k: int, sending: Sending) -> bool:
    """Whether any k chunks that an alpha may choose fit for every question."""
    known: dict[int, int] = {}
    for of in path.pairs:
        sizes = []
        for ordinal in of.ordinals.tolist():
            if ordinal not in known:
                known[ordinal] = sending.most(of.load(ordinal).full_text)
            sizes.append(known[ordinal])
        if sum(sorted(sizes, reverse=True)[:k]) > sending.settings.tokens:
            return False
    return True
