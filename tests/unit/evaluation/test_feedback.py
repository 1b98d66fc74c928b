"""Feedback records, and the judgements inferred from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragopt.errors import InputError
from ragopt.evaluation import Feedback, feedback_labels, read_feedback
from tests.unit.tuning.world import World


def test_round_trip(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    world = World(3)
    hits = world.search_many(["question 0"], k=4, alpha=0.3)[0]
    records = [
        Feedback("Wie geht's?\n2", ("a", "b"), (2.0, 1.0), clicked=("b",), cited=("a",), thumb=-1, exploration=0.1),
        Feedback.of("question 0", hits, clicked=(hits[1].id,), time="2026-11-25"),
        Feedback("nothing found", ()),
    ]
    for record in records:
        record.append(log)
    assert read_feedback(log) == records
    assert records[1].alpha == 0.3 and records[1].k == 4 and records[1].scores[0] == hits[0].score


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", ":1: not JSON"),
        ("[]", ":1: a record of feedback"),
        ('{"question": "q", "shown": [], "clicks": []}', "unknown field of feedback 'clicks'. Did you mean 'clicked'"),
        ('{"question": " ", "shown": []}', "the question is empty"),
        ('{"question": "q", "shown": "a"}', "shown = 'a': give a list of ids"),
        ('{"question": "q", "shown": ["a", "a"]}', "shown twice"),
        ('{"question": "q", "shown": ["a"], "scores": [1, 2]}', "2 scores, but 1"),
        ('{"question": "q", "shown": ["a"], "clicked": ["b"]}', "'b' is clicked, but was not shown"),
        ('{"question": "q", "shown": ["a"], "thumb": true}', "thumb = True"),
        ('{"question": "q", "shown": ["a"], "exploration": 0}', "exploration = 0: give a number above 0"),
        ('{"question": "q", "shown": ["a"], "alpha": 1.5}', "alpha = 1.5"),
        ('{"question": "q", "shown": ["a"], "k": -1}', "k = -1"),
    ],
)
def test_wrong_records(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "log").write_text(line + "\n")
    with pytest.raises(InputError) as error:
        read_feedback(tmp_path / "log")
    assert message in str(error.value) and "log:1" in str(error.value)


def test_grades() -> None:
    def grade(**outcome: Any) -> int:
        return feedback_labels([Feedback("q", ("a", "b"), **outcome)]).qrels[Feedback("q", ()).query]["b"]

    assert grade(clicked=("b",)) == 1 and grade(clicked=("a",)) == 0 and grade(cited=("b",)) == 1
    assert grade(cited=("b",), thumb=1) == 2 and grade(cited=("b",), thumb=-1) == 0


def test_the_silent_are_no_evidence_and_questions_are_joined() -> None:
    labels = feedback_labels(
        [Feedback("A  q?", ("a",), clicked=("a",)), Feedback("a Q?", ("a",)), Feedback("b", ("a",))]
    )
    assert labels.records == 3 and labels.silent == 2
    assert list(labels.queries.values()) == ["A  q?"] and labels.qrels.origin == "feedback"
    assert feedback_labels([]).queries == {}
    for wrong in ({"eta": -1}, {"relevant": 0}, {"examination": [0.0]}):
        with pytest.raises(InputError):
            feedback_labels([], **wrong)  # type: ignore[arg-type]


def test_position_bias_is_corrected() -> None:
    """Users who look at rank r with 1/r: the estimates are the true relevance, where bare click rates are not."""
    rng, n, true = np.random.default_rng(0), 20_000, (0.2, 0.2, 0.6, 0.6)
    shown = ("a", "b", "c", "d")
    records = []
    for _ in range(n):
        seen = rng.random(4) < 1 / np.arange(1, 5)
        clicked = tuple(id for id, looks, p in zip(shown, seen, true, strict=True) if looks and rng.random() < p)
        records.append(Feedback("q", shown, clicked=clicked, thumb=1))  # a thumb, so that all of them count
    found = feedback_labels(records).relevance[records[0].query]
    bare = feedback_labels(records, eta=0).relevance[records[0].query]
    assert np.allclose([found[id] for id in shown], true, atol=0.02)
    assert bare["d"] < bare["a"] and found["d"] > found["a"]
    assert feedback_labels(records, examination=[1.0]).relevance[records[0].query] == bare


def test_what_was_tried_out_weighs_by_its_probability() -> None:
    """A list that one in ten is served stands for ten: the mean is that of serving both lists equally often."""
    records = [Feedback("q", ("a",), clicked=("a",), exploration=0.9)] * 9
    records += [Feedback("q", ("a",), thumb=-1, exploration=0.1)]
    assert feedback_labels(records).relevance[records[0].query]["a"] == pytest.approx(0.5)
