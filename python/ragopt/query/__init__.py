"""From what a person typed to a Query. A plain question passes through byte for byte."""

from ragopt.query.prepare import prepare

__all__ = ["prepare"]
