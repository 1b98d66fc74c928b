"""One choice under way: candidates by rank, what each adds to the text, and the counter that has the last word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from ragopt.pack.choice import choose_grouped, take
from ragopt.pack.layout import Shown, Unit, arrange, merge, numbered
from ragopt.pack.sentences import LEAST, MOST_CHUNKS, merged_spans, spans_of, worth
from ragopt.protocols import TokenCounter
from ragopt.tokens import highs
from ragopt.types import Form, Hit, Method, Order, Piece, Source, TokenCount
from ragopt.types.rendering import FRAMES, block, escape, framed, write
from ragopt.types.sources import GAP

__all__ = ["Fitting"]

_TRIES = 8
T = TypeVar("T")


class Written(NamedTuple):
    """A context as text, and what is in it."""

    text: str
    sources: tuple[Source, ...]
    tokens: TokenCount


class _Laid(NamedTuple):
    """What was last measured: a choice, with titles or without, as units, as text, and the tokens of that."""

    chosen: list[Shown]
    titles: bool
    units: list[Unit]
    text: str
    tokens: TokenCount


class Fitting:
    """The candidates (each a hit and those it stands for) with their values, and the room for them.

    `weights` are the tokens that each candidate adds as a whole, by the counter's upper bound.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Hit]],
        values: Sequence[float],
        capacity: int,
        counter: TokenCounter,
        order: Order,
        form: Form,
        per_source: int | None,
    ) -> None:
        self.groups = groups
        self.hits = [group[0] for group in groups]
        self._whole: dict[int, Shown] = {}
        self.values = values
        self.capacity = capacity
        self.counter = counter
        self.order = order
        self.form = form
        self.per_source = per_source
        self._last: _Laid | None = None
        head, self.separator, tail = FRAMES[form]
        # n blocks have n - 1 separators, so one of those counted with the blocks is free.
        self.inside = capacity - counter.count(head + tail).high + counter.count(self.separator).high
        self.weights = self._counted(
            [self._block(chunk.title, chunk.text) for chunk in (hit.chunk for hit in self.hits)]
        )

    def written(self, chosen: Sequence[Shown], *, titles: bool = True) -> Written:
        """The whole text, its sources and its tokens."""
        laid = self._laid(list(chosen), titles)
        return Written(laid.text, numbered(laid.units, titles=titles), laid.tokens)

    def chunks(self, method: Method, trim: bool) -> list[Shown]:
        """Whole chunks, best first, that fit together; with `trim` the best of the others up to a sentence."""
        allowed = self._within_quota(range(len(self.hits)))
        weights, values = [self.weights[i] for i in allowed], [self.values[i] for i in allowed]

        def choose(capacity: int) -> list[int]:
            return [allowed[place] for place in take(method, weights, values, capacity)]

        def size(chosen: Sequence[int]) -> int:
            return self._size(self._shown(chosen))

        chosen = _fitted(choose, size, self.inside, self.capacity)
        chosen = self._filled(chosen, allowed, whole=method is not Method.TRUNCATE)
        shown = self._shown(chosen)
        return self._trimmed(shown, set(chosen), allowed) if trim else shown

    def sentences(self, question: str) -> list[Shown]:
        """The sentences of the best chunks that are worth the most together, as pieces of their chunks, best first."""
        places = self._within_quota(range(len(self.hits)), fitting=False)[:MOST_CHUNKS]
        texts = [self.hits[i].text for i in places]
        spans = [spans_of(text) for text in texts]
        cut = [[text[start:end] for start, end in of] for text, of in zip(texts, spans, strict=True)]
        worths = worth(question, cut, [self.values[i] for i in places])
        # What is worth little beside the best is no candidate, nor is what a better chunk says word by word.
        least = LEAST * max((value for of in worths for value in of), default=0.0)
        said: set[str] = set()
        items: list[list[int]] = [[] for _ in places]
        for group in sorted(range(len(places)), key=lambda group: -self.values[places[group]]):
            known = enumerate(zip(cut[group], worths[group], strict=True))
            items[group] = [
                i for i, (sentence, value) in known if value > 0 and value >= least and sentence not in said
            ]
            said.update(cut[group])
        heads = self._counted([self._block("", "") for _ in places])
        weights = [
            self._counted([GAP + escape(sentences[place], self.form) for place in of])
            for sentences, of in zip(cut, items, strict=True)
        ]
        values = [[of[place] for place in kept] for of, kept in zip(worths, items, strict=True)]

        def shown(chosen: Sequence[tuple[int, int]]) -> list[Shown]:
            taken: dict[int, list[int]] = {}
            for group, item in sorted(chosen):
                taken.setdefault(group, []).append(items[group][item])
            return [
                Shown.part(self.groups[places[group]], merged_spans(spans[group], of)) for group, of in taken.items()
            ]

        def size(chosen: Sequence[tuple[int, int]]) -> int:
            return self._size(shown(chosen), titles=False)

        def choose(capacity: int) -> list[tuple[int, int]]:
            found = choose_grouped(heads, weights, values, capacity)
            return sorted(found, key=lambda at: -values[at[0]][at[1]])

        chosen = _fitted(choose, size, self.inside, self.capacity)
        rest = {(group, item) for group, of in enumerate(items) for item in range(len(of))} - set(chosen)
        # A sentence that follows a chosen one needs no gap, which its weight has: so it may fit where that does not.
        between, used, tries = self.counter.count(GAP).high, size(chosen) if chosen else 0, _TRIES
        for at in sorted(rest, key=lambda at: (-values[at[0]][at[1]], at)):
            if tries and weights[at[0]][at[1]] - between <= self.capacity - used:
                grown = size([*chosen, at])
                if grown <= self.capacity:
                    chosen.append(at)
                    used = grown
                else:
                    tries -= 1
        return shown(chosen)

    def _shown(self, places: Sequence[int]) -> list[Shown]:
        """These candidates as a whole; made once, and for few: most candidates are weighed alone."""
        for i in places:
            if i not in self._whole:
                self._whole[i] = Shown.whole(self.groups[i])
        return [self._whole[i] for i in places]

    def _block(self, title: str, text: str) -> str:
        # The marker that a chunk gets is not known yet: none is wider than this one.
        number = len(self.hits)
        if self.form is Form.SEARCH_RESULTS:
            pieces = (Piece(text, (0, len(text))),)
            return self.separator + block(Source(number, "", "", title, pieces, ()), self.form)
        return self.separator + framed(number, title, text, self.form)

    def _counted(self, texts: Sequence[str]) -> list[int]:
        return [max(1, high) for high in highs(self.counter, texts)]

    def _size(self, chosen: list[Shown], *, titles: bool = True) -> int:
        """The tokens of the whole text."""
        return self._laid(chosen, titles).tokens.high

    def _laid(self, chosen: list[Shown], titles: bool) -> _Laid:
        """The choice laid out. One that is asked for again at once is not laid out again."""
        if self._last is None or self._last.chosen != chosen or self._last.titles != titles:
            units = arrange(merge(chosen), self.order)
            text = write(numbered(units, titles=titles, cited=False), self.form)
            self._last = _Laid(list(chosen), titles, units, text, self.counter.count(text))
        return self._last

    def _within_quota(self, places: Sequence[int], *, fitting: bool = True) -> list[int]:
        """Of each document the best `per_source`; a chunk that can never fit takes no place of another."""
        if self.per_source is None:
            return list(places)
        taken: Counter[str] = Counter()
        kept = []
        for i in places:
            document = self.hits[i].document
            if taken[document] < self.per_source and not (fitting and self.weights[i] > self.inside):
                taken[document] += 1
                kept.append(i)
        return kept

    def _filled(self, chosen: list[int], allowed: Sequence[int], *, whole: bool) -> list[int]:
        """`chosen` and, by rank, what still fits: joined blocks may count less than the sum of them.

        Not `whole`: up to the first that does not fit.
        """
        size = self._size(self._shown(chosen)) if chosen else 0
        saved = (sum(self.weights[i] for i in chosen) - size) / len(chosen) if chosen else 0
        around = {self.hits[i].document for i in chosen}
        taken, tries = set(chosen), _TRIES
        for i in allowed:
            if i in taken:
                continue
            # What touches a chosen chunk may add nothing: its weight does not tell.
            if self.weights[i] <= self.capacity - size + saved or self.hits[i].document in around:
                wider = sorted([*taken, i])
                grown = self._size(self._shown(wider))
                if grown <= self.capacity:
                    taken.add(i)
                    size = grown
                    continue
                tries -= 1
            if not whole or tries == 0:
                break
        return sorted(taken)

    def _trimmed(self, shown: list[Shown], taken: set[int], allowed: Sequence[int]) -> list[Shown]:
        """`shown` and the first sentences of the best that is not taken, as many as fit."""
        best = next((i for i in allowed if i not in taken), None)
        if best is None:
            return shown
        cited = self.groups[best]
        spans = spans_of(cited[0].text)
        place = sum(1 for i in taken if i < best)

        def headed(count: int) -> list[Shown]:
            return [*shown[:place], Shown.part(cited, [(spans[0][0], spans[count - 1][1])]), *shown[place:]]

        low, high = 0, len(spans)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._size(headed(middle)) <= self.capacity else (low, middle - 1)
        return headed(low) if low else shown


def _fitted(
    choose: Callable[[int], list[T]], size: Callable[[Sequence[T]], int], inside: int, capacity: int
) -> list[T]:
    """What `choose` takes of as much room as `size` of the whole text bears; the last go where it bears none."""
    chosen = choose(inside)
    for _ in range(_TRIES):
        over = size(chosen) - capacity
        if over <= 0:
            return chosen
        inside -= over
        chosen = choose(inside)
    while chosen and size(chosen) > capacity:
        chosen.pop()  # the last is the least valuable
    return chosen
