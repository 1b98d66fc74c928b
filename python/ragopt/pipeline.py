"""The order of the stages, and the trace of a question. Only this module knows the order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import cast

from ragopt.economics import cost, price
from ragopt.errors import GenerationError, InputError, InputTypeError
from ragopt.generate import Prompt, build_prompt, instructions_for, marks_of
from ragopt.index import Index, off_loop
from ragopt.observe import Tracer
from ragopt.pack import Packed, pack
from ragopt.protocols import BlockGenerator, Generator, Retriever, TokenCounter
from ragopt.prune import VectorsOf, decide, relevance
from ragopt.query import CAUTIOUS, History, as_turns, prepare
from ragopt.retrieve import LocalRetriever, retrieve
from ragopt.tokens import ByteEstimate
from ragopt.types import (
    Answer,
    Budget,
    Context,
    Cost,
    Generation,
    Hits,
    Normalizer,
    Query,
    QuerySettings,
    Reason,
    Settings,
    Sides,
    Status,
    Trace,
    Usage,
    Where,
)

__all__ = ["Pipeline"]

#: Query, hits found, hits kept, settings, counter, budget → what is packed.
Packer = Callable[[Query, Hits, Hits, Settings, TokenCounter, Budget | int | None], Packed]


class Pipeline:
    """Question in, packed context or answer out: query, retrieve, prune, pack, generate.

    `source` is an Index or any Retriever. `counter` counts the tokens of the budget (default: the
    offline byte estimate, whose upper bound is used). `generator` is used by `answer` unless one is
    given there. `rewriter`, a model too, divides every question and rewrites those that lean on earlier
    turns, in place of the rules (see ragopt.query). A counter that can `learn` (see
    ragopt.tokens.LearningCounter) learns from the usage that the provider counted for every answer. A
    Pipeline itself holds no state between questions and may be shared by threads.

    Where a method takes `history`, it is the conversation so far, oldest turn first: texts of the user,
    (role, text) pairs, or {"role": ..., "content": ...} dicts, with the roles user and assistant.
    """

    def __init__(
        self,
        source: Index | Retriever,
        settings: Settings | None = None,
        *,
        counter: TokenCounter | None = None,
        generator: Generator | None = None,
        rewriter: Generator | None = None,
    ) -> None:
        if not isinstance(source, Index) and not callable(getattr(source, "retrieve", None)):
            raise InputTypeError(
                f"source is a {type(source).__name__}: give an Index, or an object with retrieve(query)"
            )
        if settings is not None and not isinstance(settings, Settings):
            raise InputTypeError(f"settings is a {type(settings).__name__}: give Settings(...) or Settings.load(path)")
        if settings is not None and isinstance(source, Index):
            require_fit(settings, source)
        self.source = source
        self.settings = Settings() if settings is None else settings
        self._retriever = LocalRetriever(source, self.settings.search) if isinstance(source, Index) else source
        self._counter = ByteEstimate() if counter is None else counter
        self._generator = generator
        self._rewriter = rewriter
        self._query = query_settings(self.source, self.settings)

    @property
    def counter(self) -> TokenCounter:
        """What counts the tokens of a context."""
        return self._counter

    def with_settings(self, settings: Settings) -> Pipeline:
        """The same source, counter and generator under other settings."""
        return Pipeline(
            self.source, settings, counter=self._counter, generator=self._generator, rewriter=self._rewriter
        )

    def retrieve(
        self,
        question: str | Query,
        *,
        history: History | None = None,
        where: Where | None = None,
        budget: Budget | int | None = None,
    ) -> Context:
        """The context for one question, within the token budget (default: `settings.pack.tokens`).

        `status` is `no_relevant_context` when nothing is left, so that no model call need be paid, and
        `out_of_scope` when the corpus hardly answers such a question (`settings.query.answerable`). The
        trace's "query" span holds the `text` that was searched and the `steps` that led there.
        """
        tracer = Tracer()
        with tracer.span("query") as details:
            query = self._prepared(question, history, where, details)
        with tracer.span("retrieve") as details:
            outside = query.answerable is not None and query.answerable < (self._query.answerable or 0.0)
            found = nothing_found(self.settings) if outside else retrieve(self._retriever, query)
            details.update(hits=len(found), alpha=found.alpha, normalizer=str(found.normalizer), exact=found.exact)
            details.update(lexical=found.sides.lexical, dense=found.sides.dense)
        vectors = getattr(self.source, "vectors_of", None)
        return context_of(
            query, found, self.settings, self._counter, vectors=vectors, budget=budget, tracer=tracer, outside=outside
        )

    def prompt(self, question: str | Query, context: Context) -> Prompt:
        """The prompt that `answer` would send for this context: the question as asked, and what it refers to.

        Content blocks where `settings.pack.form` asks for search results, or `settings.generate.cache` for a cache
        point and the instructions are long enough for one (by the point of the counter).
        """
        asked = question if isinstance(question, str) else question.text
        for span in context.trace.spans:
            for step in span.details.get("steps", ()):
                if step["stage"] == "references" and step["changed"]:
                    asked = f"{asked}\n(In the conversation so far, this means: {step['after']})"
        chosen, form = self.settings.generate, self.settings.pack.form
        cache = chosen.cache if self._cached() >= chosen.cache_least else None
        return build_prompt(asked, context, form, instructions=chosen.instructions, cache=cache)

    def _cached(self) -> int:
        """The tokens of what is the same for every question."""
        return self._counter.count(instructions_for(self.settings.pack.form, self.settings.generate.instructions)).point

    def answer(
        self,
        question: str | Query,
        *,
        history: History | None = None,
        generator: Generator | None = None,
        where: Where | None = None,
    ) -> Answer:
        """The model's answer over the retrieved context; without a relevant context, no call is made.

        Raises GenerationError when the call fails; a part of an answer is never returned as a whole.
        """
        model = self._model(generator)
        context = self.retrieve(question, history=history, where=where)
        if context.status is not Status.OK:
            return Answer("", context, context.status, context.trace)
        tracer = Tracer(context.trace)
        with tracer.span("generate") as details:
            prompt = self.prompt(question, context)
            reply = _taking(model, prompt).generate(prompt.system, prompt.user, self.settings.generate)
            details.update(self._account(reply, context), learned=self._learned(prompt, reply))
        return self._answer(reply, context, tracer)

    def stream(
        self,
        question: str | Query,
        *,
        history: History | None = None,
        generator: Generator | None = None,
        where: Where | None = None,
    ) -> Iterator[str | Answer]:
        """Pieces of the answer's text as they arrive, then the whole Answer as the last item."""
        model = self._model(generator)
        context = self.retrieve(question, history=history, where=where)
        if context.status is not Status.OK:
            yield Answer("", context, context.status, context.trace)
            return
        tracer = Tracer(context.trace)
        reply: Generation | None = None
        with tracer.span("generate") as details:
            prompt = self.prompt(question, context)
            for piece in _taking(model, prompt).stream(prompt.system, prompt.user, self.settings.generate):
                if isinstance(piece, Generation):
                    reply = piece
                else:
                    yield piece
            if reply is None:
                raise GenerationError("the generator's stream ended without its Generation: see protocols.Generator")
            details.update(self._account(reply, context), learned=self._learned(prompt, reply))
        yield self._answer(reply, context, tracer)

    async def aretrieve(
        self,
        question: str | Query,
        *,
        history: History | None = None,
        where: Where | None = None,
        budget: Budget | int | None = None,
    ) -> Context:
        """`retrieve` without blocking the event loop."""
        return await off_loop(self.retrieve, question, history=history, where=where, budget=budget)

    async def aanswer(
        self,
        question: str | Query,
        *,
        history: History | None = None,
        generator: Generator | None = None,
        where: Where | None = None,
    ) -> Answer:
        """`answer` without blocking the event loop."""
        return await off_loop(self.answer, question, history=history, generator=generator, where=where)

    def _prepared(
        self, question: str | Query, history: History | None, where: Where | None, details: dict[str, object]
    ) -> Query:
        """The query, with an account of the steps that led to it."""
        query, spans = prepare(
            question,
            where,
            settings=self._query,
            index=self.source if isinstance(self.source, Index) else None,
            history=history,
            generator=self._rewriter,
        )
        details.update(text=query.text, turns=len(as_turns(history)), steps=Trace(spans).to_dict())
        return query

    def _account(self, reply: Generation, context: Context) -> dict[str, object]:
        """The details of the call. A mark that names no source is told here and in `Answer.unknown`."""
        usage, chosen = reply.usage, self.settings.generate
        marks = marks_of(reply, self.settings.pack.form)
        known = range(1, len(context.sources) + 1)
        details: dict[str, object] = {
            "model": reply.model,
            "stop_reason": reply.stop_reason,
            "input": usage.input,
            "output": usage.output,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_write,
            "estimated": usage.estimated,
            "marks": len(marks),
            "unknown": [
                reply.text[m.start : m.end] for m in marks if not m.numbers or not set(m.numbers) <= set(known)
            ],
        }
        if chosen.cache is not None:
            tokens = self._cached()
            short = f"none: {tokens} tokens of instructions are below {chosen.cache_least}"
            details["cache_point"] = str(chosen.cache) if tokens >= chosen.cache_least else short
        return details

    def _answer(self, reply: Generation, context: Context, tracer: Tracer) -> Answer:
        return Answer(
            reply.text,
            replace(context, trace=tracer.trace),
            Status.OK,
            tracer.trace,
            stop_reason=reply.stop_reason,
            usage=reply.usage,
            cost=_cost(reply.model, reply.usage),
            marks=marks_of(reply, self.settings.pack.form),
        )

    def _learned(self, prompt: Prompt, reply: Generation) -> bool:
        """Whether the counter learnt from this answer's usage."""
        learn = getattr(self._counter, "learn", None)
        if learn is None or reply.usage.estimated:
            return False
        return bool(learn(prompt.texts, reply.usage.total_input, model=reply.model))

    def _model(self, generator: Generator | None) -> Generator:
        model = self._generator if generator is None else generator
        if model is None:
            raise InputError("no generator: pass generator= to the call or to the Pipeline")
        if not callable(getattr(model, "generate", None)):
            raise InputTypeError(f"generator is a {type(model).__name__}: give a ragopt.protocols.Generator")
        return model


