"""The doors through which a search can be asked for. What holds, holds at each of them.

A door takes an index and an `Ask` and gives (id, score) pairs, best first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt import Index, Pipeline, Query, Settings
from ragopt.integrations.langchain import RagoptRetriever
from ragopt.types import Filter, Normalizer, PackSettings, SearchSettings, Threshold

__all__ = ["ABSOLUTE", "DOORS", "MODES", "NORMALIZERS", "Ask", "Found", "Table", "build", "ids", "threshold"]

Found = list[tuple[str, float]]

NORMALIZERS = [str(normalizer) for normalizer in Normalizer]
#: Those whose score means the same for every query.
ABSOLUTE = [str(normalizer) for normalizer in Normalizer if normalizer.absolute]
#: Search modes by their alpha.
MODES = {"lexical": 0.0, "hybrid": 0.5, "dense": 1.0}


@dataclass(frozen=True)
class Ask:
    """One question with its options; alpha None is the default."""

    query: str
    k: Any = 10
    alpha: Any = None
    normalizer: str = "bounded"
    min_score: float | Threshold | None = None
    where: Filter | None = None
    depth: int = 1000

    def search(self) -> dict[str, Any]:
        """The options of Index.search."""
        return {**self.settings(), "where": self.where}

    def settings(self) -> dict[str, Any]:
        """The options of SearchSettings."""
        names = ("k", "alpha", "normalizer", "min_score", "depth")
        return {name: getattr(self, name) for name in names}


class Table:
    """An embedder that knows its texts: cosines can be chosen exactly. Other texts get the zero vector."""

    name = "table"
    cosine_floor = -1.0
    alpha = None

    def __init__(self, rows: Mapping[str, Sequence[float]], dimension: int = 2) -> None:
        self._rows = rows
        self.dimension = dimension

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        zero = [0.0] * self.dimension
        return np.array([self._rows.get(text, zero) for text in texts], dtype=np.float32).reshape(-1, self.dimension)

    embed_queries = embed_passages


def build(texts: Mapping[str, str] | Iterable[str], rows: Mapping[str, Sequence[float]], **options: Any) -> Index:
    """An index of `texts` (by id, or named d0, d1, ...), each embedded as `rows` says; white space splits terms."""
    if not isinstance(texts, Mapping):
        texts = {f"d{i}": text for i, text in enumerate(texts)}
    documents = [{"id": id, "text": text, "metadata": {"id": id, "n": n}} for n, (id, text) in enumerate(texts.items())]
    dimension = len(next(iter(rows.values()), (0, 0)))
    options = {"analyzer": "whitespace", "embedder": Table(rows, dimension), **options}
    return Index.build(documents, **options)


def ids(found: Found) -> list[str]:
    """The ids alone."""
    return [id for id, _ in found]


def threshold(value: float, normalizer: str) -> float | Threshold:
    """`value` as a least score on `normalizer`'s scores: a plain number where that has a meaning."""
    return value if normalizer in ABSOLUTE else Threshold(value, kind=normalizer)


def _pairs(hits: Iterable[Any]) -> Found:
    return [(hit.id, hit.score) for hit in hits]


def _pipeline(index: Index, ask: Ask) -> Pipeline:
    return Pipeline(index, Settings(search=SearchSettings(**ask.settings()), pack=PackSettings(tokens=1_000_000)))


def _search(index: Index, ask: Ask) -> Found:
    return _pairs(index.search(ask.query, **ask.search()))


def _search_many(index: Index, ask: Ask) -> Found:
    first, second = index.search_many([ask.query, ask.query], **ask.search())
    assert _pairs(first) == _pairs(second)
    return _pairs(first)


def _search_query(index: Index, ask: Ask) -> Found:
    options = ask.search()
    return _pairs(index.search(Query(ask.query, where=options.pop("where")), **options))


def _asearch(index: Index, ask: Ask) -> Found:
    return _pairs(asyncio.run(index.asearch(ask.query, **ask.search())))


def _retrieve(index: Index, ask: Ask) -> Found:
    return _pairs(_pipeline(index, ask).retrieve(ask.query, where=ask.where).hits)


def _aretrieve(index: Index, ask: Ask) -> Found:
    return _pairs(asyncio.run(_pipeline(index, ask).aretrieve(ask.query, where=ask.where)).hits)


def _langchain(index: Index, ask: Ask) -> Found:
    """Every option in the call; the normalizer, which a call cannot choose, in the pipeline's settings."""
    search = SearchSettings(normalizer=ask.normalizer, depth=ask.depth, alpha=0.5)
    settings = Settings(search=search, pack=PackSettings(tokens=1_000_000))
    retriever = RagoptRetriever(source=Pipeline(index, settings))
    # What the default comes to cannot be asked for by name: the index tells.
    alpha = index.search(ask.query, **{**ask.search(), "min_score": None}).alpha if ask.alpha is None else ask.alpha
    found = retriever.invoke(ask.query, k=ask.k, alpha=alpha, min_score=ask.min_score, filter=ask.where)
    return [(document.metadata["ragopt"]["id"], document.metadata["ragopt"]["score"]) for document in found]


def _alangchain(index: Index, ask: Ask) -> Found:
    """Every option in the constructor, over the index alone where its normalizer is the default."""
    source: Index | Pipeline = index if (ask.normalizer, ask.depth) == ("bounded", 1000) else _pipeline(index, ask)
    retriever = RagoptRetriever(source=source, k=ask.k, alpha=ask.alpha, min_score=ask.min_score, filter=ask.where)
    found = asyncio.run(retriever.ainvoke(ask.query))
    return [(document.metadata["ragopt"]["id"], document.metadata["ragopt"]["score"]) for document in found]


DOORS: dict[str, Callable[[Index, Ask], Found]] = {
    "search": _search,
    "search_many": _search_many,
    "search(Query)": _search_query,
    "asearch": _asearch,
    "Pipeline.retrieve": _retrieve,
    "Pipeline.aretrieve": _aretrieve,
    "LangChain invoke": _langchain,
    "LangChain ainvoke": _alangchain,
}
