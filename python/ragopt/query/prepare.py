"""The query stage: every step that the settings ask for, in order."""

from __future__ import annotations

from dataclasses import replace

from ragopt.filters import both
from ragopt.protocols import Generator
from ragopt.query.aside import set_aside
from ragopt.query.history import History, as_turns
from ragopt.query.keywords import weigh_keywords
from ragopt.query.model import decompose_by_model, rewrite_by_model
from ragopt.query.parts import decompose
from ragopt.query.references import resolve_references
from ragopt.query.scope import assess_scope
from ragopt.query.spelling import mend
from ragopt.query.steps import DEFAULTS, Statistics, as_question
from ragopt.query.style import restyle
from ragopt.types import Query, QuerySettings, Span, Where

__all__ = ["prepare"]


def prepare(
    question: str | Query,
    where: Where | None = None,
    *,
    settings: QuerySettings = DEFAULTS,
    index: Statistics | None = None,
    history: History | None = None,
    generator: Generator | None = None,
) -> tuple[Query, tuple[Span, ...]]:
    """The question ready to be searched, and a span for each step that ran, which says what it changed and why.

    The steps: style, aside, parts, spelling, references, keywords, scope. Without an `index` those that ask one leave
    the question as it is. A Query that has terms, a vector or parts is prepared already and passes as it is, as does a
    plain question that stands alone. With a `generator`, a model divides every question and rewrites those that
    lean on `history`; what it gives is checked, and the rules stand in for it. `where` is joined (and) to a
    filter that the question carries.

    Raises InputTypeError for what is no question, history or filter.
    """
    query = _filtered(as_question(question), where)
    turns = as_turns(history)
    if query.terms is not None or query.vector is not None or query.parts or not query.text.strip():
        return query, ()
    spans: list[Span] = []

    def then(result: tuple[Query, Span]) -> Query:
        spans.append(result[1])
        return result[0]

    if settings.style:
        query = then(restyle(query, settings))
    if settings.aside:
        query = then(set_aside(query, settings, index))
    if settings.split:
        divided = (
            decompose_by_model(query, generator, settings, index) if generator else decompose(query, settings, index)
        )
        query = then(divided)
    if settings.spelling:
        query = then(mend(query, settings, index))
    if settings.references and turns:
        if generator:
            query = then(rewrite_by_model(query, generator, settings, index, history=turns))
        else:
            query = then(resolve_references(query, settings, index, history=turns))
    if settings.keywords or settings.keyword_filter:
        query = then(weigh_keywords(query, settings, index))
    if settings.answerable:
        query = then(assess_scope(query, settings, index))
    return query, tuple(spans)


def _filtered(query: Query, where: Where | None) -> Query:
    return query if where is None else replace(query, where=both(query.where, where))
