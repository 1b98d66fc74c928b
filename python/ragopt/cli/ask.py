"""`ragopt ask`: a question answered from an index by a model on Amazon Bedrock."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ragopt.cli.conditions import filter_of
from ragopt.cli.opening import opened
from ragopt.cli.options import (
    Subparsers,
    add_command,
    add_history,
    add_index,
    add_json,
    add_search,
    history_of,
    settings_of,
)
from ragopt.cli.output import (
    check_target,
    context_document,
    count_document,
    dollars,
    emit,
    emit_json,
    note,
    seconds,
    tokens,
)
from ragopt.cli.progress import Progress
from ragopt.cli.steps import step_lines
from ragopt.economics import DEFAULT_MODEL, cost, price
from ragopt.errors import UnknownNameError
from ragopt.pipeline import Pipeline
from ragopt.protocols import TokenCounter
from ragopt.tokens import ByteEstimate, LearningCounter
from ragopt.types import Answer, Context, Filter, Settings, Status, TokenCount, Usage

if TYPE_CHECKING:
    from ragopt.backends.bedrock import BedrockGenerator

__all__ = ["add_parser", "run"]

_WHY_NOT = {
    Status.NO_RELEVANT_CONTEXT: "no relevant context was found, so no model was called",
    Status.OUT_OF_SCOPE: "the corpus does not seem to answer this question, so no model was called",
    Status.NOTHING_FITS: "no chunk fits into the token budget, so no model was called: raise --budget",
}


def add_parser(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = add_command(
        subparsers,
        "ask",
        run,
        summary="answer a question from an index with a model on Amazon Bedrock",
        example="ragopt ask docs.idx 'how do I rotate a key?' --settings ragopt.toml --dry-run",
        codes="0 answered; 1 no relevant context (no model is called)",
    )
    add_index(parser)
    parser.add_argument("question", metavar="QUESTION", help="what is asked")
    parser.add_argument(
        "--dry-run", action="store_true", help="show the exact Converse request, its tokens and its price; send nothing"
    )
    parser.add_argument("--model", metavar="ID", help=f"model, inference profile or ARN (default: {DEFAULT_MODEL})")
    parser.add_argument("--budget", type=int, metavar="TOKENS", help="tokens of context at most (default: 2000)")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="tokens of answer at most (default: 512)")
    parser.add_argument("--region", help="AWS region (default: as boto3 finds it)")
    parser.add_argument("--endpoint-url", metavar="URL", help="another endpoint for bedrock-runtime")
    parser.add_argument("--explain", action="store_true", help="show what was done to the question")
    parser.add_argument(
        "--learn", metavar="FILE", help="correct the token counts by the usage of every answer, and keep what is learnt"
    )
    add_history(parser)
    add_search(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Retrieve, then answer, or show what would be sent."""
    from ragopt.backends.bedrock import BedrockGenerator  # needs boto3

    settings = _settings(args)
    asked = _Asked(args.question, history_of(args.history), filter_of(args))
    model = settings.generate.model or DEFAULT_MODEL
    generator = BedrockGenerator(model, region=args.region, endpoint_url=args.endpoint_url)
    counter: TokenCounter = ByteEstimate.for_model(model)
    if args.learn is not None:
        check_target(args.learn)
        counter = LearningCounter(counter, model=model, path=args.learn)
    pipeline = Pipeline(opened(args), settings, counter=counter, generator=generator)
    if args.dry_run:
        return _dry_run(args, pipeline, generator, counter, asked)
    answer = _whole(pipeline, asked) if args.json else _streamed(pipeline, asked)
    if args.json:
        emit_json(_document(args.question, answer))
    elif answer.status is Status.OK:
        note(_account(answer))
    if args.explain and not args.json:
        note("\n".join(_steps(answer.context)))
    if answer.status is not Status.OK:
        note(_WHY_NOT[answer.status])
    return 0 if answer.status is Status.OK else 1


def _settings(args: argparse.Namespace) -> Settings:
    settings = settings_of(args)
    pack = settings.pack if args.budget is None else replace(settings.pack, tokens=args.budget)
    chosen = {"model": args.model, "max_tokens": args.max_tokens}
    generate = replace(settings.generate, **{name: value for name, value in chosen.items() if value is not None})
    return replace(settings, pack=pack, generate=generate)


@dataclass(frozen=True)
class _Asked:
    """What the user asks: the question, the turns before it, the filter."""

    question: str
    history: list[Any] | None
    where: Filter | None


def _steps(context: Context) -> list[str]:
    """The lines of --explain."""
    return [line for span in context.trace.spans if span.stage == "query" for line in step_lines(span.details["steps"])]


