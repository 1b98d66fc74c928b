"""The order of the stages, and the trace of a question. Only this module knows the order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ragopt.economics import cost, price
from ragopt.errors import GenerationError, InputError, InputTypeError, UnknownNameError
from ragopt.generate import Prompt, build_prompt
from ragopt.index import Index, off_loop
from ragopt.observe import Tracer
from ragopt.pack import pack
from ragopt.protocols import Generator, Retriever, TokenCounter
from ragopt.prune import prune
from ragopt.query import prepare
from ragopt.retrieve import LocalRetriever
from ragopt.tokens import ByteEstimate
from ragopt.types import Answer, Budget, Context, Cost, Filter, Generation, Query, Settings, Status, Usage

__all__ = ["Pipeline"]


class Pipeline:
    """Question in, packed context or answer out: query, retrieve, prune, pack, generate.

    `source` is an Index or any Retriever. `counter` counts the tokens of the budget (default: the
    offline byte estimate, whose upper bound is used). `generator` is used by `answer` unless one is
    given there. A Pipeline holds no state between questions and may be shared by threads.
    """

    def __init__(
        self,
        source: Index | Retriever,
        settings: Settings | None = None,
        *,
        counter: TokenCounter | None = None,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(source, Index) and not callable(getattr(source, "retrieve", None)):
            raise InputTypeError(
                f"source is a {type(source).__name__}: give an Index, or an object with retrieve(query)"
            )
        if settings is not None and not isinstance(settings, Settings):
            raise InputTypeError(f"settings is a {type(settings).__name__}: give Settings(...) or Settings.load(path)")
        self.source = source
        self.settings = Settings() if settings is None else settings
        self._retriever = LocalRetriever(source, self.settings.search) if isinstance(source, Index) else source
        self._counter = ByteEstimate() if counter is None else counter
        self._generator = generator

    def with_settings(self, settings: Settings) -> Pipeline:
        """The same source, counter and generator under other settings."""
        return Pipeline(self.source, settings, counter=self._counter, generator=self._generator)

    def retrieve(
        self, question: str | Query, *, where: Filter | None = None, budget: Budget | int | None = None
    ) -> Context:
        """The context for one question, within the token budget (default: `settings.pack.tokens`).

        `status` is `no_relevant_context` when nothing is left, so that no model call need be paid.
        """
        tracer = Tracer()
        with tracer.span("query") as details:
            query = prepare(question, where)
            details["text"] = query.text
        with tracer.span("retrieve") as details:
            found = self._retriever.retrieve(query)
            details.update(hits=len(found), alpha=found.alpha, normalizer=str(found.normalizer), exact=found.exact)
            details.update(lexical=found.sides.lexical, dense=found.sides.dense)
        with tracer.span("prune") as details:
            search = self.settings.search
            hits = prune(found, min_score=search.min_score, k=search.k)
            details.update(dropped=len(found) - len(hits), kept=len(hits))
        with tracer.span("pack") as details:
            chosen = self.settings.pack
            room = Budget(tokens=chosen.tokens) if budget is None else budget  # a budget of 0 is no missing one
            packed = pack(hits, room, self._counter, order=chosen.order)
            details.update(packed=len(packed.hits), tokens=packed.tokens.point, counted_by=packed.tokens.method)
        status = Status.OK if packed.hits else Status.NOTHING_FITS if hits else Status.NO_RELEVANT_CONTEXT
        return Context(packed.text, packed.hits, packed.citations, packed.tokens, status, tracer.trace)

    def prompt(self, question: str | Query, context: Context) -> Prompt:
        """The prompt that `answer` would send for this context."""
        return build_prompt(prepare(question).text, context)

    def answer(
        self, question: str | Query, *, generator: Generator | None = None, where: Filter | None = None
    ) -> Answer:
        """The model's answer over the retrieved context; without a relevant context, no call is made.

        Raises GenerationError when the call fails; a part of an answer is never returned as a whole.
        """
        model = self._model(generator)
        context = self.retrieve(question, where=where)
        if context.status is not Status.OK:
            return Answer("", context, context.status, context.trace)
        tracer = Tracer(context.trace)
        with tracer.span("generate") as details:
            prompt = self.prompt(question, context)
            reply = model.generate(prompt.system, prompt.user, self.settings.generate)
            details.update(_account(reply))
        return _answer(reply, context, tracer)

    def stream(
        self, question: str | Query, *, generator: Generator | None = None, where: Filter | None = None
    ) -> Iterator[str | Answer]:
        """Pieces of the answer's text as they arrive, then the whole Answer as the last item."""
        model = self._model(generator)
        context = self.retrieve(question, where=where)
        if context.status is not Status.OK:
            yield Answer("", context, context.status, context.trace)
            return
        tracer = Tracer(context.trace)
        reply: Generation | None = None
        with tracer.span("generate") as details:
            prompt = self.prompt(question, context)
            for piece in model.stream(prompt.system, prompt.user, self.settings.generate):
                if isinstance(piece, Generation):
                    reply = piece
                else:
                    yield piece
            if reply is None:
                raise GenerationError("the generator's stream ended without its Generation: see protocols.Generator")
            details.update(_account(reply))
        yield _answer(reply, context, tracer)

    async def aretrieve(
        self, question: str | Query, *, where: Filter | None = None, budget: Budget | int | None = None
    ) -> Context:
        """`retrieve` without blocking the event loop."""
        return await off_loop(self.retrieve, question, where=where, budget=budget)

    async def aanswer(
        self, question: str | Query, *, generator: Generator | None = None, where: Filter | None = None
    ) -> Answer:
        """`answer` without blocking the event loop."""
        return await off_loop(self.answer, question, generator=generator, where=where)

    def _model(self, generator: Generator | None) -> Generator:
        model = self._generator if generator is None else generator
        if model is None:
            raise InputError("no generator: pass generator= to the call or to the Pipeline")
        if not callable(getattr(model, "generate", None)):
            raise InputTypeError(f"generator is a {type(model).__name__}: give a ragopt.protocols.Generator")
        return model


def _account(reply: Generation) -> dict[str, object]:
    usage = reply.usage
    return {
        "model": reply.model,
        "stop_reason": reply.stop_reason,
        "input": usage.input,
        "output": usage.output,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
        "estimated": usage.estimated,
    }


def _answer(reply: Generation, context: Context, tracer: Tracer) -> Answer:
    return Answer(
        reply.text,
        replace(context, trace=tracer.trace),
        Status.OK,
        tracer.trace,
        stop_reason=reply.stop_reason,
        usage=reply.usage,
        cost=_cost(reply.model, reply.usage),
    )


def _cost(model: str, usage: Usage) -> Cost | None:
    try:
        return cost(usage, price(model))
    except UnknownNameError:
        return None  # no price row for this model: unknown is said as None, never as 0
