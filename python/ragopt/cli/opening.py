"""The index that a command line names, and the tenant in it."""

from __future__ import annotations

import argparse

from ragopt.index import Index

__all__ = ["opened"]


def opened(args: argparse.Namespace) -> Index:
    """The index of the folder, or the view of --tenant."""
    index = Index.open(args.index)
    return index if args.tenant is None else index.tenant(args.tenant)
