"""How much of their chunks questions repeat."""

from __future__ import annotations

import itertools
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import Document, Index
from ragopt.errors import InputTypeError
from ragopt.evaluation import Copied, Fault, label_problems, lexical_overlap
from ragopt.evaluation.overlap import longest_run

TEXTS = {
    "a": "Buckets hold objects, and each bucket has one owner.",
    "b": "Functions run code for at most fifteen minutes.",
    "c": "Keys rotate every year unless rotation is disabled.",
}
INDEX = Index.build([Document(id, text) for id, text in TEXTS.items()], analyzer="english")


def test_share_and_run_by_hand() -> None:
    """`object`, `bucket` and `owner` are in one of three chunks; `palace` in none, so that it weighs more."""
    [one] = lexical_overlap(INDEX, {"q": "objects in buckets of a palace owner"}, {"q": {"a": 1, "b": 0}}).questions
    known, unknown = log(1 + 2.5 / 1.5), log(1 + 3.5 / 0.5)
    assert one.share == pytest.approx(3 * known / (3 * known + unknown), abs=1e-12)
    assert (one.query, one.run, one.terms, one.copy) == ("q", 1, 4, False)


def test_copies_are_told_from_questions() -> None:
    queries = {f"{id}{i}": text for id, full in TEXTS.items() for i, text in enumerate((full, "who may do this?"))}
    qrels = {id: {id[0]: 1} for id in queries}
    found = lexical_overlap(INDEX, queries, qrels)
    assert found.copies == ("a0", "b0", "c0") and not found.copy_like  # half of those with a term are none
    only = {id: queries[id] for id in found.copies}
    assert lexical_overlap(INDEX, only, qrels).copy_like
    [problem] = [p for p in label_problems(only, qrels, INDEX) if p.fault is Fault.COPIED_QUESTIONS]
    assert problem.share == 1.0 and problem.ids == found.copies
    assert not [p for p in label_problems(queries, qrels, INDEX) if p.fault is Fault.COPIED_QUESTIONS]


def test_what_cannot_be_measured_is_left_out() -> None:
    queries = {"blank": "", "stop": "what is the", "gone": "buckets", "none": "buckets", "unjudged": "buckets"}
    qrels = {"blank": {"a": 1}, "stop": {"a": 1}, "gone": {"z": 1}, "none": {"a": 0}}
    found = lexical_overlap(INDEX, queries, qrels)
    assert found.questions == () and not found.copy_like and found.share == found.run == found.copied == 0.0
    with pytest.raises(InputTypeError, match="index is a str"):
        lexical_overlap("index", queries, qrels)  # type: ignore[arg-type]


def test_a_document_is_all_of_its_chunks() -> None:
    cut = Index.build([Document("d", "Alpha beta gamma. Delta epsilon zeta.")], chunker=_halves, analyzer="english")
    for text in ("alpha beta gamma", "alpha zeta beta"):
        [one] = lexical_overlap(cut, {"q": text}, {"q": {"d": 1}}, by="document").questions
        assert one.share == 1.0
    assert lexical_overlap(cut, {"q": "alpha"}, {"q": {"d": 1}}).questions == ()  # no chunk has that name


def test_pairs_of_syllables_are_not_counted_beside_their_words() -> None:
    index = Index.build([Document("v", "Bệnh viện mở cửa lúc bảy giờ sáng.")], analyzer="vietnamese")
    [one] = lexical_overlap(index, {"q": "giờ viện cửa"}, {"q": {"v": 1}}).questions
    assert one.share == 1.0 and one.terms == 3


def test_two_words_tell_nothing() -> None:
    assert not Copied("q", 1.0, 2, 2).copy and Copied("q", 1.0, 1, 3).copy


@given(st.text("ab", max_size=7), st.text("ab", max_size=7))
def test_longest_run_is_that_of_the_plain_way(first: str, second: str) -> None:
    rows = (first[i:j] for i, j in itertools.combinations(range(len(first) + 1), 2))
    assert longest_run(first, second) == max((len(row) for row in rows if row in second), default=0)


def _halves(document: Document) -> list:  # type: ignore[type-arg]
    from ragopt.types import Chunk

    middle = document.text.index(".") + 1
    spans = [(0, middle), (middle, len(document.text))]
    return [Chunk(f"d#{i}", "d", document.text[a:b], (a, b)) for i, (a, b) in enumerate(spans)]
