"""Packing: which of the hits are sent, within a token budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragopt.errors import BudgetError
from ragopt.pack.knapsack import choose
from ragopt.pack.layout import arrange, source
from ragopt.protocols import TokenCounter
from ragopt.types import Budget, Citation, Form, Hit, Hits, Order, Source, Status, TokenCount
from ragopt.types.parameters import one_of
from ragopt.types.rendering import FRAMES, block, write

__all__ = ["Packed", "pack", "room"]

_TRIES = 8


@dataclass(frozen=True, slots=True)
class Packed:
    """The packed text, the hits in it (best first), and the sources with their citations in the order of the text.

    `tokens.high` is within the budget. When `text` is empty, `status` says why: `nothing_fits` (the
    budget is smaller than every chunk) or `no_relevant_context` (there were no hits).
    """

    text: str
    hits: Hits
    citations: tuple[Citation, ...]
    tokens: TokenCount
    status: Status
    sources: tuple[Source, ...] = ()


def room(budget: Budget | int) -> int:
    """The tokens that a context may take. Raises BudgetError when nothing is left for it."""
    if not isinstance(budget, Budget):
        budget = Budget(tokens=budget)
    if budget.window is not None:
        left = budget.window - budget.reserve - budget.fixed
        if left <= 0:
            raise BudgetError(
                f"no room for a context: window {budget.window} - reserve {budget.reserve} (kept for the answer) - "
                f"fixed {budget.fixed} (the rest of the prompt) = {left} tokens; shorten the prompt, reserve less, or "
                f"take a model with a larger window"
            )
        return left
    if not budget.tokens:
        raise BudgetError("no room for a context: Budget(tokens=0); give at least one token")
    return budget.tokens


def pack(
    hits: Hits,
    budget: Budget | int,
    counter: TokenCounter,
    *,
    order: Order | str = Order.SCORE,
    form: Form | str = Form.TEXT,
    merge_duplicates: bool = False,
) -> Packed:
    """Choose hits and lay them out so that `counter` counts at most the budget (by its upper bound).

    The choice is the exact 0/1 knapsack with value 1/(1 + rank), rank 0 being the best hit: known to
    beat cutting the list and skipping what does not fit, and to need no labels. (Values from raw
    scores do worse than either.) Each chunk's weight counts all that `form` writes for it: marker or
    tags, title, separator. Room that joining the blocks leaves is filled by rank. The whole text is
    counted in the end: where a counter says more than the parts did, the least valuable chunks go
    until it fits.

    A chunk is packed once, however often it is in `hits`. With `merge_duplicates`, chunks of equal
    text are packed once too; every one of them keeps its citation, under the same marker.
    """
    order, form = one_of("order", order, Order), one_of("form of a context", form, Form)
    capacity = room(budget)
    groups = _groups(hits, merge_duplicates)
    if not groups:
        return Packed("", hits, (), counter.count(""), Status.NO_RELEVANT_CONTEXT)
    chosen = _Packing(groups, capacity, counter, order, form).run()
    if not chosen:
        return Packed("", hits.keep([]), (), counter.count(""), Status.NOTHING_FITS)
    shown = arrange(chosen, order)
    sources = _numbered([groups[hit.id] for hit in shown])
    citations = tuple(citation for source in sources for citation in source.citations)
    text = write(sources, form)
    return Packed(text, hits.keep(chosen), citations, counter.count(text), Status.OK, sources)


def _groups(hits: Hits, merge: bool) -> dict[str, list[Hit]]:
    """The candidates by id, best first, each with the hits that it stands for."""
    groups: dict[str, list[Hit]] = {}
    first: dict[tuple[str, str], str] = {}
    seen = set()
    for hit in hits:
        if hit.id in seen:
            continue
        seen.add(hit.id)
        leader = first.setdefault((hit.title, hit.text), hit.id) if merge else hit.id
        groups.setdefault(leader, []).append(hit)
    return groups


def _numbered(groups: Sequence[Sequence[Hit]]) -> tuple[Source, ...]:
    return tuple(source(number, group) for number, group in enumerate(groups, start=1))


class _Packing:
    """One choice under way: candidates by rank, their weights, and the counter that has the last word."""

    def __init__(
        self, groups: dict[str, list[Hit]], capacity: int, counter: TokenCounter, order: Order, form: Form
    ) -> None:
        self.hits = [group[0] for group in groups.values()]
        self.capacity = capacity
        self.counter = counter
        self.order = order
        self.form = form
        head, separator, tail = FRAMES[form]
        self.frame = counter.count(head + tail).high - counter.count(separator).high
        widest = len(self.hits)  # the marker that a chunk gets is not known yet
        self.weights = [max(1, counter.count(separator + block(source(widest, [hit]), form)).high) for hit in self.hits]
        self.values = [1 / (1 + rank) for rank in range(len(self.hits))]

    def run(self) -> list[Hit]:
        # n blocks have n - 1 separators, so one of those counted above is free.
        capacity = self.capacity - self.frame
        chosen = choose(self.weights, self.values, capacity)
        for _ in range(_TRIES):
            over = self.size(chosen) - self.capacity
            if over <= 0:
                break
            capacity -= over
            chosen = choose(self.weights, self.values, capacity)
        while chosen and self.size(chosen) > self.capacity:
            chosen.pop()  # the highest rank is the least valuable
        return [self.hits[i] for i in self.fill(chosen)]

    def size(self, chosen: Sequence[int]) -> int:
        shown = arrange([self.hits[i] for i in chosen], self.order)
        return self.counter.count(write(_numbered([[hit] for hit in shown]), self.form)).high

    def fill(self, chosen: list[int]) -> list[int]:
        """`chosen` and, by rank, what still fits: joined blocks may count less than the sum of them."""
        size = self.size(chosen) if chosen else 0
        saved = (sum(self.weights[i] for i in chosen) - size) / len(chosen) if chosen else 0
        tries = _TRIES
        for i, weight in enumerate(self.weights):
            if i in chosen or weight > self.capacity - size + saved:
                continue
            wider = sorted([*chosen, i])
            if (grown := self.size(wider)) <= self.capacity:
                chosen, size = wider, grown
            if (tries := tries - 1) == 0:
                break
        return chosen
