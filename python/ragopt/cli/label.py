"""`ragopt label`: labels that a model makes, from questions that it writes or pairs that it grades."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragopt.cli.conditions import add_where, filter_of
from ragopt.cli.opening import opened
from ragopt.cli.options import Subparsers, add_command, add_index, add_json
from ragopt.cli.output import check_target, dollars, emit, emit_json, note, tokens
from ragopt.cli.progress import Progress
from ragopt.corpus import read_queries
from ragopt.economics import DEFAULT_MODEL, price
from ragopt.errors import InputError, UnknownNameError
from ragopt.evaluation import Qrels
from ragopt.labels import (
    Calls,
    Forecast,
    Spent,
    judge_forecast,
    judge_labels,
    synthetic_forecast,
    synthetic_labels,
)

if TYPE_CHECKING:
    from ragopt.backends.bedrock import BedrockGenerator

__all__ = ["add_parser", "run_judge", "run_synthetic"]


def add_parser(subparsers: Subparsers) -> None:
    """Register the command and its two parts."""
    parser = subparsers.add_parser(
        "label",
        help="have a model on Amazon Bedrock write questions, or grade hits, as labels to evaluate and tune with",
        description="Labels that a model makes. They are marked as such in every file, table and report.",
        allow_abbrev=False,
    )
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)
    _add_synthetic(parts)
    _add_judge(parts)


def _add_synthetic(parts: Subparsers) -> None:
    parser = add_command(
        parts,
        "synthetic",
        run_synthetic,
        summary="write questions about chunks of the index, each with its chunk as the relevant one",
        example="ragopt label synthetic docs.idx -n 200 --queries q.jsonl --qrels q.qrels --cache label.cache --cap 2",
        codes="0 written; 1 written, but `ragopt tune` will not take them, since they copy their chunks, or the cap "
        "ended the run",
    )
    add_index(parser)
    parser.add_argument("-n", "--count", type=int, default=100, metavar="N", help="questions (default: 100)")
    parser.add_argument("--per-chunk", type=int, default=1, metavar="N", help="questions a chunk (default: 1)")
    parser.add_argument("--queries", required=True, metavar="FILE", help="write the questions there, as .jsonl")
    parser.add_argument(
        "--qrels", required=True, metavar="FILE", help="write the judgements there: .jsonl, .csv, else TREC qrels"
    )
    parser.add_argument("--known", metavar="FILE", help="questions that there are already; they are not asked again")
    parser.add_argument(
        "--top", type=int, default=10, metavar="N", help="hits in which a question must find its chunk (default: 10)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the chunks that are drawn (default: 0)")
    _add_calls(parser)


def _add_judge(parts: Subparsers) -> None:
    parser = add_command(
        parts,
        "judge",
        run_judge,
        summary="grade the hits of your questions from 0 to 3, one pair at a time",
        example="ragopt label judge docs.idx --queries q.jsonl --output judged.qrels --people qrels.tsv --dry-run",
        codes="0 written; 1 written, but pairs have no grade, so that their questions are left out",
    )
    add_index(parser)
    parser.add_argument("--queries", required=True, metavar="FILE", help="questions: .jsonl, .tsv or .txt")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="write the judgements there: .jsonl, .csv, else TREC qrels",
    )
    parser.add_argument(
        "-k", "--top-k", type=int, dest="k", default=10, metavar="K",
        help="hits by BM25, by the default and by cosine, which are graded (default: 10 each)",
    )  # fmt: skip
    parser.add_argument(
        "--people", metavar="FILE", help="judgements of people, of chunks: up to 200 pairs are graded too, and compared"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the pairs of --people (default: 0)")
    add_where(parser)
    _add_calls(parser)


def _add_calls(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("calls")
    group.add_argument("--model", default=DEFAULT_MODEL, metavar="ID", help=f"model, profile or ARN ({DEFAULT_MODEL})")
    group.add_argument("--cache", metavar="FILE", help="keep good replies there: a run that was stopped goes on")
    group.add_argument("--cap", metavar="DOLLARS", help="begin no call that could cost more in all")
    group.add_argument("--parallel", type=int, default=4, metavar="N", help="calls at once (default: 4)")
    group.add_argument("--dry-run", action="store_true", help="show what it costs at most; send and write nothing")
    group.add_argument("--region", help="AWS region (default: as boto3 finds it)")
    group.add_argument("--endpoint-url", metavar="URL", help="another endpoint for bedrock-runtime")
    add_json(parser)


def run_synthetic(args: argparse.Namespace) -> int:
    """Write questions and their judgements."""
    generator, calls = _model(args)
    for target in (args.queries, args.qrels, args.cache):
        check_target(target)
    if Path(args.queries).absolute() == Path(args.qrels).absolute():
        raise InputError(f"{args.queries}: --queries and --qrels name one file: give each its own")
    known = {} if args.known is None else read_queries(args.known)
    index = opened(args)
    _check_qrels(args.qrels, index.ids)
    options: dict[str, Any] = {"per_chunk": args.per_chunk, "seed": args.seed, "calls": calls}
    told = synthetic_forecast(index, generator, args.count, **options)
    if args.dry_run:
        return _dry_run(args, told)
    note(_before(told))
    with Progress() as progress:
        made = synthetic_labels(
            index, generator, args.count, top=args.top, known=known.values(), progress=progress, **options
        )
    made.save(args.queries)
    made.qrels.save(args.qrels)
    if args.json:
        emit_json(made.to_dict())
    else:
        back = made.round_trip
        dense = "" if back.dense is None else f", {back.dense:.0%} by cosine"
        emit(
            f"{len(made.made)} questions by {', '.join(made.provenance.models)}; {len(made.refused)} replies refused, "
            f"{made.repeated} questions repeated\n"
            f"found in the first {back.top}: {back.either:.0%} by either side ({back.lexical:.0%} by BM25{dense})\n"
            f"overlap: {made.overlap}"
        )
        _refusals(made.refused.values())
        if made.overlap.copy_like:
            note("these questions copy their chunks: `ragopt tune` refuses them, since alpha would come out too low")
    note(f"{_after(made.spent)}; wrote {args.queries} and {args.qrels}")
    return 1 if made.overlap.copy_like or made.spent.capped else 0


def run_judge(args: argparse.Namespace) -> int:
    """Grade pairs and write the judgements."""
    generator, calls = _model(args)
    for target in (args.output, args.cache):
        check_target(target)
    queries = read_queries(args.queries)
    people = None if args.people is None else Qrels.load(args.people)
    index = opened(args)
    _check_qrels(args.output, [*queries, *index.ids])
    options: dict[str, Any] = {
        "k": args.k, "people": people, "where": filter_of(args), "seed": args.seed, "calls": calls,
    }  # fmt: skip
    told = judge_forecast(index, queries, generator, **options)
    if args.dry_run:
        return _dry_run(args, told)
    note(_before(told))
    with Progress() as progress:
        made = judge_labels(index, queries, generator, progress=progress, **options)
    if len(made.qrels):
        made.qrels.save(args.output)
    if args.json:
        emit_json(made.to_dict())
    else:
        emit(f"{made.pairs} pairs of {len(made.qrels)} questions graded by {', '.join(made.provenance.models)}")
        if made.agreement is not None:
            emit(f"agreement with people: {made.agreement}")
        if made.incomplete:
            note(f"{len(made.incomplete)} questions have pairs without a grade and are left out; run it again")
        _refusals(made.failed.values())
    note(f"{_after(made.spent)}; wrote {args.output if len(made.qrels) else 'nothing'}")
    return 1 if made.incomplete else 0


def _model(args: argparse.Namespace) -> tuple[BedrockGenerator, Calls]:
    from ragopt.backends.bedrock import BedrockGenerator  # needs boto3

    try:
        row = price(args.model)
    except UnknownNameError:
        if args.cap is not None:
            raise
        row = None  # what it costs is then said to be unknown
    generator = BedrockGenerator(args.model, region=args.region, endpoint_url=args.endpoint_url)
    return generator, Calls(cache=args.cache, price=row, cap=args.cap, parallel=args.parallel)


def _check_qrels(path: str, ids: Sequence[str]) -> None:
    """What the file cannot carry is refused before anything is paid."""
    suffix = Path(path).suffix.lower()
    if suffix == ".tsv":
        raise InputError(f"{path}: a BEIR file cannot say that a model made these labels: write .jsonl, .csv or TREC")
    blank = next((id for id in ids if len(id.split()) != 1), None)
    if suffix not in (".jsonl", ".csv") and blank is not None:
        raise InputError(f"{path}: a TREC file cannot carry the id {blank!r}, which holds white space: write .jsonl")


def _dry_run(args: argparse.Namespace, told: Forecast) -> int:
    if args.json:
        emit_json(told.to_dict())
    else:
        emit(f"{_before(told)}; nothing was sent")
    return 0


def _before(told: Forecast) -> str:
    cached = f" ({told.cached} more are in the cache)" if told.cached else ""
    return (
        f"{told.calls} calls{cached}: at most {tokens(told.input)} tokens in and {tokens(told.output)} out, "
        f"{_money(told.dollars)}"
    )


def _after(spent: Spent) -> str:
    cached = f" and {spent.cached} from the cache" if spent.cached else ""
    capped = "; the cap ended the run: raise it to go on" if spent.capped else ""
    used = spent.usage
    return (
        f"{spent.calls} calls{cached}: {tokens(used.total_input)} tokens in, {tokens(used.output)} out, "
        f"{_money(spent.dollars)}{capped}"
    )


def _money(amount: Decimal | None) -> str:
    return "price unknown" if amount is None else dollars(amount)


def _refusals(whys: Iterable[str]) -> None:
    """Why replies were not taken, the commonest first."""
    counts: dict[str, int] = {}
    for why in whys:
        counts[why.partition(":")[0]] = counts.get(why.partition(":")[0], 0) + 1
    for why, count in sorted(counts.items(), key=lambda item: -item[1])[:5]:
        note(f"{count} × {why}")
