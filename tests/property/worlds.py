"""Random little worlds: corpora in which ties, empty chunks and missing vectors are common, and questions to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from hypothesis import settings
from hypothesis import strategies as st

from ragopt import _core
from ragopt.filters import F, steps
from tests.reference.bm25 import VARIANTS, Bm25
from tests.reference.fusion import LIST_RELATIVE, NORMALIZERS
from tests.reference.search import Found, search

#: Few terms, so that they repeat and that chunks tie; the last is in no chunk.
TERMS = ("a", "b", "c", "é", "zz")
UNKNOWN = "nowhere"
WHITESPACE = _core.Analyzer("whitespace")


@dataclass(frozen=True)
class World:
    """A corpus with one row of numbers a chunk (or no vectors at all), and BM25's parameters."""

    ids: tuple[str, ...]
    corpus: tuple[tuple[str, ...], ...]
    vectors: tuple[tuple[float, ...], ...] | None
    variant: str = "lucene"
    k1: float = 1.2
    b: float = 0.75
    delta: float = 0.0
    epsilon: float = 0.25

    def twin(self) -> Bm25:
        """The slow BM25 of this corpus."""
        return Bm25(self.corpus, self.variant, self.k1, self.b, self.delta, self.epsilon)

    def core(self) -> _core.Index:
        """The core's index of it."""
        return _core.Index.build(
            WHITESPACE,
            (self.variant, self.k1, self.b, self.delta, self.epsilon),
            self.ids,
            [" ".join(chunk) for chunk in self.corpus],
            [b""] * len(self.ids),
            self.rows,
            "{}",
            [{"id": id_} for id_ in self.ids],
        )

    @property
    def rows(self) -> npt.NDArray[np.float32] | None:
        """The vectors as the core takes them; without a chunk they have 2 dimensions."""
        width = len(self.vectors[0]) if self.vectors else 2
        return None if self.vectors is None else np.array(self.vectors, np.float32).reshape(len(self.ids), width)

    def take(self, order: Sequence[int]) -> World:
        """The same chunks in another order."""
        return replace(
            self,
            ids=tuple(self.ids[i] for i in order),
            corpus=tuple(self.corpus[i] for i in order),
            vectors=None if self.vectors is None else tuple(self.vectors[i] for i in order),
        )


@dataclass(frozen=True)
class Question:
    """One search of a world; `allow` holds ids."""

    terms: tuple[str, ...] | None
    vector: tuple[float, ...] | None
    k: int
    alpha: float
    normalizer: str
    depth: int = 1000
    floor: float = -1.0
    min_score: float | None = None
    allow: frozenset[str] | None = None

    @property
    def lexical(self) -> str | None:
        """The question as text for the whitespace analyzer."""
        return None if self.terms is None else " ".join(self.terms)

    @property
    def row(self) -> npt.NDArray[np.float32] | None:
        """The question's vector as the core takes it."""
        return None if self.vector is None else np.array(self.vector, dtype=np.float32)

    @property
    def parameters(self) -> _core.Parameters:
        """How the core is to search."""
        return _core.Parameters(self.k, self.alpha, self.normalizer, self.depth, self.floor, self.min_score)

    def allowed(self, index: _core.Index) -> _core.Allow | None:
        """The allow-list over the chunks of `index`."""
        return None if self.allow is None else index.allow(steps(F("id").isin(sorted(self.allow))))

    def ask(self, index: _core.Index) -> _core.Found:
        """What the core finds."""
        return index.search(self.lexical, self.row, self.allowed(index), self.parameters)

    def ask_twin(self, world: World, *, whole: bool = False) -> list[Found]:
        """What the twin finds; `whole`: all of it, whatever k is."""
        return search(
            world.ids,
            world.twin(),
            world.vectors,
            self.terms,
            self.vector,
            k=None if whole else self.k,
            alpha=self.alpha,
            normalizer=self.normalizer,
            depth=self.depth,
            floor=self.floor,
            min_score=self.min_score,
            allow=self.allow,
        )


def at_least(examples: int) -> settings:
    """Settings with `examples` or the profile's number of examples, whichever is more."""
    return settings(max_examples=max(examples, settings().max_examples))


def bits(found: _core.Found) -> list[tuple[str, bytes, bytes, bytes]]:
    """A result as ids and the bits of its numbers."""
    columns = (found.scores, found.lexical, found.dense)
    rows = zip(*([value.tobytes() for value in column] for column in columns), strict=True)
    return [(id_, *row) for id_, row in zip(found.ids, rows, strict=True)]


_ids = st.text(alphabet="aZz0é", min_size=1, max_size=3)
_components = st.integers(-2, 2).map(float)


@st.composite
def worlds(draw: st.DrawFn, *, most: int = 12, vectors: bool | None = None, variant: str | None = None) -> World:
    """Up to `most` chunks. Vectors have small whole components, so that cosines tie and zero vectors come up."""
    ids = draw(st.lists(_ids, unique=True, max_size=most))
    chunk = st.lists(st.sampled_from(TERMS[:-1]), max_size=9)
    corpus = draw(st.lists(chunk, min_size=len(ids), max_size=len(ids)))
    rows = None
    if draw(st.booleans()) if vectors is None else vectors:
        width = draw(st.sampled_from((1, 2, 3, 17)))
        row, missing = st.tuples(*[_components] * width), st.just((0.0,) * width)
        rows = tuple(draw(st.lists(st.one_of(row, row, missing), min_size=len(ids), max_size=len(ids))))
    return World(
        tuple(ids),
        tuple(map(tuple, corpus)),
        rows,
        variant or draw(st.sampled_from(VARIANTS)),
        draw(st.sampled_from((0.0, 0.5, 0.9, 1.2, 2.0))),
        draw(st.sampled_from((0.0, 0.4, 0.75, 1.0))),
        draw(st.sampled_from((0.5, 1.0))),
        draw(st.sampled_from((0.0, 0.25))),
    )


@st.composite
def questions(
    draw: st.DrawFn, world: World, *, normalizer: str | None = None, k: int | None = None, filters: bool = True
) -> Question:
    """A search of `world`: terms repeat, some are unknown; a side may be missing; depth may cut the populations."""
    words = st.lists(st.sampled_from((*TERMS, UNKNOWN)), max_size=6).map(tuple)
    width = len(world.vectors[0]) if world.vectors else 2
    row = st.tuples(*[_components] * width)
    terms, vector = draw(st.one_of(words, words, words, st.none())), draw(st.one_of(row, row, row, st.none()))
    kind = normalizer or draw(st.sampled_from(NORMALIZERS))
    wanted = draw(st.integers(0, len(world.ids) + 2)) if k is None else k
    depth = draw(st.sampled_from((1000, max(wanted, 1), max(wanted, 1) + 2)))
    return Question(
        terms,
        vector,
        wanted,
        draw(st.sampled_from((0.0, 0.3, 0.5, 0.6, 1.0))),
        kind,
        depth if kind in LIST_RELATIVE else 1000,
        draw(st.sampled_from((-1.0, 0.0, 0.7))),
        None,
        draw(st.none() | st.frozensets(st.sampled_from(world.ids or ("a",)))) if filters else None,
    )
