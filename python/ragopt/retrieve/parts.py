"""A query of parts, for retrievers that know none: the parts are searched in parallel and joined by turns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ragopt.index import join_parts
from ragopt.protocols import Retriever
from ragopt.retrieve.local import LocalRetriever
from ragopt.types import Hits, Query

__all__ = ["retrieve"]


def retrieve(retriever: Retriever, query: Query) -> Hits:
    """The hits of the query. The local index joins parts itself; another retriever's are joined here, all of them."""
    if not query.parts or isinstance(retriever, LocalRetriever):
        return retriever.retrieve(query)
    asked = [replace(part, where=query.where) for part in query.parts]
    with ThreadPoolExecutor(len(asked), thread_name_prefix="ragopt-parts") as pool:
        found = list(pool.map(retriever.retrieve, asked))
    return join_parts(query.parts, found, sum(map(len, found)))
