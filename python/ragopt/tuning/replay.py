"""What a pipeline would send under any settings, from one scoring pass a question: replayed, not rerun.

A pass walks both sides once and keeps the chunks that some alpha puts among the first `depth`, with both scores
(`Index.pairs`). Alpha, top-k, thresholds, adaptive rules, budgets, packing and the share of each part of a question
then only fuse, prune and pack what is kept, by the very functions of the pipeline. A normalizer, k1 or b of BM25, and a
step of the query stage give other scores or another question: each combination of them has a pass of its own,
made when it is first asked for, over the whole index, so that it is exact too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError, InputTypeError
from ragopt.evaluation import Queries, Questions
from ragopt.index import Index, Pairs, join_parts
from ragopt.pack import Packed
from ragopt.pipeline import context_of, nothing_found, packed_of, query_settings
from ragopt.protocols import Progress, TokenCounter
from ragopt.query import prepare
from ragopt.tokens import ByteEstimate
from ragopt.types import (
    Budget,
    Chunk,
    Context,
    Hits,
    Normalizer,
    PackSettings,
    Query,
    QuerySettings,
    Settings,
    TokenCount,
    Where,
)
from ragopt.types.parameters import whole

__all__ = ["DEPTH", "CountedOnce", "Replay"]

#: The largest top-k that is kept.
DEPTH = 50
#: Texts whose tokens are kept: chunks, blocks and whole contexts.
_COUNTS = 100_000
_EVERYWHERE = (Normalizer.BOUNDED, Normalizer.THEORETICAL, Normalizer.NONE)

#: Normalizer and depth, k1 and b, whether the question is embedded, the query stage.
_Key = tuple[str, int, float | None, float | None, bool, QuerySettings]


class CountedOnce:
    """A counter that does not count a text again."""

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter
        self.count: Callable[[str], TokenCount] = lru_cache(maxsize=_COUNTS)(counter.count)

    def count_many(self, texts: Sequence[str]) -> list[TokenCount]:
        """The count of each text."""
        return [self.count(text) for text in texts]


class Replay:
    """Judged or plain questions to one index, and what `Pipeline.retrieve` gives for them under any settings.

    `queries` and `vectors` are those of `evaluate`; `where` filters as it does in `Pipeline.retrieve`. `depth` is the
    largest top-k that can be replayed. `counter` counts tokens (default: the offline estimate); each text once.
    `progress(done, total, label)` is called as passes are made.

    A rewriting model, or a conversation, is not replayed: its reply is no function of the settings. A source that is
    no `Index` tells no scores of both sides: InputTypeError. A question with a filter of its own: InputError.
    """

    def __init__(
        self,
        index: Index,
        queries: Queries | Questions,
        *,
        vectors: npt.ArrayLike | None = None,
        where: Where | None = None,
        depth: int = DEPTH,
        counter: TokenCounter | None = None,
        progress: Progress | None = None,
    ) -> None:
        if not isinstance(index, Index):
            raise InputTypeError(f"index is a {type(index).__name__}: a replay needs an Index, which tells both sides")
        self.index = index
        self.questions = Questions.of(queries, vectors)
        self.depth = whole("depth", depth, least=1)
        self.counter = CountedOnce(counter or ByteEstimate())
        self._where = where
        self._progress = progress
        self._asked = [_asked(self.questions, i) for i in range(len(self.questions))]
        self._generation = index.generation
        self._chunks: dict[int, Chunk] = {}
        self._rows: dict[QuerySettings, npt.NDArray[np.float32] | None] = {}
        self._stages: dict[tuple[QuerySettings, bool], QuerySettings] = {}
        self._prepared: dict[QuerySettings, list[Query]] = {}
        self._passes: dict[_Key, list[list[Pairs]]] = {}
        self._packs: dict[tuple[str, PackSettings, tuple[tuple[str, ...], ...]], Packed] = {}

    def __len__(self) -> int:
        return len(self.questions)

    @property
    def passes(self) -> int:
        """How many scoring passes were made."""
        return len(self._passes)

    def queries(self, settings: Settings) -> list[Query]:
        """The questions as the query stage of these settings prepares them."""
        return self._queries(self._stage(settings))

    def hits(self, settings: Settings) -> list[Hits]:
        """What the search of these settings finds for each question, before pruning.

        InputError for a k above `depth`, or above that of a normalizer which is relative to its list.
        """
        search, stage = settings.search, self._stage(settings)
        if search.k > self.depth:
            raise InputError(f"search.k = {search.k} is above the depth of this replay: make it with depth={search.k}")
        alpha = self.index.default_alpha(search.normalizer) if search.alpha is None else search.alpha
        passed = self._pass(settings, stage, embedded=alpha > 0.0)
        found = []
        for query, pairs in zip(self._queries(stage), passed, strict=True):
            if query.answerable is not None and query.answerable < (stage.answerable or 0.0):
                found.append(nothing_found(settings))
                continue
            parts = [of.hits(alpha, search.k) for of in pairs]
            found.append(join_parts(query.parts, parts, search.k) if query.parts else parts[0])
        return found

    def contexts(self, settings: Settings) -> list[Context]:
        """What `Pipeline.retrieve` gives under these settings, for each question."""
        stage, vectors = self._stage(settings), self.index.vectors_of
        made = []
        for query, found in zip(self._queries(stage), self.hits(settings), strict=True):
            outside = query.answerable is not None and query.answerable < (stage.answerable or 0.0)
            made.append(
                context_of(query, found, settings, self.counter, vectors=vectors, outside=outside, packer=self._packed)
            )
        return made

    def _packed(
        self, query: Query, found: Hits, hits: Hits, settings: Settings, counter: TokenCounter,
        budget: Budget | int | None,
    ) -> Packed:  # fmt: skip
        """`packed_of`, not done again where rules leave the same hits of a question: what is kept differs in scores."""
        if settings.prune.recalibration is not None:  # then it hangs on more than the hits
            return packed_of(query, found, hits, settings, counter, budget)
        key = query.text, settings.pack, tuple((hit.id, *(also.id for also in hit.also)) for hit in hits)
        packed = self._packs.get(key)
        if packed is None:
            packed = self._packs[key] = packed_of(query, found, hits, settings, counter, budget)
            return packed
        mine = {hit.id: hit for hit in hits}
        return replace(packed, hits=hits.keep([mine[id] for id in packed.hits.ids]))

    def _stage(self, settings: Settings) -> QuerySettings:
        """The settings of the query stage, with what None means in them."""
        key = settings.query, settings.search.alpha == 0
        if key not in self._stages:
            self._stages[key] = query_settings(self.index, settings)
        return self._stages[key]

    def _queries(self, stage: QuerySettings) -> list[Query]:
        if stage not in self._prepared:
            asked = (prepare(query, self._where, settings=stage, index=self.index)[0] for query in self._asked)
            # The filter is one for all, and is given to the search.
            self._prepared[stage] = [replace(query, where=None) for query in asked]
        return self._prepared[stage]

    def _pass(self, settings: Settings, stage: QuerySettings, *, embedded: bool) -> list[list[Pairs]]:
        search = settings.search
        relative = Normalizer(search.normalizer) not in _EVERYWHERE
        # Whether a question is answerable changes nothing of what is searched.
        key = (
            str(search.normalizer), search.depth if relative else 0, search.k1, search.b, embedded,
            replace(stage, answerable=0.0),
        )  # fmt: skip
        if key not in self._passes:
            k = min(self.depth, search.depth) if relative else self.depth
            if search.k > k:
                raise InputError(f"search.k = {search.k} is above search.depth = {search.depth} of {search.normalizer}")
            if self.index.generation != self._generation:
                raise InputError("the index was changed since its first scoring pass: replay the new generation anew")
            self._passes[key] = self._walked(settings, stage, k, embedded)
        return self._passes[key]

    def _walked(self, settings: Settings, stage: QuerySettings, k: int, embedded: bool) -> list[list[Pairs]]:
        """The pairs of each question, or of each of its parts."""
        search, queries = settings.search, self._queries(stage)
        asked = [(i, part) for i, query in enumerate(queries) for part in (query.parts or (query,))]
        out: list[list[Pairs]] = [[] for _ in queries]
        # A search takes vectors for all or for none.
        for own in (True, False):
            rows = [(i, query) for i, query in asked if (query.vector is not None) is own]
            if not rows:
                continue
            if self._progress is not None:
                self._progress(len(self._passes), 0, "scoring passes:")
            found = self.index.pairs(
                [query for _, query in rows],
                k=k,
                where=self._where,
                normalizer=search.normalizer,
                depth=search.depth,
                vectors=None if own else self._vectors([query for _, query in rows], stage, embedded),
                k1=search.k1,
                b=search.b,
            )
            for (i, _), pairs in zip(rows, found, strict=True):
                out[i].append(replace(pairs, load=partial(self._chunk, pairs.load)))
        return out

    def _vectors(self, queries: list[Query], stage: QuerySettings, embedded: bool) -> npt.NDArray[np.float32] | None:
        """Of the questions that bring none: embedded once, or zeros, which have no direction, as at alpha 0."""
        if not embedded:
            dimension = self.index.describe()["dimension"]
            return None if dimension is None else np.zeros((len(queries), dimension), dtype=np.float32)
        key = replace(stage, answerable=0.0)
        if key not in self._rows:
            self._rows[key] = self.index.embed_queries(queries)
        return self._rows[key]

    def _chunk(self, load: Callable[[int], Chunk], ordinal: int) -> Chunk:
        known = self._chunks.get(ordinal)
        if known is None:
            known = self._chunks[ordinal] = load(ordinal)
        return known


def _asked(questions: Questions, i: int) -> Query:
    """Question `i` as a pipeline is asked it: with its vector, if there are vectors."""
    given = questions.queries[i]
    query = Query(given) if isinstance(given, str) else given
    if query.where is not None:
        raise InputError(f"question {questions.ids[i]!r} has a filter of its own: pass one for all, as where=")
    return query if questions.vectors is None else replace(query, vector=questions.vectors[i])
