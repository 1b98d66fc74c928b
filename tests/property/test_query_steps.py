"""The query steps on any text: no failure, no change of a plain question, nothing that carries meaning lost."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ragopt.query import QuerySettings, as_turns, prepare, restyle
from tests.unit.query.corpus import index

EVERY = QuerySettings(answerable=0.01, profile="formal")
NAMES = ("Lambda", "key", "wing", "sourdough", "bucket", "policy", "khóa", "cánh", "bánh")
VERBS = ("rotate", "bake", "measure", "encrypt", "xoay", "nướng")
PLAIN = st.sampled_from(
    ("How do I {v} the {n}?", "Which {n} may {v} another {m}?", "What limits a {n}?", "{n} of every {m}",
     "Can a {n} {v} more than one {m}?", "Cách {v} {n} trong {m}", "Vì sao {n} không {v} được {m}?")
)  # fmt: skip
CHAT = st.sampled_from(("Hi! ", "Please tell me: ", "", "Chào bạn, cho mình hỏi ", "Quick question - "))
ENDS = st.sampled_from((" Thanks!", " Cảm ơn bạn nhiều.", "", " Any help is appreciated", " nhé ạ"))
CODES = st.from_regex(
    r"[a-z]{1,6}_[a-z]{1,6}|[0-9]{1,5}|\"[a-z]{2,8} please\"|0x[0-9a-f]{2,6}|[a-z]{2,5}[A-Z][a-z]{2,5}", fullmatch=True
)


@given(st.text(max_size=300), st.lists(st.text(max_size=80), max_size=3))
def test_any_text_is_prepared(text: str, history: list[str]) -> None:
    query, spans = prepare(text, settings=EVERY, index=index(), history=history)
    assert isinstance(query.text, str) and all(span.details["why"] for span in spans)
    if text.strip():
        assert query.text.strip() or not re.search(r"\w", text)


@given(PLAIN, st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(VERBS))
def test_a_plain_question_passes_byte_for_byte_whatever_was_said(form: str, n: str, m: str, v: str) -> None:
    question = form.format(n=n, m=m, v=v)
    history = [("user", "How large is the oven?"), ("assistant", "Two meters.")]
    query, _ = prepare(question, index=index(), history=history)
    assert query.text == question and query.parts == () and query.terms is None


@given(CHAT, CODES, ENDS)
def test_codes_numbers_and_quotes_stay(chat: str, code: str, end: str) -> None:
    query, _ = restyle(f"{chat}why does {code} not work?{end}")
    assert code in query.text and "not work" in query.text


@given(CHAT, PLAIN, ENDS)
def test_restyling_twice_changes_nothing_more(chat: str, form: str, end: str) -> None:
    once, _ = restyle(chat + form.format(n="key", m="wing", v="bake") + end)
    assert restyle(once)[0] == once


@given(st.lists(st.tuples(st.sampled_from(("user", "assistant", "system")), st.text(max_size=20)), max_size=5))
def test_turns_are_taken_as_pairs_and_as_dicts(pairs: list[tuple[str, str]]) -> None:
    dicts = [{"role": role, "content": text} for role, text in pairs]
    assert as_turns(pairs) == as_turns(dicts)
