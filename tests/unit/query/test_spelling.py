"""Words that an index does not know: what they are taken for, and which are left alone."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import Index
from ragopt.query import mend
from ragopt.query.spelling import slip
from ragopt.types import Query

TEXTS = (
    "concurrency limits of Lambda functions",
    "the throughput of a DynamoDB table and its provisioned capacity",
    "how replication of databases works with secondary regions",
    "Bệnh viện Đà Nẵng và trường đại học",
    "cách tăng concurrency của hàm Lambda",
    "đường phố", "dương xỉ", "the error code E1234 of getObject", "a large and a larger volume",
)  # fmt: skip


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build([{"id": str(i), "text": text} for i, text in enumerate(TEXTS)])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("concurency limits", "concurrency limits"),
        ("replicaiton of databses", "replication of databases"),
        ("Thruoghput of a table", "Throughput of a table"),
        ("provisoned capactiy", "provisioned capacity"),
        ("concurrencylimits", "concurrency limits"),
        ("the secnodary regoins?", "the secondary regions?"),
    ],
)
def test_slips_are_mended(index: Index, typed: str, meant: str) -> None:
    query, span = mend(typed, index=index)
    assert query.text == meant
    assert span.stage == "spelling" and span.details["changed"]
    found = index.search(query, k=3)
    assert found.ids[0] == index.search(meant, k=1).ids[0]


@pytest.mark.parametrize(
    "question",
    [
        "concurrency of lambda", "", "   ", "??", "E1235 and 10001", "getObjects", "get_objct", "zzzqqq", "teh",
        "What is the throughput of a table?", "Bệnh viện ở Đà Nẵng", "cách tăng concurrency của Lambda", "S3", "ARN",
    ],
)  # fmt: skip
def test_what_is_known_or_no_word_is_left_alone(index: Index, question: str) -> None:
    given_ = Query(question)
    query, span = mend(given_, index=index)
    assert query is given_ and not span.details["changed"]


@pytest.mark.parametrize(
    "question",
    [
        "How do I rotate a KMS key?",
        "Does it expire?",
        "Cách dùng khóa?",
        "điều này",
        "trồng",
        "tháng",
    ],
)
def test_words_of_grammar_and_other_syllables_are_no_slips(question: str) -> None:
    texts = ("a KMS key rotates", "các khóa đều cùng hạn", "đó là hai khóa", "rồng thăng")
    small = Index.build([{"id": str(i), "text": text} for i, text in enumerate(texts)], analyzer="multilingual")
    assert mend(question, index=small)[0].text == question


def test_a_slip_in_the_marks_of_a_syllable_is_mended(index: Index) -> None:
    assert "bệnh" in dict(mend("bênh viện", index=index)[0].terms or ())


def test_a_mistyped_stop_word_says_nothing(index: Index) -> None:
    query, _ = mend("throughput wiht capacity", index=index)
    assert query.text == "throughput with capacity"
    assert dict(query.terms or ()).keys() == {"throughput", "capac"}


def test_given_terms_are_left_alone(index: Index) -> None:
    query = Query("concurency", terms=(("concurency", 1.0),))
    assert mend(query, index=index)[0] is query


def test_an_empty_index_mends_nothing() -> None:
    query, _ = mend("concurency", index=Index.build([]))
    assert query.terms is None


class TestAccents:
    def test_each_reading_is_found(self, index: Index) -> None:
        query, _ = mend("duong", index=index)
        assert set(index.search(query, k=5).ids) == {"5", "6"}

    def test_the_neighbors_tell_the_reading(self, index: Index) -> None:
        query, _ = mend("benh vien Da Nang", index=index)
        assert query.text == "bệnh viện Đà Nẵng"
        assert index.search(query, k=1).ids == ["3"]
        assert "bệnh viện" in dict(query.terms or ())

    def test_readings_weigh_less_than_what_was_typed(self) -> None:
        index = Index.build([{"id": "plain", "text": "duong"}, {"id": "road", "text": "đường"}])
        query, _ = mend("duong", index=index)
        assert index.search(query, k=2).ids == ["plain", "road"]
        assert all(weight <= 1 for _, weight in query.terms or ())

    @pytest.mark.parametrize("question", ["đường", "dương"])
    def test_an_accented_word_is_no_other(self, index: Index, question: str) -> None:
        assert len(index.search(mend(question, index=index)[0], k=5)) == 1

    @pytest.mark.parametrize("form", ["NFC", "NFD"])
    def test_both_normal_forms_are_one(self, index: Index, form: str) -> None:
        text = unicodedata.normalize(form, "Bệnh viện Đà Nẵng")
        assert mend(text, index=index)[0].terms is None
        assert index.search(text, k=1).ids == ["3"]

    @pytest.mark.parametrize("question", ["cach tang concurrency cua ham Lambda", "cách tăng concurency của Lambda"])
    def test_mixed_technical_questions(self, index: Index, question: str) -> None:
        assert index.search(mend(question, index=index)[0], k=1).ids == ["4"]

    def test_english_words_of_an_english_question_keep_their_weight(self, index: Index) -> None:
        query, _ = mend("a dai replication", index=index)
        assert index.search(query, k=1).ids == ["2"]


def test_slips_are_ordered_by_how_often_they_happen() -> None:
    assert slip("wrod", "word") == slip("leter", "letter") == 0
    assert slip("wprd", "word") < slip("wzrd", "word") < slip("xord", "word")


@given(st.text(max_size=60))
def test_any_text_is_mended_or_left(text: str) -> None:
    index = Index.build([{"id": "1", "text": "bệnh viện word trường large 中国"}])
    query, _ = mend(text, index=index)
    assert all(weight > 0 for _, weight in query.terms or ())
    index.search(query, k=1)


@pytest.mark.parametrize("piece", ["a", "benh vien ", "wordd ", "中", "\u0301"])
def test_a_long_line_is_searched_as_it_is(index: Index, piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = time.thread_time()
    assert mend(text, index=index)[0].text == text
    assert time.thread_time() - start < 1.0
