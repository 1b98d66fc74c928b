"""Copies of chunks are told from people's questions on real collections, and pull alpha to the lexical side."""

from __future__ import annotations

import pytest

from benches.copies import ALL, KINDS, copies, judged
from ragopt.evaluation.overlap import MOST_COPIES
from tests.shared import shared

pytestmark = pytest.mark.collections

PEOPLE = ("cranfield", "cisi", "vaswani", "scifact", "xquad-en", "xquad-vi", "vicov19qa")


@pytest.mark.parametrize("name", PEOPLE)
def test_overlap(name: str) -> None:
    shared("collections", name)
    assert not judged(name).overlap.copy_like
    for kind in KINDS if ALL[name][2] == "english" else KINDS[:2]:
        found = copies_text(name, kind)
        assert found.copy_like, (name, kind, found.copied)


def copies_text(name: str, kind: str):  # type: ignore[no-untyped-def]
    """The overlap alone needs no vectors."""
    return copies(name, kind, 60, embed=False).overlap


def test_alpha_falls_on_copies() -> None:
    """People's questions of cranfield want .68, its sentences and keywords 0."""
    shared("collections", "cranfield")
    people = judged("cranfield").curves().mean(axis=0)
    for kind in ("sentences", "keywords"):
        copied = copies("cranfield", kind, 60).curves().mean(axis=0)
        assert people.argmax() >= 50 > 20 >= copied.argmax(), kind
    assert people.max() - people[0] > 0.03  # what following the copies would cost
    assert MOST_COPIES == 0.5
