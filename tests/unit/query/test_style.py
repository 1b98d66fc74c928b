"""Style: the chat goes, the question stays, and what carries meaning is never touched."""

from __future__ import annotations

import unicodedata

import pytest

from ragopt.query import QuerySettings, restyle
from ragopt.types import Query

PLAIN = [
    "What is the limit of Lambda concurrency?",
    "Can I use AWS Lambda as a target?",
    "Do I need a visa for Japan?",
    "Is it possible to rotate keys?",
    "how do I install Docker",
    "Which instances do not support encryption?",
    "know your customer rules",
    "what is the right ventricle",
    "Giới hạn của Lambda là bao nhiêu?",
    "Người bị tiểu đường có được ăn xoài không?",
    "Tôi có bị dị ứng với thuốc hạ sốt có tiêm được vắc xin không?",
    "wie viele Funktionen darf ein Konto haben?",
    "",
]


@pytest.mark.parametrize("question", PLAIN)
def test_a_plain_question_passes_byte_for_byte(question: str) -> None:
    query, span = restyle(question)
    assert query.text == question and not span.details["changed"]


@pytest.mark.parametrize(
    ("chatty", "plain"),
    [
        ("Hi there! Could you please tell me how to rotate a KMS key? Thanks in advance!", "how to rotate a KMS key?"),
        ("I was wondering if anyone knows why my function times out.", "why my function times out."),
        ("Hello everyone, hope you are well. Quick question: which TLS version does Kafka use? Cheers!",
         "which TLS version does Kafka use?"),
        ("please send me information about wing flutter", "wing flutter"),
        ("So, um, do you happen to know the size limit of an item?", "the size limit of an item?"),
        ("I'd be very grateful if somebody could explain what a VPC is", "what a VPC is"),
        ("Chào bác sĩ, cho em hỏi người bị hen có tiêm được không ạ? Em cảm ơn bác sĩ nhiều ạ!",
         "người bị hen có tiêm được không?"),
        ("Mọi người ơi cho mình hỏi giá vé đi Huế là bao nhiêu vậy ạ", "giá vé đi Huế là bao nhiêu"),
        ("Bạn có thể cho tôi biết triệu chứng sốt xuất huyết là gì? Xin cảm ơn.", "triệu chứng sốt xuất huyết là gì?"),
        ("Nhờ bác sĩ giải đáp giúp em trẻ 3 tuổi sốt 39 độ thì làm sao. Mong bác sĩ tư vấn giúp!",
         "trẻ 3 tuổi sốt 39 độ thì làm sao."),
        ("cho toi hoi lam sao de doi mat khau? cam on", "lam sao de doi mat khau?"),
    ],
)  # fmt: skip
def test_chat_is_taken_off(chatty: str, plain: str) -> None:
    query, span = restyle(chatty)
    assert query.text == plain
    assert span.stage == "style" and span.details["changed"] and span.details["why"]
    assert span.details["before"] == chatty and span.details["after"] == plain


def test_signs_and_spaces_have_one_spelling() -> None:
    nfd = unicodedata.normalize("NFD", "bệnh  viện")
    assert restyle(nfd)[0].text == "bệnh viện"
    assert restyle("what is “S3 Glacier” – exactly\u200b?")[0].text == 'what is "S3 Glacier" - exactly?'


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ('Please tell me what "please help me" means, thanks', '"please help me"'),
        ("Hi, could you explain error 0x80070005? thx", "0x80070005"),
        ("Can you tell me which types do not support getObject? please", "do not support getObject"),
        ("Cho em hỏi vì sao không được dùng s3:GetObject ạ", "không được dùng s3:GetObject"),
    ],
)
def test_what_carries_meaning_stays(question: str, kept: str) -> None:
    assert kept in restyle(question)[0].text


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("How do I rotate a key?\nThanks,\nNam", "How do I rotate a key?"),
        ("How do I rotate a key?\n\nMany thanks in advance!\nJohn Smith\nSenior Engineer", "How do I rotate a key?"),
        ("Làm sao để xoay khóa?\nXin cảm ơn\nNam", "Làm sao để xoay khóa?"),
        ("Làm sao để xoay khóa?\nThanks,\n- Trần Nam", "Làm sao để xoay khóa?"),
        ("I rotate a key.\nThanks,\nWhat does it cost?", "I rotate a key.\nWhat does it cost?"),
        ("I rotate a key.\nThanks,\nit says E1042", "I rotate a key.\nit says E1042"),
        ("I rotate a key.\nThanks,\nGetObject", "I rotate a key.\nGetObject"),
        ("Thanks,\nKey Rotation", "Key Rotation"),
    ],
)
def test_a_name_below_thanks_goes_with_them(message: str, question: str) -> None:
    assert restyle(message)[0].text == question


@pytest.mark.parametrize("chat", ["Thanks!", "Hello there", "please help", "Xin chào bác sĩ ạ", "Tell me more."])
def test_nothing_but_chat_stays_as_it_is(chat: str) -> None:
    assert restyle(chat)[0].text == chat


def test_the_formal_profile_writes_chat_spellings_out() -> None:
    formal = QuerySettings(profile="formal")
    assert restyle("what's the max size of a db?", formal)[0].text == "what is the maximum size of a database?"
    assert restyle("vx có tác dụng phụ ko?", formal)[0].text == "vắc xin có tác dụng phụ không?"
    assert restyle('what is "db" in config.yml', formal)[0].text == 'what is "db" in config.yml'
    assert restyle("what's the max size")[0].text == "what's the max size"


def test_what_else_a_query_holds_is_kept() -> None:
    query, _ = restyle(Query("Please tell me what a VPC is", keywords=(("a", 1.0),)))
    assert query == Query("what a VPC is", keywords=(("a", 1.0),))


def test_a_long_text_is_left_alone_at_once() -> None:
    text = "please " * 200_000
    assert restyle(text)[0].text == text
