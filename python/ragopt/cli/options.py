"""Flags that several commands share, and what they mean."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ragopt.cli.conditions import add_where
from ragopt.corpus import DEFAULT_WORDS
from ragopt.errors import InputError
from ragopt.query import as_turns
from ragopt.types import Normalizer, Settings, Threshold

__all__ = [
    "Subparsers",
    "add_chunking",
    "add_command",
    "add_history",
    "add_index",
    "add_json",
    "add_judgements",
    "add_search",
    "history_of",
    "settings_of",
]

Subparsers = Any  # argparse keeps the type of add_subparsers' result to itself


def add_command(
    subparsers: Subparsers,
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    summary: str,
    example: str,
    codes: str,
) -> argparse.ArgumentParser:
    """A subcommand whose help ends with an example and its exit codes."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}\n\nexit code: {codes}; 2 wrong use, or a failure",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="write the result as one JSON document")


def add_index(parser: argparse.ArgumentParser) -> None:
    """The index folder, and the tenant in it."""
    parser.add_argument("index", metavar="INDEX", help="the folder of an index, as `ragopt index` writes it")
    parser.add_argument("--tenant", metavar="NAME", help="the tenant, in an index that keeps tenants apart")


def add_chunking(parser: argparse.ArgumentParser) -> None:
    """How documents are cut."""
    parser.add_argument(
        "--chunk-words",
        type=int,
        default=DEFAULT_WORDS,
        metavar="N",
        help=f"cut documents into chunks of at most N words, at the ends of sentences (default: {DEFAULT_WORDS}; "
        "0: a document is a chunk)",
    )
    parser.add_argument(
        "--overlap", type=int, default=0, metavar="N", help="words repeated from one chunk in the next (default: 0)"
    )


def add_judgements(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Queries and their judgements."""
    parser.add_argument(
        "--queries", required=required, metavar="FILE", help="questions: .jsonl (_id, text), .tsv (id, text) or .txt"
    )
    parser.add_argument(
        "--qrels",
        required=required,
        metavar="FILE",
        help="judgements: TREC qrels, BEIR .tsv, .csv or .jsonl",
    )
    parser.add_argument(
        "--by",
        choices=("chunk", "document"),
        default="chunk",
        help="what the judgements name (default: chunk; document: each stands once, at its best chunk)",
    )


def add_search(parser: argparse.ArgumentParser, *, k: bool = True) -> None:
    """Settings of the search: a file, and flags that go before it."""
    group = parser.add_argument_group("search settings")
    group.add_argument("--settings", metavar="FILE", help="a settings file, as `ragopt tune` writes it")
    if k:
        group.add_argument("-k", "--top-k", type=int, dest="k", metavar="K", help="hits wanted (default: 10)")
    group.add_argument(
        "--alpha",
        type=float,
        metavar="A",
        help="share of the dense side, 0 (BM25 alone) to 1 (cosine alone); the default is the normalizer's",
    )
    group.add_argument(
        "--normalizer", metavar="NAME", help=f"one of {', '.join(Normalizer)} (default: {Normalizer.BOUNDED})"
    )
    group.add_argument(
        "--min-score", type=float, metavar="S", help="drop hits that score below S, on scores of this normalizer"
    )
    add_where(group)


def add_history(parser: argparse.ArgumentParser) -> None:
    """The conversation so far."""
    parser.add_argument(
        "--history",
        metavar="FILE",
        help='earlier turns of the conversation, oldest first: a JSON list of {"role", "content"}, or such objects one '
        "a line",
    )


def history_of(path: str | None) -> list[Any] | None:
    """The turns of the file; InputError where it holds none."""
    if path is None:
        return None
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--history {path}: cannot be read ({error})") from error
    try:
        whole = text.lstrip().startswith("[")
        turns = json.loads(text) if whole else [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"--history {path}: neither a JSON list of turns nor one JSON object a line ({error})"
        ) from error
    as_turns(turns)
    return list(turns)


def settings_of(args: argparse.Namespace) -> Settings:
    """The settings of the file, or the defaults, with what the flags say in their place."""
    settings = Settings.load(args.settings) if args.settings else Settings()
    search = settings.search
    if getattr(args, "k", None) is not None:
        search = replace(search, k=args.k)
    if args.alpha is not None:
        search = replace(search, alpha=args.alpha)
    if args.normalizer is not None and args.normalizer != search.normalizer:
        # A threshold of the file is on another kind of score; keeping it would be refused by SearchSettings.
        search = replace(
            search, normalizer=args.normalizer, min_score=None if args.min_score is not None else search.min_score
        )
    if args.min_score is not None:
        # Whoever names a number on this command line sees the scores it is compared with.
        search = replace(search, min_score=Threshold(args.min_score, kind=search.normalizer))
    return replace(settings, search=search)
