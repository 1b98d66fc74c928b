"""Text to terms, seen from Python: what users argue about, and that an index keeps its analyzer."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import Index
from ragopt.analysis import DEFAULT, analyzer, names
from ragopt.errors import RagoptError, UnknownNameError

NORMALIZING = [name for name in names() if name != "whitespace"]

# Whole phrases and single signs, so that random texts meet words, joiners, marks and scripts.
PIECES = [
    "Running", "databases'", "don’t", "U.S.A.", "1.5", "10,000", "x86-64", "get_object", "s3:GetObject", "bệnh viện",
    "hoà", "hòa", "Đường", "dương", "kỹ", "中国", "データ", "ไทย", "한국어", "كِتَاب", "हिन्दी", "ＡＷＳ", "ﬁ", "İ", "ı",
    "ß", "🚀", "👩🏽\u200d💻", "\u0301", "\u0323", "\u200b", "\u202e", " ", "\n", ".", ":", "'", "_", "-", ",",
]  # fmt: skip
texts = st.text() | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def test_the_names_are_those_of_the_issue() -> None:
    assert names() == ("english", "multilingual", "vietnamese", "whitespace")
    assert analyzer().name == DEFAULT == "multilingual"


@pytest.mark.parametrize("name", ["", "English", "engish", "whitespace "])
def test_an_unknown_name_is_refused_with_those_that_exist(name: str) -> None:
    with pytest.raises(UnknownNameError, match="english, multilingual, vietnamese, whitespace") as caught:
        analyzer(name)
    assert isinstance(caught.value, RagoptError)


def test_a_near_miss_is_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'english'"):
        analyzer("engish")


def test_fingerprints_tell_analyzers_apart() -> None:
    prints = {analyzer(name).fingerprint for name in names()}
    assert len(prints) == len(names())
    assert all(len(print_) == 16 and int(print_, 16) >= 0 for print_ in prints)
    assert all(analyzer(name).version >= 1 for name in names())


@pytest.mark.parametrize("name", names())
def test_many_texts_are_each_text(name: str) -> None:
    many = [" ".join(PIECES), "", *PIECES]
    assert analyzer(name).terms_many(many) == [analyzer(name).terms(text) for text in many]


@pytest.mark.parametrize("name", NORMALIZING)
@given(text=texts)
def test_composed_and_decomposed_text_have_the_same_terms(name: str, text: str) -> None:
    terms = analyzer(name).terms(text)
    for form in ("NFC", "NFD"):
        assert analyzer(name).terms(unicodedata.normalize(form, text)) == terms


@given(text=texts)
def test_white_space_splits_and_changes_nothing(text: str) -> None:
    # Python splits at four more control characters than Unicode's White_Space holds.
    expected = text.translate(dict.fromkeys(range(0x1C, 0x20), "x"))
    assert analyzer("whitespace").terms(expected) == expected.split()


@pytest.mark.parametrize("name", names())
@given(text=texts)
def test_terms_are_never_empty(name: str, text: str) -> None:
    assert all(analyzer(name).terms(text))


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(
    "piece", ["a", "a.", "1,", ".", "\u0301", "a\u0323\u0301", "中", "ที่", "カ_", "đường ", "🚀", "👩\u200d", "y", "ing"]
)
def test_a_megabyte_in_one_line_takes_less_than_a_second(name: str, piece: str) -> None:
    text = piece * (1_000_000 // len(piece.encode()))
    start = time.thread_time()  # the time of this thread alone: other work on the machine does not count
    analyzer(name).terms(text)
    assert time.thread_time() - start < 1.0


class TestEnglish:
    def test_forms_of_a_word_meet(self) -> None:
        terms = analyzer("english").terms
        assert terms("The replica's running") == terms("replicas run")
        assert terms("studies study") == ["studi", "studi"]

    def test_numbers_codes_and_identifiers_stay_whole(self) -> None:
        terms = analyzer("english").terms
        assert terms("1.5 x86-64 ec2 t3.micro") == ["1.5", "x86", "64", "ec2", "t3", "micro"]
        assert terms("max_tokens 10,000") == ["max_tokens", "10000"]
        assert terms("iam:PassRole") == ["iam", "passrol"]


class TestIdentifiers:
    """One is found by another, however it is written."""

    WRITTEN = ("getObject", "get-object", "get object", "GetObject", "get_object", "GET_OBJECT", "S3:GetObject")

    @pytest.mark.parametrize("name", ["multilingual", "english+identifiers", "vietnamese+identifiers"])
    @pytest.mark.parametrize("asked", WRITTEN)
    def test_each_finds_all(self, name: str, asked: str) -> None:
        others = ["put bucket policy", "DeleteBucket"]
        documents = [{"id": text, "text": f"call {text} now"} for text in (*self.WRITTEN, *others)]
        found = Index.build(documents, analyzer=name).search(asked, k=20)
        assert set(found.ids) == set(self.WRITTEN)

    @pytest.mark.parametrize(("asked", "first"), [("GetObject", "code"), ("getobject", "code"), ("get object", "text")])
    def test_the_same_way_of_writing_comes_first(self, asked: str, first: str) -> None:
        documents = [{"id": "code", "text": "GetObject fails"}, {"id": "text", "text": "get the object again"}]
        assert Index.build(documents).search(asked, k=2)[0].id == first

    def test_names_and_units_stay_whole(self) -> None:
        for word in ("mRNA", "iPhone", "PhD", "AWS", "APIs", "EC2"):
            assert len(analyzer().terms(word)) == 1
        assert analyzer().terms("DynamoDB") == ["dynamodb", "dynamo", "db"]

    def test_it_is_an_option(self) -> None:
        assert analyzer("english").terms("getObject") == analyzer("multilingual-identifiers").terms("getObject")
        assert len({analyzer(name).fingerprint for name in ("multilingual", "multilingual-identifiers")}) == 2

    @given(text=texts)
    def test_terms_come_to_those_without(self, text: str) -> None:
        with_, without = analyzer("english+identifiers").terms(text), analyzer("english").terms(text)
        assert len(with_) >= len(without)
        assert {term for term in without if "_" not in term} <= set(with_)

    def test_a_saved_index_keeps_it(self, tmp_path: Path) -> None:
        Index.build([{"id": "1", "text": "getObject"}], analyzer="english+identifiers").save(tmp_path / "index")
        assert Index.open(tmp_path / "index").search("get_object", k=1).ids == ["1"]


class TestVietnamese:
    @pytest.mark.parametrize("name", ["vietnamese", "multilingual"])
    @pytest.mark.parametrize(("old", "new"), [("hòa", "hoà"), ("khỏe", "khoẻ"), ("thúy", "thuý"), ("THỦY", "THUỶ")])
    def test_old_and_new_tone_placement_meet(self, name: str, old: str, new: str) -> None:
        assert analyzer(name).terms(old) == analyzer(name).terms(new) != []

    @pytest.mark.parametrize("name", NORMALIZING)
    def test_tones_and_letters_are_kept_apart(self, name: str) -> None:
        words = ["đường", "dương", "duong", "ma", "má", "mà", "mã", "mạ", "mả"]
        found = [tuple(analyzer(name).terms(word)) for word in words]
        dropped = sum(not terms for terms in found)  # mà is a stop word
        assert len(set(found)) == len(words) and dropped <= 1

    def test_neighbors_come_as_pairs_but_not_across_a_sign(self) -> None:
        terms = analyzer("vietnamese").terms
        assert terms("bệnh viện") == ["bệnh", "bệnh viện", "viện"]
        assert terms("bệnh, viện") == ["bệnh", "viện"]

    def test_stop_words_stay_in_pairs(self) -> None:
        assert analyzer("vietnamese").terms("của tôi") == ["của tôi"]

    def test_no_english_stems(self) -> None:
        assert analyzer("vietnamese").terms("lanh") == ["lanh"]
        hay = {tuple(analyzer("multilingual").terms(word)) for word in ("hay", "hai", "tay", "tai", "may", "mai")}
        assert len(hay) == 6

    def test_mixed_technical_questions_work(self) -> None:
        terms = analyzer("multilingual").terms("cách tăng concurrency của Lambda functions")
        assert {"cách tăng", "concurr", "lambda", "function"} <= set(terms)
        assert "của" not in terms


class TestAnIndexKeepsItsAnalyzer:
    """Trap 27: a reload must not change how queries are analyzed."""

    DOCUMENTS = ("Running databases", "bệnh viện Đà Nẵng", "中国人 データ", "Don’t STOP me.now", "hoà bình")

    @pytest.mark.parametrize("name", names())
    def test_a_saved_index_finds_what_it_found(self, name: str, tmp_path: Path) -> None:
        index = Index.build([{"id": str(i), "text": text} for i, text in enumerate(self.DOCUMENTS)], analyzer=name)
        index.save(tmp_path / "index")
        opened = Index.open(tmp_path / "index")
        described = opened.describe()["analyzer"]
        assert described == index.describe()["analyzer"]
        assert (described["name"], described["fingerprint"]) == (name, analyzer(name).fingerprint)
        for query in (*self.DOCUMENTS, "running", "run", "ĐÀ NẴNG", "hòa", "国人", "now"):
            before, after = index.search(query, k=5), opened.search(query, k=5)
            assert [(hit.id, hit.score) for hit in before] == [(hit.id, hit.score) for hit in after]

    @pytest.mark.parametrize("name", names())
    @pytest.mark.parametrize("text", DOCUMENTS)
    def test_a_document_is_found_by_its_own_text(self, name: str, text: str) -> None:
        index = Index.build([{"id": str(i), "text": other} for i, other in enumerate(self.DOCUMENTS)], analyzer=name)
        assert index.search(text, k=1)[0].text == text

    def test_composed_and_decomposed_queries_score_the_same(self) -> None:
        index = Index.build([{"id": "1", "text": unicodedata.normalize("NFD", "bệnh viện ở Huế")}])
        scores = [index.search(unicodedata.normalize(form, "bệnh viện"), k=1)[0].score for form in ("NFC", "NFD")]
        assert scores[0] == scores[1] > 0

    def test_another_tone_is_no_equal(self) -> None:
        index = Index.build([{"id": "road", "text": "đường"}, {"id": "sun", "text": "dương"}])
        assert [hit.id for hit in index.search("đường", k=2)] == ["road"]