def _whole(pipeline: Pipeline, asked: _Asked) -> Answer:
    with Progress() as progress:
        progress(0, 0, "asking")
        return pipeline.answer(asked.question, history=asked.history, where=asked.where)


def _streamed(pipeline: Pipeline, asked: _Asked) -> Answer:
    answer: Answer | None = None
    try:
        for piece in pipeline.stream(asked.question, history=asked.history, where=asked.where):
            if isinstance(piece, Answer):
                answer = piece
            else:
                emit(piece, end="")
                _flush()
    finally:
        if answer is None or answer.text:
            emit()
    assert answer is not None  # the last item of a pipeline's stream is its Answer
    return answer


def _flush() -> None:
    import sys

    sys.stdout.flush()


def _dry_run(
    args: argparse.Namespace,
    pipeline: Pipeline,
    generator: BedrockGenerator,
    counter: TokenCounter,
    asked: _Asked,
) -> int:
    context = pipeline.retrieve(asked.question, history=asked.history, where=asked.where)
    if args.explain and not args.json:
        note("\n".join(_steps(context)))
    if context.status is not Status.OK:
        if args.json:
            emit_json({"question": args.question, "status": context.status, "request": None})
        note(_WHY_NOT[context.status])
        return 1
    prompt = pipeline.prompt(args.question, context)
    request = generator.request(prompt.system, prompt.user, pipeline.settings.generate)
    system, user = prompt.texts
    count = counter.count(system) + counter.count(user)
    priced = _priced(request["modelId"], count, pipeline.settings.generate.max_tokens)
    if args.json:
        emit_json(
            {
                "question": args.question,
                "status": context.status,
                "request": request,
                "context": context_document(context),
                "trace": context.trace.to_dict(),
                "tokens": count_document(count),
                "price": priced,
            }
        )
        return 0
    emit(json.dumps(request, ensure_ascii=False, indent=2))
    note(
        f"{tokens(count.point)} tokens of prompt ({tokens(count.low)} to {tokens(count.high)}, {count.method}), "
        f"of which {tokens(context.tokens.point)} of context in {len(context.hits)} chunks"
    )
    if priced is None:
        note(f"price unknown: there is no price row for {request['modelId']!r}")
    else:
        note(
            f"{dollars(priced['input'])} for the prompt, {dollars(priced['at_most'])} with the longest answer "
            f"({priced['source']})"
        )
    note("nothing was sent")
    return 0


def _priced(model: str, count: TokenCount, most: int) -> dict[str, Any] | None:
    try:
        row = price(model)
    except UnknownNameError:
        return None
    prompt: Decimal = cost(Usage(count.point, 0, estimated=True), row).dollars
    whole = cost(Usage(count.high, most, estimated=True), row)
    return {"model": model, "input": prompt, "at_most": whole.dollars, "source": whole.source}


def _account(answer: Answer) -> str:
    cited = {citation.id for citation in answer.cited}
    sources = "\n".join(
        f"{c.marker} {c.title or c.document} ({c.id})" + ("" if c.id in cited else ", not cited")
        for c in answer.citations
    )
    strange = [answer.text[mark.start : mark.end] for mark in answer.unknown]
    doubt = f"\nwhat the answer cites as {', '.join(strange)} is no source" if strange else ""
    usage = answer.usage
    assert usage is not None  # an answer that is OK came from a call
    money = "price unknown" if answer.cost is None else dollars(answer.cost.dollars)
    spent = (
        f"{tokens(usage.total_input)} tokens in, {tokens(usage.output)} out, {money}, {seconds(answer.trace.seconds)}"
    )
    cut = "" if answer.stop_reason == "end_turn" else f"\nthe answer ended because of {answer.stop_reason}"
    return f"\nSources:\n{sources}\n\n{spent}{cut}{doubt}"


def _document(question: str, answer: Answer) -> dict[str, Any]:
    usage = answer.usage
    spent = (
        None
        if usage is None
        else {
            "input": usage.input,
            "output": usage.output,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_write,
            "estimated": usage.estimated,
        }
    )
    money = (
        None
        if answer.cost is None
        else {
            "dollars": answer.cost.dollars,
            "model": answer.cost.model,
            "source": answer.cost.source,
        }
    )
    return {
        "question": question,
        "status": answer.status,
        "answer": answer.text,
        "stop_reason": answer.stop_reason,
        "cited": [citation.id for citation in answer.cited],
        "unknown_marks": [answer.text[mark.start : mark.end] for mark in answer.unknown],
        "usage": spent,
        "cost": money,
        "context": context_document(answer.context),
        "trace": answer.trace.to_dict(),
    }
