"""Measures from their definitions, with plain loops: the twin of `ragopt.evaluation.measures`.

`ranked` are ids, best first; `grades` maps ids to judgements. Relevant means a grade of 1 or more;
`k` None looks at the whole list. Sources: Järvelin and Kekäläinen 2002 (nDCG), trec_eval's m_*.c.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2


def relevant(grades: Mapping[str, int], id: str) -> bool:
    """Whether the judgement of `id` is 1 or more; what is not judged is not relevant."""
    return grades.get(id, 0) >= 1


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], k: int | None, *, exponential: bool = False) -> float:
    """Discounted gain of the list over that of the best list there could be; 0 where nothing is relevant."""

    def gain(grade: int) -> float:
        if grade < 1:
            return 0.0
        return 2.0**grade - 1.0 if exponential else float(grade)

    def discounted(ordered: Sequence[int]) -> float:
        total = 0.0
        for rank, grade in enumerate(ordered, start=1):
            if k is None or rank <= k:
                total += gain(grade) / log2(rank + 1)
        return total

    best = discounted(sorted(grades.values(), reverse=True))
    return discounted([grades.get(id, 0) for id in ranked]) / best if best > 0 else 0.0


def average_precision(ranked: Sequence[str], grades: Mapping[str, int], k: int | None) -> float:
    """The precision at each relevant hit, summed and shared among all relevant ones, found or not."""
    wanted = sum(1 for id in grades if relevant(grades, id))
    found, total = 0, 0.0
    for rank, id in enumerate(ranked[:k], start=1):
        if relevant(grades, id):
            found += 1
            total += found / rank
    return total / wanted if wanted else 0.0


def reciprocal_rank(ranked: Sequence[str], grades: Mapping[str, int], k: int | None) -> float:
    """One over the rank of the first relevant hit; 0 without one."""
    for rank, id in enumerate(ranked[:k], start=1):
        if relevant(grades, id):
            return 1.0 / rank
    return 0.0


def recall(ranked: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """The share of the relevant that is among the first k."""
    wanted = sum(1 for id in grades if relevant(grades, id))
    found = sum(1 for id in ranked[:k] if relevant(grades, id))
    return found / wanted if wanted else 0.0


def precision(ranked: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """The share of k places that hold something relevant; a short list's missing places count against it."""
    return sum(1 for id in ranked[:k] if relevant(grades, id)) / k


def hit(ranked: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """1 where something relevant is among the first k, else 0."""
    return 1.0 if any(relevant(grades, id) for id in ranked[:k]) else 0.0


def measure(name: str, ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """The measure of that name, spelled as ragopt spells it: nDCG@10, nDCG_exp@5, AP, RR@10, R@100, P@5, hit@1."""
    gauge, _, cutoff = name.partition("@")
    k = int(cutoff) if cutoff else None
    if gauge in ("nDCG", "nDCG_exp"):
        return ndcg(ranked, grades, k, exponential=gauge == "nDCG_exp")
    if gauge == "AP":
        return average_precision(ranked, grades, k)
    if gauge == "RR":
        return reciprocal_rank(ranked, grades, k)
    assert k is not None, f"{name} needs a cutoff"
    return {"R": recall, "P": precision, "hit": hit}[gauge](ranked, grades, k)
