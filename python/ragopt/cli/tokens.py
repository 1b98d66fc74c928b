"""`ragopt tokens`: the tokens and the price of prompts, side by side."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ragopt.cli.options import Subparsers, add_command, add_json
from ragopt.cli.output import dollars, emit, emit_json, note, table, tokens
from ragopt.economics import DEFAULT_MODEL, cost, price
from ragopt.errors import InputError, UnknownNameError
from ragopt.protocols import TokenCounter
from ragopt.tokens import COUNTERS, LearningCounter, count_all, counter_of
from ragopt.types import Cost, TokenCount, Usage

__all__ = ["add_parser", "run"]

_MILLION = 1_000_000


def add_parser(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = add_command(
        subparsers,
        "tokens",
        run,
        summary="count the tokens of prompts, with bounds, and what sending each costs",
        example="ragopt tokens before.txt after.txt --model global.anthropic.claude-sonnet-5-5",
        codes="0 counted",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a text file in UTF-8, or - for what is piped in")
    parser.add_argument(
        "--model",
        action="append",
        metavar="ID",
        help=f"model or inference profile that is counted for; may be given again (default: {DEFAULT_MODEL})",
    )
    parser.add_argument(
        "--counter",
        choices=COUNTERS,
        help="estimate: offline, with bounds (default); count_tokens: Bedrock's own count, free of charge, needs "
        "credentials; tokenizers: by --tokenizer",
    )
    parser.add_argument("--tokenizer", metavar="FILE", help="a tokenizer.json of the tokenizers library: exact")
    parser.add_argument("--learned", metavar="FILE", help="correct the counts by what `ragopt ask --learn` wrote there")
    parser.add_argument(
        "--price", type=_price, metavar="USD", help="dollars per million input tokens, for a model without a price row"
    )
    parser.add_argument("--region", help="AWS region of count_tokens (default: as boto3 finds it)")
    parser.add_argument("--endpoint-url", metavar="URL", help="another endpoint of count_tokens")
    add_json(parser)


@dataclass(frozen=True, slots=True)
class _Priced:
    """The counts of all files for one model, and what each costs to send; None without a price."""

    model: str
    counts: list[TokenCount]
    costs: list[Cost] | None


def run(args: argparse.Namespace) -> int:
    """Count every file for every model, and compare each with the first."""
    texts = _texts(args.files)
    models = list(dict.fromkeys(args.model or [DEFAULT_MODEL]))
    results = []
    for model in models:
        counts = count_all(_counter(args, model), texts)
        results.append(_Priced(model, counts, _costs(model, counts, args.price)))
    if args.json:
        emit_json({"models": [_document(args.files, result) for result in results]})
        return 0
    for number, result in enumerate(results):
        if number:
            emit()
        _show(args.files, result, titled=len(results) > 1)
    return 0


def _texts(files: Sequence[str]) -> list[str]:
    if files.count("-") > 1:
        raise InputError("- is given twice: what is piped in can be read once")
    return [_text(file) for file in files]


def _text(file: str) -> str:
    where = "standard input" if file == "-" else file
    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not UTF-8 at byte {error.start}: convert it, say with iconv") from error


def _counter(args: argparse.Namespace, model: str) -> TokenCounter:
    name = args.counter or ("tokenizers" if args.tokenizer else "estimate")
    options = {"region": args.region, "endpoint_url": args.endpoint_url}
    options = {option: value for option, value in options.items() if value is not None}
    counter = counter_of(name, model=model, tokenizer=args.tokenizer, **options)
    if args.learned is None:
        return counter
    if not Path(args.learned).is_file():
        raise InputError(f"{args.learned}: no such file; `ragopt ask --learn {args.learned}` makes it")
    return LearningCounter(counter, model=model, path=args.learned)


def _costs(model: str, counts: Sequence[TokenCount], given: Decimal | None) -> list[Cost] | None:
    if given is not None:
        return [Cost(count.point * given / _MILLION, model, "as given by --price") for count in counts]
    try:
        row = price(model)
    except UnknownNameError:
        return None
    return [cost(Usage(count.point, 0, estimated=not count.exact), row) for count in counts]


def _price(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise argparse.ArgumentTypeError(f"{text!r}: give dollars per million input tokens, as in 2.50")
    return value


def _show(files: Sequence[str], result: _Priced, *, titled: bool) -> None:
    first, costs = result.counts[0], result.costs
    headers = ["file", "tokens", "from", "to", "price"] + ["tokens less", "", "saved"] * (len(files) > 1)
    rows = []
    for number, (file, count) in enumerate(zip(files, result.counts, strict=True)):
        row = [file, tokens(count.point), tokens(count.low), tokens(count.high)]
        row.append("unknown" if costs is None else dollars(costs[number].dollars))
        if len(files) > 1:
            saved = "" if costs is None else dollars(costs[0].dollars - costs[number].dollars)
            less = [tokens(first.point - count.point), _share(first, count), saved]
            row += less if number else ["", "", ""]
        rows.append(row)
    if titled:
        emit(result.model)
    emit(table(headers, rows, right=range(1, len(headers))))
    for method in dict.fromkeys(count.method for count in result.counts):
        samples = max(count.samples for count in result.counts if count.method == method)
        note(f"counted by {method}" + (f", bounds from {samples:,} known counts" if samples else ""))
    if costs is None:
        note(f"price unknown: there is no price row for {result.model!r}; give --price")
    else:
        note(f"price of the input to {result.model}: {costs[0].source}")


def _share(first: TokenCount, count: TokenCount) -> str:
    return f"{(first.point - count.point) / first.point:.1%}" if first.point else ""


def _document(files: Sequence[str], result: _Priced) -> dict[str, Any]:
    first, costs = result.counts[0], result.costs
    documents = []
    for number, (file, count) in enumerate(zip(files, result.counts, strict=True)):
        documents.append(
            {
                "file": file,
                "tokens": {
                    "point": count.point,
                    "low": count.low,
                    "high": count.high,
                    "method": count.method,
                    "samples": count.samples,
                },
                "dollars": None if costs is None else costs[number].dollars,
                "difference": {
                    "tokens": count.point - first.point,
                    "dollars": None if costs is None else costs[number].dollars - costs[0].dollars,
                },
            }
        )
    return {"model": result.model, "price_source": None if costs is None else costs[0].source, "files": documents}
