"""Alpha is not tuned on synthetic questions that copy their chunks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ragopt import Document, Index, tune
from ragopt.errors import CopiedQuestionsError
from ragopt.evaluation import Qrels
from ragopt.testing import FakeEmbedder
from tests.unit.tuning.world import World

WORDS = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]
RNG = np.random.default_rng(0)
TEXTS = {f"d{i}": " ".join(RNG.choice(WORDS, 12, replace=False)) for i in range(40)}
INDEX = Index.build([Document(*item) for item in TEXTS.items()], embedder=FakeEmbedder(), analyzer="english")
COPIES = {f"q{i}": " ".join(text.split()[2:7]) for i, text in enumerate(TEXTS.values())}
OWN = {f"q{i}": " ".join([*text.split()[2:4], "wherefore", "hitherto"]) for i, text in enumerate(TEXTS.values())}
GRADES = {f"q{i}": {f"d{i}": 1} for i in range(40)}


@pytest.mark.parametrize("origin", ["synthetic", "synthetic:some-model", "judge:m+synthetic:m"])
def test_synthetic_copies_are_refused(origin: str) -> None:
    with pytest.raises(
        CopiedQuestionsError, match=r"20 of 20 questions repeat 90% .* people's questions .*allow_copies"
    ):
        tune(INDEX, COPIES, Qrels(GRADES, origin))


def test_leave_is_marked_everywhere(tmp_path: Path) -> None:
    result = tune(INDEX, COPIES, Qrels(GRADES, "synthetic:m"), allow_copies=True)
    note = next(note for note in result.notes if "copies were allowed" in note)
    result.save(tmp_path / "ragopt.toml")
    result.report(tmp_path / "r.html")
    assert note in (tmp_path / "ragopt.toml").read_text() and 'labels = "synthetic:m"' in result.file.to_toml()
    assert "copies were allowed" in (tmp_path / "r.html").read_text() and note in result.to_dict()["notes"]


def test_peoples_copies_are_told_and_questions_in_other_words_are_not() -> None:
    assert any("alpha may come out too low" in note for note in tune(INDEX, COPIES, GRADES).notes)
    for qrels in (Qrels(GRADES), Qrels(GRADES, "synthetic:m")):
        assert not any("too low" in note for note in tune(INDEX, OWN, qrels).notes)


def test_copies_in_the_half_that_judges_are_refused_too() -> None:
    first, second = list(COPIES)[:20], list(COPIES)[20:]
    held = {q: COPIES[q] for q in second}, Qrels({q: GRADES[q] for q in second}, "synthetic:m")
    with pytest.raises(CopiedQuestionsError, match="held-out questions"):
        tune(INDEX, {q: OWN[q] for q in first}, {q: GRADES[q] for q in first}, held_out=held)


def test_what_cannot_be_looked_at_is_not_trusted() -> None:
    world = World(20)
    with pytest.raises(CopiedQuestionsError, match="does not tell whether they copy"):
        tune(world, world.queries, Qrels(world.qrels, "synthetic:m"))
    assert tune(world, world.queries, Qrels(world.qrels, "synthetic:m"), allow_copies=True).notes
