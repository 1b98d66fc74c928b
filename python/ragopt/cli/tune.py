"""`ragopt tune`: settings from judged questions, and whether they are a gain."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ragopt.backends.plotting import require
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
from ragopt.cli.output import check_target, emit, emit_json, note
from ragopt.cli.progress import Progress
from ragopt.corpus import read_answers, read_queries
from ragopt.economics import DEFAULT_MODEL, QuestionCost, price
from ragopt.errors import InputError
from ragopt.evaluation import Qrels, feedback_labels, label_problems, read_feedback
from ragopt.index import Index
from ragopt.tuning import Objective, Outcome, check, compare_indexes, tune
from ragopt.tuning.sizes import BUDGETS
from ragopt.tuning.space import Levers
from ragopt.types import Settings

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = add_command(
        subparsers,
        "tune",
        run,
        summary="tune alpha and top-k on judged questions, and judge the outcome on questions held out",
        example="ragopt tune docs.idx --queries queries.jsonl --qrels qrels.tsv --report report.html",
        codes="0 the settings changed for the better, or --check gives no reason to tune again; 1 nothing better than "
        "the default could be shown (it is written), or --check says to tune again, or --compare finds no index "
        "surely better than the first",
    )
    add_index(parser)
    add_judgements(parser, required=False)
    parser.add_argument(
        "--check",
        metavar="FEEDBACK",
        help="tune nothing: hold a log of feedback (.jsonl) against what --settings promise; says when to tune again",
    )
    parser.add_argument(
        "--compare",
        nargs="+",
        metavar="INDEX",
        help="tune nothing: compare with these indexes of the same documents, cut in other ways, at equal tokens; "
        "judged by documents, or by --answers",
    )
    parser.add_argument(
        "--budgets", nargs="+", type=int, metavar="TOKENS",
        help=f"at which --compare compares (default: {' '.join(map(str, BUDGETS))})",
    )  # fmt: skip
    parser.add_argument(
        "--feedback",
        metavar="LOG",
        help="tune on a log of feedback (.jsonl) in place of --queries and --qrels; questions weigh by their records",
    )
    parser.add_argument("-o", "--output", default="ragopt.toml", metavar="FILE", help="settings file (ragopt.toml)")
    parser.add_argument("--report", metavar="FILE", help="write a report, one interactive HTML file")
    parser.add_argument("--picture", metavar="FILE", help="write the score against alpha as an SVG or .png file")
    parser.add_argument("--measure", default="nDCG@10", metavar="M", help="what alpha is tuned for (nDCG@10)")
    held = parser.add_argument_group("questions that tuning must not see")
    held.add_argument(
        "--held-out", type=float, default=0.5, metavar="SHARE", help="this share of them, at random (default: 0.5)"
    )
    held.add_argument("--held-out-queries", metavar="FILE", help="or these questions, with --held-out-qrels")
    held.add_argument("--held-out-qrels", metavar="FILE", help="their judgements")
    _add_cost(parser)
    parser.add_argument(
        "--allow-copies", action="store_true", help="tune on synthetic questions although they copy their chunks"
    )
    parser.add_argument(
        "--levers",
        nargs="*",
        metavar="FIELD[=V,V]",
        help="search k1, b, top-k, thresholds, packing and budget together as well (minutes); with names, such as "
        "prune.gap or pack.tokens=500,1000, those alone",
    )
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="keep what --levers works out: after Ctrl-C, the same command goes on from there",
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything random (default: 0)")
    add_search(parser)
    add_json(parser)


def _add_cost(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--answers",
        metavar="FILE",
        help="texts that right answers hold: .jsonl (_id, answers); what levers contributed is then measured by them",
    )
    group = parser.add_argument_group("cost")
    group.add_argument(
        "--objective",
        default=str(Objective.FEWEST_TOKENS),
        metavar="NAME",
        help=f"what k is for: {', '.join(Objective)} (default: the first)",
    )
    group.add_argument("--budget", type=float, metavar="TOKENS", help="of context per question, on average")
    group.add_argument("--price", metavar="DOLLARS", help="of a question, on average")
    group.add_argument("--model", default=DEFAULT_MODEL, metavar="ID", help=f"whose price is used ({DEFAULT_MODEL})")
    for name, what in (
        ("prompt", "of input beside the context"),
        ("cached", "read from the prompt cache"),
        ("output", "of the answer"),
    ):
        group.add_argument(f"--{name}-tokens", type=int, default=0, metavar="N", help=f"tokens {what} (default: 0)")
    group.add_argument(
        "--seconds-per-1000", type=float, default=0.0, metavar="S", help="the model's time to read 1,000 tokens"
    )


def _cost(args: argparse.Namespace) -> QuestionCost:
    return QuestionCost(
        price(args.model), args.prompt_tokens, args.cached_tokens, args.output_tokens, args.seconds_per_1000
    )


def levers_of(given: list[str] | None) -> Levers | None:
    """The levers of the command line: none, all, or fields with the values to try, which are read as TOML."""
    if given is None:
        return None
    if given in ([], ["all"]):
        return "all"
    fields = [field.partition("=")[0] for field in given]
    if twice := [field for field in fields if fields.count(field) > 1]:
        raise InputError(f"--levers names {twice[0]} twice: give all its values once, as in {twice[0]}=0.1,0.2")
    plain = [field for field in given if "=" not in field]
    if len(plain) == len(given):
        return plain
    if plain:
        raise InputError(f"--levers {plain[0]}: give values for all fields, as in {plain[0]}=0.1,0.2, or for none")
    return {
        field: [_value(text) for text in values.split(",")]
        for field, _, values in (one.partition("=") for one in given)
    }


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text  # a name, as in pack.level=sentence


def _check(args: argparse.Namespace) -> int:
    if args.settings is None:
        raise InputError("--settings is missing: name the settings file whose promise is to be checked")
    found = check(Settings.load(args.settings), read_feedback(args.check), index=opened(args))
    if args.json:
        emit_json(found.to_dict())
    else:
        emit(str(found))
    return 1 if found.tune_again else 0


def _compare(args: argparse.Namespace) -> int:
    """The index and those of --compare, by their folders' names."""
    folders = [args.index, *args.compare]
    if len({Path(folder).resolve() for folder in folders}) < len(folders):
        raise InputError("--compare names an index twice: name each once")
    indexes = {}
    for folder in folders:
        index = Index.open(folder)
        indexes[folder] = index if args.tenant is None else index.tenant(args.tenant)
    with Progress() as progress:
        made = compare_indexes(
            indexes,
            read_queries(args.queries),
            Qrels.load(args.qrels),
            budgets=args.budgets or BUDGETS,
            measure=args.measure,
            settings=replace(settings_of(args), tuned=None),
            where=filter_of(args),
            answers=None if args.answers is None else read_answers(args.answers),
            seed=args.seed,
            progress=progress,
        )
    if args.json:
        emit_json(made.to_dict())
    else:
        emit(str(made))
    return 0 if made.outcome is Outcome.GAIN else 1


