"""From a Query to Hits. Each engine stands behind protocols.Retriever."""

from ragopt.retrieve.local import LocalRetriever

__all__ = ["LocalRetriever"]
