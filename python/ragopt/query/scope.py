"""Scope: can this corpus answer the question at all?

A logistic model on what one lexical search tells: how much of the question's idf the index knows, and how much of
the question its best chunk covers. A cosine is none of its features: its level means
something else for every model and every question.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

from ragopt.query.evidence import Evidence, weigh
from ragopt.query.steps import DEFAULTS, MOST_CHARACTERS, Statistics, Step, as_question
from ragopt.types import Query, QuerySettings, Span

__all__ = ["CAUTIOUS", "FEATURES", "assess_scope", "features", "probability"]

#: A least probability for BM25 alone that costs no collection here .001 nDCG@10 (tests/collections).
CAUTIOUS = 0.05
#: What the model was fitted on had from 240 chunks on.
LEAST_CHUNKS = 200

FEATURES = ("known", "best", "terms")

#: Fitted on 2026-11-25 by `python -m benches.fit_scope` on nine collections of three kinds of text, by documents and
#: by sentences; the AWS documentation, on which it is judged (tests/collections/test_query_steps.py), is not among
#: them. Means of more scores, and the gap to the tenth, were tried as well and told no more.
WEIGHTS = {
    "constant": -5.795,
    "known": 2.342,
    "best": 7.343,
    "terms": 3.330,
}


def features(evidence: Evidence) -> tuple[float, ...]:
    """The model's features, each about 0 to 1.

    `known` is the share of the question's idf whose terms the index knows; `best` is that times the share of the
    bound that the best chunk reaches; `terms` is the logarithm of the number of different terms.
    """
    return (evidence.known, evidence.known * evidence.mean(1, bounded=True), log(1 + len(evidence.terms)) / 4)


def probability(evidence: Evidence) -> float:
    """The calibrated probability that the corpus answers; 0 for a text that shares no term with it."""
    if not evidence.scores:
        return 0.0
    values = zip(FEATURES, features(evidence), strict=True)
    return 1 / (1 + exp(-(WEIGHTS["constant"] + sum(WEIGHTS[name] * value for name, value in values))))


def assess_scope(
    question: str | Query, settings: QuerySettings = DEFAULTS, index: Statistics | None = None
) -> tuple[Query, Span]:
    """The question with `answerable`, the probability that the index holds an answer; parts are not looked at.

    Without an index nothing can be said, and nothing is.
    """
    query = as_question(question)
    step = Step("scope", query)
    if index is None:
        return step.done("no index to ask")
    if not query.text.strip() or len(query.text) > MOST_CHARACTERS:
        return step.done("nothing to ask about")
    if len(index) < LEAST_CHUNKS:
        return step.done(f"fewer than {LEAST_CHUNKS} chunks are too few to tell")
    evidence = weigh(index, [query], query.where)[0]
    chance = probability(evidence)
    unknown = [t for t, w in zip(evidence.terms, evidence.idf, strict=True) if not index.document_frequency(t)]
    details = {
        "answerable": chance,
        "known": evidence.known,
        "best": evidence.mean(1, bounded=True),
        "unknown": unknown,
    }
    least = settings.answerable or 0.0
    why = f"{chance:.2f} {'is below' if chance < least else 'reaches'} {least:g}"
    return replace(query, answerable=chance), step.done(why, **details)[1]
