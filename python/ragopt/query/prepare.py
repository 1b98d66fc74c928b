"""The query stage: check what came in and make it a Query."""

from __future__ import annotations

from ragopt.errors import InputTypeError
from ragopt.types import Filter, Query

__all__ = ["prepare"]


def prepare(question: str | Query, where: Filter | None = None) -> Query:
    """The question as a Query, with `where` joined (and) to a filter that it carries already.

    Raises InputTypeError when it is neither a string nor a Query.
    """
    if isinstance(question, str):
        return Query(question, where=where)
    if not isinstance(question, Query):
        raise InputTypeError(f"question is a {type(question).__name__}: give a string or a ragopt Query")
    if where is None:
        return question
    joined = where if question.where is None else question.where & where
    return Query(question.text, question.terms, question.vector, joined)
