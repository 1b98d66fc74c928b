"""Scope: can this corpus answer the question at all?

A logistic model on what one lexical search tells: how much of the question's idf the index knows, and how much of
the question its best chunks cover together, in one chunk each. A cosine is none of its features: its level means
something else for every model and every question.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

from ragopt.query.evidence import Evidence, weigh
from ragopt.query.steps import DEFAULTS, MOST_CHARACTERS, Statistics, Step, as_question
from ragopt.types import Query, QuerySettings, Span

__all__ = ["FEATURES", "assess_scope", "features", "probability"]

#: What the model was fitted on had from 240 chunks on.
LEAST_CHUNKS = 200

FEATURES = ("known", "best", "cover", "broad", "gap", "terms")

#: Fitted on 2026-11-25 by `python -m benches.fit_scope` on nine collections of three kinds of text; the AWS
#: documentation, on which it is judged (tests/collections/test_scope.py), is not among them.
WEIGHTS = {
    "constant": -5.716,
    "known": 1.806,
    "best": 4.279,
    "cover": 1.213,
    "broad": 0.247,
    "gap": 4.196,
    "terms": 3.426,
}


def features(evidence: Evidence) -> tuple[float, ...]:
    """The model's features, each about 0 to 1.

    `known` is the known share of the idf; `best`, `cover` and `broad` are the shares of the bound that the best one,
    three and ten chunks reach, times `known`; `gap` is how far the best one stands above the tenth; `terms` is
    the logarithm of the number of different terms.
    """
    known = evidence.known
    best, tenth = evidence.mean(1, bounded=True), evidence.bounded[9] if len(evidence.bounded) > 9 else 0.0
    return (
        known,
        known * best,
        evidence.cover,
        known * evidence.mean(10, bounded=True),
        known * (best - tenth),
        log(1 + len(evidence.terms)) / 4,
    )


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
    details = {"answerable": chance, "known": evidence.known, "cover": evidence.cover, "unknown": unknown}
    if chance < settings.answerable:
        why = f"{chance:.2f} is below {settings.answerable:g}: the corpus hardly answers this"
    else:
        why = f"{chance:.2f} reaches {settings.answerable:g}"
    return replace(query, answerable=chance), step.done(why, **details)[1]
