"""`ragopt evaluate`: how good a search is on judged questions."""

from __future__ import annotations

import argparse

from ragopt.cli.conditions import filter_of
from ragopt.cli.opening import opened
from ragopt.cli.options import (
    Subparsers,
    add_command,
    add_index,
    add_json,
    add_judgements,
    add_search,
    settings_of,
)
from ragopt.cli.output import emit, emit_json, note, table
from ragopt.cli.progress import Progress
from ragopt.corpus import read_queries
from ragopt.evaluation import MEASURES, Qrels, evaluate

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = add_command(
        subparsers,
        "evaluate",
        run,
        summary="measure the search on judged questions",
        example="ragopt evaluate docs.idx --queries queries.jsonl --qrels qrels.tsv --measures nDCG@10 R@100",
        codes="0 measured",
    )
    add_index(parser)
    add_judgements(parser)
    parser.add_argument(
        "--measures", nargs="+", default=list(MEASURES), metavar="M", help=f"default: {' '.join(MEASURES)}"
    )
    parser.add_argument("--run", dest="run_file", metavar="FILE", help="write the hits as a TREC run file")
    add_search(parser, k=False)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Search every judged question and measure."""
    settings, where = settings_of(args), filter_of(args)
    queries, qrels = read_queries(args.queries), Qrels.load(args.qrels)
    index = opened(args)
    with Progress() as progress:
        progress(len(queries), 0, "searching, questions:")
        result = evaluate(index, queries, qrels, args.measures, settings=settings, where=where, by=args.by)
        estimates = result.estimates
    if args.run_file:
        result.run.save(args.run_file)
    if args.json:
        emit_json(result.to_dict())
        return 0
    rows = [
        [name, f"{e.mean:.4f}", f"{e.low:.4f} to {e.high:.4f}" if e.known else "unknown (one question)"]
        for name, e in estimates.items()
    ]
    emit(table(["measure", "mean", "95 % interval"], rows, right=(1,)))
    note(f"over {len(result.queries)} questions")
    for line in result.notes:
        note(f"note: {line}")
    return 0
