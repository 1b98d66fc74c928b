"""`ragopt index`: files to a searchable index."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ragopt.backends import embedders
from ragopt.cli.options import Subparsers, add_chunking, add_command, add_json
from ragopt.cli.output import byte_size, emit, emit_json, note, seconds
from ragopt.cli.progress import Progress
from ragopt.corpus import Problem, SentenceChunker, read
from ragopt.errors import CorruptIndexError, DuplicateIdError, IndexVersionError
from ragopt.index import Index
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
    parser.add_argument("source", metavar="FOLDER", help="a folder (with its subfolders) or one file")
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="where the index is written")
    parser.add_argument(
        "--embedder",
        choices=("none", *embedders.NAMES),
        default="none",
        help="the model of the dense side, from the extra of its name (default: none, which searches by BM25 alone)",
    )
    parser.add_argument(
        "--analyzer",
        default="multilingual",
        metavar="NAME",
        help="how text becomes terms: english, vietnamese, multilingual (default) or whitespace",
    )
    add_chunking(parser)
    bm25 = parser.add_argument_group("BM25")
    bm25.add_argument("--k1", type=float, default=Bm25().k1, help=f"term saturation (default: {Bm25().k1})")
    bm25.add_argument("--b", type=float, default=Bm25().b, help=f"length normalization (default: {Bm25().b})")
    bm25.add_argument(
        "--variant", choices=tuple(map(str, Variant)), default="lucene", help="the formula (default: lucene)"
    )
    parser.add_argument(
        "--on-duplicate",
        choices=("error", "last"),
        default="error",
        help="what happens when two documents have one id: refuse (default), or keep the later one",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Read, cut, embed, build, save."""
    started = time.perf_counter()
    chunker = SentenceChunker(words=args.chunk_words, overlap=args.overlap) if args.chunk_words else None
    bm25 = Bm25(args.k1, args.b, args.variant)
    Index.build((), analyzer=args.analyzer, bm25=bm25)  # refuses what is wrong before minutes of reading and embedding
    _check_output(Path(args.output))
    problems: list[Problem] = []
    with Progress() as progress:
        documents = _documents(args, problems, progress)
        _report(problems)
        if not documents:
            note(f"ragopt: {args.source}: nothing to index, so nothing was written")
            if args.json:
                emit_json({"output": None, "documents": 0, "chunks": 0, "problems": _problems(problems)})
            return 1
        name = None if args.embedder == "none" else args.embedder
        index = Index.build(
            documents, embedder=name, analyzer=args.analyzer, bm25=bm25, chunker=chunker, progress=progress
        )
        index.save(args.output)
    elapsed = time.perf_counter() - started
    lost = sum(problem.lost for problem in problems)
    if args.json:
        emit_json(_account(args, documents, index, problems, elapsed))
    else:
        size = sum(count for part, count in index.describe()["sizes"].items() if part.startswith("bytes"))
        what = f"{len(index):,} chunks of {len(documents):,} documents"
        emit(f"{what} in {args.output} ({byte_size(size)}, {seconds(elapsed)})")
    if name is None:
        note(f"lexical only (BM25): for a dense side, --embedder {', '.join(embedders.NAMES)}")
    if lost:
        note(f"{lost} {'file or record' if lost == 1 else 'files or records'} could not be read")
    return 1 if lost else 0


def _check_output(folder: Path) -> None:
    """A folder that holds something else is refused now, not after everything has been embedded."""
    if folder.is_dir() and any(folder.iterdir()):
        with contextlib.suppress(CorruptIndexError, IndexVersionError):  # these may be replaced
            Index.open(folder)


def _documents(args: argparse.Namespace, problems: list[Problem], progress: Progress) -> list[Document]:
    documents: dict[str, Document] = {}
    for count, document in enumerate(read(args.source, on_error=problems.append), start=1):
        progress(count, 0, "reading, documents:")
        if document.id in documents:
            if args.on_duplicate == "error":
                raise DuplicateIdError(
                    f"{args.source}: two documents have the id {document.id!r}; give each its own, or pass "
                    f"--on-duplicate last to keep the later one"
                )
            del documents[document.id]
        documents[document.id] = document
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
