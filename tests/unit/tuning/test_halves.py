"""Halves: disjoint, seeded, and no question in both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.errors import InputError
from ragopt.evaluation import Qrels, Questions
from ragopt.tuning.halves import halves


def case(texts: list[str]) -> tuple[Questions, Qrels]:
    ids = [f"q{i}" for i in range(len(texts))]
    vectors = np.arange(len(texts), dtype=np.float32)[:, None]
    return Questions.of(list(zip(ids, texts, strict=True)), vectors), Qrels({id: {"d": 1} for id in ids})


@given(
    st.lists(st.sampled_from(["a", "A ", "b", "c", "d", "e", "f", "g"]), min_size=2),
    st.floats(0.05, 0.95),
    st.integers(0, 5),
)
def test_split_is_whole_disjoint_and_keeps_equal_texts_together(texts: list[str], share: float, seed: int) -> None:
    questions, qrels = case(texts)
    if len({text.strip().lower() for text in texts}) < 2:
        with pytest.raises(InputError, match="two different judged questions"):
            halves(questions, qrels, share, None, seed)
        return
    (tuned, tuned_qrels), (kept, kept_qrels) = halves(questions, qrels, share, None, seed)
    assert sorted([*tuned.ids, *kept.ids]) == sorted(questions.ids)
    assert tuned.ids and kept.ids
    assert set(tuned_qrels) == set(tuned.ids)
    assert set(kept_qrels) == set(kept.ids)
    assert not {text.strip().lower() for text in tuned.texts} & {text.strip().lower() for text in kept.texts}
    assert tuned.vectors is not None
    assert [f"q{int(row[0])}" for row in tuned.vectors] == list(tuned.ids)
    again = halves(questions, qrels, share, None, seed)
    assert again[0][0].ids == tuned.ids


def test_share_is_kept() -> None:
    questions, qrels = case([f"question {i}" for i in range(100)])
    (tuned, _), (kept, _) = halves(questions, qrels, 0.3, None, 0)
    assert (len(tuned), len(kept)) == (70, 30)
    other, _ = halves(questions, qrels, 0.3, None, 1)
    assert other[0].ids != tuned.ids


def test_unjudged_queries_are_in_no_half() -> None:
    questions, _ = case(["a", "b", "c"])
    (tuned, _), (kept, _) = halves(questions, Qrels({"q0": {"d": 1}, "q2": {"d": 1}}), 0.5, None, 0)
    assert sorted([*tuned.ids, *kept.ids]) == ["q0", "q2"]


def test_a_given_half_must_not_leak() -> None:
    questions, qrels = case(["How do I start?", "b"])
    (_, _), (kept, kept_qrels) = halves(questions, qrels, ({"x": "new"}, {"x": {"d": 1}, "y": {"d": 1}}), [[5.0]], 0)
    assert kept.ids == ("x",)
    assert set(kept_qrels) == {"x"}
    assert kept.vectors is not None
    with pytest.raises(InputError, match=r"1 held-out questions are tuned on as well \(the first: 'q0' and 'x'\)"):
        halves(questions, qrels, ({"x": "how do I  START?"}, {"x": {"d": 1}}), None, 0)


@pytest.mark.parametrize("share", [0, 1, -0.5, 1.5, True, "half", None])
def test_impossible_shares(share: Any) -> None:
    questions, qrels = case(["a", "b"])
    with pytest.raises(InputError, match="held_out"):
        halves(questions, qrels, share, None, 0)


def test_vectors_without_their_queries() -> None:
    questions, qrels = case(["a", "b"])
    with pytest.raises(InputError, match="held_out_vectors"):
        halves(questions, qrels, 0.5, [[1.0]], 0)