def _labels(args: argparse.Namespace) -> tuple[Mapping[str, str], Qrels, Mapping[str, float] | None]:
    """Questions, judgements, and the weights of questions where they come from feedback."""
    if args.feedback is None:
        return read_queries(args.queries), Qrels.load(args.qrels), None
    if args.queries is not None or args.qrels is not None:
        raise InputError("--feedback brings its own questions and judgements: leave --queries and --qrels out")
    if args.by != "chunk":
        raise InputError("--feedback names chunks: --by document does not fit it")
    found = feedback_labels(read_feedback(args.feedback))
    note(f"feedback: {found.records} records, {found.silent} of them silent, {len(found.queries)} questions")
    if not found.queries:
        raise InputError(f"{args.feedback}: nobody acted on any answer, so nothing can be learnt of it")
    return found.queries, found.qrels, found.weights


def _refuse_idle(args: argparse.Namespace) -> None:
    """What the command would not look at is refused, as whoever gave it expects something of it."""
    if args.budgets is not None and args.compare is None:
        raise InputError("--budgets are those of --compare: name the indexes to compare with, or see --budget")
    asked = "check" if args.check is not None else "compare" if args.compare is not None else None
    if asked is None:
        return
    idle = ["levers", "state", "report", "picture"]
    idle += ["compare", "feedback", "queries", "qrels"] if asked == "check" else []
    for name in idle:
        if getattr(args, name) is not None:
            raise InputError(f"--{asked} tunes nothing, and --{name} says nothing with it: leave one of them out")


def run(args: argparse.Namespace) -> int:
    """Tune, write the settings and the report; or check what was promised."""
    _refuse_idle(args)
    if args.check is not None:
        return _check(args)
    if args.feedback is None and (args.queries is None or args.qrels is None):
        missing = "--queries" if args.queries is None else "--qrels"
        raise InputError(f"{missing} is missing: tuning needs questions and their judgements, or --feedback")
    if args.compare is not None:
        if args.feedback is not None:
            raise InputError(
                "--compare judges by documents or answers, and feedback names chunks: give --queries and --qrels"
            )
        return _compare(args)
    for target in (args.output, args.report, args.picture, args.state):
        check_target(target)
    if args.picture and Path(args.picture).suffix.lower() not in (".svg", ".png"):
        raise InputError(f"--picture {args.picture}: name a .svg or a .png file")
    if args.report or args.picture:
        require("--report" if args.report else "--picture")
    settings, where, cost = settings_of(args), filter_of(args), _cost(args)
    if (args.held_out_queries is None) != (args.held_out_qrels is None):
        raise InputError("--held-out-queries and --held-out-qrels belong together: give both or neither")
    queries, qrels, weights = _labels(args)
    held_out = args.held_out
    if args.held_out_queries is not None:
        held_out = (read_queries(args.held_out_queries), Qrels.load(args.held_out_qrels))
    index = opened(args)
    problems = label_problems(queries, qrels, index, by=args.by, settings=settings.search, where=where)
    for problem in problems:
        note(f"labels: {problem}")
    with Progress() as progress:
        result = tune(
            index,
            queries,
            qrels,
            measure=args.measure,
            settings=settings,
            held_out=held_out,
            weights=weights,
            seed=args.seed,
            by=args.by,
            where=where,
            cost=cost,
            objective=args.objective,
            budget=args.budget,
            price=args.price,
            allow_copies=args.allow_copies,
            answers=None if args.answers is None else read_answers(args.answers),
            levers=levers_of(args.levers),
            state=args.state,
            progress=progress,
        )
    result = replace(result, problems=tuple(problems))  # with those that only a search tells
    result.save(args.output)
    if args.report:
        result.report(args.report, command=args.command_line)
    if args.picture:
        result.picture(args.picture)
    if args.json:
        emit_json(
            {**result.to_dict(), "latency": None if result.front is None else result.front.latency()},
        )
    else:
        emit(str(result))
    note(f"wrote {args.output}{f' and {args.report}' if args.report else ''}")
    return 0 if result.changed else 1
