"""Measures as values: `Measure.parse("nDCG@10")` prints as it was parsed and computes itself.

The slow, plain twin is `tests/reference/measures.py`; ir-measures is the oracle (`tests/parity/test_measures.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError, UnknownNameError

__all__ = ["UNCUT_DEPTH", "Gauge", "Judged", "Measure", "parse_measures"]

Floats = npt.NDArray[np.float64]
Grades = npt.NDArray[np.int64]

#: How many hits a measure without a cutoff looks at when it is ours to search (TREC's custom).
UNCUT_DEPTH = 1000


class Gauge(StrEnum):
    """What is measured, before the cutoff. Relevant means a grade of 1 or more.

    `nDCG` has linear gain (the grade itself, as trec_eval computes it) and `nDCG_exp` exponential
    gain (2^grade − 1); both discount by log2(rank + 1) and divide by the best possible order of the
    judged chunks. `AP` sums the precision at every relevant hit over all relevant ones, `RR` is one
    over the rank of the first relevant hit, `R` the share of the relevant that were found, `P` the
    share of the cutoff that is relevant, `hit` whether anything relevant was found.
    """

    NDCG = "nDCG"
    NDCG_EXP = "nDCG_exp"
    AP = "AP"
    RR = "RR"
    R = "R"
    P = "P"
    HIT = "hit"


_ALIASES: Mapping[str, Gauge] = {
    **{gauge.lower(): gauge for gauge in Gauge},
    "map": Gauge.AP,
    "mrr": Gauge.RR,
    "recall": Gauge.R,
    "precision": Gauge.P,
    "success": Gauge.HIT,
}
_CUT = (Gauge.R, Gauge.P, Gauge.HIT)
_SPELLING = re.compile(r"([A-Za-z_]+)(?:@([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Judged:
    """The relevant hits of some queries: all that a measure needs, however long the rankings are.

    Row i of `ranks` (1 is the best) and `grades` are the relevant hits of query i by rank; `ideal` holds
    every relevant grade of the query, best first. Rows are filled up with rank and grade 0. A grade of 0
    or less is not relevant and gains nothing, as in trec_eval.
    """

    ranks: Grades
    grades: Grades
    ideal: Grades

    @classmethod
    def of(cls, rankings: Sequence[Sequence[str]], qrels: Sequence[Mapping[str, int]]) -> Judged:
        """The relevant hits of `rankings` (ids, best first); `qrels[i]` are the judgements of ranking i."""
        return cls.of_ranks([{id: rank for rank, id in enumerate(ids, start=1)} for ids in rankings], qrels)

    @classmethod
    def of_ranks(cls, ranks: Sequence[Mapping[str, int]], qrels: Sequence[Mapping[str, int]]) -> Judged:
        """The same of the ranks of ids: it looks up what is judged, so long rankings cost nothing more."""
        found, ideal = [], []
        for of, qrel in zip(ranks, qrels, strict=True):
            relevant = [(id, grade) for id, grade in qrel.items() if grade > 0]
            found.append(sorted((of[id], grade) for id, grade in relevant if id in of))
            ideal.append(sorted((grade for _, grade in relevant), reverse=True))
        return cls(
            _padded([[rank for rank, _ in hits] for hits in found]),
            _padded([[grade for _, grade in hits] for hits in found]),
            _padded(ideal),
        )

    def __len__(self) -> int:
        return len(self.grades)


@dataclass(frozen=True, slots=True)
class Measure:
    """A gauge with its cutoff, as in nDCG@10. `R`, `P` and `hit` need one; the others may go to the end of the list.

    Parsing knows MAP, MRR, Recall, Precision and Success as other names of AP, RR, R, P and hit.
    """

    gauge: Gauge
    cutoff: int | None = None

    def __post_init__(self) -> None:
        if self.cutoff is None and self.gauge in _CUT:
            raise InputError(f"measure {str(self.gauge)!r} needs a cutoff: write {self.gauge}@10, say")
        if self.cutoff is not None and self.cutoff < 1:
            raise InputError(f"measure {self.gauge}@{self.cutoff}: the cutoff must be 1 or more")

    @classmethod
    def parse(cls, name: str | Measure) -> Measure:
        """The measure of that name; UnknownNameError for what is none."""
        if isinstance(name, Measure):
            return name
        match = _SPELLING.fullmatch(name.strip()) if isinstance(name, str) else None
        gauge = _ALIASES.get(match[1].lower()) if match else None
        if match is None or gauge is None:
            raise UnknownNameError.of("measure", name, [g if g not in _CUT else f"{g}@10" for g in Gauge])
        return cls(gauge, int(match[2]) if match[2] else None)

    def __str__(self) -> str:
        return str(self.gauge) if self.cutoff is None else f"{self.gauge}@{self.cutoff}"

    @property
    def depth(self) -> int:
        """How many hits must be searched for it: the cutoff, or 1,000 without one."""
        return self.cutoff or UNCUT_DEPTH

    def values(self, judged: Judged) -> Floats:
        """One value a query, 0 to 1. A query without anything relevant has 0."""
        ranks, best = judged.ranks, judged.ideal[:, : self.cutoff]
        # Where a row is filled up, the rank is 0: it is in no list.
        found = (ranks > 0) & (ranks <= (self.cutoff or np.iinfo(np.int64).max))
        relevant, wanted = found.sum(axis=1), (judged.ideal > 0).sum(axis=1)
        match self.gauge:
            case Gauge.NDCG:
                return _ratio(_dcg(judged.grades * found, ranks), _dcg(best, _in_order(best)))
            case Gauge.NDCG_EXP:
                # Scaled by the query's best grade, so that no grade overflows; the ratio is the same.
                top = judged.ideal.max(axis=1, initial=0)[:, None]
                gain = _exponential(judged.grades * found, top), _exponential(best, top)
                return _ratio(_dcg(gain[0], ranks), _dcg(gain[1], _in_order(best)))
            case Gauge.AP:
                precision = np.cumsum(found, axis=1) / np.maximum(ranks, 1)
                return _ratio((precision * found).sum(axis=1), wanted)
            case Gauge.RR:
                return np.asarray((found / np.maximum(ranks, 1)).max(axis=1, initial=0.0), dtype=np.float64)
            case Gauge.R:
                return _ratio(relevant, wanted)
            case Gauge.P:
                return np.asarray(relevant / float(self.depth), dtype=np.float64)
            case Gauge.HIT:
                return np.asarray(relevant > 0, dtype=np.float64)


def parse_measures(names: Iterable[str | Measure] | str | Measure) -> tuple[Measure, ...]:
    """The measures of those names, in order; InputError for none at all or the same one twice."""
    if not isinstance(names, Iterable | Measure):
        raise InputError(f'measures is a {type(names).__name__}: give names, such as ["nDCG@10"]')
    given = [names] if isinstance(names, str | Measure) else list(names)
    measures = tuple(Measure.parse(name) for name in given)
    if not measures:
        raise InputError('no measure is named: give one or more, such as "nDCG@10"')
    if len(set(measures)) < len(measures):
        raise InputError(f"a measure is named twice: {', '.join(str(m) for m in measures)}")
    return measures


def _padded(rows: Sequence[Sequence[int]]) -> Grades:
    width = max((len(row) for row in rows), default=0)
    out = np.zeros((len(rows), width), dtype=np.int64)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out


def _dcg(gains: npt.NDArray[np.int64] | Floats, ranks: Grades) -> Floats:
    discount = 1.0 / np.log2(np.maximum(ranks, 1) + 1)
    return np.asarray((gains * discount).sum(axis=1), dtype=np.float64)


def _in_order(grades: Grades) -> Grades:
    return np.arange(1, grades.shape[1] + 1)[None, :]


def _exponential(grades: Grades, top: Grades) -> Floats:
    return np.asarray(np.exp2((grades - top).astype(np.float64)) - np.exp2(-top.astype(np.float64)), dtype=np.float64)


def _ratio(part: npt.NDArray[np.generic], whole: npt.NDArray[np.generic]) -> Floats:
    out = np.zeros(len(part), dtype=np.float64)
    np.divide(part, whole, out=out, where=np.asarray(whole) > 0)
    return out
