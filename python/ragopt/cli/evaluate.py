"""`ragopt evaluate`: how good a search is on judged questions, alone or beside others."""

from __future__ import annotations

import argparse
from pathlib import Path

from ragopt.cli.conditions import filter_of
from ragopt.cli.opening import opened
from ragopt.cli.options import (
    Subparsers,
    add_command,
    add_json,
    add_judgements,
    add_search,
    settings_of,
)
from ragopt.cli.output import emit, emit_json, note, shortened, table
from ragopt.cli.progress import Progress
from ragopt.corpus import read_queries
from ragopt.errors import InputError
from ragopt.evaluation import MEASURES, Qrels, Standings, System, Table, evaluate, evaluate_all
from ragopt.pipeline import require_fit
from ragopt.types import Settings

__all__ = ["add_parser", "run"]

_DIFF = 20
_COLUMNS = 60


def add_parser(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = add_command(
        subparsers,
        "evaluate",
        run,
        summary="measure the search on judged questions, or compare settings and the runs of other systems",
        example="ragopt evaluate docs.idx --queries queries.jsonl --qrels qrels.tsv --compare ragopt.toml other.run",
        codes="0 measured",
    )
    parser.add_argument(
        "index", nargs="?", metavar="INDEX", help="the folder of an index; not needed where all systems are run files"
    )
    parser.add_argument("--tenant", metavar="NAME", help="the tenant, in an index that keeps tenants apart")
    add_judgements(parser, required=False)
    parser.add_argument(
        "--measures", nargs="+", default=list(MEASURES), metavar="M", help=f"default: {' '.join(MEASURES)}"
    )
    parser.add_argument("--run", dest="run_file", metavar="FILE", help="write the hits as a TREC run file")
    parser.add_argument(
        "--compare",
        nargs="+",
        default=[],
        metavar="FILE",
        help="settings files (.toml) and TREC run files to set beside the search (without INDEX: beside the first)",
    )
    parser.add_argument(
        "--diff",
        nargs="?",
        type=int,
        const=_DIFF,
        metavar="N",
        help=f"with --compare: the N questions that differ most by the first measure (default: {_DIFF})",
    )
    add_search(parser, k=False)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Search every judged question and measure."""
    if args.qrels is None:
        raise InputError("--qrels is missing: name the judgements")
    if args.diff is not None and not args.compare:
        raise InputError("--diff shows questions that systems differ on: name them with --compare")
    if args.index is not None and args.queries is None:
        raise InputError("--queries is missing: the index is searched for them")
    if args.index is None and len(args.compare) < 2:
        raise InputError("nothing to measure: name an INDEX, or two or more run files with --compare")
    if args.index is None and args.run_file:
        raise InputError("--run writes the hits of a search: name the INDEX")
    return _compared(args) if args.compare else _alone(args)


def _alone(args: argparse.Namespace) -> int:
    settings, where = settings_of(args), filter_of(args)
    queries, qrels = read_queries(args.queries), Qrels.load(args.qrels)
    index = opened(args)
    require_fit(settings, index)
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
    _notes(result)
    return 0


def _compared(args: argparse.Namespace) -> int:
    where, qrels = filter_of(args), Qrels.load(args.qrels)
    queries = None if args.queries is None else read_queries(args.queries)
    systems: dict[str, System] = {}
    if args.index is not None:
        systems["search" if args.settings is None else args.settings] = settings_of(args)
    for path in args.compare:
        if path in systems:
            raise InputError(f"{path} is named twice: a system is compared with others")
        systems[path] = Settings.load(path) if Path(path).suffix.lower() == ".toml" else path
    index = None if args.index is None else opened(args)
    with Progress() as progress:
        progress(len(qrels), 0, "comparing, questions:")
        found = evaluate_all(index, queries, qrels, systems, args.measures, where=where, by=args.by)
        rows = found.rows()
    if args.run_file:
        found.tables[found.baseline].run.save(args.run_file)
    texts = queries or {}
    changed = [row for row in found.diff() if row.change][: args.diff or 0]
    if args.json:
        told = [{"query": row.query, "text": texts.get(row.query), "values": list(row.values)} for row in changed]
        emit_json({**found.to_dict(), **({} if args.diff is None else {"diff": told})})
        return 0
    emit(table(rows[0], rows[1:], right=(2, 4, 6, 7)))
    if args.diff is not None:
        heads = ["question", *found.tables, "change"]
        body = [
            [
                shortened(texts.get(row.query) or row.query, _COLUMNS),
                *(f"{v:.3f}" for v in row.values),
                f"{row.change:+.3f}",
            ]
            for row in changed
        ]
        emit(f"\nBy {rows[1][0]}, the questions that differ most:\n" + table(heads, body, right=range(1, len(heads))))
    _said(found)
    return 0


def _said(found: Standings) -> None:
    note(f"over {len(found.queries)} questions, against {found.baseline}; p two-sided, Holm over the family")
    for name, one in found.tables.items():
        for line in one.notes:
            note(f"note: {name}: {line}")


def _notes(result: Table) -> None:
    note(f"over {len(result.queries)} questions")
    for line in result.notes:
        note(f"note: {line}")