def context_of(
    query: Query,
    found: Hits,
    settings: Settings,
    counter: TokenCounter,
    *,
    vectors: VectorsOf | None = None,
    budget: Budget | int | None = None,
    tracer: Tracer | None = None,
    outside: bool = False,
    packer: Packer | None = None,
) -> Context:
    """The stages after the search: the hits that were `found`, pruned and packed as the settings say.

    `vectors` gives the vectors of chunks by their ids, for orders that need them. `outside`: the corpus hardly answers
    such a question, so nothing was searched. `packer` stands in for `packed_of`, as one that remembers does.
    """
    tracer = tracer or Tracer()
    with tracer.span("prune") as details:
        search = settings.search
        pruned = decide(found, settings.prune, counter=counter, min_score=search.min_score, k=search.k, vectors=vectors)
        hits = pruned.hits
        details.update(dropped=len(found) - len(hits), kept=len(hits))
        details.update(rules=[asdict(decision) for decision in pruned.decisions])
    with tracer.span("pack") as details:
        packed = (packer or packed_of)(query, found, hits, settings, counter, budget)
        calibrated = _calibrated(found, settings)
        details.update(packed=len(packed.hits), tokens=packed.tokens.point, counted_by=packed.tokens.method)
        details.update(method=str(settings.pack.method), level=str(packed.level))
        details.update(value="relevance" if calibrated else "rank")
    status = Status.OK if packed.hits else Status.NOTHING_FITS if hits else Status.NO_RELEVANT_CONTEXT
    status = Status.OUT_OF_SCOPE if outside else status
    return Context(packed.text, packed.hits, packed.citations, packed.tokens, status, tracer.trace, packed.sources)


