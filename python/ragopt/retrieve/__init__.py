"""From a Query to Hits. Each engine stands behind protocols.Retriever."""

from ragopt.retrieve.local import LocalRetriever
from ragopt.retrieve.parts import retrieve

__all__ = ["LocalRetriever", "retrieve"]
