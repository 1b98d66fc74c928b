"""Parts of a message that have nothing to do with the corpus are set aside; the question stays."""

from __future__ import annotations

import pytest

from ragopt import F, Index
from ragopt.query import set_aside
from ragopt.query.text import pieces
from ragopt.types import Query
from tests.unit.query.corpus import index

QUESTION = "How do I rotate the encryption key every year?"


@pytest.mark.parametrize(
    ("noise", "form"),
    [
        ("2026-03-14 09:21:07,113 ERROR [worker-3] job 8841 failed (exit code 137)", "log"),
        ("[WARN] cache miss ratio 0.83 for shard 0x7f3a", "log"),
        ('Traceback (most recent call last):\n  File "/srv/main.py", line 88, in run', "log"),
        ("java.lang.NullPointerException: null\n\tat com.acme.Dispatcher.run(Dispatcher.java:218)", "log"),
        ("-- \nJane Doe\nSenior Engineer", "signature"),
        ("Best regards,\nJane Doe, Acme", "signature"),
        ("Best,\nJane", "signature"),
        ("Thân,\nNam", "signature"),
        ("> you wrote that it works", "mail"),
    ],
)
def test_logs_signatures_and_mail_show_by_their_form(noise: str, form: str) -> None:
    message = f"{QUESTION}\n{noise}"
    for of in (None, index()):
        query, span = set_aside(message, index=of)
        assert query.text == QUESTION
        assert span.details["changed"] and {part["why"] for part in span.details["aside"]} == {form}


def test_a_sentence_that_the_corpus_knows_nothing_of_is_set_aside() -> None:
    message = f"Yesterday my neighbor's cat climbed onto the garage roof again. {QUESTION}"
    query, span = set_aside(message, index=index())
    assert query.text == QUESTION
    (part,) = span.details["aside"]
    assert part["answerable"] < 0.3 and "cat" in part["text"]
    assert set_aside(message)[0].text == message, "without an index nothing can be said about it"


def test_what_the_corpus_knows_stays() -> None:
    message = f"We rotate the encryption key by a policy of the key management service. {QUESTION}"
    query, span = set_aside(message, index=index())
    assert query.text == message and not span.details["changed"]


def test_the_only_question_stays_whatever_the_index_says() -> None:
    message = "You can bake the sourdough bread in a hot oven. Who let the dogs out?"
    assert "Who let the dogs out?" in set_aside(message, index=index())[0].text


@pytest.mark.parametrize("message", [QUESTION, "ERROR 42 in job 7", "", "> quoted"])
def test_one_part_is_never_touched(message: str) -> None:
    query, span = set_aside(message, index=index())
    assert query.text == message and not span.details["changed"]


def test_the_filter_holds_for_the_evidence() -> None:
    message = f"We bake the sourdough bread in a hot oven with steam. {QUESTION}"
    assert set_aside(Query(message), index=index())[0].text == message
    inside = Query(message, where=F("subject") == "keys")
    assert set_aside(inside, index=index())[0].text == QUESTION


def test_a_statement_that_the_corpus_knows_must_have_to_do_with_the_question() -> None:
    texts = [f"Whales sing in the deep ocean, verse {i}." for i in range(150)]
    texts += [f"Glaciers carve valleys out of rock, case {i}." for i in range(150)]
    texts += ["Whales migrate with the seasons; calves follow their mothers."]
    broad = Index.build([{"id": str(i), "text": text} for i, text in enumerate(texts)], analyzer="english")
    asked = "Do whales migrate?"
    query, span = set_aside(f"Glaciers carve valleys. {asked}", index=broad)
    assert query.text == asked
    assert [part["why"] for part in span.details["aside"]] == ["no chunk speaks of it and of the question"]
    for related in ("Calves follow their mothers.", "Whales sing in the ocean."):
        assert set_aside(f"{related} {asked}", index=broad)[0].text == f"{related} {asked}"
    unknown = "Glaciers carve valleys. Do zorgs blip?"
    assert "Glaciers" in set_aside(unknown, index=broad)[0].text, "nothing is known of the question"


@pytest.mark.parametrize(
    "message",
    [
        "I have an old laptop from my uncle with keys that stick. How do I rotate the encryption key every year?",
        "The encryption key of our tables was made long ago. How do I mend it?",
        "Em làm việc ở nhà máy xa. Làm sao để xoay khóa mỗi năm?",
    ],
)
def test_what_writers_tell_of_themselves_or_the_question_leans_on_stays(message: str) -> None:
    assert set_aside(message, index=_broad())[0].text == message


def _broad() -> Index:
    texts = [f"The encryption key of table {i} is rotated every year." for i in range(120)]
    texts += [f"An old laptop has keys that stick, case {i}." for i in range(120)]
    texts += ["Khóa được xoay vòng mỗi năm.", "Nhà máy làm việc ở xa."]
    return Index.build([{"id": str(i), "text": text} for i, text in enumerate(texts)], analyzer="multilingual")


@pytest.mark.parametrize("statement", ["When glaciers melt, rivers rise.", "Which is where glaciers end."])
def test_a_statement_that_begins_like_a_question_is_none(statement: str) -> None:
    query, span = set_aside(f"{statement} {QUESTION}", index=index())
    assert query.text == QUESTION and span.details["changed"]


@pytest.mark.parametrize(
    "message",
    [
        "We deploy with a role. It fails.",
        "The upload stops with a role. It says E1042.",
        "Triển khai bằng vai trò. Nó bị lỗi.",
        "How do I rotate the encryption key? Is it free?",
    ],
)
def test_what_says_nothing_without_the_sentence_before_goes_or_stays_with_it(message: str) -> None:
    assert set_aside(message, index=index())[0].text == message


def test_what_leans_on_noise_goes_with_it() -> None:
    message = f"Yesterday a cat climbed onto the garage roof again. It fell down. {QUESTION}"
    assert set_aside(message, index=index())[0].text == QUESTION


def test_a_name_with_an_initial_is_one_sentence() -> None:
    claim = "In mice, P. chabaudi parasites proliferate faster when inoculated at lower numbers"
    assert [piece.text for piece in pieces(f"{claim}. So does E. coli.")] == [f"{claim}.", "So does E. coli."]
    assert [piece.text for piece in pieces("Take plan B. Then rotate it.")] == ["Take plan B.", "Then rotate it."]
    assert [piece.text for piece in pieces("it fails. how do I mend it?")] == ["it fails.", "how do I mend it?"]


def test_initials_end_no_sentence() -> None:
    message = f"The D.P. Smith rotation of the encryption key. {QUESTION}"
    _, span = set_aside(f"{message}\n-- \nJane", index=index())
    assert all(not part["text"].startswith("Smith") for part in span.details["aside"])
