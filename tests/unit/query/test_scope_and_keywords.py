"""How likely the corpus can answer, and which phrases carry a question."""

from __future__ import annotations

from ragopt import Index
from ragopt.query import QuerySettings, assess_scope, weigh_keywords
from ragopt.types import Query
from tests.unit.query.corpus import index

STRICT = QuerySettings(answerable=0.05)


def test_a_question_of_the_corpus_and_one_of_another() -> None:
    own, _ = assess_scope("How do I rotate the encryption key every year?", STRICT, index())
    foreign, span = assess_scope("Who won the football match in Madrid yesterday evening?", STRICT, index())
    assert own.answerable is not None and foreign.answerable is not None
    assert own.answerable > STRICT.answerable > foreign.answerable
    assert span.details["answerable"] == foreign.answerable and "football" not in span.details["why"]
    assert "madrid" in span.details["unknown"]


def test_nothing_is_said_where_nothing_can_be() -> None:
    small = Index.build([{"id": "1", "text": "rotate keys"}])
    for question, of in (("rotate keys", None), ("rotate keys", small), ("", index())):
        query, span = assess_scope(question, STRICT, of)
        assert query.answerable is None and span.details["why"]


def test_keywords_are_phrases_with_weights() -> None:
    query, span = weigh_keywords("How do I rotate the encryption key in a supersonic wind tunnel?", index=index())
    names = [name for name, _ in query.keywords]
    weights = [weight for _, weight in query.keywords]
    assert {"rotate", "encryption key", "supersonic wind tunnel"} == set(names)
    assert weights[0] == 1 and weights == sorted(weights, reverse=True) and query.terms is None
    assert span.details["keywords"] == dict(query.keywords)
    assert len(weigh_keywords("rotate the encryption key", QuerySettings(keywords=1), index())[0].keywords) == 1
    assert weigh_keywords("rotate the key")[0].keywords == ()


def test_as_a_filter_only_the_heaviest_terms_are_searched() -> None:
    query, span = weigh_keywords(
        Query("rotate the encryption key"), QuerySettings(keyword_filter=2, keywords=0), index()
    )
    assert query.terms is not None and len(query.terms) == 2 and span.details["changed"]
    assert {term for term, _ in query.terms} < set(index().terms("rotate the encryption key"))
