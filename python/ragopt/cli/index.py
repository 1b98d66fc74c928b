"""`ragopt index`: files to a searchable index, or the changes of files to one that is there."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ragopt.backends import embedders
from ragopt.cli.conditions import add_fields, fields_of
from ragopt.cli.options import Subparsers, add_chunking, add_command, add_json
from ragopt.cli.output import byte_size, emit, emit_json, note, seconds
from ragopt.cli.progress import Progress
from ragopt.cli.update import update
from ragopt.corpus import Problem, SentenceChunker, read
from ragopt.errors import CorruptIndexError, DuplicateIdError, IndexVersionError, InputError
from ragopt.index import Index
from ragopt.protocols import Chunker
from ragopt.types import Bm25, Document, Variant

__all__ = ["add_parser", "run"]

_BATCH = 128  # chunks embedded between two signs of progress
_SHOWN = 20  # problems spelled out; --json has them all


def add_parser(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = add_command(
        subparsers,
        "index",
        run,
        summary="build an index of the txt, md, html, jsonl and csv files of a folder",
        example="ragopt index docs --output docs.idx --embedder static",
        codes="0 everything was read; 1 something could not be read (the rest is indexed), or there was nothing",
    )
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="PATH",
        help="folders (with their subfolders) or files; an id is a path in a folder",
    )
    parser.add_argument(
        "-o", "--output", "--to", required=True, dest="output", metavar="DIR", help="where the index is written"
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="bring the index at DIR up to date: embed and write only documents whose content changed, delete those "
        "that are gone (cut as before: with the same --chunk-words and --overlap)",
    )
    parser.add_argument(
        "--embedder",
        choices=("none", *embedders.NAMES),
        help="the model of the dense side, from the extra of its name (default: none, which searches by BM25 alone)",
    )
    parser.add_argument(
        "--analyzer",
        metavar="NAME",
        help="how text becomes terms: english, vietnamese, multilingual (default) or whitespace",
    )
    add_chunking(parser)
    bm25 = parser.add_argument_group("BM25")
    bm25.add_argument("--k1", type=float, help=f"term saturation (default: {Bm25().k1})")
    bm25.add_argument("--b", type=float, help=f"length normalization (default: {Bm25().b})")
    bm25.add_argument("--variant", choices=tuple(map(str, Variant)), help="the formula (default: lucene)")
    tenants = parser.add_argument_group("tenants")
    tenants.add_argument(
        "--tenant-field",
        metavar="FIELD",
        help="the metadata field that names the tenant: they are kept apart",
    )
    tenants.add_argument("--tenant", metavar="NAME", help="with --update: the tenant whose documents these are")
    parser.add_argument(
        "--on-duplicate",
        choices=("error", "last"),
        default="error",
        help="what happens when two documents have one id: refuse (default), or keep the later one",
    )
    add_fields(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Read, then build and save, or update."""
    started = time.perf_counter()
    chunker = SentenceChunker(words=args.chunk_words, overlap=args.overlap) if args.chunk_words else None
    folder = Path(args.output)
    is_update = args.update and folder.is_dir() and any(folder.iterdir())
    if args.tenant is not None and not is_update:
        raise InputError("--tenant needs --update and an index; to build one that has tenants: --tenant-field")
    options = _build_options(args)
    Index.build((), **options)  # refuses what is wrong before minutes of reading and embedding
    _check_output(folder)
    problems: list[Problem] = []
    with Progress() as progress:
        declared = {**(Index.open(folder).describe()["fields"] if is_update else {}), **options["fields"]}
        documents = _documents(args, declared, problems, progress)
        _report(problems)
        if not documents:
            note(f"ragopt: {', '.join(args.sources)}: nothing to index, so nothing was written")
            if args.json:
                emit_json({"output": None, "documents": 0, "chunks": 0, "problems": _problems(problems)})
            return 1
    if is_update:
        index, changes = update(args, documents, chunker, problems)
    else:
        index, changes = _built(args, documents, chunker, options, started), {}
    lost = sum(problem.lost for problem in problems)
    if args.json:
        emit_json({**_account(args, documents, index, problems, time.perf_counter() - started), **changes})
    if index.describe()["embedder"] is None:
        note(f"lexical only (BM25): for a dense side, --embedder {', '.join(embedders.NAMES)}")
    if lost:
        note(f"{lost} {'file or record' if lost == 1 else 'files or records'} could not be read")
    return 1 if lost else 0


def _build_options(args: argparse.Namespace) -> dict[str, Any]:
    """What the flags say, with defaults for those that were not given."""
    default = Bm25()
    k1, b = default.k1 if args.k1 is None else args.k1, default.b if args.b is None else args.b
    return {
        "embedder": None if args.embedder in (None, "none") else args.embedder,
        "analyzer": args.analyzer or "multilingual",
        "bm25": Bm25(k1, b, args.variant or "lucene"),
        "fields": fields_of(args.field),
        "tenant_field": args.tenant_field,
    }


def _built(
    args: argparse.Namespace,
    documents: Sequence[Document],
    chunker: Chunker | None,
    options: dict[str, Any],
    started: float,
) -> Index:
    with Progress() as progress:
        index = Index.build(documents, chunker=chunker, progress=progress, **options)
        index.save(args.output)
    if not args.json:
        size = sum(count for part, count in index.describe()["sizes"].items() if part.startswith("bytes"))
        what = f"{len(index):,} chunks of {len(documents):,} documents"
        emit(f"{what} in {args.output} ({byte_size(size)}, {seconds(time.perf_counter() - started)})")
    return index


def _check_output(folder: Path) -> None:
    """A folder that holds something else is refused now, not after everything has been embedded."""
    if folder.is_dir() and any(folder.iterdir()):
        with contextlib.suppress(CorruptIndexError, IndexVersionError):  # these may be replaced
            Index.open(folder)


def _documents(
    args: argparse.Namespace, fields: Mapping[str, str], problems: list[Problem], progress: Progress
) -> list[Document]:
    documents: dict[tuple[str | None, str], Document] = {}
    given = (document for source in args.sources for document in read(source, on_error=problems.append, fields=fields))
    for count, document in enumerate(given, start=1):
        progress(count, 0, "reading, documents:")
        tenant = None if args.tenant_field is None else str(document.metadata.get(args.tenant_field))
        key = tenant, document.id
        if key in documents:
            if args.on_duplicate == "error":
                raise DuplicateIdError(
                    f"{', '.join(args.sources)}: two documents have the id {document.id!r}; give each its own, or pass "
                    f"--on-duplicate last to keep the later one"
                )
            del documents[key]
        documents[key] = document
    progress.clear()
    return list(documents.values())


def _report(problems: Sequence[Problem]) -> None:
    for problem in problems[:_SHOWN]:
        note(str(problem))
    if len(problems) > _SHOWN:
        note(f"... and {len(problems) - _SHOWN} more: --json lists them all")


def _account(
    args: argparse.Namespace, documents: Sequence[Document], index: Index, problems: Sequence[Problem], elapsed: float
) -> dict[str, Any]:
    return {
        "output": args.output,
        "documents": len(documents),
        "chunks": len(index),
        "seconds": round(elapsed, 3),
        "problems": _problems(problems),
        **index.describe(),
    }


def _problems(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [asdict(problem) for problem in problems]
