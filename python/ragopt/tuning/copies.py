"""Questions that copy their chunks are no ground to tune on: refused if a model wrote them, told if people did."""

from __future__ import annotations

from collections.abc import Sequence

from ragopt.errors import CopiedQuestionsError
from ragopt.evaluation import Searchable, Unit, Worded, lexical_overlap
from ragopt.tuning.halves import Half

__all__ = ["check_copies"]

_CURE = (
    "tune on people's questions or on feedback, have a model write questions that use other words, or say that you "
    "want it all the same (allow_copies=True, --allow-copies)"
)


def check_copies(index: Searchable, halves: Sequence[Half], unit: Unit, *, allow: bool) -> list[str]:
    """Notes on halves whose questions repeat their chunks too often for alpha to be tuned on them.

    CopiedQuestionsError for synthetic ones unless it is allowed, also where the index does not tell its terms, so that
    it cannot be known.
    """
    notes = []
    for name, (questions, qrels) in zip(("tuning", "held-out"), halves, strict=True):
        synthetic = "synthetic" in qrels.kinds
        if not isinstance(index, Worded):
            told = f"the {name} questions are synthetic, and this index does not tell whether they copy its chunks"
            copied = synthetic
        else:
            overlap = lexical_overlap(index, questions, qrels, by=unit.by)
            told, copied = f"{name} questions: {overlap}", overlap.copy_like
        if not copied:
            continue
        if synthetic and not allow:
            raise CopiedQuestionsError(f"{told}; alpha would come out too low on them, and k too small: {_CURE}")
        notes.append(
            f"{told}: alpha may come out too low on them, and k too small"
            + (" (tuned all the same: copies were allowed)" if synthetic else "")
        )
    return notes
