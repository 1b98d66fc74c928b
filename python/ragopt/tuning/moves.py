"""The questions that tuning changed for the worse, hit by hit: which moved, and what each side said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.evaluation import Measure
from ragopt.tuning.trials import HalfSearch
from ragopt.types import Hit, Hits

__all__ = ["Moved", "QuestionMoves", "worst_questions"]

#: How many questions are explained, and how many hits of each list are shown besides the relevant ones.
WORST, _FIRST = 10, 5


@dataclass(frozen=True, slots=True)
class Moved:
    """One judged unit in two rankings of a question: its ranks (1 is best, None is out of sight), its grade.

    `lexical` is its raw BM25 score and `dense` its cosine, as in a hit; None where that side has none.
    """

    id: str
    title: str
    grade: int
    before: int | None
    after: int | None
    lexical: float | None
    dense: float | None


@dataclass(frozen=True, slots=True)
class QuestionMoves:
    """One held-out question by the default and by the tuned alpha: its scores, and the hits that tell why.

    `missing` counts the relevant units that neither ranking holds in its first `depth`.
    """

    id: str
    text: str
    before: float
    after: float
    hits: tuple[Moved, ...]
    missing: int
    depth: int

    def __str__(self) -> str:
        """The change in one sentence."""
        relevant = [hit for hit in self.hits if hit.grade > 0]
        gone = f"{self.missing} relevant {'is' if self.missing == 1 else 'are'} not in the first {self.depth}"
        fallen = [hit for hit in relevant if _place(hit.after) > _place(hit.before)]
        if fallen:
            worst = max(fallen, key=lambda hit: (1 / _place(hit.before) - 1 / _place(hit.after)) * hit.grade)
            past = [hit for hit in self.hits if _place(hit.after) < _place(worst.after) and hit.grade <= 0]
            by = [hit.id for hit in past if _place(hit.before) > _place(worst.before)]
            passed = f", passed by {', '.join(by[:3])}" if by else ""
            way = f"from {self._told(worst.before)} to {self._told(worst.after)}"
            return f"{worst.id} (grade {worst.grade}) fell {way}{passed}."
        if self.missing:
            return f"{gone[0].upper()}{gone[1:]}."
        first = min((_place(hit.after) for hit in relevant), default=0)
        return f"Its first relevant hit is at rank {first}." if first else "It has no relevant judgement."

    def _told(self, rank: int | None) -> str:
        return f"below the first {self.depth}" if rank is None else f"rank {rank}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**asdict(self), "sentence": str(self)}


def worst_questions(
    half: HalfSearch,
    measure: Measure,
    alphas: tuple[float | None, float | None],
    before: npt.NDArray[np.float64],
    after: npt.NDArray[np.float64],
) -> tuple[QuestionMoves, ...]:
    """The ten questions of `half` that lost most from the first alpha to the second, searched again by both.

    Where none lost, those that score least: at most ten, the worst first.
    """
    change = after - before
    losing = bool((change < -1e-12).any())
    order = np.lexsort((after, change)) if losing else np.argsort(after, kind="stable")
    rows = [int(i) for i in order[:WORST] if not losing or change[i] < -1e-12]
    if not rows:
        return ()
    some = replace(half, questions=half.questions.at(rows))
    depth = max(some.depth(measure), 1)
    depth = min(depth, 10) if measure.cutoff is None else depth
    first = some.hits(alphas[0], depth)
    second = first if alphas[0] == alphas[1] else some.hits(alphas[1], depth)
    return tuple(
        _moves(some, place, float(before[row]), float(after[row]), (first[place], second[place]), depth)
        for place, row in enumerate(rows)
    )


def _moves(
    half: HalfSearch, place: int, before: float, after: float, both: tuple[Hits, Hits], depth: int
) -> QuestionMoves:
    id, text = half.questions.ids[place], half.questions.texts[place]
    grades = half.qrels[id]
    first, second = (_ranked(half, hits, depth) for hits in both)
    units = list(dict.fromkeys((*second, *first)))
    moved = []
    for unit in units:
        ranks = [ranked[unit][0] if unit in ranked else None for ranked in (first, second)]
        hit = (second.get(unit) or first[unit])[1]
        grade = grades.get(unit, 0)
        if grade > 0 or min(_place(rank) for rank in ranks) <= _FIRST:
            moved.append(Moved(unit, hit.title, grade, ranks[0], ranks[1], hit.lexical, hit.dense))
    missing = sum(grade > 0 and unit not in units for unit, grade in grades.items())
    return QuestionMoves(id, text, before, after, tuple(moved), missing, depth)


def _ranked(half: HalfSearch, hits: Sequence[Hit], depth: int) -> dict[str, tuple[int, Hit]]:
    """Judged unit → its rank and its best hit."""
    out: dict[str, tuple[int, Hit]] = {}
    for hit in hits:
        (unit,) = half.unit.ids([hit])
        if unit not in out and len(out) < depth:
            out[unit] = (len(out) + 1, hit)
    return out


def _place(rank: int | None) -> int:
    return 10**6 if rank is None else rank
