"""The local index as a Retriever."""

from __future__ import annotations

from ragopt.index import Index
from ragopt.types import Hits, Query, SearchSettings

__all__ = ["LocalRetriever"]


class LocalRetriever:
    """Searches one Index with fixed settings."""

    def __init__(self, index: Index, settings: SearchSettings | None = None) -> None:
        self.index = index
        self.settings = settings or SearchSettings()

    def retrieve(self, query: Query) -> Hits:
        """The exact top k of the query. The threshold of the settings is the prune stage's."""
        chosen = self.settings
        return self.index.search(
            query,
            k=chosen.k,
            alpha=chosen.alpha,
            normalizer=chosen.normalizer,
            depth=chosen.depth,
            k1=chosen.k1,
            b=chosen.b,
        )