def packed_of(
    query: Query, found: Hits, hits: Hits, settings: Settings, counter: TokenCounter, budget: Budget | int | None
) -> Packed:
    """`hits`, of those that were `found`, packed as the settings say."""
    chosen, values = settings.pack, None
    if _calibrated(found, settings):
        known = dict(zip(found.ids, relevance(found, settings.prune.recalibration).tolist(), strict=True))
        values = [known[hit.id] for hit in hits]
    return pack(
        hits,
        _room(query, budget, settings, counter),
        counter,
        order=chosen.order,
        form=chosen.form,
        method=chosen.method,
        level=chosen.level,
        trim=chosen.trim,
        values=values,
        question=query.text,
    )


def _calibrated(found: Hits, settings: Settings) -> bool:
    """Whether packing knows what hits are worth."""
    return settings.prune.recalibration is not None and found.normalizer is Normalizer.BOUNDED


def _room(query: Query, budget: Budget | int | None, settings: Settings, counter: TokenCounter) -> Budget:
    """The budget with what it leaves open: the settings' tokens and quota, and the rest of a window's prompt."""
    chosen = settings.pack
    if not isinstance(budget, Budget):  # a budget of 0 is no missing one
        return Budget(tokens=chosen.tokens if budget is None else budget, per_source=chosen.per_source)
    if budget.window is None or budget.fixed is not None:
        return budget
    empty = Context("", nothing_found(settings), (), counter.count(""), Status.OK, Trace())
    prompt = build_prompt(query.text, empty, chosen.form, instructions=settings.generate.instructions)
    return replace(budget, fixed=sum(counter.count(text).high for text in prompt.texts))


