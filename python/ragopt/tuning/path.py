"""Measures of judged questions as exact functions of alpha.

A fused score is a line in alpha, so a ranking changes at finitely many alphas, and every measure of it is a step
function of alpha (Och 2003 searched such lines for translation). The core walks the crossings; here the steps are
read: means, the exact best, and plateaus. The slow twin is `tests/reference/alpha_path.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ragopt import _core
from ragopt.errors import InputError, UnknownNameError
from ragopt.evaluation import By, Measure, Qrels, QrelsLike, Queries, Questions, Unit, parse_measures
from ragopt.index import Pairs
from ragopt.protocols import TokenCounter
from ragopt.tokens import ByteEstimate
from ragopt.types import Normalizer, Query, Where

__all__ = ["DEEPEST", "AlphaCurve", "AlphaPath", "Pairing", "Plateau", "alpha_path", "path_of"]

Floats = npt.NDArray[np.float64]

#: The deepest list that is walked: the time grows with depth and with the crossings within it.
DEEPEST = 100
#: The normalizers that score every chunk, whatever the depth.
_EVERYWHERE = (Normalizer.BOUNDED, Normalizer.THEORETICAL, Normalizer.NONE)
#: How far from the best of the smoothed curve a plateau may fall.
WITHIN = 0.003
#: Half of the width over which a curve is smoothed.
WINDOW = 0.05


@dataclass(frozen=True, slots=True)
class Plateau:
    """An interval of alpha, its middle, and the value that is meant."""

    low: float
    high: float
    value: float

    @property
    def center(self) -> float:
        """The alpha in the middle."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True, eq=False)
class AlphaCurve:
    """A step function of alpha: `values[i]` from `starts[i]` to the next start; `zero` and `one` exactly at 0 and 1.

    The ends have values of their own because at 0 only chunks with a term of the query count, at 1 only those with a
    vector. `starts[0]` is 0.
    """

    zero: float
    starts: Floats
    values: Floats
    one: float

    def at(self, alpha: npt.ArrayLike) -> Floats:
        """The value at each alpha."""
        asked = np.asarray(alpha, dtype=np.float64)
        between = self.values[np.searchsorted(self.starts, asked, side="right") - 1]
        return np.where(asked <= 0.0, self.zero, np.where(asked >= 1.0, self.one, between))

    def smooth(self, alpha: npt.ArrayLike, window: float = WINDOW) -> Floats:
        """The exact mean over [alpha − window, alpha + window] within 0 to 1; at 0 and 1 themselves the value there."""
        asked = np.asarray(alpha, dtype=np.float64)
        edges = np.append(self.starts, 1.0)
        area = np.concatenate(([0.0], np.cumsum(self.values * np.diff(edges))))
        low, high = np.clip(asked - window, 0.0, 1.0), np.clip(asked + window, 0.0, 1.0)
        mean = (np.interp(high, edges, area) - np.interp(low, edges, area)) / (high - low)
        return np.where(asked <= 0.0, self.zero, np.where(asked >= 1.0, self.one, mean))

    @property
    def best(self) -> Plateau:
        """The highest step, exactly: no alpha has a higher value. It may be razor-thin: tune by `plateau`.

        Of equal ones the widest; at an end, if that alone is higher, the interval is a point.
        """
        ends = np.append(self.starts[1:], 1.0)
        top = float(self.values.max())
        if max(self.zero, self.one) > top:
            place = 0.0 if self.zero >= self.one else 1.0
            return Plateau(place, place, max(self.zero, self.one))
        tied = np.flatnonzero(self.values == top)
        widest = tied[int(np.argmax(ends[tied] - self.starts[tied]))]
        return Plateau(float(self.starts[widest]), float(ends[widest]), top)

    def plateau(self, within: float = WITHIN, window: float = WINDOW) -> Plateau:
        """The stretch of alpha around the best of the smoothed curve that stays within `within` of it.

        A step of a millionth is an accident of these questions; a stretch as good over its neighborhood is a place to
        stand on. `value` is the unsmoothed mean over the stretch.
        """
        grid = np.linspace(0.0, 1.0, 1001)
        level = self.smooth(grid, window)
        top = int(level.argmax())
        good = level >= level[top] - within
        before, after = np.flatnonzero(~good[:top]), np.flatnonzero(~good[top:])
        low = int(before[-1]) + 1 if len(before) else 0
        high = top + int(after[0]) - 1 if len(after) else len(grid) - 1
        return Plateau(float(grid[low]), float(grid[high]), float(np.mean(self.at(grid[low : high + 1]))))


