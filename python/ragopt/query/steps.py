"""What every step shares: how it takes a question and how it accounts for itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from time import perf_counter
from typing import Any, Protocol

from ragopt.errors import InputTypeError
from ragopt.index.documents import require_text
from ragopt.index.vocabulary import Vocabulary
from ragopt.query.language import fold, language
from ragopt.query.lexicon import LEXICONS, Lexicon
from ragopt.types import Hits, Normalizer, Query, QuerySettings, Span, Threshold, Where

__all__ = ["DEFAULTS", "MOST_CHARACTERS", "Statistics", "Step", "as_question", "lexicon_of"]

DEFAULTS = QuerySettings()
#: A longer text is no question; it is searched as it is.
MOST_CHARACTERS = 8_000


class Statistics(Protocol):
    """What the steps ask of an index: `ragopt.Index` has it."""

    def __len__(self) -> int: ...

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of its chunks."""
        ...

    def terms(self, text: str) -> list[str]:
        """The terms of a text."""
        ...

    def document_frequency(self, term: str) -> int:
        """How many chunks hold the term."""
        ...

    def search_many(
        self,
        queries: Sequence[str | Query],
        *,
        k: int = 10,
        alpha: float | None = None,
        where: Where | None = None,
        min_score: float | Threshold | None = None,
        normalizer: Normalizer | str = Normalizer.BOUNDED,
        threads: int = 0,
    ) -> list[Hits]:
        """The hits of each query."""
        ...


class Step:
    """The account of one step while it works: `done` makes its result."""

    def __init__(self, name: str, query: Query) -> None:
        self._name = name
        self._query = query
        self._start = perf_counter()

    def done(self, why: str, **details: Any) -> tuple[Query, Span]:
        """The query as it was, and why."""
        return self._query, self._span(False, why, details)

    def changed(self, query: Query, why: str, **details: Any) -> tuple[Query, Span]:
        """The new query, what it was, and why it changed."""
        if query.text != self._query.text:
            details = {"before": self._query.text, "after": query.text, **details}
        return query, self._span(True, why, details)

    def _span(self, changed: bool, why: str, details: dict[str, Any]) -> Span:
        return Span(self._name, perf_counter() - self._start, {"changed": changed, "why": why, **details})


def as_question(question: str | Query) -> Query:
    """The question as a Query; InputTypeError for what is neither a string nor a Query, or cannot be written."""
    if isinstance(question, str):
        question = Query(question)
    if not isinstance(question, Query):
        raise InputTypeError(f"question is a {type(question).__name__}: give a string or a ragopt Query")
    if isinstance(question.text, str):  # the search words what else is wrong with it
        require_text(question.text, "question")
    return question


def lexicon_of(text: str, settings: QuerySettings) -> Lexicon | None:
    """The lexicon of a text's language; None where there is none, or where a step would not read so long a text."""
    name = settings.language or language(text)
    lexicon = LEXICONS.get(name)
    return _unaccented(name) if lexicon is not None and name == "vi" and text.isascii() else lexicon


@cache
def _unaccented(name: str) -> Lexicon:
    """The lexicon for a text that is typed without accents."""

    def folded(value: Any) -> Any:
        if isinstance(value, re.Pattern):
            return re.compile(fold(value.pattern), value.flags)
        if isinstance(value, tuple):
            return tuple(folded(part) for part in value)
        if isinstance(value, frozenset):
            return frozenset(map(fold, value))
        return {key: folded(part) for key, part in value.items()} if isinstance(value, dict) else value

    lexicon = LEXICONS[name]
    return replace(lexicon, **{key: folded(getattr(lexicon, key)) for key in Lexicon.__slots__})
