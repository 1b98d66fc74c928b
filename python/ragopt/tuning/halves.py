"""Two halves that share no question: one to tune on, one that tuning never sees."""

from __future__ import annotations

import unicodedata

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError
from ragopt.evaluation import Qrels, QrelsLike, Queries, Questions

__all__ = ["Half", "halves"]

Half = tuple[Questions, Qrels]


def halves(
    questions: Questions,
    qrels: Qrels,
    held_out: float | tuple[Queries, QrelsLike],
    held_out_vectors: npt.ArrayLike | None,
    seed: int,
) -> tuple[Half, Half]:
    """The tuning and the held-out half, judged queries only.

    A fraction splits the judged queries at random, seeded; questions of the same text stay together.
    A given half must not repeat a question of the other: that is a leak, and an InputError.
    """
    judged = questions.judged(qrels)
    if isinstance(held_out, tuple):
        theirs = Qrels.of(held_out[1])
        kept = Questions.of(held_out[0], held_out_vectors).judged(theirs)
        mine = {_plain(text): id for id, text in zip(judged.ids, judged.texts, strict=True)}
        leaks = [
            f"{mine[_plain(text)]!r} and {id!r}"
            for id, text in zip(kept.ids, kept.texts, strict=True)
            if _plain(text) and _plain(text) in mine
        ]
        if leaks:
            raise InputError(
                f"{len(leaks)} held-out questions are tuned on as well (the first: {leaks[0]}): a held-out result "
                f"would count what it has already seen. Take them out of one half"
            )
        return (judged, qrels.only(judged.ids)), (kept, theirs.only(kept.ids))
    if held_out_vectors is not None:
        raise InputError("held_out_vectors belongs to a held-out half that is given as (queries, qrels)")
    tuned_rows, kept_rows = _split(judged, held_out, seed)
    tuned, kept = judged.at(tuned_rows), judged.at(kept_rows)
    return (tuned, qrels.only(tuned.ids)), (kept, qrels.only(kept.ids))


def _split(judged: Questions, fraction: float, seed: int) -> tuple[list[int], list[int]]:
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0.0 < fraction < 1.0:
        raise InputError(
            f"held_out={fraction!r}: give the share of the queries that tuning must not see, between 0 and 1, "
            f"or (queries, qrels)"
        )
    groups: dict[str, list[int]] = {}
    for row, text in enumerate(judged.texts):
        # A question without text (a vector alone) stands for itself.
        groups.setdefault(_plain(text) or f"\0{row}", []).append(row)
    order = list(groups.values())
    if len(order) < 2:
        raise InputError(
            f"tuning needs two different judged questions, one to tune on and one to hold out; there is "
            f"{len(order)}. evaluate() measures the settings as they are"
        )
    shuffled = [order[i] for i in np.random.default_rng(seed).permutation(len(order))]
    wanted = round(fraction * len(judged))
    kept: list[int] = []
    while len(shuffled) > 1 and (not kept or len(kept) < wanted):
        kept += shuffled.pop()
    return sorted(row for group in shuffled for row in group), sorted(kept)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