@runtime_checkable
class Pairing(Protocol):
    """An index that tells both sides' scores: `ragopt.Index`."""

    def pairs(
        self,
        queries: Sequence[str | Query],
        *,
        k: int,
        where: Where | None,
        normalizer: Normalizer | str,
        depth: int,
        vectors: npt.ArrayLike | None,
    ) -> list[Pairs]:
        """The chunks of each query that some alpha puts among its first k."""
        ...


class AlphaPath:
    """Every measure of every question over alpha. Make one with `alpha_path`."""

    def __init__(
        self,
        queries: tuple[str, ...],
        columns: Mapping[tuple[str, int], int],
        core: _core.AlphaPath,
        pairs: Sequence[Pairs],
    ) -> None:
        self.queries = queries
        self.pairs = tuple(pairs)
        self._columns = columns
        self._core = core

    def __len__(self) -> int:
        return len(self.queries)

    def mean(self, measure: str | Measure, weights: npt.ArrayLike | None = None) -> AlphaCurve:
        """The mean over the questions; with `weights`, one of 0 or more a question, the weighted one."""
        given = None if weights is None else np.asarray(weights, dtype=np.float64)
        return AlphaCurve(*self._core.mean(self._column(measure), given))

    def tokens(self, k: int) -> AlphaCurve:
        """The mean tokens of the first `k` chunks, for a k of `alpha_path(ks=...)`."""
        return AlphaCurve(*self._core.mean(self._at("tokens", k), None))

    def curve(self, query: str, measure: str | Measure) -> AlphaCurve:
        """The curve of one question."""
        if query not in self.queries:
            raise UnknownNameError.of("query of this path", query, self.queries)
        return self._curve(self.queries.index(query), self._column(measure))

    def values(self, measure: str | Measure, alpha: float) -> Floats:
        """One value a question at this alpha."""
        return self._core.at(self._column(measure), alpha)

    def tokens_at(self, k: int, alpha: float) -> Floats:
        """The tokens of the first `k` chunks of each question at this alpha."""
        return self._core.at(self._at("tokens", k), alpha)

    def table(self, measure: str | Measure, alphas: npt.ArrayLike, window: float = 0.0) -> Floats:
        """Rows of questions, columns of alphas; with a window above 0, smoothed over it."""
        column, asked = self._column(measure), np.asarray(alphas, dtype=np.float64)
        curves = (self._curve(i, column) for i in range(len(self)))
        return np.array([curve.smooth(asked, window) if window > 0.0 else curve.at(asked) for curve in curves])

    def _curve(self, query: int, column: int) -> AlphaCurve:
        return AlphaCurve(*self._core.curve(query, column))

    def _column(self, measure: str | Measure) -> int:
        wanted = Measure.parse(measure)
        return self._at(str(wanted.gauge), wanted.cutoff or 0)

    def _at(self, gauge: str, cutoff: int) -> int:
        place = self._columns.get((gauge, cutoff))
        if place is None:
            known = [f"{name}@{at}" for name, at in self._columns]
            raise UnknownNameError.of("measure of this path", f"{gauge}@{cutoff}", known)
        return place


def alpha_path(
    index: Pairing,
    queries: Queries,
    qrels: QrelsLike,
    *,
    measures: Iterable[str | Measure] = ("nDCG@10",),
    ks: Sequence[int] = (),
    normalizer: Normalizer | str = Normalizer.BOUNDED,
    depth: int = 1000,
    where: Where | None = None,
    vectors: npt.ArrayLike | None = None,
    by: By | str = By.CHUNK,
    token_counter: TokenCounter | None = None,
    threads: int = 0,
) -> AlphaPath:
    """Measures of judged queries as exact step functions of alpha, from one walk of both sides a query.

    `queries`, `qrels`, `vectors`, `where` and `by` are those of `evaluate`. All `measures` come from one pass; each
    needs a cutoff of at most 100. `ks` adds the tokens of the first k chunks (documents' best ones with
    by="document"), counted by `token_counter` (default: the offline estimate). `threads` 0 takes all cores.

    Raises InputError for a measure without cutoff or a deeper one, and for what `evaluate` refuses.
    """
    if not isinstance(index, Pairing):
        raise InputError(f"index is a {type(index).__name__}: an alpha path needs an Index, which tells both sides")
    wanted, judged, unit = parse_measures(measures), Qrels.of(qrels), Unit(by)
    questions = Questions.of(queries, vectors).judged(judged)
    return path_of(
        index,
        questions,
        judged,
        measures=wanted,
        ks=ks,
        normalizer=normalizer,
        depth=depth,
        where=where,
        unit=unit,
        counter=token_counter,
        threads=threads,
    )


