"""`ragopt index --update`: bring an index up to what its sources hold now, and write only what changed."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

from ragopt.cli.conditions import fields_of
from ragopt.cli.output import emit, note, seconds
from ragopt.cli.progress import Progress
from ragopt.corpus import Problem
from ragopt.errors import InputError
from ragopt.index import Index
from ragopt.protocols import Chunker
from ragopt.types import Document

__all__ = ["update"]


def update(
    args: argparse.Namespace, documents: Sequence[Document], chunker: Chunker | None, problems: Sequence[Problem]
) -> tuple[Index, dict[str, Any]]:
    """The index after the update, and what there was to do.

    What could not be read this time is not taken for gone: then nothing is deleted.
    """
    started = time.perf_counter()
    index = Index.open(args.output)
    _check_flags(args, index)
    view = index if args.tenant is None else index.tenant(args.tenant)
    complete = not any(problem.lost for problem in problems)
    with Progress() as progress, view:
        changes = view.sync(documents, chunker=chunker, keep=not complete, progress=progress)
    account = {
        "added": changes.added,
        "updated": changes.updated,
        "deleted": changes.deleted,
        "unchanged": changes.unchanged,
    }
    if not args.json:
        what = ", ".join(f"{count:,} {name}" for name, count in account.items())
        emit(f"{what}: {len(view):,} chunks in {args.output} ({seconds(time.perf_counter() - started)})")
    if not complete:
        note("nothing was deleted, for what could not be read is not gone")
    return view, account


def _check_flags(args: argparse.Namespace, index: Index) -> None:
    """An index keeps how it was built: a flag that says otherwise is refused."""
    described = index.describe()
    embedder = described["embedder"]
    built = {
        "embedder": "none" if embedder is None else embedder["load"] or embedder["name"],
        "analyzer": described["analyzer"]["name"],
        "tenant_field": described["tenant_field"],
        **{name: described["bm25"][name] for name in ("k1", "b", "variant")},
    }
    for name, value in built.items():
        given = getattr(args, name)
        if given is not None and given != value:
            flag = f"--{name.replace('_', '-')}"
            raise InputError(
                f"{flag} {given}: {args.output} was built with {value}; leave it out, or build anew without --update"
            )
    for field, kind in fields_of(args.field).items():
        if described["fields"].get(field) != kind:
            what = described["fields"].get(field, "no type")
            raise InputError(
                f"--field {field}={kind}: {args.output} was built with {what} for it; leave it out, or build anew "
                f"without --update"
            )