def require_fit(settings: Settings, index: Index) -> None:
    """Refuse tuned settings on an index that they were not made for, by a SettingsError that names what differs.

    What a score means must be the same (analyzer, BM25, embedder), and of the chunks sampled when they were tuned one
    at least must be there; chunks may have come and gone.
    """
    if (tuned := settings.tuned) is not None:
        sample = tuned.index.sample
        tuned.require_fit(index.identity(), sum(index.get(id) is not None for id in sample))


def query_settings(source: Index | Retriever, settings: Settings) -> QuerySettings:
    """The settings of the query stage, with what an `answerable` of None means for this source."""
    chosen = settings.query
    if chosen.answerable is not None:
        return chosen
    words_alone = isinstance(source, Index) and (settings.search.alpha == 0 or source.describe()["dimension"] is None)
    return replace(chosen, answerable=CAUTIOUS if words_alone else 0.0)


def nothing_found(settings: Settings) -> Hits:
    """The hits of a question that was not searched."""
    search = settings.search
    return Hits((), search.alpha or 0.0, Normalizer(search.normalizer), Sides(False, False), reason=Reason.OUT_OF_SCOPE)


def _taking(model: Generator, prompt: Prompt) -> BlockGenerator:
    """The generator, if it can take this prompt."""
    if not prompt.is_text and not getattr(model, "takes_blocks", False):
        raise InputError(
            f'a {type(model).__name__} takes texts alone: set pack.form to "text" or "xml" and generate.cache to None, '
            f"or give a generator that takes content blocks (ragopt.protocols.BlockGenerator), as BedrockGenerator does"
        )
    return cast(BlockGenerator, model)


def _cost(model: str, usage: Usage) -> Cost | None:
    try:
        return cost(usage, price(model))
    except InputError:
        return None  # no price row for this model or kind of token: unknown is said as None, never as 0
