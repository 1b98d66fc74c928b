"""`ragopt pack`: the context of a question as it would be sent, or what each lever saves on many."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace

from ragopt.cli.conditions import filter_of
from ragopt.cli.opening import opened
from ragopt.cli.options import (
    Subparsers,
    add_command,
    add_history,
    add_index,
    add_json,
    add_judgements,
    add_search,
    history_of,
    settings_of,
)
from ragopt.cli.output import context_document, dollars, emit, emit_json, note, table, tokens
from ragopt.cli.progress import Progress
from ragopt.corpus import read_queries
from ragopt.economics import DEFAULT_MODEL, Price, price
from ragopt.errors import InputError, UnknownNameError
from ragopt.evaluation import Qrels, Unit, check_ids
from ragopt.pipeline import Pipeline
from ragopt.tuning import LeverSaving, lever_savings
from ragopt.types import Form, Settings, Status

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = add_command(
        subparsers,
        "pack",
        run,
        summary="pack the context of a question, or compare what each lever saves (--compare)",
        example="ragopt pack docs.idx --compare --queries questions.txt --duplicates 0.9 --budget 1000",
        codes="0 packed or compared; 1 no relevant context",
    )
    add_index(parser)
    parser.add_argument("question", metavar="QUESTION", nargs="?", help="what is asked")
    parser.add_argument(
        "--compare",
        action="store_true",
        help="show what each lever saves in tokens and dollars: duplicates, pruning, packing, form",
    )
    add_judgements(parser, required=False)
    group = parser.add_argument_group("packing")
    group.add_argument("--budget", type=int, metavar="TOKENS", help="tokens of context at most (default: 2000)")
    group.add_argument("--form", metavar="NAME", help=f"one of {', '.join(Form)} (default: {Form.TEXT})")
    group.add_argument(
        "--duplicates",
        type=float,
        metavar="SHARE",
        help="drop a hit of which this share stands in better ones; 1: what is repeated whole",
    )
    group.add_argument("--per-token", type=float, metavar="GAIN", help="keep hits that gain this per 1,000 tokens")
    group.add_argument("--model", metavar="ID", help=f"the model whose price is shown (default: {DEFAULT_MODEL})")
    add_history(parser)
    add_search(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Pack, or compare."""
    settings = _settings(args)
    if args.compare:
        return _compare(args, settings)
    if args.question is None:
        raise InputError("no question: name one, or use --compare with --queries")
    if args.queries or args.qrels:
        raise InputError("--queries and --qrels are for --compare")
    where, turns = filter_of(args), history_of(args.history)
    context = Pipeline(opened(args), settings).retrieve(args.question, history=turns, where=where)
    if args.json:
        emit_json({"question": args.question, "status": context.status, **context_document(context)})
    elif context.status is Status.OK:
        rendered = context.render(settings.pack.form)
        emit(rendered if isinstance(rendered, str) else json.dumps(rendered, ensure_ascii=False, indent=2))
        count = context.tokens
        note(
            f"{tokens(count.point)} tokens ({tokens(count.low)} to {tokens(count.high)}, {count.method}) "
            f"in {len(context.sources)} sources; budget {tokens(settings.pack.tokens)}"
        )
    else:
        note(f"nothing to send ({context.status})")
    return 0 if context.status is Status.OK else 1


def _settings(args: argparse.Namespace) -> Settings:
    settings = settings_of(args)
    pack = {"tokens": args.budget, "form": args.form}
    prune = {"duplicates": args.duplicates, "per_token": args.per_token}
    generate = {"model": args.model}
    return replace(
        settings,
        pack=replace(settings.pack, **{name: value for name, value in pack.items() if value is not None}),
        prune=replace(settings.prune, **{name: value for name, value in prune.items() if value is not None}),
        generate=replace(settings.generate, **{name: value for name, value in generate.items() if value is not None}),
    )


def _compare(args: argparse.Namespace, settings: Settings) -> int:
    if (args.question is None) == (args.queries is None):
        raise InputError("--compare takes questions: either one QUESTION or --queries FILE")
    if args.history:
        raise InputError("--history belongs to one question, and --compare packs each on its own")
    queries = {"1": args.question} if args.queries is None else read_queries(args.queries)
    qrels = Qrels.load(args.qrels) if args.qrels else None
    row = _price(settings.generate.model or DEFAULT_MODEL)
    index = opened(args)
    if qrels is not None:
        for problem in check_ids(index, qrels, Unit(args.by)):
            note(f"labels: {problem}")
    pipeline = Pipeline(index, settings)
    with Progress() as progress:
        savings = lever_savings(
            pipeline, queries, qrels=qrels, by=args.by, price=row, where=filter_of(args), progress=progress
        )
    if args.json:
        emit_json(
            {
                "questions": len(queries),
                "model": None if row is None else row.model,
                "price": None if row is None else {"source": row.source, "as_of": row.as_of},
                "levers": [saving.to_dict() for saving in savings],
            }
        )
        return 0
    emit(_table(savings))
    _explain(savings, len(queries), row, settings)
    return 0


def _price(model: str) -> Price | None:
    try:
        return price(model)
    except UnknownNameError:
        return None


def _table(savings: Sequence[LeverSaving]) -> str:
    headers = ["lever", "setting", "chunks", "tokens", "saved", "", "per 1,000 questions", "saved", "recall"]
    rows = []
    for at, saving in enumerate(savings):
        rows.append(
            [
                saving.lever,
                saving.setting if saving.chosen else f"{saving.setting} (not set: tried)",
                f"{saving.chunks:.1f}",
                tokens(saving.tokens),
                tokens(saving.saved) if at else "",
                f"{saving.share:.1%}" if at else "",
                "–" if saving.dollars is None else dollars(saving.dollars),
                "–" if saving.dollars_saved is None else dollars(saving.dollars_saved) if at else "",
                "–" if saving.recall is None else f"{saving.recall:.4f}",
            ]
        )
    return table(headers, rows, right=(2, 3, 4, 5, 6, 7, 8))


def _explain(savings: Sequence[LeverSaving], questions: int, row: Price | None, settings: Settings) -> None:
    first, last = savings[0], savings[-1]
    share = 1 - last.tokens / first.tokens if first.tokens else 0.0
    note(f"means of {questions} questions; {share:.1%} fewer tokens than the top {settings.search.k} as they come")
    if row is None:
        note(f"price unknown: there is no price row for {settings.generate.model!r}")
    else:
        note(f"uncached input of {row.model}: {row.source}, {row.as_of.isoformat()}")
