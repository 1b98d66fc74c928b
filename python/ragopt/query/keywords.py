"""Keywords: the phrases that carry a question, by the index's own idf. For display; as a filter they cost quality.

BM25 weighs every term by its idf already. Keeping only the heaviest terms throws the rest of the question away:
tests/collections/test_keywords.py measures what that costs, which is why `keyword_filter` is off by default.
"""

from __future__ import annotations

from dataclasses import replace

from ragopt.query.evidence import idf
from ragopt.query.history import phrases
from ragopt.query.steps import DEFAULTS, MOST_CHARACTERS, Statistics, Step, as_question, lexicon_of
from ragopt.query.text import token_spans
from ragopt.types import Query, QuerySettings, Span

__all__ = ["weigh_keywords"]


def weigh_keywords(
    question: str | Query, settings: QuerySettings = DEFAULTS, index: Statistics | None = None
) -> tuple[Query, Span]:
    """The question with `keywords`: phrases and single words, heaviest first, the heaviest with weight 1.

    A phrase weighs the sum of the idf of its terms. With `keyword_filter` n, `terms` becomes the n heaviest terms
    (each as often as it stands in the question), so that the lexical side sees nothing else. Needs an index.
    """
    query = as_question(question)
    step = Step("keywords", query)
    if index is None or not len(index):
        return step.done("no index to weigh words by")
    if not (settings.keywords or settings.keyword_filter) or len(query.text) > MOST_CHARACTERS:
        return step.done("not asked for")
    found = _keywords(query.text, settings, index)
    changed = replace(query, keywords=found)
    if not settings.keyword_filter:
        return changed, step.done("for display", keywords=dict(found))[1]
    own = query.terms if query.terms is not None else tuple((term, 1.0) for term in index.terms(query.text))
    weights = {term: weight * idf(index, term) for term, weight in own}
    heaviest = sorted(weights, key=lambda term: -weights[term])[: settings.keyword_filter]
    terms = tuple(pair for pair in own if pair[0] in heaviest)
    return step.changed(
        replace(changed, terms=terms), "the lexical side keeps only these", keywords=dict(found), terms=heaviest
    )


def _keywords(text: str, settings: QuerySettings, index: Statistics) -> tuple[tuple[str, float], ...]:
    lexicon = lexicon_of(text, settings)
    whole = [word for word, _, _ in token_spans(text)] if lexicon is None else phrases(text, lexicon)
    weights: dict[str, float] = {}
    for phrase in whole:
        weights[phrase] = sum(idf(index, term) for term in dict.fromkeys(index.terms(phrase)))
    best = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[: settings.keywords]
    top = best[0][1] if best else 0.0
    return tuple((phrase, weight / top) for phrase, weight in best if weight > 0)
