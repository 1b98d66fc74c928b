"""Packing: which of the hits are sent, within a token budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from ragopt.errors import BudgetError, InputError
from ragopt.pack.fitting import Fitting
from ragopt.pack.layout import Shown
from ragopt.protocols import TokenCounter
from ragopt.types import Budget, Citation, Form, Hit, Hits, Level, Method, Order, Source, Status, TokenCount
from ragopt.types.parameters import one_of

__all__ = ["Packed", "pack", "room"]

#: Below this many chunks of the usual size (the mean of the best five), sentences are packed.
_TIGHT, _USUAL = 2.5, 5


@dataclass(frozen=True, slots=True)
class Packed:
    """The packed text, the hits in it (best first), and the sources with their citations in the order of the text.

    A hit is in it when its text is, be it as another hit's: of equal texts one is shown, and all are hits.

    `tokens.high` is within the budget. When `text` is empty, `status` says why: `nothing_fits` (the
    budget is smaller than every chunk) or `no_relevant_context` (there were no hits). `level` says
    whether whole chunks or sentences were packed.
    """

    text: str
    hits: Hits
    citations: tuple[Citation, ...]
    tokens: TokenCount
    status: Status
    sources: tuple[Source, ...] = ()
    level: Level = Level.CHUNK


def room(budget: Budget | int) -> int:
    """The tokens that a context may take. Raises BudgetError, with all numbers, when nothing is left for it."""
    if not isinstance(budget, Budget):
        budget = Budget(tokens=budget)
    name, given = ("tokens", budget.tokens) if budget.tokens is not None else ("window", budget.window)
    fixed = budget.fixed or 0
    left = (given or 0) - budget.reserve - fixed
    if left <= 0:
        raise BudgetError(
            f"no room for a context: {name} {given} - reserve {budget.reserve} (kept for the answer) - fixed {fixed} "
            f"(the rest of the prompt) = {left} tokens; give more, shorten the prompt, reserve less, or take a model "
            f"with a larger window"
        )
    return left


def pack(
    hits: Hits,
    budget: Budget | int,
    counter: TokenCounter,
    *,
    order: Order | str = Order.SCORE,
    form: Form | str = Form.TEXT,
    method: Method | str = Method.KNAPSACK,
    level: Level | str = Level.AUTO,
    trim: bool = False,
    values: Sequence[float] | None = None,
    question: str | None = None,
) -> Packed:
    """Choose hits and lay them out so that `counter` counts at most the budget (by its upper bound).

    `method` chooses whole chunks: by default the exact 0/1 knapsack of `values`, one for each of `hits`, such as
    calibrated probabilities of relevance; by default 1/(1 + rank), rank 0 being the best hit, which needs no labels.
    (Values from raw scores do worse than cutting the list.) Each chunk's weight counts all that `form` writes for
    it: marker or tags, title, separator. Room that joining the blocks leaves is filled by rank. The whole text is
    counted in the end: where a counter says more than the parts did, the least valuable go until it fits.

    `level` "sentence" packs sentences of the best chunks that have to do with `question`, without titles; "auto" does
    so when the room is below about two and a half chunks and the question is given. `trim` cuts the best chunk that is
    left out at the end of a sentence, where its first sentences fit. A budget's `per_source` keeps the best so
    many chunks of a document.

    A chunk is packed once, however often it is in `hits`, and chunks that touch or overlap in their document are one
    source, which holds what they share once (see ragopt.pack.layout). Of chunks whose texts are equal (titles and
    white space around them apart) the best is shown, and all are hits of the context and cited under one marker.
    (Texts that are nearly equal, or stand within another: ragopt.prune.drop_duplicates.)
    """
    order, form = one_of("order", order, Order), one_of("form of a context", form, Form)
    method, level = one_of("packing method", method, Method), one_of("packing level", level, Level)
    capacity = room(budget)
    if level is Level.SENTENCE and question is None:
        raise InputError('pack(level="sentence") chooses sentences by the question: give question=')
    groups = _groups(hits)
    worths = _values(hits, groups, values)
    if not groups:
        return Packed("", hits, (), counter.count(""), Status.NO_RELEVANT_CONTEXT)
    most = budget.per_source if isinstance(budget, Budget) else None
    fitting = Fitting(list(groups.values()), worths, capacity, counter, order, form, most)
    chosen: list[Shown] = []
    if question is not None and (level is Level.SENTENCE or (level is Level.AUTO and _tight(fitting, method))):
        chosen = fitting.sentences(question)
    packed = Level.SENTENCE if chosen else Level.CHUNK
    if not chosen and level is not Level.SENTENCE:
        chosen = fitting.chunks(method, trim)
    if not chosen:
        return Packed("", hits.keep([]), (), counter.count(""), Status.NOTHING_FITS)
    text, sources, tokens = fitting.written(chosen, titles=packed is Level.CHUNK)
    citations = tuple(citation for source in sources for citation in source.citations)
    return Packed(text, hits.keep(_kept(hits, chosen, most)), citations, tokens, Status.OK, sources, packed)


def _tight(fitting: Fitting, method: Method) -> bool:
    if method is not Method.KNAPSACK or sum(fitting.weights) <= fitting.capacity:
        return False
    best = fitting.weights[:_USUAL]
    return fitting.capacity * len(best) < _TIGHT * sum(best)


def _groups(hits: Hits) -> dict[str, list[Hit]]:
    """The candidates by id, best first, each with the hits that it stands for: those of the same text."""
    groups: dict[str, list[Hit]] = {}
    first: dict[str | tuple[str, str], list[Hit]] = {}
    seen: set[str] = set()
    for hit in hits.items:
        if hit.id in seen:
            continue
        seen.add(hit.id)
        chunk = hit.chunk
        key: str | tuple[str, str] = chunk.text.strip() or (chunk.title, "")  # without a text, the title is shown alone
        group = first.setdefault(key, [])
        if not group:
            groups[hit.id] = group
        group.append(hit)
    return groups


def _kept(hits: Hits, chosen: Sequence[Shown], most: int | None) -> list[Hit]:
    """The hits whose texts are shown, in their order; of one document `most`, those shown as themselves first."""
    shown = {one.hit.id for one in chosen}
    copies = {hit.id for one in chosen for hit in one.cited[1:]}
    of_document = Counter(one.hit.document for one in chosen)
    kept = []
    for hit in hits.items:
        if hit.id in shown:
            shown.remove(hit.id)  # a hit that comes twice is one
            kept.append(hit)
        elif hit.id in copies and (most is None or of_document[hit.document] < most):
            copies.remove(hit.id)
            of_document[hit.document] += 1
            kept.append(hit)
    return kept


def _values(hits: Hits, groups: dict[str, list[Hit]], values: Sequence[float] | None) -> list[float]:
    """What each candidate is worth."""
    if values is None:
        return [1 / (1 + rank) for rank in range(len(groups))]
    if len(values) != len(hits):
        raise InputError(f"{len(values)} values for {len(hits)} hits: give one for each")
    known: dict[str, float] = {}
    for hit, value in zip(hits, values, strict=True):
        if not isfinite(value) or value < 0:
            raise InputError(f"the value of hit {hit.id!r} is {value}: must be finite, and 0 or more")
        known.setdefault(hit.id, float(value))
    return [known[id] for id in groups]