def path_of(
    index: Pairing,
    questions: Questions,
    qrels: Qrels,
    *,
    measures: Sequence[Measure],
    ks: Sequence[int] = (),
    normalizer: Normalizer | str,
    depth: int,
    where: Where | None,
    unit: Unit,
    counter: TokenCounter | None = None,
    threads: int = 0,
) -> AlphaPath:
    """`alpha_path` of what is checked already."""
    columns = [(str(m.gauge), m.cutoff or 0) for m in measures] + [("tokens", k) for k in ks]
    cutoffs = [cutoff for _, cutoff in columns]
    if not cutoffs or min(cutoffs) < 1 or max(cutoffs) > DEEPEST:
        raise InputError(f"an alpha path needs measures with cutoffs of 1 to {DEEPEST}: write nDCG@10, say")
    asked = needed = max(cutoffs)
    cap = None if normalizer in _EVERYWHERE else depth
    counted = _Chunks(unit, (counter or ByteEstimate()) if ks else None)
    pairs: dict[int, Pairs] = {}
    lacking = list(range(len(questions)))
    while True:
        some = questions.at(lacking)
        found = index.pairs(
            some.queries, k=asked, where=where, normalizer=normalizer, depth=depth, vectors=some.vectors
        )
        pairs |= dict(zip(lacking, found, strict=True))
        every = [pairs[i] for i in range(len(questions))]
        core = counted.path(every, [qrels[id] for id in questions.ids], columns, asked, threads)
        # Several chunks may be one document: then more of them must be looked at, if there are more.
        lacking = np.flatnonzero(core.fewest() < needed).tolist()
        if unit.by is By.CHUNK or asked == cap or not lacking:
            return AlphaPath(questions.ids, {column: i for i, column in enumerate(columns)}, core, every)
        asked = asked * 3 if cap is None else min(asked * 3, cap)


class _Chunks:
    """What is known of chunks: their grades, documents and tokens; each is read once."""

    def __init__(self, unit: Unit, counter: TokenCounter | None) -> None:
        self._by_document = unit.by is By.DOCUMENT
        self._counter = counter
        self._documents: dict[int, str] = {}
        self._tokens: dict[int, int] = {}

    def path(
        self,
        pairs: Sequence[Pairs],
        qrels: Sequence[Mapping[str, int]],
        columns: list[tuple[str, int]],
        depth: int,
        threads: int,
    ) -> _core.AlphaPath:
        """The walk over all of them."""
        grades: list[int] = []
        documents: list[int] = []
        tokens: list[int] = []
        ideals = []
        for of, judged in zip(pairs, qrels, strict=True):
            ordinals = of.ordinals.tolist()
            relevant = {id: grade for id, grade in judged.items() if grade > 0}
            ideals.append(sorted(relevant.values(), reverse=True))
            if self._by_document:
                names = [self._document(of, ordinal) for ordinal in ordinals]
                numbers = {name: i for i, name in enumerate(dict.fromkeys(names))}
                documents += [numbers[name] for name in names]
                grades += [relevant.get(name, 0) for name in names]
            else:
                places = {of.core.ordinal(id): grade for id, grade in relevant.items()}
                grades += [places.get(ordinal, 0) for ordinal in ordinals]
            tokens += [self._count(of, ordinal) for ordinal in ordinals] if self._counter else [0] * len(ordinals)
        return _core.AlphaPath(
            _starts([len(of) for of in pairs]),
            _joined([of.lexical for of in pairs]),
            _joined([of.dense for of in pairs]),
            np.concatenate([np.arange(len(of), dtype=np.uint32) for of in pairs]),
            np.concatenate([of.found for of in pairs]),
            np.array(grades, dtype=np.uint32),
            np.array(tokens, dtype=np.uint32),
            _starts([len(ideal) for ideal in ideals]),
            np.array([grade for ideal in ideals for grade in ideal], dtype=np.uint32),
            np.array(documents, dtype=np.uint32) if self._by_document else None,
            columns,
            depth,
            threads,
        )

    def _document(self, of: Pairs, ordinal: int) -> str:
        name = self._documents.get(ordinal)
        if name is None:
            name = self._documents[ordinal] = of.load(ordinal).document
        return name

    def _count(self, of: Pairs, ordinal: int) -> int:
        assert self._counter is not None
        count = self._tokens.get(ordinal)
        if count is None:
            count = self._tokens[ordinal] = self._counter.count(of.load(ordinal).full_text).point
        return count


def _starts(lengths: Sequence[int]) -> npt.NDArray[np.uint64]:
    return np.cumsum([0, *lengths], dtype=np.uint64)


def _joined(parts: Sequence[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0)
