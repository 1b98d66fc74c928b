"""What a caller asks, checked and brought to a Query, before anything is searched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy.typing as npt

from ragopt.errors import InputError, InputTypeError, VectorError
from ragopt.index.documents import require_text
from ragopt.index.parts import check_parts
from ragopt.index.rows import as_floats
from ragopt.types import Query
from ragopt.types.parameters import finite

__all__ = ["as_queries", "as_query"]


def as_query(query: str | Query | None, vector: npt.ArrayLike | None) -> Query:
    """What the caller asked as a Query with terms and vector checked; None or blank text has no lexical side."""
    if query is None:
        query = Query("")
    if isinstance(query, str):
        query = Query(query)
    if not isinstance(query, Query) or not isinstance(query.text, str):
        raise InputError(f"query is a {type(query).__name__}: give a string or a ragopt Query")
    require_text(query.text, "query")
    if query.parts:
        query = replace(query, parts=tuple(as_query(part, None) for part in check_parts(query).parts))
    if query.terms is not None:
        query = replace(query, terms=_terms(query.terms))
    row = vector if vector is not None else query.vector
    if row is None:
        return query
    if query.parts:
        raise InputError("a query of parts takes no vector of its own: give each part one, as Query(text, vector=...)")
    array = as_floats(row, "vector")
    if array.ndim != 1:
        raise VectorError(f"vector has shape {array.shape}: a query vector is one row")
    return replace(query, vector=array)


def as_queries(queries: Iterable[str | Query]) -> list[Query]:
    """The same for a list of them. One string, which is a list of letters to Python, is refused."""
    if isinstance(queries, (str, bytes, Query, Mapping)) or not isinstance(queries, Iterable):
        raise InputTypeError(f"queries is a {type(queries).__name__}: give a list of strings or ragopt Queries")
    return [as_query(query, None) for query in queries]


def _terms(terms: object) -> tuple[tuple[str, float], ...]:
    if isinstance(terms, (str, bytes, Mapping)) or not isinstance(terms, Iterable):
        raise InputTypeError(f"Query(terms={terms!r})"[:200] + ": give (term, weight) pairs")
    checked = []
    for pair in terms:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise InputTypeError(f"Query(terms=...) holds {pair!r}"[:200] + ": give (term, weight) pairs")
        require_text(pair[0], "a term of the query")
        checked.append((pair[0], finite(f"the weight of the query term {pair[0]!r}", pair[1])))
    return tuple(checked)
