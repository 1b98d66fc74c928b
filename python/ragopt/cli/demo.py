"""`ragopt demo`: index the AWS API documentation, compare and tune the search on judged questions, and explain one."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from ragopt.backends.plotting import require
from ragopt.cli.demo_index import DemoIndex, demo_index
from ragopt.cli.demo_questions import JudgedQuestions, find_folder, load_questions
from ragopt.cli.demo_view import Example, account, arms_text, example_text, index_text, last_text, sections
from ragopt.cli.options import Subparsers, add_command, add_json
from ragopt.cli.output import emit, emit_json
from ragopt.cli.progress import Progress
from ragopt.economics import DEFAULT_MODEL, price
from ragopt.errors import InputError
from ragopt.pipeline import Pipeline
from ragopt.tuning import TuneResult, tune
from ragopt.types import PackSettings, Settings

__all__ = ["MEASURE", "SETTINGS", "add_parser", "run"]

MEASURE = "nDCG@10"

#: The defaults, with room for all ten chunks: what a row sends is then what it found.
SETTINGS = Settings(pack=PackSettings(tokens=6000))

_INDEX = Path(".ragopt", "demo")


def add_parser(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = add_command(
        subparsers,
        "demo",
        run,
        summary="index the AWS API documentation inside botocore, compare and tune the search on judged questions",
        example="ragopt demo --output out",
        codes="0 it ran, whatever the verdict",
    )
    parser.add_argument(
        "-o", "--output", default=".", metavar="DIR", help="where ragopt.toml and report.html go (default: here)"
    )
    parser.add_argument(
        "--index-dir",
        default=str(_INDEX),
        metavar="DIR",
        help=f"where the index is kept for the next run (default: {_INDEX.as_posix()})",
    )
    parser.add_argument("--rebuild", action="store_true", help="build the index even if the kept one is current")
    parser.add_argument(
        "--questions",
        metavar="DIR",
        help="a folder with questions.jsonl and qrels.tsv (default: examples/aws-api of the checkout)",
    )
    parser.add_argument(
        "--question", metavar="TEXT", help="the question whose context is shown (default: a held-out one)"
    )
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="ID", help=f"the model whose price is used (default: {DEFAULT_MODEL})"
    )
    parser.add_argument("--picture", metavar="FILE", help="also write the score against alpha as an SVG or .png file")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Index, tune, show, write."""
    started = time.perf_counter()
    require("the demo's report")
    rate = price(args.model)
    questions = load_questions(find_folder(args.questions))
    output = _folder(args.output)
    with Progress() as progress:
        made = demo_index(Path(args.index_dir), rebuild=args.rebuild, progress=progress)
        progress.clear()
        if not args.json:
            emit(index_text(made))
        result = tune(
            made.index,
            questions.tune,
            questions.qrels,
            measure=MEASURE,
            settings=SETTINGS,
            held_out=(questions.test, questions.qrels),
            by="document",
            progress=progress,
        )
    example = _example(made, result, questions, args.question)
    files = (output / "ragopt.toml", output / "report.html")
    result.save(files[0])
    result.report(files[1], sections=sections(made, result, questions, rate, example), command=args.command_line)
    if args.picture:
        result.picture(args.picture)
    elapsed = time.perf_counter() - started
    if args.json:
        emit_json(account(made, result, questions, rate, example, files, elapsed))
        return 0
    emit(arms_text(result, questions, rate))
    emit(example_text(example))
    emit(last_text(made, files, elapsed))
    return 0


def _folder(name: str) -> Path:
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--output {name}: cannot be made ({error.strerror})") from error
    return folder


def _example(made: DemoIndex, result: TuneResult, questions: JudgedQuestions, asked: str | None) -> Example:
    """The question that was asked for, or the held-out one that the tuned search answers best."""
    pipeline = Pipeline(made.index, result.settings)
    if asked is not None:
        return Example("Your question", asked, pipeline.retrieve(asked), {})
    table = result.arms[-1].table
    values = table.column(MEASURE)
    best = int(values.argmax())
    id = table.queries[best]
    label = f"The held-out question with the best {MEASURE} ({values[best]:.2f}), {id}"
    return Example(label, questions.test[id], pipeline.retrieve(questions.test[id]), questions.qrels[id])
